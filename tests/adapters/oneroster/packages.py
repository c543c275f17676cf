"""Small OneRoster packages for tests: right in every way, to be spoilt in one."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from standards.oneroster.csv import specification as facts

ROWS = {
    "orgs.csv": [
        {"sourcedId": "d", "name": "Maple", "type": "district", "identifier": "9"},
        {"sourcedId": "s1", "name": "North", "type": "school", "identifier": "101", "parentSourcedId": "d"},
        {"sourcedId": "s2", "name": "South", "type": "school", "identifier": "102", "parentSourcedId": "d"},
    ],
    "academicSessions.csv": [
        {"sourcedId": "y", "title": "2026-2027", "type": "schoolYear", "startDate": "2026-08-20", "endDate": "2027-06-20", "schoolYear": "2027"},
        {"sourcedId": "t", "title": "Fall", "type": "term", "startDate": "2026-08-20", "endDate": "2027-01-20", "parentSourcedId": "y", "schoolYear": "2027"},
    ],
    "courses.csv": [
        {"sourcedId": "c", "title": "Algebra", "courseCode": "A1", "orgSourcedId": "d", "schoolYearSourcedId": "y", "grades": "09,10", "subjects": "Math", "subjectCodes": "02052"},
    ],
    "classes.csv": [
        {"sourcedId": "k", "title": "Algebra 1", "grades": "09", "courseSourcedId": "c", "classCode": "A1-1", "classType": "scheduled", "location": "B2", "schoolSourcedId": "s1", "termSourcedIds": "t", "subjects": "Math", "subjectCodes": "02052", "periods": "1,2"},
    ],
    "users.csv": [
        {"sourcedId": "u1", "enabledUser": "true", "username": "maria", "userIds": "{LDAP:m1},{SIS:77}", "givenName": "María", "familyName": "O'Neil, \"Ñ\"", "identifier": "77", "email": "m@example.org", "agentSourcedIds": "u3", "grades": "09"},
        {"sourcedId": "u2", "enabledUser": "true", "username": "lee", "givenName": "Ann", "familyName": "Lee"},
        {"sourcedId": "u3", "enabledUser": "false", "username": "kim", "givenName": "Kim", "familyName": "O'Neil"},
    ],
    "enrollments.csv": [
        {"sourcedId": "e1", "classSourcedId": "k", "schoolSourcedId": "s1", "userSourcedId": "u1", "role": "student", "primary": "false", "beginDate": "2026-08-20", "endDate": "2027-01-20"},
        {"sourcedId": "e2", "classSourcedId": "k", "schoolSourcedId": "s1", "userSourcedId": "u2", "role": "teacher", "primary": "true"},
    ],
    "demographics.csv": [
        {"sourcedId": "u1", "birthDate": "2011-05-07", "sex": "female", "asian": "true", "white": "false", "countryOfBirthCode": "US", "cityOfBirth": "Kent"},
    ],
}  # fmt: skip
ROLES = [
    {"sourcedId": "r1", "userSourcedId": "u1", "roleType": "primary", "role": "student", "orgSourcedId": "s1", "beginDate": "2026-08-20"},
    {"sourcedId": "r2", "userSourcedId": "u2", "roleType": "primary", "role": "teacher", "orgSourcedId": "s1"},
    {"sourcedId": "r3", "userSourcedId": "u3", "roleType": "primary", "role": "guardian", "orgSourcedId": "s1"},
]  # fmt: skip


def text(headings: list[str], rows: list[dict[str, str]]) -> str:
    """A CSV file."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([row.get(name, "") for name in headings] for row in rows)
    return out.getvalue()


def manifest(version: str, present, **changes: str) -> str:
    """A manifest that says every present file is bulk."""
    stated = {"manifest.version": "1.0", "oneroster.version": version}
    for name in facts.files(version):
        stated[f"file.{name[:-4]}"] = "bulk" if name in present else "absent"
    stated |= {"source.systemName": "Mapleton", "source.systemCode": "MAP"} | changes
    return text(
        ["propertyName", "value"],
        [{"propertyName": name, "value": value} for name, value in stated.items()],
    )


def rows(version: str) -> dict[str, list[dict[str, str]]]:
    """The rows of a small district, in the way of *version*."""
    found = {name: [dict(row) for row in some] for name, some in ROWS.items()}
    if version == "1.2":
        return found | {"roles.csv": [dict(row) for row in ROLES]}
    for user, role in zip(found["users.csv"], ROLES, strict=True):
        user |= {"role": role["role"], "orgSourcedIds": "s1,s2" if role["role"] == "teacher" else "s1"}
    return found


