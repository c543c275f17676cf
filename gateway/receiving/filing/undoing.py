"""Undoing of a filing: what was written is deleted again, by id, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.receiving.filing.writing import TOOK, UNDONE, WROTE, is_own
from standards.errors import CallerError, NotFound, SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.receiving.filing.own_system import OwnSystem
    from gateway.receiving.state import Journal

UNDO_DAYS: Final = 30

CHANGED_SINCE = "somebody has changed it since; it stays"
LEFT_ALONE = "it was there before; what was taken over stays as it is"
TOO_LATE = f"it was written more than {UNDO_DAYS} days ago; it stays"


class UndoOutcome(StrEnum):
    """What became of a document that was written."""

    DELETED = "deleted"
    GONE = "gone"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class UndoneRecord:
    """What became of the document with an *id*, and *why* it stays where it does."""

    resource: str
    id: str
    outcome: UndoOutcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """A document that was written: where, under which *id*, when, and a *digest* of what it said then."""

    resource: str
    id: str
    at: datetime
    digest: str
    tag: str


def written(journal: Journal) -> list[WrittenRecord]:
    """Return what was written for a transfer and is not undone, in the order in which it was."""
    found: dict[str, WrittenRecord] = {}
    for one in journal.entries:
        if one["step"] == WROTE and is_own(journal, one["id"]):
            at, digest = datetime.fromisoformat(one["at"]), _digest(journal, one)
            found[one["id"]] = WrittenRecord(one["resource"], one["id"], at, digest, one["tag"])
    return list(found.values())


def undo(system: OwnSystem, journal: Journal, now: Callable[[], datetime]) -> Iterator[UndoneRecord]:
    """Delete what was written for a transfer, the newest first, and yield what became of each document.

    Raises:
        SourceError: the system stops answering; the next time goes on.
    """
    own = written(journal)
    yield from _left_alone(journal, {one.id for one in own})
    for one in reversed(own):
        yield _undone(system, journal, one, now())


def _undone(system: OwnSystem, journal: Journal, one: WrittenRecord, now: datetime) -> UndoneRecord:
    if now - one.at > timedelta(days=UNDO_DAYS):
        return UndoneRecord(one.resource, one.id, UndoOutcome.STAYS, TOO_LATE)
    outcome = UndoOutcome.DELETED
    found = system.read(one.resource, one.id)
    if found is None:
        outcome = UndoOutcome.GONE
    elif found[0].digest != one.digest:
        return UndoneRecord(one.resource, one.id, UndoOutcome.STAYS, CHANGED_SINCE)
    else:
        try:
            system.delete(one.resource, one.id, found[1])
        except NotFound:
            outcome = UndoOutcome.GONE
        except (CallerError, SourceBroken, SourceRefused) as error:
            return UndoneRecord(one.resource, one.id, UndoOutcome.STAYS, error.message)
    journal.add(UNDONE, id=one.id, tag=one.tag, at=now.isoformat())
    return UndoneRecord(one.resource, one.id, outcome)


def _left_alone(journal: Journal, own: set[str]) -> Iterator[UndoneRecord]:
    """Yield the documents of others into which members were taken."""
    for one in journal.entries:
        if one["step"] == TOOK and one["id"] not in own:
            yield UndoneRecord(one["resource"], one["id"], UndoOutcome.STAYS, LEFT_ALONE)


def _digest(journal: Journal, wrote: dict[str, Any]) -> str:
    """Return what the document said when the agent last touched it."""
    took = journal.last(TOOK, id=wrote["id"])
    return str((took or wrote)["digest"])
