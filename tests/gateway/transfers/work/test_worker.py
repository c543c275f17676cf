"""The worker finds a child, lets the rule or a person release the record, and seals it to the receiver alone."""

from __future__ import annotations

from gateway.transfers.machine.words import EventKind, TransferState

E = EventKind


def kinds(world, transfer):
    return [event.kind.value for event in world.desk.ledger.events(transfer.id)]


def test_a_child_whom_the_rule_finds_is_packed_without_anybodys_doing(world):
    transfer = world.work(world.ask())
    assert kinds(world, transfer) == ["ask", "match", "release", "pack"]
    assert transfer.state is TransferState.PACKED
    opened = world.opened(transfer)
    assert world.student().family.encode() in opened.files["ed-fi/students.json"]
