"""The sending district finds the child, and decides what leaves: one of two wins, two persons where that is asked."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from gateway.admin.confirming import Confirming
from gateway.admin.second_person import ChangedMeanwhile, Waiting
from gateway.admin.transfers import preview
from gateway.admin.transfers.custody import TransferCustody
from gateway.people.actor import NotPermitted, operator
from gateway.transfers.machine.errors import NotAllowed, NotPartyTo
from gateway.transfers.machine.words import TransferState
from gateway.transfers.matching.levels import ChildPart, PartLikeness
from standards.errors import ConcurrentChange, Conflict, InvalidBody, NotFound, PreconditionFailed, StoreUnavailable
from tests.gateway.admin.transfers.offices import RECEIVER, SECTIONS, SENDER, offices
from tests.gateway.transfers.attachments.documents import PLAN
from tests.gateway.transfers.work.world import agreement_text

LEAVES = ("identity", "enrollment", "schedule", "transcript", "attendance")
STAYS = tuple(one for one in SECTIONS if one not in LEAVES)


def test_a_registrar_finds_the_child_among_its_own_without_a_stated_value(office):
    found = office.near(5)
    view = office.custody("mona").look(found.id)
    assert view.candidates
    first = view.candidates[0]
    assert first.parts[ChildPart.BIRTH_DATE] is PartLikeness.AGREE
    assert first.child.name
    assert "elsewhere" not in repr(view) + str(view)
    chosen = office.custody("mona").choose(found.id, first.handle, view.number, office.key())
    assert chosen.state is TransferState.MATCHED
    assert chosen.child is None
    assert office.custody("mona").look(found.id).child == first.child
    office.worked(found)
    assert [one.value for one in office.custody().look(found.id).causes] == ["chosen"]


def test_a_handle_chooses_in_its_own_transfer_alone_and_has_no_id_in_it(office):
    one, other = office.near(6), office.near(7)
    handle = office.custody().look(one.id).candidates[0].handle
    with pytest.raises(NotFound):
        office.custody().choose(other.id, handle, other.number, office.key())
    with pytest.raises(NotFound):
        office.custody().choose(one.id, "no handle", one.number, office.key())
    roll = office.roll()
    assert not any(own in handle for own in roll.rows)


def test_that_candidates_were_shown_is_on_record_and_names_nobody(office):
    found = office.near(8)
    office.custody("mona").look(found.id)
    act = office.acts("transfer candidates shown")[-1]
    assert (act.actor, act.district, act.content["transfer"]) == ("mona@example.org", SENDER, found.id)
    assert office.roll().index.rows[8].family not in str(act.content)


def test_the_receiver_is_told_once_a_child_without_protection_is_found(office):
    found = office.near(9)
    assert office.custody("mona").look(found.id).receiver == ""
    assert office.custody("alma").look(found.id).receiver == RECEIVER
    view = office.custody("mona").look(found.id)
    after = office.custody("mona").choose(found.id, view.candidates[0].handle, view.number, office.key())
    assert after.receiver == RECEIVER


def test_a_person_releases_what_no_rule_does(office):
    found = office.waiting(30)
    view = office.custody().look(found.id)
    assert {one.value for one in view.offered} == {"approve", "attach", "detach", "hold", "refuse", "withdraw"}
    assert [one.value for one in view.causes] == ["restriction"]
    after = office.custody().approve(found.id, LEAVES, STAYS, office.shown(found, LEAVES), office.key())
    assert after.state is TransferState.APPROVED
    assert {str(one) for one in after.approved} == set(LEAVES)
    assert office.worked(found).state is TransferState.PACKED


def test_every_section_is_sent_or_withheld(office):
    found = office.waiting(31)
    with pytest.raises(InvalidBody):
        office.custody().approve(found.id, LEAVES, (), office.shown(found, LEAVES), office.key())
    for wrong in (("no section",), ("identity", "identity")):
        with pytest.raises(InvalidBody):
            office.custody().approve(found.id, wrong, STAYS, office.shown(found, LEAVES), office.key())


def test_a_decision_on_what_has_changed_meanwhile_is_none(office):
    found = office.waiting(32)
    seen = office.shown(found, LEAVES)
    office.custody().hold(found.id, "identity-doubt", ["transcript"], found.number, office.key())
    office.custody().free(found.id, found.number + 1, office.key())
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, LEAVES, STAYS, seen, office.key())
    with pytest.raises(ConcurrentChange):
        office.custody().refuse(found.id, "not-authorized", found.number, office.key())


def test_nothing_is_approved_but_what_was_shown_to_the_very_person(office):
    found, other = office.waiting(42), office.waiting(43)
    for seen in (
        "", "*", str(found.number), office.shown(found, ["identity"]), office.shown(other, LEAVES),
        office.shown(found, LEAVES, "arno"),
    ):  # fmt: skip
        with pytest.raises(PreconditionFailed):
            office.custody().approve(found.id, LEAVES, STAYS, seen, office.key())
    assert office.ledger.find(found.id).state is TransferState.WAITING


def test_an_agreement_that_was_replaced_since_the_preview_releases_nothing(office, monkeypatch):
    found, held = office.waiting(44), office.region.running.gateway.grants.transfer
    seen = office.shown(found, LEAVES)
    replace_agreement(monkeypatch, office)
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, LEAVES, STAYS, seen, office.key())
    anew = office.shown(found, LEAVES)
    monkeypatch.setattr(office.region.running.gateway.grants, "transfer", held)
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, LEAVES, STAYS, anew, office.key())
    assert office.custody().approve(found.id, LEAVES, STAYS, seen, office.key()).state is TransferState.APPROVED


def test_what_is_entered_while_a_preview_is_made_was_not_shown(office, monkeypatch):
    found, made = office.waiting(46), preview.pack

    def pack(*given):
        package = made(*given)
        office.restrict(46, "court-order")
        return package

    monkeypatch.setattr(preview, "pack", pack)
    seen = office.shown(found, LEAVES)
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, LEAVES, STAYS, seen, office.key())


def test_what_is_entered_while_an_approval_is_checked_is_decided_anew(office, monkeypatch):
    found, checked = office.waiting(47), TransferCustody.preview_tag
    seen = office.shown(found, LEAVES)

    def preview_tag(*given):
        tag = checked(*given)
        office.restrict(47, "court-order")
        return tag

    monkeypatch.setattr(TransferCustody, "preview_tag", preview_tag)
    assert office.custody().approve(found.id, LEAVES, STAYS, seen, office.key()).state is TransferState.APPROVED
    assert office.worked(found).state is TransferState.WAITING


def test_what_was_attached_when_it_was_shown_is_there_when_it_is_approved(office):
    found = office.waiting(48)
    number = office.custody().attach_document(found.id, PLAN, found.number, office.key()).number
    leaves, stays = [*LEAVES, "documents"], [one for one in STAYS if one != "documents"]
    seen = office.shown(found, leaves)
    office.later(days=14, seconds=1)
    assert office.worker.desk.attachments.expire() == 1
    assert office.ledger.find(found.id).number == number
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, leaves, stays, seen, office.key())


def replace_agreement(monkeypatch, office):
    """Let another version of every agreement be in force from now on."""
    grants = office.region.running.gateway.grants
    held = grants.transfer

    def transfer(sender, receiver):
        agreement, grant = held(sender, receiver)
        return replace(agreement, text=f"{agreement.text} "), grant

    monkeypatch.setattr(grants, "transfer", transfer)


def test_a_registrar_finds_the_student_and_sees_who_decides_what_leaves(office):
    found = office.waiting(45)
    view = office.custody("mona").look(found.id)
    assert {one.value for one in view.offered} == {"withdraw"}
    assert office.custody("mona").deciders() == ("Alma", "Arno")
    assert office.custody("olga").deciders() == ()


def test_that_a_student_was_shown_is_on_record_and_names_nobody(office):
    found = office.waiting(46)
    assert office.custody("mona").look(found.id).child.name
    (act,) = [one for one in office.acts("transfer student shown") if one.content["transfer"] == found.id]
    assert (act.actor, act.district) == ("mona@example.org", SENDER)
    assert office.roll().index.rows[46].family not in str(act)
    office.custody("otto").look(found.id)
    assert office.custody("mona").glance(found.id).child is None
    assert len([one for one in office.acts("transfer student shown") if one.content["transfer"] == found.id]) == 1


def test_nobody_is_shown_where_that_cannot_be_recorded(office, monkeypatch):
    found = office.waiting(47)

    def fails(*_given):
        raise StoreUnavailable("The registry is gone.")

    monkeypatch.setattr("gateway.admin.transfers.office.write_acts", fails)
    with pytest.raises(StoreUnavailable):
        office.custody("mona").look(found.id)


def test_of_two_who_decide_at_once_exactly_one_wins(office):
    for number in (33, 34, 35):
        found, came = office.waiting(number), []
        start = threading.Barrier(2)

        seen = office.shown(found, LEAVES)

        def decide(do, came=came, start=start):
            start.wait()
            try:
                came.append(do().state)
            except (ConcurrentChange, NotAllowed, Conflict, PreconditionFailed) as error:
                came.append(type(error))

        doing = [
            lambda found=found, seen=seen: office.custody("alma").approve(
                found.id, LEAVES, STAYS, seen, f"a {found.id}"
            ),
            lambda found=found: office.custody("arno").refuse(
                found.id, "not-authorized", found.number, f"r {found.id}"
            ),
        ]
        threads = [threading.Thread(target=decide, args=(do,)) for do in doing]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len([one for one in came if one in {TransferState.APPROVED, TransferState.REFUSED}]) == 1, came
        assert office.ledger.find(found.id).number == found.number + 1


def test_what_is_held_is_freed_and_decided_anew(office):
    found = office.waiting(36)
    held = office.custody().hold(found.id, "identity-doubt", ["transcript"], found.number, office.key())
    assert held.hold == "identity-doubt"
    freed = office.custody("arno").free(found.id, held.number, office.key())
    assert freed.state is TransferState.WAITING
    with pytest.raises(InvalidBody):
        office.custody().hold(found.id, "because", ["transcript"], freed.number, office.key())


def test_a_supplement_is_asked_for_by_a_task_and_sent(office):
    found = office.waiting(37)
    office.custody().approve(found.id, LEAVES, STAYS, office.shown(found, LEAVES), office.key())
    packed = office.worked(found)
    asking = office.asking()
    with pytest.raises(NotAllowed):
        asking.ask_supplement(found.id, office.key())
    from tests.gateway.admin.transfers.test_receiving import delivered, receiving

    delivered(office, packed)
    receiving(office).accept(found.id, 1, office.ledger.find(found.id).package.echo, office.key())
    office.later(days=61)
    view = office.custody().look(found.id)
    assert not view.supplement_asked
    more = [*LEAVES, "health"]
    with pytest.raises(NotAllowed):
        office.custody().supplement(found.id, more, [], office.shown(found, more), office.key())
    asking.ask_supplement(found.id, office.key())
    asking.ask_supplement(found.id, office.key())
    assert office.custody().look(found.id).supplement_asked
    with pytest.raises(PreconditionFailed):
        office.custody().supplement(found.id, more, [], "", office.key())
    after = office.custody().supplement(found.id, more, [], office.shown(found, more), office.key())
    assert after.state is TransferState.APPROVED
    assert not after.supplement_asked


def test_the_unknown_are_ended_or_passed_on(office):
    one = office.worked(office.stranger())
    assert {str(kind) for kind in office.custody("alma").look(one.id).offered} == {"redirect", "end", "withdraw"}
    view = office.custody("mona").look(one.id)
    assert {str(kind) for kind in view.offered} == {"end", "withdraw"}
    assert office.custody("mona").end(one.id, view.number, office.key()).state is TransferState.ENDED


def test_what_another_district_is_asked_for_does_not_exist(office):
    found = office.waiting(38)
    stranger = office.of(type(office.custody()), "rita", RECEIVER)
    with pytest.raises(NotPartyTo):
        stranger.look(found.id)
    assert found.id not in {one.id for one in stranger.worklist().items}


def test_the_region_sees_ids_states_and_clocks_and_nobody(office):
    found = office.near(39)
    service = office.custody("olga")
    view = service.look(found.id)
    assert (view.child, view.candidates, view.offered, view.receiver) == (None, (), frozenset(), "")
    assert view.clocks
    assert found.id in {one.id for one in service.worklist().items}
    for do in (
        lambda: service.choose(found.id, "x", found.number, "k"),
        lambda: service.approve(found.id, LEAVES, STAYS, "", "k"),
        lambda: TransferCustody(office.administration, operator("root"), SENDER).refuse(found.id, "x", 1, "k"),
    ):
        with pytest.raises(NotPermitted):
            do()


@pytest.fixture(scope="module")
def doubly(tmp_path_factory):
    """A region whose agreement wants a second person for every release."""
    text = agreement_text().replace("  notify:", "  twoPersons: true\n  notify:")
    with offices(tmp_path_factory.mktemp("doubly"), agreements=[text]) as found:
        yield found


def test_two_persons_release_where_the_agreement_asks_for_them(doubly):
    found = doubly.waiting(3)
    waits = proposed(doubly, found)
    assert isinstance(waits, Waiting)
    assert doubly.ledger.find(found.id).state is TransferState.WAITING
    confirming = Confirming(doubly.administration)
    with pytest.raises(NotPermitted):
        confirming.confirm(doubly.actor("arno"), waits.proposal.id)
    with pytest.raises(NotFound):
        confirming.confirm(doubly.actor("mona"), waits.proposal.id)
    with pytest.raises(NotPermitted):
        confirming.confirm(operator("root"), waits.proposal.id, "nobody else is there")
    done = confirming.confirm(doubly.actor("alma"), waits.proposal.id)
    assert done.done.state is TransferState.APPROVED
    (event,) = [one for one in doubly.ledger.events(found.id) if one.kind == "approve"]
    assert "arno" in event.actor
    assert "alma" in event.actor


def proposed(doubly, found):
    """Let one approver propose to release a record."""
    return doubly.custody("arno").approve(found.id, LEAVES, STAYS, doubly.shown(found, LEAVES, "arno"), doubly.key())


def test_what_was_proposed_under_another_agreement_is_not_done(doubly, monkeypatch):
    found = doubly.waiting(8)
    waits = proposed(doubly, found)
    replace_agreement(monkeypatch, doubly)
    with pytest.raises(ChangedMeanwhile):
        Confirming(doubly.administration).confirm(doubly.actor("alma"), waits.proposal.id)
    assert doubly.ledger.find(found.id).state is TransferState.WAITING


def test_what_was_proposed_of_another_state_is_not_done(doubly):
    found = doubly.waiting(4)
    waits = proposed(doubly, found)
    doubly.custody("alma").hold(found.id, "identity-doubt", ["transcript"], found.number, doubly.key())
    with pytest.raises(ChangedMeanwhile):
        Confirming(doubly.administration).confirm(doubly.actor("alma"), waits.proposal.id)
    assert doubly.ledger.find(found.id).state is TransferState.HELD


def test_holding_waits_for_nobody(doubly):
    found = doubly.waiting(5)
    assert doubly.custody("arno").hold(found.id, "court-order", ["identity"], found.number, "k").hold == "court-order"


def test_nothing_is_proposed_that_cannot_be_done_now(doubly):
    near = doubly.near(6)
    with pytest.raises(NotAllowed):
        doubly.custody("arno").refuse(near.id, "not-authorized", near.number, doubly.key())
    found = doubly.waiting(7)
    with pytest.raises(ConcurrentChange):
        doubly.custody("arno").refuse(found.id, "not-authorized", found.number - 1, doubly.key())


def test_a_decision_is_repeated_under_its_key(office):
    found, key = office.waiting(41), office.key()
    seen = office.shown(found, LEAVES)
    first = office.custody().approve(found.id, LEAVES, STAYS, seen, key)
    assert office.custody().approve(found.id, LEAVES, STAYS, seen, key) == first


def test_what_was_proposed_before_a_restriction_is_not_done_after_it(doubly):
    found = doubly.waiting(6)
    waits = proposed(doubly, found)
    doubly.restrict(6, "do-not-transfer-discipline")
    with pytest.raises(Conflict):
        Confirming(doubly.administration).confirm(doubly.actor("alma"), waits.proposal.id)
    assert doubly.ledger.find(found.id).state is TransferState.WAITING


def test_what_was_shown_before_a_restriction_is_not_released_after_it(office):
    found, key = office.waiting(42), office.key()
    seen = office.shown(found, LEAVES)
    office.restrict(42, "do-not-transfer-discipline")
    with pytest.raises(PreconditionFailed):
        office.custody().approve(found.id, LEAVES, STAYS, seen, key)
