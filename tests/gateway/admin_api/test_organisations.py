"""Settings, acts by two persons, tasks, registers and people over the administration API, for people and programs."""

from __future__ import annotations

from itertools import count

import pytest

from tests.support.people.api import in_session, machine
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ADMIN, OFFICER = ("maple", "district-admin"), ("maple", "privacy-officer")
ROBOTS = (f"robot-{number}" for number in count())
SETTINGS = "/organisations/maple/settings"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("organisations")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture
def mia(region):
    return in_session(region, "mia", ADMIN)


@pytest.fixture
def robot(region):
    return machine(region, next(ROBOTS), "maple", "district-admin")


def test_settings_are_changed_for_the_state_that_was_read(mia):
    found = mia.get(SETTINGS)
    changed = mia.put(SETTINGS, {"digestAt": "06:30"}, If_Match=found.headers["ETag"])
    assert (changed.status_code, changed.json["digestAt"]) == (200, "06:30")
    assert mia.put(SETTINGS, {"digestAt": "06:45"}, If_Match=found.headers["ETag"]).status_code == 412
    assert mia.put(SETTINGS, {"digestAt": "06:45"}).status_code == 428
    assert mia.put(SETTINGS, {"digestAt": "25:00"}, If_Match="*").status_code == 400
    assert mia.get("/organisations/cedar/settings").status_code == 404
    assert mia.put("/organisations/cedar/settings", {"digestAt": "06:00"}, If_Match="*").status_code == 404


def test_what_needs_a_second_person_answers_as_waiting_and_is_declined(region, mia, robot):
    ben = in_session(region, "ben", ADMIN)
    mia.put(SETTINGS, {"twoPersons": ["client.end"]}, If_Match="*")
    waits = mia.put(SETTINGS, {"twoPersons": [], "reason": "too slow"}, If_Match="*")
    assert waits.status_code == 202
    name = waits.json["proposal"]
    assert [one["id"] for one in ben.get("/proposals").json] == [name]
    assert robot.get(f"/proposals/{name}").status_code == 404
    assert robot.post(f"/proposals/{name}/decline", {"reason": "no"}).status_code == 404
    answer = ben.post(f"/proposals/{name}/decline", {"reason": "it is not"})
    assert (answer.status_code, answer.json["decidedBy"]) == (200, "ben@example.org")
    assert ben.get("/proposals").json == []
    assert mia.get(SETTINGS).json["twoPersons"] == ["client.end"]


def test_a_program_reads_the_people_and_makes_none(region, mia, robot):
    here = "/organisations/maple"
    assert {one["mail"] for one in robot.get(f"{here}/people").json} >= {"mia@example.org"}
    made = {"mail": "new@example.org", "role": "approver"}
    assert robot.post(f"{here}/invitations", made).status_code == 403
    invited = mia.post(f"{here}/invitations", made)
    assert invited.status_code == 201
    assert "/console/join/" in invited.json["url"]
    (one,) = mia.get(f"{here}/invitations").json
    assert mia.ask("DELETE", f"{here}/invitations/{one['id']}").status_code == 204
    assert mia.ask("DELETE", f"{here}/invitations/{one['id']}").status_code == 404
    other = in_session(region, "otto", OFFICER).get("/session").json["name"]
    otto = next(one for one in mia.get(f"{here}/people").json if one["mail"] == other)
    body = {"step": "suspend", "reason": "on leave"}
    assert robot.put(f"{here}/people/{otto['id']}/status", body).status_code == 403
    assert mia.put(f"{here}/people/{otto['id']}/status", body).json["status"] == "suspended"
    assert mia.get(f"{here}/people/{otto['id']}").json["status"] == "suspended"
    assert mia.get("/organisations/cedar/people").status_code == 404


def test_registers_are_for_people(region):
    officer = in_session(region, "pia", OFFICER)
    assert officer.get("/districts/maple/registers/consents").json == []
    assert officer.get("/districts/cedar/registers/consents").status_code == 404
    assert officer.get("/districts/maple/registers/others").status_code == 404
    program = machine(region, "registers", "maple", "privacy-officer")
    assert program.get("/districts/maple/registers/consents").status_code == 403


def test_tasks_are_listed_and_closed(region):
    officer = in_session(region, "pia", OFFICER)
    mine = [one for one in officer.get("/tasks?limit=500").json if one["role"] == "privacy-officer"]
    assert mine
    closed = officer.post(f"/tasks/{mine[0]['id']}/close", {"outcome": "told them all"})
    assert (closed.status_code, closed.json["state"]) == (200, "closed")
    assert mine[0]["id"] not in [one["id"] for one in officer.get("/tasks?limit=500").json]
    assert (
        in_session(region, "cleo", ("cedar", "privacy-officer"))
        .post(f"/tasks/{mine[0]['id']}/close", {"outcome": "x"})
        .status_code
        == 404
    )


def test_a_second_person_confirms_in_a_session_that_was_proved_lately_and_a_program_never(region, mia, robot):
    bea = in_session(region, "bea", ADMIN)
    mia.put(SETTINGS, {"twoPersons": ["client.end", "person.invite"]}, If_Match="*")
    region.clock.move(15 * 24 * 3600)
    mia, bea = in_session(region, "mia", ADMIN), in_session(region, "bea", ADMIN)
    waits = mia.post("/organisations/maple/invitations", {"mail": "two@example.org", "role": "auditor"})
    assert waits.status_code == 202
    place = f"/proposals/{waits.json['proposal']}/confirm"
    robot = machine(region, next(ROBOTS), "maple", "district-admin")
    assert robot.post(place, {}).status_code in {403, 404}
    assert mia.post(place, {}).status_code == 403
    region.clock.move(11 * 60)
    late = bea.post(place, {})
    assert (late.status_code, "Prove" in late.text) == (403, True)
    done = in_session(region, "bea", ADMIN).post(place, {"reason": "agreed"})
    assert (done.status_code, done.json["outcome"], done.json["secret"]) == (200, "confirmed", None)
    assert "/console/join/" in done.json["url"]
    assert in_session(region, "bea", ADMIN).post(place, {}).status_code == 409


def test_the_regions_operator_renames_a_vendor_and_retires_one_that_has_nothing(region, mia):
    boss = in_session(region, "bo", ("region", "region-operator"))
    boss.post("/vendors", {"name": "typo", "kind": "vendor", "company": "Tpyo"})
    place = "/vendors/typo"
    found, change = boss.get(place), {"company": "Typo, Inc.", "reason": "a slip of the pen"}
    assert boss.put(place, change).status_code == 428
    renamed = boss.put(place, change, If_Match=found.headers["ETag"])
    assert (renamed.status_code, renamed.json["company"]) == (200, "Typo, Inc.")
    assert boss.put(place, change, If_Match=found.headers["ETag"]).status_code == 412
    assert mia.put(place, change, If_Match="*").status_code == 403
    assert mia.ask("DELETE", f"{place}?reason=x").status_code == 403
    assert boss.ask("DELETE", place).status_code == 400
    assert boss.ask("DELETE", "/vendors/conformance?reason=x").status_code == 409
    assert boss.ask("DELETE", f"{place}?reason=nobody").status_code == 204
    assert boss.get(place).status_code == 404
    shown = boss.get("/events?action=organisation+retired").json
    assert [(one["reason"], one["content"]["org"]) for one in shown] == [("nobody", "typo")]
