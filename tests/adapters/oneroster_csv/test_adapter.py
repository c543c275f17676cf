"""OneRoster bulk files as a district: every fact in its place, nothing invented, mistakes with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from adapters.testing import AdapterContract
from gateway.demo.data import write_messy_oneroster_11, write_oneroster_12
from standards.edfi.from_oneroster.key_texts import key_text
from standards.edfi.model.links import FIELD as LINKS
from standards.errors import SourceBroken
from standards.oneroster.csv import specification as facts
from tests.adapters.oneroster import packages as made
from tests.gateway.demo.data.districts import small


class _Contract(AdapterContract):
    adapter = OneRosterCsv
    version = ""

    def good(self, folder):
        path = folder / "good.zip"
        return {"source": str(made.archive(path, made.package(self.version)))}

    def broken(self, folder):
        files = made.package(self.version)
        files["users.csv"] = files["users.csv"].replace(b"Ann", b'"Ann')
        return {"source": str(made.archive(folder / "broken.zip", files))}


class TestOneRoster12(_Contract):
    version = "1.2"


class TestOneRoster11(_Contract):
    version = "1.1"


class TestGeneratedDistrict(AdapterContract):
    adapter = OneRosterCsv

    def good(self, folder):
        path = folder / "maple.zip"
        write_oneroster_12(small("maple", students=60), path)
        return {"source": str(path)}

    def broken(self, folder):
        (folder / "manifest.csv").write_text("propertyName,value\n")
        return {"source": str(folder)}


class TestGeneratedWildDistrict(TestGeneratedDistrict):
    def good(self, folder):
        path = folder / "alder"
        write_messy_oneroster_11(small("alder", students=60), path)
        return {"source": str(path)}


def read(path: Path, **settings) -> tuple[dict[str, dict[tuple[str, ...], dict]], dict[str, int]]:
    """Every record by entity and key, and what was noted."""
    found: dict[str, dict] = {}
    with OneRosterCsv("d", {"source": str(path)} | settings) as adapter:
        for entity, record in adapter.read(dict.fromkeys(adapter.manifest.entities)):
            record.pop(LINKS, None)
            found.setdefault(entity, {})[record.pop("key")] = record
        return found, {name: times for name, times in adapter.notes.counts.items() if not name.startswith("default: ")}


@pytest.fixture
def of(tmp_path):
    """The records of a package, after changes to some of its rows."""

    def records(version, change=lambda _rows: None, **settings):
        rows = made.rows(version)
        change(rows)
        headings = {name: list(file.columns) for name, file in facts.files(version).items()}
        for name, some in rows.items():
            headings[name] += sorted({column for row in some for column in row} - set(headings[name]))
        files = {name: made.text(headings[name], some).encode() for name, some in rows.items()}
        return read(
            made.archive(tmp_path / "d.zip", files | {"manifest.csv": made.manifest(version, files).encode()}),
            **settings,
        )

    return records


AGENCY = "edfi.localEducationAgencies.localEducationAgencyCategoryDescriptor"
STUDENT = {
    "id": "u1", "enabled": True, "username": "maria", "name.given": "María", "name.family": 'O\'Neil, "Ñ"', "identifier": "77",
    "email": "m@example.org", "grades": ["09"],
    "identifiers": [{"type": "LDAP", "value": "m1"}, {"type": "SIS", "value": "77"}],
    "birthDate": "2011-05-07", "sex": "Female", "race.asian": True, "race.white": False, "birthCountry": "US", "birthCity": "Kent",
}  # fmt: skip


def test_a_roster_of_1_2_becomes_records(of):
    found, notes = of("1.2")
    assert found == {
        "organization": {
            ("d",): {"id": "d", "name": "Maple", "kind": "district", "identifier": "9", "derivedIdentifier": "d sourcedId d", AGENCY: "uri://ed-fi.org/LocalEducationAgencyCategoryDescriptor#Other local education agency"},
            ("s1",): {"id": "s1", "name": "North", "kind": "school", "identifier": "101", "derivedIdentifier": "d sourcedId s1", "parent": ("d",)},
            ("s2",): {"id": "s2", "name": "South", "kind": "school", "identifier": "102", "derivedIdentifier": "d sourcedId s2", "parent": ("d",)},
        },
        "session": {
            ("y",): {"id": "y", "name": "2026-2027", "derivedName": key_text("2026-2027", "y"), "kind": "schoolYear", "begin": "2026-08-20", "end": "2027-06-19", "schoolYear": 2027},
            ("t",): {"id": "t", "name": "Fall", "derivedName": key_text("Fall", "t"), "kind": "term", "begin": "2026-08-20", "end": "2027-01-19", "schoolYear": 2027, "parent": ("y",)},
        },
        "schoolSession": {("term", "s1", "t"): {"school": ("s1",), "session": ("t",), "kind": "term"}},
        "edfi.schoolYearTypes": {("2027",): {"schoolYear": 2027, "schoolYearDescription": "2026-2027", "currentSchoolYear": True}},
        "edfi.locations": {("B2", "s1"): {"classroomIdentificationCode": "B2", "schoolReference@": ("s1",), "schoolReference.schoolId": 101}},
        "profile": {("u1", "s1"): {"student": ("u1",), "organization": ("s1",), "race": [{"asian": "uri://ed-fi.org/RaceDescriptor#Asian"}]}},
        "course": {
            ("c",): {"id": "c", "edfi.courses.numberOfParts": 1, "title": "Algebra", "code": "A1", "derivedCode": key_text("A1", "c"), "organization": ("d",), "schoolYear": ("y",), "grades": ["09", "10"], "subjects": ["Math"], "subjectCodes": ["02052"]},
        },
        "offering": {("c", "s1", "t"): {"course": ("c",), "school": ("s1",), "session": ("t",), "schoolSession": ("term", "s1", "t"), "code": "A1", "derivedCode": key_text("A1", "c")}},
        "section": {
            ("k",): {"id": "k", "title": "Algebra 1", "code": "A1-1", "kind": "scheduled", "location": "B2", "locationSchool": ("s1",), "school": ("s1",), "terms": [("t",)], "offering": ("c", "s1", "t"), "grades": ["09"], "subjects": ["Math"], "subjectCodes": ["02052"], "periods": ["1", "2"]},
        },
        "student": {("u1",): STUDENT},
        "staff": {("u2",): {"id": "u2", "enabled": True, "username": "lee", "name.given": "Ann", "name.family": "Lee"}},
        "contact": {
            ("u3",): {"id": "u3", "enabled": False, "username": "kim", "name.given": "Kim", "name.family": "O'Neil", "roles": [{"kind": "guardian", "primary": True, "organization": ("s1",)}]},
        },
        "guardianship": {("u3", "u1"): {"contact": ("u3",), "student": ("u1",), "role": "guardian"}},
        "enrollment": {("r1",): {"student": ("u1",), "school": ("s1",), "role": "student", "primary": True, "entry": "2026-08-20", "grade": "09"}},
        "employment": {("r2",): {"staff": ("u2",), "organization": ("s1",), "role": "teacher", "primary": True, "derivedBegin": "2026-08-20"}},
        "placement": {("e1",): {"id": "e1", "student": ("u1",), "section": ("k",), "role": "student", "primary": False, "begin": "2026-08-20", "end": "2027-01-19"}},
        "teaching": {("e2",): {"id": "e2", "staff": ("u2",), "section": ("k",), "role": "teacher", "primary": True, "derivedBegin": "2026-08-20"}},
    }  # fmt: skip
    assert notes == {}


def test_a_roster_of_1_1_says_the_same_except_for_its_roles(of):
    new, _ = of("1.2")
    old, notes = of("1.1")
    alone = {"enrollment", "employment", "contact"}
    assert {name: some for name, some in old.items() if name not in alone} == {
        name: some for name, some in new.items() if name not in alone
    }
    assert old["enrollment"] == {
        ("u1:s1",): {
            "student": ("u1",),
            "school": ("s1",),
            "role": "student",
            "derivedEntry": "2026-08-20",
            "grade": "09",
        }
    }
    assert old["employment"] == {
        ("u2:s1",): {"staff": ("u2",), "organization": ("s1",), "role": "teacher", "derivedBegin": "2026-08-20"},
        ("u2:s2",): {"staff": ("u2",), "organization": ("s2",), "role": "teacher", "derivedBegin": "2026-08-20"},
    }
    assert old["contact"]["u3",]["roles"] == [{"kind": "guardian", "organization": ("s1",)}]
    assert notes == {}


@pytest.mark.parametrize("word", ["TRUE", "True", "yes", " true"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_race_is_the_same_in_a_profile_and_its_student_however_it_is_spelt(of, version, word):
    def change(rows):
        rows["demographics.csv"][0] |= {"asian": word, "white": "FALSE"}

    found, _ = of(version, change)
    assert found["student"]["u1",]["race.asian"] is True
    assert found["profile"]["u1", "s1"]["race"] == [{"asian": "uri://ed-fi.org/RaceDescriptor#Asian"}]


@pytest.mark.parametrize(("org", "role"), [("d", "districtAdministrator"), ("s1", "siteAdministrator")])
def test_an_administrator_of_1_1_is_one_of_the_organization(of, org, role):
    def change(rows):
        rows["users.csv"][1] |= {"role": "administrator", "orgSourcedIds": org}

    found, _ = of("1.1", change)
    assert found["employment"] == {
        (f"u2:{org}",): {"staff": ("u2",), "organization": (org,), "role": role, "derivedBegin": "2026-08-20"}
    }


def role(number, user, name, org="s1", **more):
    return {
        "sourcedId": f"r{number}",
        "userSourcedId": user,
        "roleType": "secondary",
        "role": name,
        "orgSourcedId": org,
    } | more


def test_a_user_with_several_roles_stays_one_person_with_all_of_them(of):
    def change(rows):
        rows["roles.csv"] += [role(4, "u2", "parent", "s2"), role(5, "u1", "aide", "s2")]

    found, _ = of("1.2", change)
    assert set(found["student"]) == {("u1",)}
    assert set(found["staff"]) == {("u2",)}
    assert found["staff"]["u2",]["roles"] == [{"kind": "parent", "organization": ("s2",), "primary": False}]
    assert found["student"]["u1",]["roles"] == [{"kind": "aide", "organization": ("s2",), "primary": False}]
    assert set(found["employment"]) == {("r2",)}
    assert set(found["enrollment"]) == {("r1",)}


def test_a_local_role_and_a_local_grade_are_kept_as_they_are(of):
    def change(rows):
        rows["roles.csv"].append(role(4, "u2", "ext:coach"))
        rows["users.csv"][0]["grades"] = "9"

    found, _ = of("1.2", change)
    assert [role["kind"] for role in found["staff"]["u2",]["roles"]] == ["ext:coach"]
    assert found["student"]["u1",]["grades"] == ["09"]
    assert found["student"]["u1",]["grades@oneroster"] == ["9"]
    assert found["enrollment"]["r1",]["grade"] == "09"


@pytest.mark.parametrize(
    ("change", "day"),
    [
        ({"e1": "2026-09-01"}, "2026-09-01"),
        ({"e1": ""}, "2026-10-01"),
        ({}, "2026-08-20"),
    ],
)
def test_a_first_day_that_nobody_states_is_that_of_the_first_class_or_the_term_or_the_year(of, change, day):
    def spoil(rows):
        del rows["roles.csv"][0]["beginDate"]
        rows["academicSessions.csv"][1]["startDate"] = "2026-10-01"
        rows["enrollments.csv"] = [
            row | {"beginDate": change[row["sourcedId"]]}
            for row in rows["enrollments.csv"]
            if row["sourcedId"] in change
        ]

    found, _ = of("1.2", spoil)
    record = found["enrollment"]["r1",]
    assert record["derivedEntry"] == day
    assert "entry" not in record


def test_profiles_and_resources_come_with_whom_they_belong_to(of):
    def change(rows):
        rows["userProfiles.csv"] = [
            {"sourcedId": "p1", "userSourcedId": "u1", "profileType": "google", "vendorId": "v", "applicationId": "a", "description": "Docs", "credentialType": "oauth", "username": "maria@g", "password": "secret"},
        ]  # fmt: skip
        rows["roles.csv"][0]["userProfileSourcedId"] = "p1"
        rows["resources.csv"] = [
            {
                "sourcedId": "b",
                "vendorResourceId": "isbn",
                "title": "Book",
                "roles": "student,teacher",
                "importance": "primary",
                "vendorId": "v",
                "applicationId": "a",
            }
        ]
        rows["courseResources.csv"] = [{"sourcedId": "1", "courseSourcedId": "c", "resourceSourcedId": "b"}]
        rows["classResources.csv"] = [{"sourcedId": "1", "classSourcedId": "k", "resourceSourcedId": "b"}]
        rows["userResources.csv"] = [
            {"sourcedId": "1", "userSourcedId": "u1", "classSourcedId": "k", "resourceSourcedId": "b"}
        ]

    found, notes = of("1.2", change)
    assert found["student"]["u1",]["accounts"] == [
        {"id": "urn:oneroster:userProfile:p1", "type": "google", "vendor": "v", "application": "a", "description": "Docs", "credentialType": "oauth", "username": "maria@g"},
    ]  # fmt: skip
    assert found["enrollment"]["r1",]["account"] == "urn:oneroster:userProfile:p1"
    assert found["resource"]["b",] == {
        "id": "b",
        "vendorResourceId": "isbn",
        "title": "Book",
        "roles": ["student", "teacher"],
        "importance": "primary",
        "vendor": "v",
        "application": "a",
    }
    assert (
        found["course"]["c",]["resources"]
        == found["section"]["k",]["resources"]
        == found["student"]["u1",]["resources"]
        == [("b",)]
    )
    assert notes == {"userResources.csv: where a user has a resource is not kept": 1}


def test_metadata_travel_with_the_class_they_were_sent_with(of):
    def change(rows):
        for name in ("orgs.csv", "users.csv", "demographics.csv", "classes.csv", "enrollments.csv"):
            rows[name][0]["metadata.maple.note"] = name

    found, _ = of("1.2", change)
    assert found["organization"]["d",]["oneroster.orgs.metadata"] == {"maple.note": "orgs.csv"}
    assert found["student"]["u1",]["oneroster.users.metadata"] == {"maple.note": "users.csv"}
    assert found["student"]["u1",]["oneroster.demographics.metadata"] == {"maple.note": "demographics.csv"}
    assert found["section"]["k",]["oneroster.classes.metadata"] == {"maple.note": "classes.csv"}
    assert found["placement"]["e1",]["oneroster.enrollments.metadata"] == {"maple.note": "enrollments.csv"}


def test_agents_on_either_side_are_one_guardianship_and_others_are_noted(of):
    def change(rows):
        rows["users.csv"][0]["agentSourcedIds"] = "u2,u3"
        rows["users.csv"][2]["agentSourcedIds"] = "u1"

    found, notes = of("1.2", change)
    assert set(found["guardianship"]) == {("u3", "u1")}
    assert "agents" not in found["contact"]["u3",]
    assert notes == {"users.csv: an agent that is no contact": 1}


def test_what_cannot_be_kept_is_counted_by_name(of):
    def change(rows):
        rows["users.csv"][1]["password"] = "secret"
        rows["users.csv"].append(
            {"sourcedId": "u4", "enabledUser": "true", "username": "x", "givenName": "No", "familyName": "Role"}
        )
        rows["enrollments.csv"].append(
            {
                "sourcedId": "e3",
                "classSourcedId": "k",
                "schoolSourcedId": "s2",
                "userSourcedId": "u4",
                "role": "student",
            }
        )

    found, notes = of("1.2", change)
    assert ("u4",) not in found["student"] | found["staff"] | found["contact"]
    assert "secret" not in repr(found)
    assert notes == {
        "users.csv: a password is never kept": 1,
        "enrollments.csv: schoolSourcedId is not the school of the class": 1,
    }


def test_a_user_whom_no_role_tells_of_is_set_aside_with_what_belongs_to_it(tmp_path):
    rows = made.rows("1.2")
    rows["roles.csv"] = rows["roles.csv"][1:]
    files = {name: made.text(list(facts.files("1.2")[name].columns), some).encode() for name, some in rows.items()}
    files["manifest.csv"] = made.manifest("1.2", files).encode()
    with OneRosterCsv("d", {"source": str(made.folder(tmp_path / "d", files))}) as adapter:
        found = {(entity, record["key"]) for entity, record in adapter.read(dict.fromkeys(adapter.manifest.entities))}
        aside = {(row.entity, row.place, row.told, row.key) for row in adapter.notes.page.aside}
    assert ("student", ("u1",)) not in found
    assert aside == {
        ("user", "users.csv:2", "no role says what the user is", ("u1",)),
        ("placement", "enrollments.csv:2", "no role says what the user is", ("e1",)),
    }


def test_the_check_tells_for_each_file_why_it_cannot_be_read(tmp_path):
    files = made.package("1.2")
    files["orgs.csv"] = files["orgs.csv"].replace(b"name", b"nome", 1)
    files["users.csv"] = files["users.csv"].replace(b"Ann", b'"Ann')
    files["enrollments.csv"] = files["enrollments.csv"].replace(b"2026-08-20", b"20/8/2026")
    adapter = OneRosterCsv("d", {"source": str(made.folder(tmp_path / "d", files))})
    assert sorted(map(str, adapter.check())) == [
        "orgs.csv:1:1: The column name is missing.",
        "users.csv:3:7: A quotation mark is out of place or never closed.",
    ]


def test_a_source_that_is_not_there_is_a_problem_and_no_empty_district(tmp_path):
    adapter = OneRosterCsv("d", {"source": str(tmp_path / "gone.zip")})
    assert adapter.check()
    with pytest.raises(SourceBroken):
        list(adapter.read({"student": None}))


def test_a_missing_manifest_is_put_up_with_where_the_settings_say_so_and_dangling_is_no_longer_used(tmp_path):
    files = made.package("1.1")
    del files["manifest.csv"]
    files["enrollments.csv"] = files["enrollments.csv"].replace(b",u2,", b",u9,")
    path = made.folder(tmp_path / "d", files)
    found, notes = read(path, allow_missing_manifest=True)
    assert "teaching" not in found
    assert notes == {"manifest.csv is missing": 1}
    with OneRosterCsv("d", {"source": str(path), "dangling": "drop", "allow_missing_manifest": True}) as adapter:
        assert not [entity for entity, _ in adapter.read({"teaching": None})]
        assert [row.place for row in adapter.notes.page.aside] == ["enrollments.csv:3:6"]
        assert "no longer used" in adapter.notes.page.remarks[0][1]


def test_a_change_of_the_files_changes_the_stamp(tmp_path):
    path = made.folder(tmp_path / "d", made.package("1.2"))
    adapter = OneRosterCsv("d", {"source": str(path)})
    before = adapter.stamp()
    (path / "orgs.csv").write_bytes(made.package("1.1")["orgs.csv"] + b"\r\n")
    assert adapter.stamp() != before


def test_a_generated_district_is_read_whole(tmp_path):
    district = small("maple", students=120)
    write_oneroster_12(district, tmp_path / "new.zip")
    write_messy_oneroster_11(district, tmp_path / "old")
    new, _ = read(tmp_path / "new.zip")
    old, notes = read(tmp_path / "old")
    for found in (new, old):
        assert len(found["student"]) == len(district.students)
        assert len(found["staff"]) == len(district.staff)
        assert len(found["contact"]) == len(district.guardians)
        assert len(found["guardianship"]) == len({(tie.guardian, tie.student) for tie in district.guardianships})
        assert all(record.get("entry") or record.get("derivedEntry") for record in found["enrollment"].values())
    assert "users.csv: grades is called grade" in notes
