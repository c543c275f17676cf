"""The transfer: what its events so far have made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.transfers.machine.words import ALL_SECTIONS, CLOSED, LAWFULLY_HELD, PACKAGE_LIFE, SECTIONS, SectionState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.transfers.machine.words import FiledAs, HoldReason, RecordSection, Track, TransferState


@dataclass(frozen=True, slots=True)
class Stop:
    """A time in which the clocks of some sections stand still; one without an end is going on."""

    sections: frozenset[RecordSection]
    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What was released: by which version, which sections, since when, and from when on it may leave.

    *number* is that of the event which decided it, *registered* the keyed tag of what the registers said then.
    """

    version: int
    sections: frozenset[RecordSection]
    decided: datetime
    leaves: datetime
    by_rule: bool = False
    number: int = 0
    registered: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PackedVersion:
    """The package of a version: the hash of its manifest, what it says of each section, and the digest to be echoed.

    It was made under that *agreement*; *traces* are keyed tags of what it holds of each section.
    """

    version: int
    manifest: str
    echo: str
    sections: Mapping[RecordSection, SectionState]
    at: datetime
    agreement: str = ""
    traces: Mapping[RecordSection, str] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> frozenset[RecordSection]:
        """The sections of which it holds records."""
        return frozenset(name for name, state in self.sections.items() if state is SectionState.WHOLE)

    @property
    def lapses(self) -> datetime:
        """The moment from which on it is not there any more."""
        return self.at + PACKAGE_LIFE


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer after its event of that *number*.

    It was *asked* of *first_sender* and is with *sender* since it *opened* there; *due* is what the receiver was told.
    *subject* is the keyed tag of the student that was found, *child* one of who that was then, and *chosen* if a person
    did. *queued* is what leaves after the package that is on its way. *received* is the package that was delivered
    last, *accepted* all that the receiver has said it has, as of the version that it acknowledged last. *delivered*
    says when each version was, *sent* which sections, *settled* since when all of a track is sent or withheld.
    *resends* counts how often what was released last was asked for again.
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
    child: str = field(default="", repr=False)
    chosen: bool = False
    hold: HoldReason | None = None
    stops: tuple[Stop, ...] = ()
    approved: frozenset[RecordSection] = frozenset()
    withheld: frozenset[RecordSection] = frozenset()
    sent: frozenset[RecordSection] = frozenset()
    release: Release | None = None
    queued: Release | None = None
    package: PackedVersion | None = None
    received: PackedVersion | None = None
    accepted: PackedVersion | None = None
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

    @property
    def unfiled(self) -> frozenset[RecordSection]:
        """The sections that the receiver has acknowledged, and not filed yet."""
        return self.accepted.whole - self.filed.keys() if self.accepted else frozenset()

    @property
    def undecided(self) -> frozenset[RecordSection]:
        """The sections that are neither released, sent nor withheld."""
        return ALL_SECTIONS - self.approved - self.sent - self.withheld

    def still_open(self, track: Track) -> frozenset[RecordSection]:
        """Return the sections of a *track* that are neither sent nor withheld."""
        return SECTIONS[track] - self.sent - self.withheld


def stopped_by(reason: HoldReason, sections: frozenset[RecordSection]) -> frozenset[RecordSection]:
    """Return of the *sections* that are held for a *reason* those whose clocks may stand still."""
    return sections & LAWFULLY_HELD[reason]
