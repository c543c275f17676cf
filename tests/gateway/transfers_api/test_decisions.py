"""The people of the sending district say over HTTP who is meant and what leaves, for the state that they have seen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from gateway.people.sessions import PROVED_FOR
from gateway.storage.database import transaction
from gateway.storage.tables import acts as recorded
from gateway.transfers.machine.words import RecordSection, TransferState
from gateway.transfers.work.signatures import WaitingSignatures
from standards.errors import StoreUnavailable
from tests.gateway.admin_api.test_frame import is_problem
from tests.gateway.transfers.work.test_worker import restrict
from tests.support.people.moving import moving_region

NUMBERS = iter(range(1, 60))
HALF = {
    "sections": ["identity", "enrollment"],
    "withheld": [one.value for one in RecordSection if one.value not in {"identity", "enrollment"}],
}


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    with moving_region(tmp_path_factory.mktemp("decided")) as found:
        yield found


def arrive(moving, rita, **changes):
    """Return the id of a request that waits for a person."""
    number = next(NUMBERS)
    restrict(moving.world, number, "parent-objection", elements=("student.email",))
    form = moving.form(number, standing="intent")
    form["student"] |= changes
    answer = rita.post("/transfers", form)
    assert answer.status_code == 201, answer.text
    moving.world.work(moving.world.find(answer.json["id"]))
    return answer.json["id"]


def look(mia, identifier):
    answer = mia.get(f"/transfers/{identifier}")
    assert answer.status_code == 200, answer.text
    return answer.json, answer.headers["ETag"]


def preview(mia, identifier, sections=HALF["sections"]):
    """What somebody is shown of what would leave, and its tag."""
    answer = mia.get(f"/transfers/{identifier}/preview?sections={','.join(sections)}")
    assert answer.status_code == 200, answer.text
    return answer.json, answer.headers["ETag"]


def test_what_waits_is_released_as_it_was_previewed_and_in_no_other_way(moving, rita, mia):
    identifier = arrive(moving, rita)
    told, tag = look(mia, identifier)
    assert (told["role"], told["state"], told["causes"]) == ("in", "waiting", ["restriction"])
    path = f"/transfers/{identifier}/decision"
    is_problem(mia.post(path, {"approve": HALF}), 428, "precondition-required")
    detail = is_problem(mia.post(path, {"approve": HALF}, If_Match="*"), 428, "precondition-required")["detail"]
    assert "preview" in detail
    _, less = preview(mia, identifier, ["identity"])
    shown, seen = preview(mia, identifier)
    for other in ('"0"', tag, less, f"W/{seen}", f"{tag}, {seen}"):
        is_problem(mia.post(path, {"approve": HALF}, If_Match=other), 412, "precondition-failed")
    assert moving.world.find(identifier).state is TransferState.WAITING
    done = mia.post(path, {"approve": HALF}, If_Match=seen)
    assert done.status_code == 200, done.text
    assert [one["name"] for one in shown["sections"] if one["rows"]] == ["identity", "enrollment"]
    assert sum(shown["files"].values()) == shown["size"]
    assert done.json["approved"] == ["enrollment", "identity"]
    assert "child" not in done.json
    assert moving.world.find(identifier).state is TransferState.APPROVED


def test_of_two_who_decide_at_once_one_does(moving, rita, mia):
    identifier = arrive(moving, rita)
    (_, tag), (_, seen) = look(mia, identifier), preview(mia, identifier)
    path = f"/transfers/{identifier}/decision"
    assert mia.post(path, {"refuse": {"reason": "court-order"}}, If_Match=tag).status_code == 200
    is_problem(mia.post(path, {"approve": HALF}, If_Match=seen), 412, "precondition-failed")
    told = rita.get(f"/transfers/{identifier}").json
    assert told["state"] == "closed"
    assert "court-order" not in str(told)


def test_a_hold_is_freed_and_decided_anew(moving, rita, mia):
    identifier = arrive(moving, rita)
    path = f"/transfers/{identifier}/decision"
    held = mia.post(path, {"hold": {"reason": "court-order", "sections": ["transcript"]}}, If_Match="*")
    assert held.json["state"] == "held"
    assert held.json["hold"] == "court-order"
    assert mia.post(path, {"free": True}, If_Match="*").json["state"] == "waiting"


def test_a_candidate_is_chosen_by_its_handle_and_none_of_them_is_an_answer(moving, rita, mia):
    identifier = arrive(moving, rita, birthDate="2009-01-02")
    told, tag = look(mia, identifier)
    assert told["state"] == "near"
    assert told["candidates"]
    assert set(told["candidates"][0]) == {"handle", "child", "score", "parts"}
    path = f"/transfers/{identifier}/match"
    is_problem(mia.post(path, {"subject": "abc"}, If_Match=tag), 404, "not-found")
    chosen = mia.post(path, {"subject": told["candidates"][0]["handle"]}, If_Match=tag)
    assert chosen.status_code == 200, chosen.text
    assert chosen.json["state"] == "matched"
    other = arrive(moving, rita, birthDate="2009-01-02")
    assert mia.post(f"/transfers/{other}/match", {"none": True}, If_Match="*").json["state"] == "unknown"


def test_the_senders_people_never_see_what_was_stated(moving, rita, mia):
    identifier = arrive(moving, rita, birthDate="2009-01-02", lastSchool="Faraway Academy")
    for answer in (mia.get(f"/transfers/{identifier}"), mia.get("/transfers?role=in&limit=100")):
        assert "2009-01-02" not in answer.text
        assert "Faraway" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"free": True, "refuse": {"reason": "court-order"}},
        {"free": False},
        {"approve": {"sections": ["shoes"], "withheld": []}},
        {"approve": {"sections": ["identity"]}},
        {"hold": {"reason": "mood", "sections": []}},
        {"refuse": {"reason": "she is a friend"}},
        {"deny": True},
    ],
)
def test_a_decision_that_cannot_be_meant_is_refused(moving, rita, mia, body):
    is_problem(mia.post(f"/transfers/{'0' * 32}/decision", body, If_Match="*"), 400, "invalid-body")


def test_a_preview_is_for_who_decides_and_is_on_record(moving, rita, mia):
    identifier, mona = arrive(moving, rita), moving.person("mona", ("maple", "registrar"))
    is_problem(mona.get(f"/transfers/{identifier}/preview?sections=identity"), 403, "not-permitted")
    preview(mia, identifier, ["identity"])
    (act,) = [one for one in acts(moving, "transfer previewed") if one.content["transfer"] == identifier]
    assert act.content["sections"] == ["identity"]


@pytest.mark.parametrize("sections", ["", "shoes", "identity,identity", "identity,"])
def test_a_preview_is_of_sections_that_there_are(mia, sections):
    answer = mia.get(f"/transfers/{'0' * 32}/preview?sections={sections}")
    assert "sections" in is_problem(answer, 400, "malformed-query")["detail"]


def test_a_decision_takes_a_proof_of_who_makes_it(moving, rita):
    stale = moving.person("stale", ("maple", "approver"))
    identifier = arrive(moving, rita)
    moving.world.later(seconds=PROVED_FOR.total_seconds() + 1)
    detail = is_problem(
        stale.post(f"/transfers/{identifier}/decision", {"free": True}, If_Match="*"), 403, "not-permitted"
    )
    assert "Prove" in detail["detail"]
    for shown in (
        f"/transfers/{identifier}/preview?sections=identity", f"/transfers/{identifier}/documents/{'0' * 64}",
        f"/signatures/{identifier}",
    ):  # fmt: skip
        assert "Prove" in is_problem(stale.get(shown), 403, "not-permitted")["detail"]


def test_the_receiving_registrar_decides_nothing(moving, rita):
    identifier = arrive(moving, moving.person("rosa", ("cedar", "registrar")))
    approver = moving.person("cora", ("cedar", "approver"))
    is_problem(
        approver.post(f"/transfers/{identifier}/decision", {"approve": HALF}, If_Match="*"), 404, "transfer-not-found"
    )


def test_a_manifest_that_waits_is_read_by_who_may_know_where_a_child_moves_and_that_is_on_record(moving, monkeypatch):
    mona, maud = moving.person("mona", ("maple", "registrar")), moving.person("maud", ("maple", "approver"))
    waits = ManifestThatWaits()
    monkeypatch.setattr(WaitingSignatures, "manifest", lambda _self, _transfer: waits)
    place = f"/signatures/{waits.transfer}"
    is_problem(mona.get("/signatures"), 403, "not-permitted")
    is_problem(mona.get(place), 403, "not-permitted")
    assert not acts(moving, "transfer manifest read")
    answer = maud.get(place)
    assert (answer.status_code, answer.data) == (200, waits.content)
    assert maud.get(place, If_None_Match=answer.headers["ETag"]).status_code == 304
    (act,) = acts(moving, "transfer manifest read")
    assert (act.actor, act.district, act.content["transfer"]) == ("maud@example.org", "maple", waits.transfer)
    monkeypatch.setattr("gateway.admin.transfers.office.write_acts", fails)
    unread = maud.get(place)
    assert unread.status_code == 503
    assert waits.content not in unread.data


@dataclass
class ManifestThatWaits:
    """A manifest that the sender's people may look at before they sign it."""

    transfer: str = "a" * 32
    version: int = 1
    content: bytes = b'{"check": {"gpa": "3.12"}}'
    sha256: str = "b" * 64


def fails(*_given):
    raise StoreUnavailable("The registry is gone.")


def acts(moving, action):
    """The acts of a kind on record, oldest first."""
    wanted = select(recorded).where(recorded.c.action == action).order_by(recorded.c.number)
    with transaction(moving.region.administered.store.engine) as connection:
        return connection.execute(wanted).all()
