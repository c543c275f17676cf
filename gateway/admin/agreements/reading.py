"""Agreements that somebody may know of: every version of the folder and of the registry, with its state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.admin.organisations import parties_of
from gateway.signing.overview import ENDING, FORCE, REPLACED, VersionState, overview
from gateway.storage.people.agreements import OPEN, RECALLED, WITHDRAWN, WrittenAgreements
from policies.documents.written import SCHEME
from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor
    from gateway.storage.approvals import Approval
    from gateway.storage.people.agreements import WrittenVersion
    from policies.agreement import Agreement

READ: Final = "agreement.read"
UNKNOWN: Final = "There is no such agreement here."
FAULTY: Final = "draft with mistakes"
WRONG: Final = "wrong"
"""The state of a published version that is not read any more: it releases nothing."""


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """One version as whoever asks may know it.

    *written* is its newest save, where people wrote it here; one that a file declares has none and is only read.
    *found* is the agreement itself, where its document has no mistake. One that is *unserved* is in force, and the
    running gateway does not serve it yet.
    """

    id: str
    version: int
    district: str
    recipient: str
    state: str
    approved: tuple[tuple[str, str], ...] = ()
    approvals: tuple[Approval, ...] = ()
    waits: str = ""
    found: Agreement | None = None
    written: WrittenVersion | None = field(default=None, repr=False)
    unserved: bool = False

    @property
    def name(self) -> str:
        """Its id and version."""
        return f"{self.id}@{self.version}"

    @property
    def kind(self) -> str:
        """The kind of its recipient; empty where its document cannot tell."""
        return self.found.kind if self.found else ""

    @property
    def purpose(self) -> str:
        """Its purpose; empty where its document cannot tell."""
        return self.found.purpose if self.found else ""

    @property
    def begin(self) -> date | None:
        """Its first day."""
        return self.found.begin if self.found else None

    @property
    def end(self) -> date | None:
        """Its last day."""
        return self.found.end if self.found else None

    @property
    def open(self) -> bool:
        """Whether its text may be changed here, as far as nobody has signed it."""
        return self.written is not None and self.written.state in OPEN

    @property
    def number(self) -> int:
        """The number of its newest save; 0 where a file declares it."""
        return self.written.number if self.written else 0

    @property
    def source(self) -> str:
        """Where its text stands: the name of a file, or the registry."""
        return "" if self.written or self.found is None else Path(self.found.file).name

    @property
    def text(self) -> str:
        """The text as it was written.

        Raises:
            NotFound: its file is gone since it was read.
        """
        if self.written is not None:
            return self.written.text
        try:
            return Path(self.found.file if self.found else "").read_text("utf-8-sig")
        except (OSError, UnicodeError):
            raise NotFound(UNKNOWN) from None

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The parties that have not approved it by a signature of theirs."""
        return tuple(party for party, how in self.approved if how != "signed")


class KnownAgreements:
    """The agreements of a region, as far as those who ask are of a party."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def list(self, actor: Actor) -> tuple[KnownVersion, ...]:
        """List every version that the *actor* may know of, by id and number."""
        return tuple(one for one in self.every() if self.knows(actor, one))

    def versions(self, actor: Actor, name: str) -> tuple[KnownVersion, ...]:
        """List the versions of one agreement, oldest first.

        Raises:
            NotFound: there is none that the *actor* may know of.
        """
        found = tuple(one for one in self.list(actor) if one.id == name)
        if not found:
            raise NotFound(UNKNOWN)
        return found

    def find(self, actor: Actor, name: str, version: int) -> KnownVersion:
        """Find one version.

        Raises:
            NotFound: there is none that the *actor* may know of.
        """
        one = next((one for one in self.versions(actor, name) if one.version == version), None)
        if one is None:
            raise NotFound(UNKNOWN)
        return one

    def knows(self, actor: Actor, one: KnownVersion, action: str = READ) -> bool:
        """Tell whether the *actor* may do the *action* (reading) on a version."""
        return actor.allows(action, one.district, self.parties(one.district, one.recipient, one.kind))

    def parties(self, district: str, recipient: str, kind: str) -> frozenset[str]:
        """Return the parties of an agreement; a recipient with the name of a district that it is not is none."""
        return parties_of(district, recipient, kind, self._region.settings().districts)

    def every(self) -> Iterator[KnownVersion]:
        """Yield every version, whoever may know of it."""
        region = self._region
        rows = {(one.agreement, one.version): one for one in WrittenAgreements(region.store).newest()}
        states = overview(region.settings(), region.store, region.clock())
        here = {
            (one.agreement.id, one.agreement.version): one
            for one in states
            if not ((one.agreement.id, one.agreement.version) in rows and not _is_written(one))
        }
        for key in sorted({*rows, *here}):
            row = rows.get(key)
            if row is not None and (row.state in {WITHDRAWN, RECALLED} or key not in here):
                yield _silent(row)
            else:
                yield self._shown(here[key], row)

    def _shown(self, one: VersionState, row: WrittenVersion | None) -> KnownVersion:
        shown, running = _shown(one, row), self._region.running
        if running is None or one.state not in {FORCE, ENDING, REPLACED}:
            return shown
        is_served = any((other.id, other.version) == (shown.id, shown.version) for other in running.standing.agreements)
        if one.state == REPLACED:  # until what follows it is served, for which a district must be read
            return replace(shown, state=FORCE) if is_served else shown
        return replace(shown, unserved=not is_served)


def _is_written(one: VersionState) -> bool:
    return one.agreement.file.startswith(SCHEME)


def _shown(one: VersionState, row: WrittenVersion | None) -> KnownVersion:
    about = one.agreement
    waits = one.pending.words() if one.pending else ""
    return KnownVersion(
        about.id, about.version, about.district, about.org, one.state, one.approved, one.approvals, waits, about, row
    )


def _silent(row: WrittenVersion) -> KnownVersion:
    """Return a version that says nothing any more, or whose document has mistakes."""
    state = {WITHDRAWN: WITHDRAWN, RECALLED: RECALLED}.get(row.state, FAULTY if row.state in OPEN else WRONG)
    return KnownVersion(row.agreement, row.version, row.district, row.recipient, state, written=row)
