"""How little a gateway asks of an ODS for one record: what is written, what is read, and whom a filter names."""

from __future__ import annotations

import pytest

from standards import registry
from tests.adapters.edfi_ods.system import settings_for, system
from tests.support.regions import EDFI, Consumer, Site, agreement, running

EVENTS = "studentSchoolAttendanceEvents"
DESCRIBED = {""}
"""No collection: what an ODS says of itself, such as how far its changes go, may be asked for at any time."""
OWN = {"id", "_etag", "_lastModifiedDate", "link"}


@pytest.fixture
def ods():
    """A running ODS that no other test has changed."""
    with system() as found:
        yield found


@pytest.fixture
def client(ods, tmp_path, monkeypatch):
    """A consumer that may read and write everything."""
    monkeypatch.setenv("ODS_SECRET", "ods-secret")
    given = settings_for(ods, client_secret="env:ODS_SECRET", page_size=500) | {"writable": "true"}
    terms = agreement("willow", operations="[read, search, create, update, delete]")
    with running(tmp_path, {"willow": Site("edfi_ods", given, cache="10m")}, [terms]) as region:
        region.gateway.districts["willow"].cached_snapshot()
        yield region.consumer()


def asked(ods, work):
    """The answer of *work*, and the collections that the ODS was asked for meanwhile, with what was asked."""
    before = len(ods.log)
    return work(), [(one.method, one.path.partition("/ed-fi/")[2], one.query) for one in ods.log[before:]]


def bare(value):
    if isinstance(value, dict):
        return {name: bare(inner) for name, inner in value.items() if name not in OWN}
    return [bare(item) for item in value] if isinstance(value, list) else value


def send(client: Consumer, method, rest, document):
    answer = client.web.open(EDFI + rest, method=method, json=document, headers=client.bearer)
    assert answer.status_code < 300, answer.text
    return answer


def test_a_write_of_what_is_held_asks_for_nothing_but_that(ods, client):
    student = bare(client.edfi("students", limit=1).json[0])
    for number in range(3):
        fresh = student | {"studentUniqueId": f"90{number}"}
        answer, sent = asked(ods, lambda fresh=fresh: send(client, "POST", "students", fresh))
        assert len(sent) < 10
        about = {path.partition("/")[0] for _, path, _ in sent}
        assert about <= {"students", "studentSchoolAssociations", *DESCRIBED}
        place = answer.headers["Location"].removeprefix("http://localhost")
        shown, more = asked(ods, lambda place=place: client.ask(place))
        assert (shown.json["studentUniqueId"], more) == (f"90{number}", [])


def test_what_others_say_of_a_record_is_seen_when_they_are_written(ods, client):
    """The main school of a student, which OneRoster shows, is told by enrollments."""
    enrolled = client.edfi("studentSchoolAssociations", limit=1).json[0]
    unique = enrolled["studentReference"]["studentUniqueId"]
    schools = {one["schoolId"] for one in client.edfi("schools", limit=100).json}
    other = min(schools - {enrolled["schoolReference"]["schoolId"]})
    held = client.region.gateway.districts["willow"].cached_snapshot
    row = held().table("student").unique.index(unique)
    before = held().table("student").refs["primaryOrganization"][row]
    moved = bare(enrolled) | {
        "schoolReference": {"schoolId": other}, "entryDate": "2026-10-30", "primarySchool": True,
    }  # fmt: skip
    for name in ("calendarReference", "exitWithdrawDate", "exitWithdrawTypeDescriptor"):
        moved.pop(name, None)
    _, sent = asked(ods, lambda: send(client, "POST", "studentSchoolAssociations", moved))
    assert len(sent) < 10
    row = held().table("student").unique.index(unique)
    after = held().table("student").refs["primaryOrganization"][row]
    assert held().table("organization").key(after) == (str(other),)
    assert after != before


def test_what_does_not_differ_is_not_worked_out_again(client):
    gateway = client.region.gateway
    client.edfi("sections", limit=1)
    client.edfi("students", limit=1)
    (grant,) = gateway.grants.of("conformance")
    before = {name: _shown(gateway, grant, name) for name in ("sections", "students")}
    student = bare(client.edfi("students", limit=1).json[0])
    send(client, "POST", "students", student | {"studentUniqueId": "900"})
    after = {name: _shown(gateway, grant, name) for name in before}
    assert after["sections"].render is before["sections"].render
    assert after["students"].render is not before["students"].render
    assert after["sections"].visibility is after["students"].visibility
    assert after["sections"].visibility.snapshot is gateway.districts["willow"].cached_snapshot()


def _shown(gateway, grant, name):
    (shown,) = gateway.views.shown(grant, gateway.views.pruned(grant, registry.views("edfi")[name]))
    return shown


def test_one_live_record_is_asked_for_by_its_id(ods, client):
    (record,) = client.edfi(EVENTS, limit=1).json
    answer, sent = asked(ods, lambda: client.edfi(f"{EVENTS}/{record['id']}"))
    assert answer.json == record
    assert [path for _, path, _ in sent] == [f"{EVENTS}/{record['id']}"]


def test_a_write_of_a_live_record_reads_no_other(ods, client):
    (record,) = client.edfi(EVENTS, limit=1).json
    for method, rest in (("POST", EVENTS), ("PUT", f"{EVENTS}/{record['id']}")):
        _, sent = asked(ods, lambda method=method, rest=rest: send(client, method, rest, bare(record)))
        assert len(sent) < 10
        assert all(path != EVENTS or "studentUniqueId" in query or verb == "POST" for verb, path, query in sent)


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_filter_that_names_a_student_is_handed_on(ods, client, case):
    every = client.edfi(EVENTS, limit=500).json
    unique = every[0]["studentReference"]["studentUniqueId"]
    answer, sent = asked(ods, lambda: client.edfi(EVENTS, studentUniqueId=case(unique), limit=500))
    assert answer.json == [one for one in every if one["studentReference"]["studentUniqueId"] == unique]
    assert all("studentUniqueId" in query for _, path, query in sent if path == EVENTS)
    nobody, sent = asked(ods, lambda: client.edfi(EVENTS, studentUniqueId="nobody"))
    assert (nobody.json, sent) == ([], [])
