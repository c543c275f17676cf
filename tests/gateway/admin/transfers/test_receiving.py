"""A district reads what is sealed for it, acknowledges it by its figures, and says what became of each section."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from gateway.admin.events import Events
from gateway.admin.inbox.gathering import gather
from gateway.admin.transfers.receiving import TransferReceiving
from gateway.people.actor import NotPermitted, machine
from gateway.storage.transfers import packages
from gateway.storage.transfers.packages import PackageGone
from gateway.tasks.task import TRANSFER_REST
from gateway.transfers.machine.errors import NotAllowed, NotPartyTo
from standards.errors import InvalidBody
from tests.gateway.admin.transfers.offices import RECEIVER, SECTIONS, offices
from tests.gateway.admin.transfers.test_custody import LEAVES, STAYS
from tests.gateway.transfers.work.world import agreement_text


def receiving(office, scopes=("transfer:receive",)):
    return TransferReceiving(office.administration, machine("cedar-agent", RECEIVER, ()), RECEIVER, scopes)


def rest(office, packed):
    """Who has a task to decide on the rest of a record."""
    tasks = gather(office.administration).tasks
    return [one.role for one in tasks if one.kind == TRANSFER_REST and one.content["transfer"] == packed.id]


NUMBERS = count(30)
"""Students, another one for each test."""


def delivered(office, packed):
    """Read a package to its last byte."""
    opened = receiving(office).package(packed.id, packed.version)
    content = b"".join(opened.chunks)
    assert len(content) == opened.package.size
    return content


@pytest.fixture
def packed(office):
    """A package that lies ready."""
    return office.worked(office.ask(next(NUMBERS)))


def test_what_lies_ready_is_listed_for_its_receiver_alone(office, packed):
    found = {one.transfer: one for one in receiving(office).packages()}
    one = found[packed.id]
    assert (one.version, one.sender) == (1, "maple")
    assert one.size > 0
    assert office.of(TransferReceiving, "mona").packages() == ()


def test_a_list_of_packages_is_short_and_has_what_nobody_has_read_first(office, monkeypatch):
    made = []
    for _ in range(3):
        office.later(seconds=1)
        made.append(office.worked(office.ask(next(NUMBERS))))
    first, second, third = made
    delivered(office, first)
    service = receiving(office)
    order = [one.transfer for one in service.packages()]
    assert order.index(second.id) < order.index(third.id) < order.index(first.id)
    monkeypatch.setattr(packages, "MAX_WAITING", 2)
    assert [one.transfer for one in service.packages()] == order[:2]


def test_what_waits_says_the_same_of_a_record_that_a_rule_and_that_a_person_released(office):
    by_rule = office.worked(office.ask(next(NUMBERS)))
    found = office.waiting(next(NUMBERS))
    office.custody().approve(found.id, LEAVES, STAYS, office.shown(found, LEAVES), office.key())
    by_person = office.worked(found)
    told = {one.transfer: one for one in receiving(office).packages()}
    same = {replace(told[one.id], transfer="", size=0, sha256="", expires=None) for one in (by_rule, by_person)}
    assert len(same) == 1


def test_a_package_is_delivered_with_its_last_byte_once(office, packed):
    service = receiving(office)
    whole = service.packages()
    size = next(one.size for one in whole if one.transfer == packed.id)
    head = b"".join(service.package(packed.id, 1, 0, 100).chunks)
    assert office.ledger.find(packed.id).state == "packed"
    tail = b"".join(service.package(packed.id, 1, 100).chunks)
    assert len(head + tail) == size
    assert office.ledger.find(packed.id).state == "delivered"
    again = b"".join(service.package(packed.id, 1, 0).chunks)
    assert again == head + tail
    kinds = [one.kind.value for one in office.ledger.events(packed.id)]
    assert kinds.count("deliver") == 1


@pytest.mark.parametrize(("offset", "length"), [(-1, 5), (0, -1), (10**9, 1), (0, 10**9)])
def test_bytes_that_are_not_there_are_refused(office, packed, offset, length):
    with pytest.raises(InvalidBody):
        receiving(office).package(packed.id, 1, offset, length)


def test_another_version_and_another_districts_package_are_not_there(office, packed):
    with pytest.raises(PackageGone):
        receiving(office).package(packed.id, 2)
    other = TransferReceiving(office.administration, machine("x", "maple", ()), "maple", ("transfer:receive",))
    with pytest.raises(NotPartyTo):
        other.package(packed.id, 1)


def test_before_the_delivery_there_is_nothing_to_acknowledge(office, packed):
    service = receiving(office)
    for do in (
        lambda: service.accept(packed.id, 1, packed.package.echo, "k1"),
        lambda: service.resend(packed.id, 1, "lost", "k2"),
        lambda: service.file(packed.id, 1, "identity", "written", "k3"),
        lambda: service.received(packed.id),
    ):
        with pytest.raises(NotPartyTo):
            do()


def test_figures_are_acknowledged_and_sections_filed(office, packed):
    delivered(office, packed)
    service = receiving(office)
    with pytest.raises(NotAllowed):
        service.accept(packed.id, 1, "0" * 64, office.key())
    assert service.accept(packed.id, 1, packed.package.echo, office.key()).state == "delivered"
    assert packed.id not in {one.transfer for one in service.packages()}
    service.file(packed.id, 1, "identity", "written", office.key())
    found = service.received(packed.id)
    assert found.accepted
    assert found.filed == {"identity": "written"}
    assert found.sections["identity"] == "whole"
    with pytest.raises(InvalidBody):
        service.file(packed.id, 1, "identity", "burnt", office.key())
    with pytest.raises(InvalidBody):
        service.resend(packed.id, 1, "no reason", office.key())


def test_what_cannot_be_read_is_sent_again(office, packed):
    delivered(office, packed)
    service = receiving(office)
    service.resend(packed.id, 1, "unreadable", office.key())
    assert service.received(packed.id).sections
    again = office.worked(packed)
    assert (again.state.value, again.version) == ("packed", 2)
    with pytest.raises(PackageGone):
        service.package(packed.id, 1)


def test_what_was_packed_stays_here_once_no_agreement_is_in_force(tmp_path):
    with offices(tmp_path, agreements=[agreement_text(end="2026-11-02")]) as office:
        packed, service = office.worked(office.ask(40)), receiving(office)
        assert [one.transfer for one in service.packages()] == [packed.id]
        office.later(days=3)
        assert service.packages() == ()
        with pytest.raises(PackageGone):
            service.package(packed.id, 1)


def test_what_was_delivered_is_shown_until_what_follows_has_come_and_tells_nothing_of_it(office, packed):
    delivered(office, packed)
    service = receiving(office)
    service.accept(packed.id, 1, packed.package.echo, office.key())
    service.file(packed.id, 1, "identity", "document", office.key())
    before = service.received(packed.id)
    assert rest(office, packed) == ["approver"]
    seen = office.ledger.find(packed.id)
    stays = [one for one in SECTIONS if one not in {*seen.sent, "health"}]
    more = ["identity", "health"]
    office.custody().supplement(packed.id, more, stays, office.shown(packed, more), office.key())
    assert service.received(packed.id) == before
    assert rest(office, packed) == []
    again = office.worked(packed)
    assert (again.state.value, again.version) == ("packed", 2)
    assert service.received(packed.id) == before
    assert before.filed == {"identity": "document"}
    assert before.accepted
    b"".join(service.package(packed.id, 2).chunks)
    service.accept(packed.id, 2, again.package.echo, office.key())
    assert rest(office, packed) == []
    after = service.received(packed.id)
    assert (after.outward.version, after.version) == (2, 2)
    assert again.package.sections["identity"] == "unchanged"  # so it stays filed as it was
    assert after.filed == before.filed


def test_the_receivers_own_acts_tell_nothing_of_what_is_decided_on_the_rest(office):
    told = []
    for holds in (False, True):
        packed = office.worked(office.ask(next(NUMBERS)))
        delivered(office, packed)
        service = receiving(office)
        if holds:
            stays = [one for one in SECTIONS if one not in {*office.ledger.find(packed.id).approved, "health"}]
            shown = office.shown(packed, ["health"])
            office.custody().supplement(packed.id, ["health"], stays, shown, office.key())
        service.accept(packed.id, 1, packed.package.echo, office.key())
        if holds:
            number = office.ledger.find(packed.id).number
            office.custody().hold(packed.id, "court-order", ["health"], number, office.key())
        service.file(packed.id, 1, "identity", "document", office.key())
        acts, _ = Events(office.administration).list(office.actor("remy"), 0, 1000)
        mine = [one for one in acts if one.content.get("transfer") == packed.id]
        told.append([(one.action, dict(one.content) | {"transfer": ""}) for one in mine])
    assert told[0] == told[1]
    assert [action for action, _ in told[0]][:2] == ["transfer file", "transfer accept"]


def test_a_program_needs_its_scope(office, packed):
    for scopes in ((), ("transfer:request",)):
        with pytest.raises(NotPermitted):
            receiving(office, scopes).packages()
    assert packed.id in {one.id for one in office.asking().sent().items}
    assert office.of(TransferReceiving, "rita").waiting() is not None


def test_bytes_of_a_package_that_was_made_anew_while_they_were_read_deliver_nothing(tmp_path):
    others = [one for one in SECTIONS if one != "identity"]
    with offices(tmp_path) as office:
        packed = office.worked(office.ask(12))
        reading = receiving(office).package(packed.id, 1).chunks
        office.restrict(12, "do-not-transfer-discipline")
        office.worker.look_again(packed.id)
        shown = office.shown(packed, ["identity"])
        office.custody().approve(packed.id, ["identity"], others, shown, office.key())
        assert office.worked(packed).state == "packed"
        assert list(reading)
        assert office.ledger.find(packed.id).state == "packed"
        assert delivered(office, office.ledger.find(packed.id))
        assert office.ledger.find(packed.id).state == "delivered"
