"""What recipients got: the disclosures to an organisation or program, or those of a fact, by district and purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.audit.chain import read_events
from gateway.audit.subjects import TAG_BYTES, Subjects
from gateway.audit.tail import REOPEN
from gateway.audit.verification import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from gateway.audit.reports.reading import AuditReader

    Event = Mapping[str, Any]

NO_DISCLOSURES: Final = frozenset({"refused", "act", REOPEN})
"""The operations that disclose nothing to anybody."""
LABELS: Final = ("org", "client", "district", "operation", "purpose", "basis")


@dataclass(slots=True)
class Use:
    """The disclosures with the same *labels*: organisation, program, district, operation, purpose and basis.

    *students* are tags, told apart by school year alone: a child has one for each.
    """

    labels: tuple[str, ...]
    first: str = ""
    last: str = ""
    times: int = 0
    records: int = 0
    facts: set[tuple[str, str]] = field(default_factory=set)
    agreements: dict[str, None] = field(default_factory=dict)
    students: set[bytes] = field(default_factory=set)

    def add(self, event: Event, facts: frozenset[tuple[str, str]], students: set[bytes]) -> None:
        """Add an event."""
        self.first, self.last = min(self.first or event["at"], event["at"]), max(self.last, event["at"])
        self.times += 1
        self.records += event.get("rows", 0)
        self.facts |= facts
        self.agreements |= dict.fromkeys(event.get("agreements", ()))
        self.students |= students


class DisclosureWalk:
    """A walk along the whole record, over the disclosures between two days in a district's time zone."""

    def __init__(self, reader: AuditReader, begin: date | None = None, end: date | None = None) -> None:
        self._reader, self._begin, self._end = reader, begin, end
        self._subjects = Subjects(reader.folder / SUBJECTS)

    def events(self) -> Iterator[Event]:
        """Yield the disclosures, oldest first."""
        for event in read_events(self._reader.folder):
            if event.get("operation") not in NO_DISCLOSURES and "client" in event and self._is_within(event):
                yield event

    def uses(self, keep: Callable[[Event, frozenset[tuple[str, str]]], frozenset[tuple[str, str]] | None]) -> list[Use]:
        """Collect the uses; *keep* returns the facts of an event that are asked for, None to leave it out."""
        found: dict[tuple[str, ...], Use] = {}
        for event in self.events():
            facts = keep(event, self._reader.actions(event.get("fields")))
            if facts is not None:
                told = {**event, "district": self._reader.district(event)}
                labels = tuple(str(told.get(name) or "") for name in LABELS)
                found.setdefault(labels, Use(labels)).add(event, facts, self.students(event))
        return sorted(found.values(), key=lambda one: one.labels)

    def students(self, event: Event) -> set[bytes]:
        """Return the tags of the students that an event is about."""
        if not event.get("set"):
            return set()
        try:
            tags = self._subjects.read(event["set"])
        except OSError:
            return set()
        return {
            tags[at : at + TAG_BYTES] for at in range(event["from"] * TAG_BYTES, event["to"] * TAG_BYTES, TAG_BYTES)
        }

    def day(self, event: Event) -> date:
        """Return the day of an event in its district."""
        zone = self._reader.zone(self._reader.district(event))
        return datetime.fromisoformat(event["at"]).astimezone(zone).date()

    def _is_within(self, event: Event) -> bool:
        if self._begin is None and self._end is None:
            return True
        day = self.day(event)
        return (self._begin is None or day >= self._begin) and (self._end is None or day <= self._end)


def to_recipient(walk: DisclosureWalk, name: str) -> list[Use]:
    """Collect what an organisation, or a program, of that *name* got."""
    return walk.uses(lambda event, facts: facts if name in {event["client"], event.get("org")} else None)


def of_element(walk: DisclosureWalk, path: str) -> list[Use]:
    """Collect who got the fact *path* names, or one of those that it stands for (``student.*``)."""

    def keep(_event: Event, facts: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]] | None:
        return frozenset(one for one in facts if covers(path, one[0])) or None

    return walk.uses(keep)


def covers(path: str, name: str) -> bool:
    """Tell whether a *path* names the fact *name*, or stands for it."""
    return path in {"*", name} or (path.endswith(".*") and name.startswith(path[:-1])) or name.startswith(f"{path}.")
