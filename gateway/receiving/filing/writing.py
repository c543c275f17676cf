"""Writing of a planned record: once, whatever happens in between, and never over what is there unless told so.

What is about to be written is in the journal before the system is asked, and what was written after it answered. After
a crash in between, a document that is there and says what was about to be written is the one that was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.receiving.errors import UnknownChoice
from gateway.receiving.filing.filing_plan import FilingVerdict, PlannedRecord
from standards.errors import CallerError, SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from gateway.receiving.filing.own_system import OwnSystem
    from gateway.receiving.state import Journal

INTENDED, WROTE, TOOK, UNDONE = "intended", "wrote", "took", "undone"
FIELD: Final = re.compile(r"(?P<resource>[A-Za-z]+)(\[(?P<number>[0-9]{1,6})\])?\.(?P<member>[A-Za-z_]\w*)")

NO_FIELD = (
    "A field is named as `crossing receive show` names it: students.birthCity, courseTranscripts[3].earnedCredits."
)
NOT_DIFFERENT = "no such field differs: `crossing receive show` lists those that do."
WHICH = "there are several such records: say which by its number, as in courseTranscripts[3].earnedCredits."


class FilingOutcome(StrEnum):
    """What became of a document: each word is also what the registrar reads."""

    WRITTEN = "written"
    SAME = "same"
    KEPT = "kept"
    TAKEN = "taken"
    WAITING = "waiting"
    DOCUMENT = "document"
    REFUSED = "refused"


OUTCOMES: Final = {
    FilingVerdict.SAME: FilingOutcome.SAME,
    FilingVerdict.KEPT: FilingOutcome.KEPT,
    FilingVerdict.WAITING: FilingOutcome.WAITING,
    FilingVerdict.DOCUMENT: FilingOutcome.DOCUMENT,
}


@dataclass(frozen=True, slots=True)
class FiledRecord:
    """What became of a *planned* document; its *id* in the system, and *why* the system refused it."""

    planned: PlannedRecord
    outcome: FilingOutcome
    id: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Writing:
    """The writing of one *version* of a transfer into a *system*, with its *journal*; *now* reads the clock."""

    system: OwnSystem
    journal: Journal
    version: int
    now: Callable[[], datetime]

    def write(self, planned: Iterable[PlannedRecord], takes: Sequence[str] = ()) -> Iterator[FiledRecord]:
        """Write what is new, take the members that were named over what is there, and yield what became of each.

        Raises:
            UnknownChoice: a member that was named differs nowhere.
            SourceError: the system stops answering; what was yielded before is written, and the next time goes on.
        """
        records = tuple(planned)
        chosen = _chosen(records, takes)
        for one in records:
            if one.verdict is FilingVerdict.NEW:
                yield self._create(one)
            elif members := chosen.get(one.place):
                yield self._take(one, members)
            else:
                yield self._there(one)

    def _create(self, one: PlannedRecord) -> FiledRecord:
        assert one.ours is not None
        tag = self._tag(one)
        self.journal.add(INTENDED, tag=tag)
        try:
            identifier = self.system.create(one.resource, one.ours)
        except (CallerError, SourceBroken, SourceRefused) as error:
            return FiledRecord(one, FilingOutcome.REFUSED, why=error.message)
        found = self.system.read(one.resource, identifier)
        digest = found[0].digest if found else ""
        self._wrote(tag, one.resource, identifier, digest)
        return FiledRecord(replace(one, there=found[0] if found else None), FilingOutcome.WRITTEN, identifier)

    def _take(self, one: PlannedRecord, members: frozenset[str]) -> FiledRecord:
        assert one.ours is not None
        assert one.there is not None
        try:
            self.system.take(one.resource, one.there.id, {name: one.ours[name] for name in sorted(members)})
        except (CallerError, SourceBroken, SourceRefused) as error:
            return FiledRecord(one, FilingOutcome.REFUSED, one.there.id, error.message)
        found = self.system.read(one.resource, one.there.id)
        self.journal.add(
            TOOK, resource=one.resource, id=one.there.id, members=sorted(members), at=self.now().isoformat(),
            before=one.there.digest, digest=found[0].digest if found else "",
        )  # fmt: skip
        return FiledRecord(replace(one, there=found[0] if found else None), FilingOutcome.TAKEN, one.there.id)

    def _there(self, one: PlannedRecord) -> FiledRecord:
        """Say what became of a document that is not written; one that a crash kept from the journal is put into it."""
        outcome, there = OUTCOMES[one.verdict], one.there
        if there is None or not one.key:
            return FiledRecord(one, outcome, why=one.why)
        tag = self._tag(one)
        newest = next((entry for entry in reversed(self.journal.entries) if entry.get("tag") == tag), None)
        if one.verdict is FilingVerdict.SAME and newest is not None and newest["step"] == INTENDED:
            self._wrote(tag, one.resource, there.id, there.digest)
        is_written = one.verdict is FilingVerdict.SAME and is_own(self.journal, there.id)
        return FiledRecord(one, FilingOutcome.WRITTEN if is_written else outcome, there.id)

    def _wrote(self, tag: str, resource: str, identifier: str, digest: str) -> None:
        at = self.now().isoformat()
        self.journal.add(WROTE, tag=tag, resource=resource, id=identifier, digest=digest, at=at)

    def _tag(self, one: PlannedRecord) -> str:
        return self.journal.tag(self.version, one.resource, one.key)


def is_own(journal: Journal, identifier: str) -> bool:
    """Tell whether the document with an id was written for this transfer, and is not undone."""
    newest = (one for one in reversed(journal.entries) if one["step"] in {WROTE, UNDONE} and one["id"] == identifier)
    return next((one["step"] == WROTE for one in newest), False)


def _chosen(records: Sequence[PlannedRecord], takes: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the members to take of each record, by its place."""
    found: dict[str, frozenset[str]] = {}
    for text in takes:
        named = FIELD.fullmatch(text)
        if named is None:
            raise UnknownChoice(NO_FIELD)
        resource, number, member = named["resource"], named["number"], named["member"]
        fitting = [
            one for one in records
            if one.resource == resource and number in {None, str(one.number)} and member in one.differ and one.there
        ]  # fmt: skip
        if len(fitting) != 1:
            raise UnknownChoice(f"{text}: {WHICH if fitting else NOT_DIFFERENT}")
        found[fitting[0].place] = found.get(fitting[0].place, frozenset()) | {member}
    return found
