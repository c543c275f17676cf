"""The transitions of a transfer: from which states each event leads to which, and who may make it happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.transfers.machine.words import MAX_REDIRECTS, SENDING, EventKind, TransferParty, TransferState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.transfers.machine.transfer import Transfer

S = TransferState


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: an event that leads from some states to one, which an effect may make another."""

    sources: frozenset[TransferState]
    target: TransferState
    parties: frozenset[TransferParty]


def _row(sources: set[TransferState], target: TransferState, *parties: TransferParty) -> Transition:
    return Transition(frozenset(sources), target, frozenset(parties))


BEFORE_DELIVERY: Final = {
    S.REQUESTED, S.MATCHED, S.NEAR, S.UNKNOWN, S.WAITING, S.HELD, S.APPROVED, S.PACKED,
}  # fmt: skip

AFTER_ACKNOWLEDGMENT: Final = {S.ACKNOWLEDGED, S.WAITING, S.HELD, S.APPROVED, S.PACKED, S.DELIVERED}
"""The states in which the receiver may have sections to file, though a later version is on its way."""
DECIDED_ON: Final = {S.WAITING, S.ACKNOWLEDGED, S.FILED}
"""Where a person decides what leaves; adding to the record leaves the state as it is."""

TRANSITIONS: Final[Mapping[EventKind, Transition]] = {
    EventKind.ASK: _row(set(), S.REQUESTED, TransferParty.RECEIVER),
    EventKind.MATCH: _row({S.REQUESTED}, S.MATCHED, TransferParty.GATEWAY),
    EventKind.CHOOSE: _row({S.NEAR}, S.MATCHED, *SENDING),
    EventKind.NONE_OF_THEM: _row({S.NEAR}, S.UNKNOWN, *SENDING),
    EventKind.REDIRECT: _row({S.UNKNOWN}, S.REQUESTED, TransferParty.RECEIVER, *SENDING),
    EventKind.END: _row({S.UNKNOWN}, S.ENDED, TransferParty.RECEIVER, *SENDING),
    EventKind.RELEASE: _row({S.MATCHED}, S.APPROVED, TransferParty.GATEWAY),
    EventKind.DOUBT: _row({S.APPROVED}, S.NEAR, TransferParty.GATEWAY),
    EventKind.TASK: _row({S.MATCHED, S.APPROVED, S.PACKED}, S.WAITING, TransferParty.GATEWAY),
    EventKind.ATTACH: _row(DECIDED_ON, S.WAITING, TransferParty.SENDER_APPROVER),
    EventKind.DETACH: _row(DECIDED_ON, S.WAITING, TransferParty.SENDER_APPROVER),
    EventKind.APPROVE: _row({S.WAITING}, S.APPROVED, TransferParty.SENDER_APPROVER),
    EventKind.HOLD: _row({S.WAITING, S.APPROVED, S.PACKED, S.DELIVERED}, S.HELD, TransferParty.SENDER_APPROVER),
    EventKind.REFUSE: _row({S.WAITING}, S.REFUSED, TransferParty.SENDER_APPROVER),
    EventKind.FREE: _row({S.HELD}, S.WAITING, *SENDING),
    EventKind.PACK: _row({S.APPROVED}, S.PACKED, TransferParty.GATEWAY),
    EventKind.UNPACK: _row({S.PACKED}, S.APPROVED, TransferParty.GATEWAY),
    EventKind.DELIVER: _row({S.PACKED}, S.DELIVERED, TransferParty.GATEWAY, TransferParty.AGENT),
    EventKind.ACCEPT: _row({S.DELIVERED}, S.ACKNOWLEDGED, TransferParty.AGENT),
    EventKind.RESEND: _row({S.DELIVERED}, S.APPROVED, TransferParty.AGENT),
    EventKind.FILE: _row(AFTER_ACKNOWLEDGMENT, S.ACKNOWLEDGED, TransferParty.RECEIVER),
    EventKind.SUPPLEMENT: _row({S.PACKED, S.DELIVERED, S.ACKNOWLEDGED, S.FILED}, S.APPROVED, *SENDING),
    EventKind.WITHDRAW: _row(BEFORE_DELIVERY, S.WITHDRAWN, TransferParty.RECEIVER, *SENDING),
    EventKind.LAPSE: _row({S.PACKED}, S.LAPSED, TransferParty.GATEWAY),
}
"""The table; a match leads to one of three states, filing the last section to *filed*, and adding to none other.

What is filed, or decided on the rest, while a version is on its way leaves the state as it is: with the acknowledgment
of that version the rest is approved. Until then it may be held back alone. Once a version was acknowledged, a later one
that is refused, or that nobody fetches, ends by itself: what the receiver has stays open to be filed and supplemented.
"""


ON_ITS_WAY: Final = frozenset({S.PACKED, S.DELIVERED})
"""The states in which a version is with the receiver, or will be, and was not acknowledged."""
BEFORE_ANY_DELIVERY: Final = frozenset({EventKind.WITHDRAW, EventKind.DOUBT})


def allowed(transfer: Transfer | None, party: TransferParty) -> frozenset[EventKind]:
    """Return the events that a *party* may make happen to a *transfer* as it is; of None, what begins one.

    What an event says, and when it comes, can still forbid it. To the receiver before delivery this is no answer: it
    would tell what is inside; `outward_choices` is.
    """
    return frozenset(
        kind
        for kind, row in TRANSITIONS.items()
        if party in row.parties and (transfer is None if kind is EventKind.ASK else _fits(transfer, kind))
    )


def _fits(transfer: Transfer | None, kind: EventKind) -> bool:
    """Tell whether a *kind* of event fits what has happened so far."""
    if transfer is None or transfer.state not in TRANSITIONS[kind].sources:
        return False
    if fits := FURTHER.get(kind):
        return fits(transfer)
    return kind not in BEFORE_ANY_DELIVERY or not transfer.delivered


FURTHER: Final[Mapping[EventKind, Callable[[Transfer], bool]]] = {
    EventKind.REDIRECT: lambda transfer: transfer.redirects < MAX_REDIRECTS,
    EventKind.RELEASE: lambda transfer: not transfer.chosen,
    EventKind.FILE: lambda transfer: bool(transfer.unfiled),
    EventKind.HOLD: lambda transfer: transfer.state is not S.DELIVERED or transfer.queued is not None,
    EventKind.SUPPLEMENT: lambda transfer: (
        transfer.state not in ON_ITS_WAY or (transfer.queued is None and bool(transfer.undecided))
    ),
}
"""What must have happened beside, for an event to be possible in its states."""
