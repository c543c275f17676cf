"""Each record of each Ed-Fi resource is the same in every reading, has what it must have, and can be sent back."""

from __future__ import annotations

import pytest

from adapters.simulators.edfi import Ods, run
from adapters.simulators.oneroster import Sis
from adapters.simulators.oneroster import run as run_gradebook
from gateway.demo.data.edfi.server import gradebook_documents, ods_documents
from standards import registry
from standards.edfi.model.flat_key_names import flat_key_names
from standards.edfi.model.model import resources, validate
from tests.support.regions import EDFI, Site, agreement, running, small_district

SECRET = "a secret of the tests"
OPERATIONS = "[read, search, create, update, delete]"
EVERY = [one for one in resources().values() if not one.is_descriptor]
MAPPED = [one for one in EVERY if not registry.lens("edfi", one.collection).entity.startswith("edfi.")]
QUICK = {one.collection for one in (*MAPPED, *EVERY[::5])} | {"objectiveAssessments", "assessmentItems"}
WALKED = [pytest.param(one, marks=[] if one.collection in QUICK else pytest.mark.slow) for one in EVERY]
STAMPS = {"_etag", "_lastModifiedDate"}


@pytest.fixture(scope="module")
def consumer(tmp_path_factory):
    """One who may do everything in a district with an ODS and a gradebook beside it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("FIR_SECRET", SECRET)
    district = small_district()
    ods = Ods(ods_documents(district), secret=SECRET)
    with run(ods) as main, run_gradebook(Sis(gradebook_documents(district, ods), secret=SECRET)) as beside:
        settings = {
            "url": main.url, "client_id": "crossing", "client_secret": "env:FIR_SECRET", "allow_private": True,
            "writable": True, "gradebook_url": beside.url, "gradebook_token_url": beside.token_url,
            "gradebook_client_id": "crossing", "gradebook_client_secret": "env:FIR_SECRET",
        }  # fmt: skip
        place, terms = tmp_path_factory.mktemp("fir"), [agreement("fir", operations=OPERATIONS)]
        with running(place, {"fir": Site("edfi_ods", settings, cache="10m")}, terms) as region:
            yield region.consumer()
    patch.undo()


def send(consumer, method, place, body=None):
    return consumer.web.open(EDFI + place, method=method, json=body, headers=consumer.bearer)


def plain(record):
    return {name: value for name, value in record.items() if name not in STAMPS}


def readings(consumer, resource, record):
    """The record as it is found by its id, by filters and by a page token."""
    name = resource.collection
    yield consumer.edfi(f"{name}/{record['id']}").json
    yield from consumer.edfi(name, id=record["id"]).json
    for path, parameter in flat_key_names(name).items():
        value = record
        for part in path.split("."):
            value = value[part]
        found = consumer.edfi(name, limit=500, **{parameter: value}).json
        yield from (one for one in found if one["id"] == record["id"])
        assert any(one["id"] == record["id"] for one in found), parameter
    page = consumer.edfi(name, limit=1)
    yield from (one for one in page.json if one["id"] == record["id"])
    token = page.headers["Next-Page-Token"]
    found = consumer.edfi(name, pageToken=token, pageSize=500).json
    yield from (one for one in found if one["id"] == record["id"])


@pytest.mark.parametrize("resource", WALKED, ids=lambda one: one.collection)
def test_a_record_is_the_same_in_every_reading_and_can_be_sent_back(consumer, resource):
    name = resource.collection
    listed = consumer.edfi(name, limit=500).json
    assert listed, "the district has none"
    assert [validate(resource, one) for one in listed] == [[]] * len(listed)
    kinds = {str(one.get("namespace", "")).startswith("uri://local/"): one for one in listed}  # of either system, one
    for record in kinds.values():
        told = list(readings(consumer, resource, record))
        assert len(told) >= 4
        assert told == [record] * len(told)
        assert send(consumer, "PUT", f"{name}/{record['id']}", record).status_code == 204
        body = {member: value for member, value in record.items() if member != "id"}
        answer = send(consumer, "POST", name, body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Location"].endswith(record["id"])
        assert plain(consumer.edfi(f"{name}/{record['id']}").json) == plain(record)


TEST = {"assessmentIdentifier": "ACT", "namespace": "uri://ed-fi.org/Assessment"}


def test_what_is_written_as_ed_fi_has_all_of_its_key_in_every_reading(consumer):
    subject = consumer.edfi("academicSubjectDescriptors", limit=1).json[0]
    uri, student = f"{subject['namespace']}#{subject['codeValue']}", consumer.edfi("students", limit=1).json[0]
    written = (
        ("assessments", TEST | {"assessmentTitle": "A test", "academicSubjects": [{"academicSubjectDescriptor": uri}]}),
        ("objectiveAssessments", {"assessmentReference": TEST, "identificationCode": "ACT-E"}),
        ("studentAssessments", {
            "assessmentReference": TEST, "studentAssessmentIdentifier": "S1",
            "studentReference": {"studentUniqueId": student["studentUniqueId"]},
            "administrationDate": "2026-09-28",
        }),
    )  # fmt: skip
    for collection, body in written:
        assert send(consumer, "POST", collection, body).status_code == 201
        assert send(consumer, "POST", collection, body).status_code == 200
        (found,) = consumer.edfi(collection, assessmentIdentifier="act").json
        reference = found if collection == "assessments" else found["assessmentReference"]
        assert {name: reference[name] for name in TEST} == TEST
    assert consumer.edfi("studentAssessments", administrationDate="2026-09-28").json == [found]
    assert found["administrationDate"] == "2026-09-28T00:00:00Z"


@pytest.mark.parametrize("member", ["submissionStatus", "assignmentLateStatus", "competencyLevel"])
def test_a_descriptor_that_the_ods_does_not_have_is_none_in_the_gradebook_beside_it(consumer, member):
    every = consumer.edfi("studentGradebookEntries", limit=500).json
    record = next(one for one in every if one["gradebookEntryReference"]["namespace"].startswith("uri://local/"))
    name = f"{member[:1].upper()}{member[1:]}Descriptor"
    body = plain(record) | {f"{member}Descriptor": f"uri://ed-fi.org/{name}#Nowhere"}
    answer = send(consumer, "PUT", f"studentGradebookEntries/{record['id']}", body)
    assert answer.status_code == 400, answer.text
    assert answer.json["validationErrors"] == {
        f"$.{member}Descriptor": [f"{name} value 'uri://ed-fi.org/{name}#Nowhere' does not exist."]
    }
    assert plain(consumer.edfi(f"studentGradebookEntries/{record['id']}").json) == plain(record)


@pytest.mark.parametrize(
    ("collection", "dependent", "reference"),
    [
        ("gradebookEntries", "studentGradebookEntries", "gradebookEntryReference"),
        ("assessments", "studentAssessments", "assessmentReference"),
    ],
)
def test_what_has_lost_a_reference_that_it_must_have_is_shown_in_no_reading(consumer, collection, dependent, reference):
    every = consumer.edfi(dependent, limit=500).json
    lost = next(one for one in every if one[reference]["namespace"].startswith("uri://local/"))
    gone = lost[reference]["link"]["href"].rpartition("/")[2]
    assert send(consumer, "DELETE", f"{collection}/{gone}").status_code == 204
    left = consumer.edfi(dependent, limit=500, totalCount="true")
    assert left.json == [one for one in every if one[reference]["link"]["href"] != lost[reference]["link"]["href"]]
    assert left.headers["Total-Count"] == str(len(left.json))
    assert consumer.edfi(f"{dependent}/{lost['id']}").status_code == 404
    assert consumer.edfi(dependent, id=lost["id"]).json == []
