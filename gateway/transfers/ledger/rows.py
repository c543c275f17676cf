"""Rows of the ledger: events as they are stored, and each transfer as it is listed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.clocks.clocks import clocks
from gateway.transfers.machine.event import TransferEvent
from gateway.transfers.machine.outward import outward_state
from gateway.transfers.machine.words import EventKind, Track, TransferParty, TransferState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from gateway.transfers.clocks.clocks import TransferClock
    from gateway.transfers.clocks.school_days import SchoolDays
    from gateway.transfers.machine.transfer import Transfer

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The moment of a clock that is done or stands still, so that such transfers come last in a list by clock."""

EVENT_COLUMNS: Final = ("transfer", "number", "kind", "party", "org", "actor", "at", "key", "agreement", "reason")


def event_values(event: TransferEvent) -> dict[str, Any]:
    """Return the row of an *event*."""
    return {name: getattr(event, name) for name in EVENT_COLUMNS} | {
        "kind": event.kind.value,
        "party": event.party.value,
        "content": dict(event.content),
    }


def event_of(row: Row[Any]) -> TransferEvent:
    """Return the event of a *row*."""
    return TransferEvent(
        row.transfer, EventKind(row.kind), TransferParty(row.party), row.org, row.actor, row.at, row.key, row.agreement,
        row.reason, row.content, row.number,
    )  # fmt: skip


def listed_values(transfer: Transfer, days: SchoolDays) -> dict[str, Any]:
    """Return the row by which a *transfer* is listed, with its clocks over the school *days* of its sender."""
    facts = ("id", "sender", "receiver", "first_sender", "number", "version", "military", "asked", "opened", "changed")
    packed = transfer.package if transfer.state is TransferState.PACKED else None
    approved = transfer.release if transfer.state is TransferState.APPROVED else None
    return {name: getattr(transfer, name) for name in facts} | {
        "state": transfer.state.value,
        "outward": outward_state(transfer).value,
        "delivered": max(transfer.delivered, default=0),
        "hold": transfer.hold.value if transfer.hold else "",
        "told_due": transfer.due,
        "leaves": approved.leaves if approved else None,
        "lapses": packed.lapses if packed else None,
        **_clock_values({one.track: one for one in clocks(transfer, days)}),
    }


def _clock_values(found: Mapping[Track, TransferClock]) -> dict[str, Any]:
    """Return the columns of the clocks: those of each track, and when the first one changes its light."""
    values: dict[str, Any] = {}
    for track, one in found.items():
        values |= {f"{track}_amber": one.amber, f"{track}_due": one.due, f"{track}_done": one.done}
    running = [one for one in found.values() if one.done is None]
    return values | {
        "next_amber": min((one.amber for one in running if one.amber), default=NEVER),
        "next_due": min((one.due for one in running if one.due), default=NEVER),
        "calendar_missing": any(one.is_calendar_missing for one in running),
    }
