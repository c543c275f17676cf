"""A client that follows an ODS through the gateway ends equal to it, whether a resource is held or passed on."""

from __future__ import annotations

from collections import Counter

import pytest

from standards import registry
from tests.adapters.edfi_ods import worlds
from tests.support.following import FOLLOWING, VERSIONS, Follower
from tests.support.regions import EDFI, Site, agreement, running

MANY = '[tokens]\nlife = "1d"\n'
HELD = ("schools", "students", "studentSchoolAssociations", "classPeriods")
LIVE = ("studentSchoolAttendanceEvents", "reportCards", "studentSectionAttendanceEvents")


@pytest.fixture(scope="module")
def ods():
    with worlds.asked() as client:
        yield client


@pytest.fixture(scope="module")
def region(ods, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ods")
    secret = folder / "secret"
    secret.write_text("ods-secret")
    given = {
        "url": ods.running.url, "client_id": "crossing", "client_secret": f"file:{secret}", "allow_private": "true",
        "writable": "true",
    }  # fmt: skip
    agreements = [
        agreement("oak", operations=FOLLOWING),
        agreement(
            "oak", [("student.id", "allow"), ("edfi.reportCards.*", "allow")], client="narrow", operations=FOLLOWING
        ),
        agreement("oak", client="writer", operations="[read, search, changes, create, update, delete]"),
    ]
    with running(folder / "r", {"oak": Site("edfi_ods", given)}, agreements, MANY) as one:
        yield one


def changed(ods, name, **values):
    """Give the first document of a resource other values."""
    row = ods.rows(name, params={"limit": 1})[0]
    document = {key: value for key, value in (row | values).items() if not key.startswith("_") and key != "id"}
    answer = ods.ask(f"{name}/{row['id']}", "PUT", json=document)
    assert answer.status_code == 204, answer.text
    return row["id"]


def test_a_follower_of_held_and_of_live_resources_ends_equal_to_the_ods(ods, region):
    follower = Follower(region.consumer(), (*HELD, *LIVE))
    follower.sync()
    assert follower.copy() == follower.source()
    assert all(follower.copies.values())
    changed(ods, "students", firstName="Renamed")
    changed(ods, "reportCards", numberOfDaysTardy=99)
    assert ods.post("students", worlds.STUDENT | {"studentUniqueId": "fresh"}).status_code == 201
    gone = {}
    for name in ("studentSchoolAttendanceEvents", "studentSectionAttendanceEvents"):
        rows = ods.rows(name)
        gone[name] = next(row["id"] for row in rows if ods.ask(f"{name}/{row['id']}", "DELETE").status_code == 204)
    changed(ods, "classPeriods", classPeriodName="Another period")
    region.clock.move(10)
    follower.sync()
    told = dict(follower.told)
    assert follower.copy() == follower.source()
    print(told)
    assert told["students"] == (0, 2, 0)
    assert told["reportCards"] == (0, 1, 0)
    for name, identifier in gone.items():
        assert told[name][2] == 1
        assert identifier not in follower.copies[name]
    assert told["classPeriods"] == (1, 1, 0)
    region.clock.move(10)
    follower.sync()
    assert not any(any(one) for one in follower.told.values())


def test_every_resource_of_an_ods_has_its_feeds(region):
    consumer = region.consumer()
    consumer.ask(VERSIONS)
    found = Counter()
    for name in list(registry.views("edfi"))[::3]:
        for rest in (f"{name}/deletes", f"{name}/keyChanges", f"{name}?minChangeVersion=1&limit=1"):
            found[consumer.ask(EDFI + rest).status_code] += 1
    print(dict(found))
    assert found.keys() <= {200, 404, 400}
    assert found[200] > 300


def test_who_sees_less_than_a_live_resource_whole_is_told_why_not(region):
    narrow = region.consumer("narrow")
    answer = narrow.edfi("reportCards/deletes")
    assert answer.status_code == 404
    assert answer.json["type"].endswith("feature-disabled")
    assert narrow.edfi("reportCards", minChangeVersion=1).status_code == 400
    assert narrow.edfi("students/deletes").status_code == 200


def test_what_the_gateways_own_writes_create_rename_and_delete_between_two_looks_is_told(ods, region):
    writer, name = region.consumer("writer"), "studentSchoolAssociations"
    newest = writer.ask(VERSIONS).json["newestChangeVersion"]
    known = writer.edfi(name, limit=1).json[0]
    body = {key: value for key, value in known.items() if key != "id" and not key.startswith("_")}

    def create(day):
        made = writer.web.post(EDFI + name, json=body | {"entryDate": day}, headers=writer.bearer)
        assert made.status_code == 201, made.text
        return made.headers["Location"].rpartition("/")[2]

    place = create("2019-01-07")
    later = body | {"entryDate": "2019-01-08"}
    renamed = writer.web.put(f"{EDFI}{name}/{place}", json=later, headers=writer.bearer)
    assert renamed.status_code == 204, renamed.text
    (moved,) = writer.edfi(f"{name}/keyChanges", minChangeVersion=newest).json
    assert (moved["id"], moved["oldKeyValues"]["entryDate"]) == (place, "2019-01-07")
    assert moved["newKeyValues"]["entryDate"] == "2019-01-08"
    other = create("2019-01-09")
    for one in (place, other):
        assert writer.ask(f"{EDFI}{name}/{one}", method="DELETE").status_code == 204
    told = {one["id"]: one for one in writer.edfi(f"{name}/deletes", minChangeVersion=newest).json}
    assert {one: told[one]["keyValues"]["entryDate"] for one in told} == {place: "2019-01-08", other: "2019-01-09"}
    assert all(one["changeVersion"] > newest for one in told.values())


def test_a_key_that_follows_one_that_the_gateway_changed_is_told_to_who_never_asked_for_it_before(region):
    writer = region.consumer("writer")
    newest = writer.ask(VERSIONS).json["newestChangeVersion"]
    session = writer.edfi("sessions", limit=1).json[0]
    answer = writer.web.put(
        f"{EDFI}sessions/{session['id']}", json=session | {"sessionName": "Autumn"}, headers=writer.bearer
    )
    assert answer.status_code == 204, answer.text
    for name in ("courseOfferings", "sections", "staffSectionAssociations"):
        moved = writer.edfi(f"{name}/keyChanges", minChangeVersion=newest).json
        assert moved, name
        for one in moved:
            assert (one["oldKeyValues"]["sessionName"], one["newKeyValues"]["sessionName"]) == (
                session["sessionName"],
                "Autumn",
            )


@pytest.mark.parametrize(("name", "member"), [("academicWeeks", "weekIdentifier"), ("classPeriods", "classPeriodName")])
@pytest.mark.parametrize("key", ["a\ttab", "a\u00a0space", "a\u200bnothing", "two\nlines", "own \U000f0000"])
def test_a_record_whose_key_cannot_be_printed_is_written_to_and_not_made_anew(region, name, member, key):
    writer = region.consumer("writer")
    school = writer.edfi("schools", limit=1).json[0]
    body = {member: key, "schoolReference": {"schoolId": school["schoolId"]}}
    if name == "academicWeeks":
        body |= {"beginDate": "2019-01-07", "endDate": "2019-01-13", "totalInstructionalDays": 5}
    made, again = (writer.web.post(EDFI + name, json=body, headers=writer.bearer) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 200), again.text
    assert made.headers["Location"] == again.headers["Location"]
    found = writer.edfi(name, **{member: key}).json
    assert [one["id"] for one in found] == [made.headers["Location"].rpartition("/")[2]]
    assert found[0][member] == key
    assert writer.ask(f"{EDFI}{name}/{found[0]['id']}", method="DELETE").status_code == 204


def test_another_key_is_told_of_what_was_created_between_two_looks_and_refers_to_what_is_renamed(region):
    writer = region.consumer("writer")
    newest = writer.ask(VERSIONS).json["newestChangeVersion"]
    assert writer.edfi("courseOfferings/keyChanges", minChangeVersion=newest).status_code == 200

    def sent(method, place, body):
        plain = {key: value for key, value in body.items() if key != "id" and not key.startswith("_")}
        answer = writer.web.open(f"{EDFI}{place}", method=method, json=plain, headers=writer.bearer)
        assert answer.status_code in {201, 204}, answer.text
        return answer.headers["Location"].rpartition("/")[2] if method == "POST" else ""

    session = writer.edfi("sessions", limit=1).json[0] | {"sessionName": "Short"}
    place = sent("POST", "sessions", session)
    offering = writer.edfi("courseOfferings", limit=1).json[0]
    term = {key: session[key] for key in ("schoolYear", "sessionName") if key in session}
    term |= {
        "schoolId": session["schoolReference"]["schoolId"],
        "schoolYear": session["schoolYearTypeReference"]["schoolYear"],
    }
    school = {"schoolReference": {"schoolId": term["schoolId"]}}
    made = sent("POST", "courseOfferings", offering | school | {"localCourseCode": "new", "sessionReference": term})
    sent("PUT", f"sessions/{place}", session | {"sessionName": "Long"})
    moved = {one["id"]: one for one in writer.edfi("courseOfferings/keyChanges", minChangeVersion=newest).json}
    assert moved[made]["oldKeyValues"]["sessionName"] == "Short"
    assert moved[made]["newKeyValues"]["sessionName"] == "Long"
