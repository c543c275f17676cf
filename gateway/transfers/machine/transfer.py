"""The transfer: what its events so far have made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.transfers.machine.words import CLOSED, LAWFULLY_HELD, PACKAGE_LIFE, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.transfers.machine.words import FiledAs, HoldReason, RecordSection, SectionState, Track, TransferState


@dataclass(frozen=True, slots=True)
class Stop:
    """A time in which the clocks of some sections stand still; one without an end is going on."""

    sections: frozenset[RecordSection]
    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What was released last: by which version, which sections, since when, and from when on it may leave."""

    version: int
    sections: frozenset[RecordSection]
    decided: datetime
    leaves: datetime
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class PackedVersion:
    """The package of a version: the hash of its manifest, what it says of each section, and the digest to be echoed."""

    version: int
    manifest: str
    echo: str
    sections: Mapping[RecordSection, SectionState]
    at: datetime

    @property
    def lapses(self) -> datetime:
        """The moment from which on it is not there any more."""
        return self.at + PACKAGE_LIFE


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer after its event of that *number*.

    It was *asked* of *first_sender* and is with *sender* since it *opened* there; *due* is what the receiver was told.
    *subject* is the keyed tag of the student that was found, and *chosen* if a person did. *delivered* says when each
    version was, *sent* which sections, *settled* since when all of a track is sent or withheld. *resends* counts how
    often what was released last was asked for again.
    """

    id: str
    sender: str
    receiver: str
    state: TransferState
    asked: datetime
    opened: datetime
    due: datetime
    first_sender: str
    military: bool
    agreement: str
    number: int
    changed: datetime
    redirects: int = 0
    resends: int = 0
    subject: str = field(default="", repr=False)
    chosen: bool = False
    hold: HoldReason | None = None
    stops: tuple[Stop, ...] = ()
    approved: frozenset[RecordSection] = frozenset()
    withheld: frozenset[RecordSection] = frozenset()
    sent: frozenset[RecordSection] = frozenset()
    release: Release | None = None
    package: PackedVersion | None = None
    delivered: Mapping[int, datetime] = field(default_factory=dict)
    settled: Mapping[Track, datetime] = field(default_factory=dict)
    filed: Mapping[RecordSection, FiledAs] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> int:
        """The version that was released last; 0 before the first."""
        return self.release.version if self.release else 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing happens any more."""
        return self.state in CLOSED

    @property
    def first_delivery(self) -> datetime | None:
        """The moment of the first delivery, if there was one."""
        return min(self.delivered.values(), default=None)

    def still_open(self, track: Track) -> frozenset[RecordSection]:
        """Return the sections of a *track* that are neither sent nor withheld."""
        return SECTIONS[track] - self.sent - self.withheld


def stopped_by(reason: HoldReason, sections: frozenset[RecordSection]) -> frozenset[RecordSection]:
    """Return of the *sections* that are held for a *reason* those whose clocks may stand still."""
    return sections & LAWFULLY_HELD[reason]
