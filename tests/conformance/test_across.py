"""A OneRoster source answers in valid Ed-Fi: every record obeys the model, and every reference leads to a record."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from gateway.demo.data import write_messy_oneroster_11, write_oneroster_12
from standards.edfi.model.model import by_collection, natural_key, resources, validate
from tests.conformance.conftest import MANY
from tests.support.regions import Site, agreement, running, small_district

DEFAULTS = "session.instructionalDays = {semester = 90, term = 60, gradingPeriod = 45}\n"
ROWS = {
    "schoolYearTypes": 1, "schools": 4, "localEducationAgencies": 1, "sessions": 10, "gradingPeriods": 14,
    "locations": 71, "courses": 76, "courseOfferings": 122, "sections": 138, "students": 60,
    "studentSchoolAssociations": 60, "studentEducationOrganizationAssociations": 60, "studentSectionAssociations": 515,
    "staffs": 91, "staffSectionAssociations": 139, "staffEducationOrganizationAssignmentAssociations": 92,
    "contacts": 73, "studentContactAssociations": 112, "gradebookEntries": 24, "studentGradebookEntries": 30,
    "assessments": 2, "studentAssessments": 30,
}  # fmt: skip
FILES_LACK = {"assessments", "studentAssessments"}
UNDECLARED = {"sessions", "gradingPeriods"}
ORGANIZATIONS = ("schools", "localEducationAgencies")


def _files(write, folder, defaults):
    folder.mkdir(parents=True)
    write(small_district(), folder / "files.zip")
    return Site("oneroster_csv", {"source": str(folder / "files.zip")}, defaults=defaults)


def _site(name, folder, request, defaults=DEFAULTS):
    if name == "maple":
        return _files(write_oneroster_12, folder, defaults)
    if name == "alder":
        return _files(write_messy_oneroster_11, folder, defaults)
    served = request.getfixturevalue("site")
    version = {"version": "1.1"} if name == "birch 1.1" else {}
    return Site(served.adapter, dict(served.settings) | version, defaults=defaults)


@pytest.fixture(scope="module", params=["maple", "alder", "birch", "birch 1.1"])
def source(request, tmp_path_factory):
    """What a OneRoster source shows of every resource to a client to whom everything is released."""
    folder = tmp_path_factory.mktemp("across")
    site = _site(request.param, folder / "data", request)
    with running(folder / "region", {"here": site}, [agreement("here")], MANY) as region:
        client = region.consumer()
        yield request.param, {name: client.resources(name) for name in ROWS}


def references(properties, document, path=""):
    """Every reference in a document: where it is, what it refers to, and its members."""
    for name, known in properties.items():
        value = document.get(name)
        if value is None:
            continue
        if known.reference:
            yield f"{path}{name}", known.reference, value
        elif known.collection:
            for item in value:
                yield from references(known.properties, item, f"{path}{name}[].")
        elif known.type == "object":
            yield from references(known.properties, value, f"{path}{name}.")


def key_of(target, value):
    return tuple(value[path.rpartition(".")[2]] for path in resources()[target].identity)


def test_every_resource_has_the_rows_of_the_source(source):
    name, found = source
    lacking = FILES_LACK if name in {"maple", "alder"} else FILES_LACK if name == "birch 1.1" else set()
    expected = {one: 0 if one in lacking else rows for one, rows in ROWS.items()}
    assert {one: len(records) for one, records in found.items()} == expected


@pytest.mark.parametrize("collection", ROWS)
def test_every_record_obeys_the_model(source, collection):
    problems = Counter(
        re.sub(r"\[\d+\]", "[]", problem)
        for record in source[1][collection]
        for problem in validate(by_collection(collection), record)
    )
    assert problems == {}


@pytest.mark.parametrize("collection", ROWS)
def test_no_two_records_have_one_key_or_one_id(source, collection):
    records = source[1][collection]
    keys = [natural_key(by_collection(collection), record) for record in records]
    assert all(None not in key for key in keys)
    assert len(set(keys)) == len({record["id"] for record in records}) == len(records)


@pytest.mark.parametrize("collection", ROWS)
def test_every_reference_leads_to_a_record(source, collection):
    _, found = source
    keys = {by_collection(one).name: {natural_key(by_collection(one), row) for row in found[one]} for one in ROWS}
    keys["EducationOrganization"] = set().union(*(keys[by_collection(one).name] for one in ORGANIZATIONS))
    ids = {f"/ed-fi/{one}/{row['id']}" for one in ROWS for row in found[one]}
    for record in found[collection]:
        for path, target, value in references(by_collection(collection).properties, record):
            if target == "EducationOrganization":
                assert (value["educationOrganizationId"],) in keys[target], path
            else:
                assert key_of(target, value) in keys[target], path
            assert "link" not in value or value["link"]["href"] in ids, path


def test_what_nobody_declares_is_absent_and_no_record_is_left_out(tmp_path, request):
    site = _site("maple", tmp_path / "data", request, defaults="")
    with running(tmp_path / "region", {"here": site}, [agreement("here")], MANY) as region:
        client = region.consumer()
        for name in set(ROWS) - FILES_LACK:
            records = client.resources(name)
            assert len(records) == ROWS[name]
            problems = {one for record in records for one in validate(by_collection(name), record)}
            assert problems == ({"$.totalInstructionalDays: is missing"} if name in UNDECLARED else set())


def test_a_declared_value_takes_the_place_of_a_shipped_one(tmp_path, request):
    independent = "uri://ed-fi.org/LocalEducationAgencyCategoryDescriptor#Independent"
    name = "edfi.localEducationAgencies.localEducationAgencyCategoryDescriptor"
    site = _site("maple", tmp_path / "data", request, defaults=f'"{name}" = "{independent}"\n')
    with running(tmp_path / "region", {"here": site}, [agreement("here")], MANY) as region:
        (agency,) = region.consumer().resources("localEducationAgencies")
        assert agency["localEducationAgencyCategoryDescriptor"] == independent
        notes = region.gateway.districts["here"].adapter.notes.counts
        assert notes[f"default: {name}"] == 1
        assert notes["default: edfi.courses.numberOfParts"] == ROWS["courses"]


# One name of a fact, what it releases in Ed-Fi, and what in OneRoster.
ONE_NAME = [
    ("session.name", ("sessions", "sessionName"), ("academicSessions", "title")),
    ("session.name", ("sessions", "termDescriptor"), ("academicSessions", "title")),
    ("session.name", ("gradingPeriods", "gradingPeriodDescriptor"), ("academicSessions", "title")),
    ("session.begin", ("sessions", "beginDate"), ("academicSessions", "startDate")),
    ("session.schoolYear", ("sessions", "schoolYearTypeReference"), ("academicSessions", "schoolYear")),
    ("course.code", ("courses", "identificationCodes"), ("courses", "courseCode")),
    ("section.location", ("sections", "locationReference"), ("classes", "location")),
    ("student.sex", ("studentEducationOrganizationAssociations", "sexDescriptor"), ("demographics", "sex")),
    ("student.race", ("studentEducationOrganizationAssociations", "races"), ("demographics", "white")),
    ("student.email", ("studentEducationOrganizationAssociations", "electronicMails"), ("students", "email")),
]


@pytest.fixture(scope="module")
def hidden(tmp_path_factory, request):
    """A region in which each client lacks one fact, and the rest of it is released."""
    folder = tmp_path_factory.mktemp("hidden")
    names = sorted({name for name, _, _ in ONE_NAME} | {"enrollment.grade"})
    grants = [agreement("here", [("*", "allow"), (name, "deny")], client=_client(name)) for name in names]
    site = _site("maple", folder / "data", request)
    with running(folder / "region", {"here": site}, [agreement("here"), *grants], MANY) as region:
        yield region


def _client(name):
    return name.replace(".", "-").lower()


@pytest.mark.parametrize(("name", "edfi", "oneroster"), ONE_NAME)
def test_one_name_hides_a_fact_in_both_standards(hidden, name, edfi, oneroster):
    all_of_it, less = hidden.consumer(), hidden.consumer(_client(name))
    for client, told in ((all_of_it, True), (less, False)):
        assert any(edfi[1] in record for record in client.resources(edfi[0])) is told
        assert any(oneroster[1] in record for record in client.users(oneroster[0])) is told
    assert len(less.resources(edfi[0])) == len(all_of_it.resources(edfi[0]))


def test_what_is_worked_out_from_a_hidden_fact_is_hidden_with_it(hidden):
    for client, told in ((hidden.consumer(), True), (hidden.consumer(_client("enrollment.grade")), False)):
        grades = [record.get("entryGradeLevelDescriptor") for record in client.resources("studentSchoolAssociations")]
        levels = [record.get("gradeLevels") for record in client.resources("schools")]
        assert (any(grades), any(levels)) == (told, told)


def test_a_school_that_may_not_be_known_keeps_no_session_that_anybody_sees(tmp_path, request):
    site = _site("maple", tmp_path / "data", request)
    facts = [("*", "allow"), ("session.school", "deny")]
    with running(tmp_path / "region", {"here": site}, [agreement("here", facts)], MANY) as region:
        records = region.consumer().resources("sessions")
        assert {"schoolReference" in record for record in records} == {False}
        assert len(records) == len({record["sessionName"] for record in records})
