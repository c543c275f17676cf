"""The fold of a district's events: what its registers state now, and what entries there were."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from gateway.registers.entries import Consent, RegisterState, Restriction, StaffAssignment
from gateway.registers.events import (
    ASSIGNMENTS,
    CHANGED,
    CONSENTS,
    DELETED,
    ENDED,
    FORM,
    MADE,
    NAMES,
    RESTRICTIONS,
    TEXTS,
    RegisterEntry,
    RegisterEvent,
    named,
    stated,
)
from gateway.registers.matching import contradicted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from gateway.registers.events import Stated
    from gateway.storage.cipher import Cipher

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it was written: its *number*, when, by whom and why."""

    number: int
    event: RegisterEvent
    at: datetime
    actor: str
    reason: str


@dataclass(slots=True)
class Fold:
    """The events of one *district* so far, up to number *last*; *count* of them."""

    district: str
    cipher: Cipher
    last: int = 0
    count: int = 0
    entries: dict[str, RegisterEntry] = field(default_factory=dict)
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    forms: dict[str, RegisterEvent] = field(default_factory=dict)
    like_entries: dict[Key, tuple[str, ...]] = field(default_factory=dict)

    def take(self, rows: Iterable[EventRow]) -> None:
        """Take further events in, in their order.

        Raises:
            ValueError, KeyError, TypeError: one of them is not understood whole; those before it are taken in.
        """
        for row in rows:
            self._take(row)
            self.last, self.count = row.number, self.count + 1

    def copied(self) -> Fold:
        """Return a copy, to plan on."""
        return replace(self, entries=dict(self.entries), like_entries=dict(self.like_entries))

    def clear(self) -> None:
        """Forget everything, to begin again: an entry was deleted."""
        self.last = self.count = 0
        self.entries, self.names, self.forms, self.like_entries = {}, {}, {}, {}

    def _take(self, row: EventRow) -> None:
        event, known = row.event, self.entries.get(row.event.entry)
        if not self._in_place(event, known):
            raise ValueError("an event of the registers is out of place, or of a kind that is not known")
        if event.register == TEXTS:
            if event.event == NAMES:
                self.names[event.entry] = named(event)
            else:
                self.forms[event.entry] = event
        elif event.event in {MADE[event.register], CHANGED}:
            states = stated(self.district, event, self.names, self.cipher)
            made, actor = (known.made, known.actor) if known else (row.at, row.actor)
            self.entries[event.entry] = RegisterEntry(event.register, states, made, actor, None, row.reason)
            for key in keys_of(states):
                self.like_entries[key] = (*self.like_entries.get(key, ()), event.entry)
        elif known is not None:
            self.entries[event.entry] = replace(known, ended=row.at, reason=row.reason)

    def _in_place(self, event: RegisterEvent, known: RegisterEntry | None) -> bool:
        """Tell whether somebody may have written an *event* about what is *known* here, and nothing more in it."""
        bare = not event.content and event.sealed is None
        if event.register == TEXTS:
            return event.event == NAMES or (event.event == FORM and not event.content and event.sealed is not None)
        if event.register not in MADE:
            return False
        if event.event == DELETED:
            return bare and not event.entry
        if event.event == MADE[event.register]:
            return known is None
        holds = known is not None and known.register == event.register and known.ended is None
        return holds and (event.event == CHANGED or (event.event == ENDED[event.register] and bare))

    def like(self, one: Stated) -> RegisterEntry | None:
        """Find the entry that says of the same student what *one* says.

        A consent that was withdrawn is found too: the form that was signed then does not give it once more. A
        restriction that was lifted is not, nor an assignment that has ended. Who has the id of
        another now is not that other.
        """
        names = sorted({name for key in keys_of(one) for name in self.like_entries.get(key, ())})
        tags = {kind: (tag,) for kind, tag in one.tags.items()}
        for each in (self.entries[name] for name in names):
            ended = each.ended is not None
            if each.register == CONSENTS if ended else not contradicted(each.states.tags, tags):
                return each
        return None

    def noted(self, one: RegisterEntry) -> None:
        """Count an entry among those that are about to be written."""
        self.entries[one.entry] = one
        for key in keys_of(one.states):
            self.like_entries[key] = (*self.like_entries.get(key, ()), one.entry)

    def of(self, register: str) -> Iterator[RegisterEntry]:
        """Yield the entries of a *register*, ended or not, oldest first."""
        return (one for one in self.entries.values() if one.register == register)

    def state(self, version: int) -> RegisterState:
        """Return what the registers state as of *version*."""
        there = [one.states for one in self.entries.values() if one.ended is None]
        return RegisterState(
            self.district,
            version,
            tuple(one for one in there if isinstance(one, Restriction)),
            tuple(one for one in there if isinstance(one, Consent)),
            tuple(one for one in there if isinstance(one, StaffAssignment)),
        )


def keys_of(one: Stated) -> Iterator[Key]:
    """Yield the keys under which entries that say the same of one student meet, one for each tag."""
    rest: Key
    if isinstance(one, Consent):
        rest = CONSENTS, one.agreement, one.form_hash, one.signed
    elif isinstance(one, StaffAssignment):
        rest = ASSIGNMENTS, one.agreement, one.org, one.person, one.written_by
    else:
        rest = RESTRICTIONS, one.kind, one.recipients, one.elements, one.contact
    return ((kind, tag, *rest) for kind, tag in one.tags.items())


def same(one: Stated, other: Stated) -> bool:
    """Tell whether two entries state the same; the day on which one begins counts of consents alone."""
    return _undated(one) == _undated(other)


def _undated(one: Stated) -> Stated:
    return replace(one, entry="") if isinstance(one, Consent) else replace(one, entry="", begin=date.min)
