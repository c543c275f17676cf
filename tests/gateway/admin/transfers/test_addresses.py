"""A child with a protected address: where it moves is told to approvers alone, and no letter goes there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.admin.events import Events
from gateway.admin.inbox.gathering import gather
from gateway.admin.transfers.notices import TransferNotices
from gateway.admin.transfers.preview import ReleasePreview
from gateway.admin.transfers.tasks import GivenUpTransfers
from gateway.people.actor import NotPermitted
from gateway.storage.acts import Act
from gateway.transfers.machine.words import EventKind, TransferState
from standards.errors import Conflict, NotFound
from tests.gateway.admin.transfers.offices import RECEIVER, SENDER, back_text, offices
from tests.gateway.admin.transfers.test_custody import LEAVES, STAYS
from tests.gateway.transfers.work.world import agreement_text

HOME = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A region in which parents are told by letter."""
    text = agreement_text(notify="letter\n  office: The registrar of Maple")
    with offices(tmp_path_factory.mktemp("addresses"), agreements=[text]) as found:
        yield found


@pytest.fixture(scope="module")
def protected(office):
    """A request for a child whose address is protected, before a person."""
    office.restrict(3, "acp", substitute=HOME)
    found = office.worked(office.ask(3))
    assert found.state is TransferState.WAITING
    return found


def test_the_registrar_is_not_told_where_the_child_moves_and_the_approver_is(office, protected):
    for name, told in (("mona", ""), ("ada", ""), ("otto", ""), ("olga", ""), ("alma", RECEIVER), ("pia", RECEIVER)):
        service = office.custody(name)
        assert service.look(protected.id).receiver == told, name
        (listed,) = [one for one in service.worklist().items if one.id == protected.id]
        assert listed.receiver == told, name


def test_an_approver_alone_looks_into_the_record_and_releases_it(office, protected):
    registrar = office.custody("mona")
    assert (registrar.look(protected.id).rule, office.custody().look(protected.id).rule != frozenset()) == (set(), True)
    assert EventKind.APPROVE not in registrar.look(protected.id).offered
    with pytest.raises(NotPermitted):
        registrar.approve(protected.id, LEAVES, STAYS, office.shown(protected, LEAVES), office.key())
    with pytest.raises(NotPermitted):
        office.of(ReleasePreview, "mona").show(protected.id, LEAVES)
    shown = office.of(ReleasePreview, "alma").show(protected.id, LEAVES)
    assert shown.sections


def test_an_auditor_reads_no_act_that_says_where_the_child_moves(office, protected):
    acts, _ = Events(office.administration).list(office.actor("otto"), 0, 1000)
    mine = [one for one in acts if one.content.get("transfer") == protected.id]
    assert mine
    assert RECEIVER not in str([one.shown() for one in mine])
    digest = office.region.running.gateway.grants.transfer(SENDER, RECEIVER)[0].digest
    assert digest not in str([one.shown() for one in mine])


def test_no_task_says_where_anybody_moves(office, protected):
    tasks = [one for one in gather(office.administration).tasks if one.content.get("transfer") == protected.id]
    assert tasks
    assert all(one.org == SENDER and RECEIVER not in str(one.content) for one in tasks)


def test_a_registrar_cannot_find_out_by_passing_the_request_on_where_the_child_moves(office, protected):
    unknown = office.worked(office.stranger())
    near = office.near(16)
    office.custody("mona").none_of_them(near.id, near.number, office.key())
    said = set()
    for one in (protected, unknown, office.ledger.find(near.id)):
        for name in ("mona", "olga"):
            assert EventKind.REDIRECT not in office.custody(name).look(one.id).offered
        for district in (RECEIVER, "elm", "nowhere"):
            with pytest.raises(NotPermitted) as refusal:
                office.custody("mona").redirect(one.id, district, one.number, office.key())
            said.add(str(refusal.value))
    assert len(said) == 1
    assert EventKind.REDIRECT in office.custody("alma").look(unknown.id).offered


