"""Notes on a reading: what was dropped by name, which rows were set aside, and why; never a value."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

Key = tuple[str, ...]

MAX_REPORTED_ROWS: Final = 200
"""The rows of an entity that are reported one by one; the others are only counted."""

MAX_REMARKS: Final = 50
USER: Final = "user"
"""A OneRoster user of unknown kind: a student, a staff member or a contact."""

UNREADABLE: Final = "cannot be understood"
UNRESOLVED: Final = "leads nowhere"
BELONGS: Final = "belongs to a row that is set aside"
GONE: Final = "belongs to what the source calls gone"
NO_ROLE: Final = "no role says what the user is"
REASONS: Final = frozenset({
    UNREADABLE, UNRESOLVED, BELONGS, NO_ROLE,
    # a cell of a file
    "is neither true nor false", "is not a date (YYYY-MM-DD)", "is not one of the listed values",
    "is not a list of the listed values", "is not a sourcedId", "is not a list of sourcedIds",
    "is neither a date nor a time (YYYY-MM-DDTHH:MM:SS.sssZ)", "is not a number", "is not a list of {name:value}",
    "is not a year (YYYY)", "is empty, and may not be", "holds a NUL character", "is too long", "is not UTF-8",
    "has more cells than there are headings",
    # a member of a document
    "is missing", "is no text", "is no list", "is no object", "is no number", "is no reference",
    # an element of an interchange file
    "is not a whole number", "is not a school year", "is not the URI of a descriptor value", "is not a date",
    "is not a time", "is not a date with a time", "is given twice with different values", "is empty",
    "does not say the whole identity", "refers to what is the XML id of nothing",
    "refers to what is the XML id of different things", "refers to another kind of thing",
    "is a lookup; only identities and XML ids are understood", "is a part of the key, and missing",
})  # fmt: skip
"""The reasons that may be reported of a row set aside: no other text of an adapter is repeated."""


def reason_of(message: str) -> str:
    """Return the fixed words that end a *message* of our own adapters; nothing of any other message is repeated."""
    text = message.rstrip(".")
    return next((reason for reason in sorted(REASONS, key=len, reverse=True) if text.endswith(reason)), UNREADABLE)


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that cannot be understood, and so is no record: of an *entity*, at a *place*, for one of the `REASONS`.

    *key* is the natural key of the record it would have been, *own* its id; empty where the row does not state it.
    *part* is true where the record exists without what the row states of it. *made* are the entities of which the same
    row makes records.
    """

    entity: str
    place: str
    reason: str
    key: Key = ()
    field: str = ""
    part: bool = False
    made: frozenset[str] = frozenset()
    own: str = ""

    @property
    def told(self) -> str:
        """The reason, in fixed words."""
        reason = self.reason if self.reason in REASONS else UNREADABLE
        return f"{self.field} {reason}" if self.field else reason


@dataclass(slots=True)
class ReadingNotes:
    """The notes of one reading.

    *counts* are by name. *aside* are the rows set aside, *asides* their number by entity. *lost* are by field how many
    references lead nowhere, and how many there are. *remarks* are deviations that change nothing, with their places.
    *departed* are the entity and key of records that the source still has but marks as deleted.
    """

    counts: dict[str, int] = field(default_factory=dict)
    aside: list[Aside] = field(default_factory=list)
    asides: Counter[str] = field(default_factory=Counter)
    lost: dict[str, tuple[int, int]] = field(default_factory=dict)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    departed: set[tuple[str, Key]] = field(default_factory=set)


class Notes(threading.local):
    """The notes taken while reading, kept apart for every thread so that two readings at once do not mix."""

    def __init__(self) -> None:
        self.page = ReadingNotes()

    @property
    def counts(self) -> dict[str, int]:
        """The number of times each name was dropped or could not be understood."""
        return self.page.counts

    def clear(self) -> None:
        """Begin a new reading."""
        self.page = ReadingNotes()

    def share(self, page: ReadingNotes) -> None:
        """Write on the *page* of another thread, of whose reading this one is a part."""
        self.page = page

    def note(self, name: str, times: int = 1) -> None:
        """Count one more occurrence of *name* (the name of a member or code set, never a value)."""
        self.page.counts[name] = self.page.counts.get(name, 0) + times

    def set_aside(self, row: Aside) -> None:
        """Count a row that is no record; the first ones of an entity are kept one by one."""
        self.page.asides[row.entity] += 1
        if self.page.asides[row.entity] <= MAX_REPORTED_ROWS:
            self.page.aside.append(row)

    def lose(self, name: str, lost: int, all_of: int) -> None:
        """Count references of the field *name* that lead nowhere, among *all_of* them."""
        before = self.page.lost.get(name, (0, 0))
        self.page.lost[name] = before[0] + lost, before[1] + all_of

    def depart(self, entity: str, key: Key) -> None:
        """Note a record that the source marks as deleted: what still belongs to it is deleted with it."""
        self.page.departed.add((entity, key))

    def remark(self, place: str, text: str) -> None:
        """Note a deviation that changes nothing, for whoever checks the source."""
        if len(self.page.remarks) < MAX_REMARKS:
            self.page.remarks.append((place, text))

    def add(self, page: ReadingNotes) -> None:
        """Add the notes of another adapter."""
        for name, times in page.counts.items():
            self.note(name, times)
        self.page.aside += page.aside
        self.page.asides.update(page.asides)
        for name, (lost, all_of) in page.lost.items():
            self.lose(name, lost, all_of)
        self.page.remarks += page.remarks[: MAX_REMARKS - len(self.page.remarks)]
        self.page.departed |= page.departed