def package(version: str) -> dict[str, bytes]:
    """The files of a small district."""
    headings = {name: list(file.columns) for name, file in facts.files(version).items()}
    files = {name: text(headings[name], some).encode() for name, some in rows(version).items()}
    return {"manifest.csv": manifest(version, files).encode()} | files


def folder(path: Path, files: dict[str, bytes]) -> Path:
    """A folder that holds *files*."""
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def archive(path: Path, files: dict[str, bytes]) -> Path:
    """A zip that holds *files*."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


GRADEBOOK = {
    "categories.csv": [
        {"sourcedId": "h", "title": "Homework", "weight": "30"},
        {"sourcedId": "q", "title": "Quiz"},
    ],
    "scoreScales.csv": [
        {"sourcedId": "ss", "title": "Letters", "type": "letter", "orgSourcedId": "s1", "courseSourcedId": "c", "classSourcedId": "k", "scoreScaleValue": "{A:90-100},{B:80-89}"},
    ],
    "lineItems.csv": [
        {"sourcedId": "l1", "title": "Sheet 1", "description": "All of it", "assignDate": "2026-09-01", "dueDate": "2026-09-03T07:30:00.000Z", "classSourcedId": "k", "categorySourcedId": "h", "academicSessionSourcedId": "g", "gradingPeriodSourcedId": "g", "resultValueMin": "0", "resultValueMax": "10.5", "schoolSourcedId": "s1", "metadata.maple.room": "B2"},
        {"sourcedId": "l2", "title": "Quiz 1", "assignDate": "2026-09-08", "dueDate": "2026-09-08", "classSourcedId": "k", "categorySourcedId": "q", "academicSessionSourcedId": "t", "gradingPeriodSourcedId": "g", "resultValueMin": "0", "resultValueMax": "5", "schoolSourcedId": "s1"},
    ],
    "lineItemLearningObjectiveIds.csv": [
        {"sourcedId": "lo1", "lineItemSourcedId": "l1", "source": "case", "learningObjectiveId": "A-1"},
        {"sourcedId": "lo2", "lineItemSourcedId": "l1", "source": "unknown", "learningObjectiveId": "9.3"},
        {"sourcedId": "lo3", "lineItemSourcedId": "l1", "source": "case", "learningObjectiveId": "A-2"},
    ],
    "lineItemScoreScales.csv": [{"sourcedId": "ls1", "title": "", "lineItemSourcedId": "l1", "scoreScaleSourcedId": "ss"}],
    "results.csv": [
        {"sourcedId": "x1", "lineItemSourcedId": "l1", "studentSourcedId": "u1", "scoreStatus": "fully graded", "score": "9.5", "scoreDate": "2026-09-05", "comment": 'Good, "mostly"', "textScore": "A", "classSourcedId": "k", "inProgress": "false", "incomplete": "true", "late": "false", "missing": "false"},
        {"sourcedId": "x2", "lineItemSourcedId": "l2", "studentSourcedId": "u1", "scoreStatus": "exempt", "score": "", "scoreDate": "2026-09-09"},
    ],
    "resultLearningObjectiveIds.csv": [
        {"sourcedId": "ro1", "resultSourcedId": "x1", "source": "case", "learningObjectiveId": "A-1", "score": "3", "textScore": "met"},
        {"sourcedId": "ro2", "resultSourcedId": "x1", "source": "case", "learningObjectiveId": "A-2"},
    ],
    "resultScoreScales.csv": [{"sourcedId": "rs1", "title": "", "resultSourcedId": "x1", "scoreScaleSourcedId": "ss"}],
}  # fmt: skip
PERIOD = {"sourcedId": "g", "title": "September", "type": "gradingPeriod", "startDate": "2026-08-20", "endDate": "2026-10-01", "parentSourcedId": "t", "schoolYear": "2027"}  # fmt: skip


def graded(version: str, **changes: list[dict[str, str]]) -> dict[str, bytes]:
    """The files of a small district that keeps a gradebook; *changes* are other rows by the file's name."""
    known = facts.files(version)
    found = rows(version) | {name: some for name, some in GRADEBOOK.items() if name in known}
    found["academicSessions.csv"].append(PERIOD)
    found |= {f"{name}.csv": some for name, some in changes.items()}
    files = {}
    for name, some in found.items():
        extra = sorted({column for row in some for column in row if column.startswith(facts.METADATA)})
        files[name] = text([*known[name].columns, *extra], some).encode()
    return {"manifest.csv": manifest(version, files).encode()} | files