def shown(office, transfer, name):
    """What somebody of Maple is shown of a request, without its id, number and moments."""
    view = office.custody(name).look(transfer.id)
    return replace(view, id="", number=0, asked=None, clocks=(), candidates=(), child=None)


@pytest.mark.parametrize("kind", ["protected", "unknown"])
def test_nothing_is_shown_that_follows_from_the_agreement_of_a_hidden_receiver(tmp_path, kind):
    texts = {
        "rule": agreement_text(),
        "none": agreement_text(release=False),
        "two": agreement_text().replace("transfer:\n", "transfer:\n  twoPersons: true\n"),
    }
    seen, told = set(), set()
    for name, text in texts.items():
        with offices(tmp_path / name, agreements=[text, back_text()]) as office:
            if kind == "protected":
                office.restrict(4, "acp")
            found = office.worked(office.ask(4) if kind == "protected" else office.stranger())
            seen.add(str(shown(office, found, "mona")))
            told.add(str(shown(office, found, "alma")))
    assert len(seen) == 1
    assert len(told) == len(texts)


def test_why_the_gateway_gave_up_is_told_to_approvers_alone_where_it_tells_the_receiver(office, protected):
    tries = office.worker.desk.tries
    tries.note_failed(tries.claim(protected.id, protected.number), "receiver-key", None)
    why = {
        name: next(one.why for one in office.of(GivenUpTransfers, name, SENDER).list() if one.transfer == protected.id)
        for name in ("mona", "alma")
    }
    assert why == {"mona": "untold", "alma": "receiver-key"}
    tasks = [one for one in gather(office.administration).tasks if one.content.get("transfer") == protected.id]
    assert "transfer-stuck" in {one.kind for one in tasks}
    assert "receiver-key" not in str([one.content for one in tasks])
    tries.replay(protected.id, Act("alma", "transfer replayed", SENDER, {}))


def test_no_letter_goes_to_the_family(office, protected):
    office.custody().approve(protected.id, LEAVES, STAYS, office.shown(protected, LEAVES), office.key())
    packed = office.worked(protected)
    assert packed.state is TransferState.PACKED
    notices = office.of(TransferNotices, "alma")
    assert protected.id not in {one.transfer for one in notices.due()}
    with pytest.raises(Conflict):
        notices.letter(protected.id)
    other = office.worked(office.ask(6))
    for transfer, kinds in ((protected, set()), (other, {"transfer-letter"})):
        tasks = {one.kind for one in gather(office.administration).tasks if one.content.get("transfer") == transfer.id}
        assert tasks & {"transfer-letter"} == kinds


def test_a_registrar_is_not_told_why_there_is_no_letter(office, protected):
    with pytest.raises(NotFound) as refused:
        office.of(TransferNotices, "mona").letter(protected.id)
    assert "protected" not in refused.value.message


def test_others_get_a_letter_in_the_language_of_their_home(office):
    other = office.worked(office.ask(7))
    notices = office.of(TransferNotices, "mona")
    before = len(office.acts("transfer letters shown"))
    due = {one.transfer: one for one in notices.due()}
    assert due[other.id].child.name
    assert len(office.acts("transfer letters shown")) == before + 1
    letter = notices.letter(other.id, "en").html.decode()
    assert due[other.id].child.name in letter
    assert "99.34" in letter
    assert RECEIVER in letter
    spanish = notices.letter(other.id, "es").html.decode()
    assert "99.34" in spanish
    assert "What is sent" not in spanish
    assert notices.letter(other.id).language in {"en", "es"}
    notices.sent(other.id)
    assert other.id not in {one.transfer for one in notices.due()}
    with pytest.raises(Conflict):
        notices.sent(other.id)


def test_the_parents_copy_is_the_summary_of_what_was_released(office):
    other = office.worked(office.ask(8))
    page = office.of(TransferNotices, "mona").parents_copy(other.id).decode()
    assert office.roll().index.rows[8].family in page
    assert "version 1," in page
    assert office.acts("transfer copy for parent")[-1].content["transfer"] == other.id
