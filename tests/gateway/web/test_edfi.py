"""The Ed-Fi API over a real district."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from standards import registry
from standards.edfi.api.request import names
from standards.edfi.model.model import by_collection, natural_key, validate
from tests.gateway.web.answers import at, edfi_links
from tests.support.regions import EDFI

pytest_plugins = ["tests.support.region_fixtures"]

GOLDEN = Path(__file__).with_name("golden")
GRAND_BEND = {
    "students": 960,
    "contacts": 1873,
    "studentContactAssociations": 1872,
    "sections": 532,
    "studentSchoolAssociations": 960,
    "studentSectionAssociations": 11520,
    "studentEducationOrganizationAssociations": 960,
    "staffs": 68,
    "staffSectionAssociations": 528,
    "schools": 3,
    "localEducationAgencies": 1,
    "educationServiceCenters": 1,
    "courses": 84,
    "courseOfferings": 168,
    "sessions": 6,
    "gradingPeriods": 18,
    "studentMigrantEducationProgramAssociations": 275,
    "studentSchoolAttendanceEvents": 1917,
    "disciplineActions": 25,
    "studentGradebookEntries": 250,
}
WANTED = {  # golden file: the query that finds one record
    "students": {"studentUniqueId": "604824"},
    "studentSchoolAssociations": {"studentUniqueId": "604824"},
    "studentEducationOrganizationAssociations": {"studentUniqueId": "604824"},
    "staffs": {"staffUniqueId": "207255"},
    "contacts": {"contactUniqueId": "777974"},
    "sections": {"localCourseCode": "ALG-1", "sessionName": "2021-2022 Fall Semester"},
    "schools": {"schoolId": "255901001"},
    "sessions": {"schoolId": "255901001", "sessionName": "2021-2022 Fall Semester"},
    "studentMigrantEducationProgramAssociations": {"studentUniqueId": "605259"},
    "gradeLevelDescriptors": {"codeValue": "Sixth grade"},
}
OWN = {"id", "_etag", "_lastModifiedDate", "link"}


@pytest.fixture(scope="module")
def bodies(everything):
    """Every record of every resource that has any, descriptors included."""
    found = {name: everything.resources(name) for name in registry.views("edfi")}
    return {name: records for name, records in found.items() if records}


@pytest.mark.parametrize("name", GRAND_BEND)
def test_a_resource_of_the_real_district_has_its_number_of_records(everything, bodies, name):
    assert everything.edfi(name, limit=0, totalCount="true").headers["Total-Count"] == str(GRAND_BEND[name])
    assert len(bodies[name]) == GRAND_BEND[name]


def test_every_record_of_every_resource_obeys_the_standard(bodies):
    assert len(bodies) > 250
    wrong = {
        (name, problem)
        for name, records in bodies.items()
        for one in records
        for problem in validate(by_collection(name), one)
    }
    assert wrong == set()


def test_no_two_records_of_a_resource_share_an_id_or_a_natural_key(bodies):
    for name, records in bodies.items():
        resource = by_collection(name)
        assert len({one["id"] for one in records}) == len(records), name
        assert len({natural_key(resource, one) for one in records}) == len(records), name


def test_every_link_leads_to_the_record_it_names(everything, bodies):
    found = {(link["href"], link["rel"]) for records in bodies.values() for one in records for link in edfi_links(one)}
    assert len(found) > 3_500
    ids = {name: {one["id"] for one in records} for name, records in bodies.items()}
    tried: set[str] = set()
    for href, rel in sorted(found):
        _, schema, collection, identifier = href.split("/")
        assert schema == "ed-fi"
        assert by_collection(collection).name == rel
        assert identifier in ids[collection], href
        if len([one for one in tried if one.split("/")[2] == collection]) < 10:
            tried.add(href)
    for href in tried:
        assert everything.ask(f"/data/v3{href}").json["id"] == href.rpartition("/")[2]


@pytest.mark.parametrize("name", WANTED)
def test_a_record_on_the_wire_is_the_one_checked_by_hand(everything, name):
    record = everything.edfi(name, **WANTED[name]).json[0]
    assert json.dumps(record, indent=1, ensure_ascii=False) + "\n" == (GOLDEN / f"edfi-{name}.json").read_text("utf-8")


@pytest.mark.parametrize("name", ["students", "sections", "gradeLevelDescriptors", "programs", "staffs"])
def test_one_record_alone_is_the_same_as_in_its_collection(everything, bodies, name):
    for record in bodies[name][:3]:
        assert everything.edfi(f"{name}/{record['id']}").json == record


def test_an_id_may_be_written_with_dashes(everything, bodies):
    record = bodies["students"][0]
    plain = record["id"]
    dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    assert everything.edfi(f"students/{dashed}").json == record
    assert everything.edfi(f"students/{dashed.upper()}").json == record


FILTERED = ("students", "studentSchoolAssociations", "sections", "staffs", "courseOfferings", "sessions", "gradingPeriods",
            "studentContactAssociations", "studentMigrantEducationProgramAssociations", "disciplineActions",
            "gradeLevelDescriptors", "studentAssessments")  # fmt: skip


@pytest.mark.parametrize("name", FILTERED)
def test_every_member_that_may_be_asked_for_finds_the_records_that_have_the_value(everything, bodies, name):
    records = bodies[name]
    tried = 0
    for parameter, paths in names(name).items():
        path = paths[0]
        values = sorted(
            {
                str(value).lower() if isinstance(value, bool) else str(value)
                for one in records
                for value in at(one, path)
            }
        )
        if not values:
            continue
        goal, tried = values[len(values) // 2], tried + 1
        found = everything.edfi(name, limit=500, **{parameter: goal}).json
        expected = [one for one in records if any(str(value).casefold() == goal.casefold() for value in at(one, path))]
        assert found == expected[:500], (parameter, path)
    assert tried >= 3


def test_parameters_are_joined_by_and(everything, bodies):
    one = bodies["sections"][7]["courseOfferingReference"]
    found = everything.edfi("sections", localCourseCode=one["localCourseCode"], sessionName=one["sessionName"]).json
    assert [part["courseOfferingReference"] for part in found] == [one] * len(found)
    assert found
    assert everything.edfi("sections", localCourseCode=one["localCourseCode"], sessionName="none").json == []


def test_paths_and_parameters_are_read_in_any_case(everything):
    usual = everything.edfi("studentSchoolAssociations", studentUniqueId="604824", limit=1)
    assert usual.json
    for path in ("StudentSchoolAssociations", "STUDENTSCHOOLASSOCIATIONS", "studentschoolassociations"):
        assert everything.edfi(path, STUDENTUNIQUEID="604824", Limit=1).json == usual.json
    assert everything.ask("/data/ed-fi/studentSchoolAssociations", studentUniqueId="604824", limit=1).json == usual.json


@pytest.mark.parametrize("written", ["true", "True", "TRUE"])
def test_a_count_alone_is_asked_for_with_a_limit_of_nought(everything, written):
    answer = everything.edfi("students", limit=0, totalCount=written)
    assert (answer.status_code, answer.json, answer.headers["Total-Count"]) == (200, [], "960")


@pytest.mark.parametrize("written", [None, "false", "False"])
def test_nobody_is_told_a_count_unasked(everything, written):
    assert (
        "Total-Count"
        not in everything.edfi("students", limit=0, **({"totalCount": written} if written else {})).headers
    )


def test_a_page_has_twenty_five_records_unless_told_otherwise(everything):
    assert len(everything.edfi("students").json) == 25


def test_what_has_not_changed_is_not_sent_again(everything, bodies):
    one = bodies["students"][0]
    for path in (f"students/{one['id']}", "students?limit=4"):
        first = everything.edfi(path)
        tag = first.headers["ETag"]
        for sent in (tag, f"W/{tag}", f'"x", {tag}'):
            again = everything.ask(EDFI + path, headers={"If-None-Match": sent})
            assert (again.status_code, again.data) == (304, b"")
        assert everything.ask(EDFI + path, headers={"If-None-Match": '"x"'}).data == first.data
    assert everything.edfi(f"students/{one['id']}").headers["ETag"].strip('"') == one["_etag"]
    assert len({record["_etag"] for record in bodies["students"]}) == 960


def test_a_page_beyond_the_end_is_empty(everything):
    answer = everything.edfi("students", offset=960, totalCount="true")
    assert (answer.json, answer.headers["Total-Count"]) == ([], "960")


def test_descriptors_go_by_their_ids_and_have_no_numbers(everything, bodies):
    one = bodies["gradeLevelDescriptors"][0]
    assert "gradeLevelDescriptorId" not in one
    assert everything.edfi("gradeLevelDescriptors", id=one["id"]).json == [one]
