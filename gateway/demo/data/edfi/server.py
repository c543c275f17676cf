"""A district whose system is an Ed-Fi ODS/API with a OneRoster gradebook beside it: the documents of each."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.edfi_xml.reader import CAPS, documents
from adapters.files.archives import open_source
from gateway.demo.data.edfi.interchange_files import write_edfi_xml
from gateway.demo.data.edfi.samples import everything
from gateway.demo.data.oneroster.ids import Ids
from gateway.demo.data.oneroster.server import server_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.simulators.edfi import Ods
    from gateway.demo.data.records import FictionalDistrict

    Document = dict[str, Any]

ANCHORS = 3
YEARS_BEFORE, YEARS_AFTER = 13, 13
SESSIONS = "academicSessions"


def ods_documents(district: FictionalDistrict) -> list[tuple[str, Document]]:
    """Yield every document with the name of its collection: those of the interchange files, and samples of the rest."""
    with tempfile.TemporaryDirectory() as folder:
        write_edfi_xml(district, Path(folder))
        with open_source(Path(folder), caps=CAPS) as source:
            found = [*_years(district), *documents(source)]
    placed = [document for collection, document in found if collection == "studentSectionAssociations"]
    students = {one["studentReference"]["studentUniqueId"]: one for one in placed}
    return everything(found, list(students.values())[:ANCHORS], district.today)


def _years(district: FictionalDistrict) -> Iterator[tuple[str, Document]]:
    """Return the school years that documents name."""
    current = district.school_year
    for year in range(current - YEARS_BEFORE, current + YEARS_AFTER + 1):
        described = {"schoolYearDescription": f"{year - 1}-{year}", "currentSchoolYear": year == current}
        yield "schoolYearTypes", {"schoolYear": year, **described}


def gradebook_documents(district: FictionalDistrict, ods: Ods) -> dict[str, dict[str, Document]]:
    """Return the documents of a gradebook rostered from the *ods*: it refers to everything else by the ids there."""
    found = server_documents(district)
    names, periods = dict(_names(district, ods)), _periods(district, ods)
    schools = {item["sourcedId"]: item["school"]["sourcedId"] for item in found["lineItems"].values()}
    for item in found["lineItems"].values():
        session = item["academicSession"]["sourcedId"]
        item["academicSession"]["sourcedId"] = periods[schools[item["sourcedId"]], session]
    sessions = {told: found[SESSIONS][own] | {"sourcedId": told} for (_, own), told in periods.items()}
    kept = {
        name: {names.get(key, key): _renamed(one, names) for key, one in documents.items()}
        for name, documents in found.items()
    }
    return kept | {SESSIONS: sessions}


def _names(district: FictionalDistrict, ods: Ods) -> Iterator[tuple[str, str]]:
    """Return a record's id in the roster's files, and its id in the *ods*."""
    ids, rows = Ids(district.name, district.school_year), ods.state.rows
    students = {one.state_id: ids.student(one.id) for one in district.students}
    yield from ((students[row.document["studentUniqueId"]], row.id) for row in rows["Student"].values())
    yield from ((ids.section(row.document["sectionIdentifier"]), row.id) for row in rows["Section"].values())
    yield from ((ids.course(row.document["courseCode"]), row.id) for row in rows["Course"].values())
    for name, member in (("School", "schoolId"), ("LocalEducationAgency", "localEducationAgencyId")):
        yield from ((ids.org(str(row.document[member])), row.id) for row in rows[name].values())


def _periods(district: FictionalDistrict, ods: Ods) -> Mapping[tuple[str, str], str]:
    """Return the id of each grading period in the *ods*, by the school and the period in the roster's files."""
    ids = Ids(district.name, district.school_year)
    titles = {one.title: ids.session(one.id) for one in district.sessions if one.kind == "gradingPeriod"}
    return {
        (ids.org(str(row.document["schoolReference"]["schoolId"])), titles[row.document["gradingPeriodName"]]): row.id
        for row in ods.state.rows["GradingPeriod"].values()
    }


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value
