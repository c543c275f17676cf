"""A district asks for a student's record, and sees of it nothing that tells what is inside."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest

from gateway.admin.events import Events
from gateway.admin.transfers.asking import NotEnrolledHere, TransferForm
from gateway.people.actor import NotPermitted, machine
from gateway.transfers.ledger.limits import AskedAlready
from gateway.transfers.machine.errors import NotAllowed, NotPartyTo, TransferKeyReused
from gateway.transfers.machine.words import RequestStanding
from standards.errors import Forbidden, InvalidBody
from tests.gateway.admin.transfers.offices import NOBODY, RECEIVER, SENDER


def plain(view):
    """An outward view without the id, which is random."""
    return asdict(replace(view, id=""))


@pytest.fixture(scope="module")
def every_kind(office):
    """One request for each kind of child, asked at one moment and brought as far as nobody's decision is needed."""
    office.restrict(
        11, "acp", substitute={"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}
    )
    office.restrict(12, "court-order", recipients=(RECEIVER,))
    asked = {
        "plain": office.ask(10), "protected": office.ask(11), "court order": office.ask(12),
        "near": office.ask(13, stateId="", lastSchool="elsewhere"), "absent": office.stranger(),
        "twin": office.ask(14, given="Zebediah"),
    }  # fmt: skip
    states = {name: office.worked(one).state.value for name, one in asked.items()}
    held = office.waiting(15)
    office.custody().hold(held.id, "identity-doubt", ["transcript"], held.number, office.key())
    return asked, states


def test_the_kinds_of_children_come_to_different_states(every_kind):
    _, states = every_kind
    assert states["plain"] == "packed"
    assert {states["protected"], states["court order"], states["near"], states["absent"]} == {
        "waiting",
        "near",
        "unknown",
    }


def test_whatever_a_child_is_the_request_reads_the_same(office, every_kind):
    asked, _ = every_kind
    shown = {name: plain(office.asking().one(one.id)) for name, one in asked.items()}
    assert len({str(one) for one in shown.values()}) == 1, shown
    assert shown["plain"]["state"] == "asked"
    listed = {one.id: plain(one) for one in office.asking().sent().items}
    assert all(listed[one.id] == shown[name] for name, one in asked.items())


def test_whatever_a_child_is_it_can_be_withdrawn_in_the_same_words(office, every_kind):
    asked, _ = every_kind
    ended = [plain(office.asking().withdraw(one.id, "mistake", office.key())) for one in asked.values()]
    assert len({str(one) for one in ended}) == 1
    assert ended[0]["state"] == "closed"
    refused = set()
    for one in asked.values():
        with pytest.raises(NotAllowed) as error:
            office.asking().withdraw(one.id, "mistake", office.key())
        refused.add(str(error.value))
    assert len(refused) == 1


def test_a_request_is_repeated_under_its_key_alone(office):
    first = office.ask(20, key="the same", again=False)
    assert office.ask(20, key="the same", again=False) == first
    with pytest.raises(TransferKeyReused):
        office.ask(21, key="the same")


def test_a_second_request_for_a_child_must_say_that_it_is_one(office):
    office.ask(22, again=False)
    with pytest.raises(AskedAlready):
        office.ask(22, again=False)
    with pytest.raises(AskedAlready):
        office.ask(22, stateId="", lastSchool="Maple High", again=False)
    office.ask(22, again=True)


def test_a_closed_request_warns_of_nothing(office):
    office.asking().withdraw(office.ask(23, again=False).id, "mistake", office.key())
    office.ask(23, again=False)


def test_who_is_enrolled_here_may_be_asked_for_without_a_signed_intent(office):
    assert office.ask(24, standing=RequestStanding.ENROLLMENT).state == "asked"
    with pytest.raises(NotEnrolledHere):
        office.asking().ask(TransferForm(SENDER, NOBODY), office.key())


def test_a_program_may_ask_but_not_say_that_an_intent_was_signed(office):
    from gateway.admin.transfers.asking import TransferAsking

    program = machine("cedar-agent", RECEIVER, ())
    service = TransferAsking(office.administration, program, RECEIVER, {"transfer:request"})
    assert service.ask(TransferForm(SENDER, office.stated(25)), office.key()).state == "asked"
    with pytest.raises(NotPermitted):
        service.ask(TransferForm(SENDER, office.stated(26), RequestStanding.INTENT), office.key())
    for scopes in ((), ("transfer:receive",)):
        with pytest.raises(NotPermitted):
            TransferAsking(office.administration, program, RECEIVER, scopes).ask(
                TransferForm(SENDER, office.stated(26)), office.key()
            )


@pytest.mark.parametrize(
    "stated", [{}, {"family": "Lee"}, {"family": "Lee", "birthDate": "2012-01-01"}, {"shoe": "41"},
               {"family": "unknown", "birthDate": "1900-01-01", "stateId": "0000"}],
)  # fmt: skip
def test_too_little_is_refused_and_repeats_nothing(office, stated):
    with pytest.raises(InvalidBody) as error:
        office.asking().ask(TransferForm(SENDER, stated, RequestStanding.INTENT), office.key())
    assert not any(text in str(error.value) for text in stated.values())


def test_nobody_asks_without_an_agreement(office):
    with pytest.raises(Forbidden):
        office.asking().ask(TransferForm(RECEIVER, office.stated(3), RequestStanding.INTENT), office.key())
    assert office.asking().districts() == (SENDER,)


def test_a_redirected_request_is_withdrawn_and_a_new_one_whatever_was_inside(office):
    shown = []
    for one in (office.ask(27), office.stranger()):
        office.worked(one)
        fresh = office.asking().redirect(one.id, SENDER, f"redirect {one.id}")
        assert office.asking().redirect(one.id, SENDER, f"redirect {one.id}") == fresh
        assert office.asking().one(one.id).state == "closed"
        shown.append(plain(fresh))
    assert shown[0] == shown[1]


def test_another_districts_request_does_not_exist(office):
    one = office.ask(28)
    for name in ("mona", "olga"):
        service = office.asking(name) if name == "olga" else office.of(type(office.asking()), name, SENDER)
        if name == "mona":
            with pytest.raises(NotPartyTo):
                service.one(one.id)
        else:
            assert service.one(one.id).state == "asked"


def test_the_ids_of_acts_tell_nothing_of_what_happens_in_other_districts(office):
    def shown():
        return [one.shown()["id"] for one in Events(office.administration).list(office.actor("remy"), 0, 1000)[0]]

    office.ask(35)
    before = shown()
    found = office.worked(office.stranger())
    for number in range(3):
        office.custody("mona").record("transfer previewed", found.id, {"number": number})
    after = shown()
    assert after[-len(before) :] == before
    assert len(set(after)) == len(after)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in after)
    assert after not in (sorted(after), sorted(after, reverse=True))
    assert Events(office.administration).list(office.actor("otto"), 0, 1000)[0][0].id not in after


def test_no_value_of_a_request_is_at_rest_in_clear(office):
    office.worked(office.stranger())
    canaries = [NOBODY["family"].encode(), NOBODY["given"].encode(), office.roll().index.rows[3].family.encode()]
    office.ask(3)
    found = [path for path in (office.region.folder / "state").rglob("*") if path.is_file()]
    assert any(path.stat().st_size for path in found)
    assert not [(path, one) for path in found for one in canaries if one in path.read_bytes()]


def test_the_requesters_own_acts_do_not_tell_whether_the_student_was_found(office):
    told = []
    for asked in (office.ask(33), office.stranger(), office.ask(34, stateId="", lastSchool="elsewhere")):
        office.worker.advance(asked.id)
        office.asking().withdraw(asked.id, "mistake", office.key())
        acts, _ = Events(office.administration).list(office.actor("remy"), 0, 1000)
        mine = [one for one in acts if one.content.get("transfer") == asked.id]
        assert [one.action for one in mine] == ["transfer withdraw", "transfer ask"]
        told.append([dict(one.content) | {"transfer": ""} for one in mine])
    assert told[0] == told[1] == told[2]
