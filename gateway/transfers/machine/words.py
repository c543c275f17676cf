"""The words of a transfer: its states, events, parties, tracks, sections, and the closed lists of reasons."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from policies.transfers.terms import BY_PERSON_ALONE, TRACKS

if TYPE_CHECKING:
    from collections.abc import Mapping


class TransferState(StrEnum):
    """A state of a transfer, as the sending district and the gateway know it."""

    REQUESTED = "requested"
    MATCHED = "matched"
    NEAR = "near"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    HELD = "held"
    REFUSED = "refused"
    APPROVED = "approved"
    PACKED = "packed"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    FILED = "filed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


CLOSED: Final = frozenset(
    {TransferState.REFUSED, TransferState.ENDED, TransferState.WITHDRAWN, TransferState.LAPSED},
)
"""The states after which nothing happens any more."""


class EventKind(StrEnum):
    """What can happen to a transfer."""

    ASK = "ask"
    MATCH = "match"
    CHOOSE = "choose"
    NONE_OF_THEM = "none-of-them"
    REDIRECT = "redirect"
    END = "end"
    TASK = "task"
    ATTACH = "attach"
    DETACH = "detach"
    RELEASE = "release"
    APPROVE = "approve"
    HOLD = "hold"
    FREE = "free"
    REFUSE = "refuse"
    PACK = "pack"
    DELIVER = "deliver"
    ACCEPT = "accept"
    RESEND = "resend"
    FILE = "file"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    UNPACK = "unpack"
    DOUBT = "doubt"


class TransferParty(StrEnum):
    """The side of a transfer for which somebody acts."""

    RECEIVER = "receiver"
    SENDER = "sender"
    SENDER_APPROVER = "sender-approver"
    GATEWAY = "gateway"
    AGENT = "agent"


SENDING: Final = frozenset({TransferParty.SENDER, TransferParty.SENDER_APPROVER})
RECEIVING: Final = frozenset({TransferParty.RECEIVER, TransferParty.AGENT})


class Track(StrEnum):
    """A part of the record that has a clock of its own."""

    INFO = "info"
    FULL = "full"


class RecordSection(StrEnum):
    """A section of a student's record, in the order of the package."""

    IDENTITY = "identity"
    CONTACTS = "contacts"
    ENROLLMENT = "enrollment"
    SCHEDULE = "schedule"
    TRANSCRIPT = "transcript"
    ATTENDANCE = "attendance"
    ASSESSMENT = "assessment"
    PROGRAMS = "programs"
    SPECIAL_EDUCATION = "special-education"
    HEALTH = "health"
    DISCIPLINE = "discipline"
    GRADUATION = "graduation"
    RESTRICTIONS = "restrictions"
    DOCUMENTS = "documents"


ALL_SECTIONS: Final = frozenset(RecordSection)

SECTIONS: Final[Mapping[Track, frozenset[RecordSection]]] = {
    Track(track): frozenset(map(RecordSection, names)) for track, names in TRACKS.items()
}
"""The sections with which each track is done, each sent or withheld."""

NEVER_BY_RULE: Final = frozenset(map(RecordSection, BY_PERSON_ALONE))
"""The sections that leave only when a person has approved them."""


ATTACHED: Final = frozenset({RecordSection.DOCUMENTS, RecordSection.RESTRICTIONS})
"""The sections that hold what people of the sending district add to a record."""


class SectionState(StrEnum):
    """What a package says of a section."""

    WHOLE = "whole"
    NONE = "none"
    WITHHELD = "withheld"
    NOT_IN_SOURCE = "not-in-source"
    UNCHANGED = "unchanged"


class AskedPart(StrEnum):
    """A value by which the receiving district names the student; the value itself is no part of an event."""

    STATE_ID = "state-id"
    NAME = "name"
    BIRTH_DATE = "birth-date"
    LAST_SCHOOL = "last-school"


class RequestStanding(StrEnum):
    """Why the receiving district may ask: the student is enrolled there, or the family has signed the intent."""

    ENROLLMENT = "enrollment"
    INTENT = "intent"


class MatchResult(StrEnum):
    """What came of looking for the student in the sending district's system."""

    ONE = "one"
    SEVERAL = "several"
    NONE = "none"
    CONFLICT = "conflict"


class TaskCause(StrEnum):
    """Why a person must decide, and no rule."""

    NO_RULE = "no-rule"
    STATE_ID = "state-id"
    BIRTH_DATE = "birth-date"
    RESTRICTION = "restriction"
    HOLD = "hold"
    CHOSEN = "chosen"
    AGREEMENT = "agreement"
    REGISTERS = "registers"


class HoldReason(StrEnum):
    """Why the sending district holds a transfer."""

    FEE = "fee"
    COURT_ORDER = "court-order"
    RESTRICTION = "restriction"
    IDENTITY_DOUBT = "identity-doubt"


LAWFULLY_HELD: Final[Mapping[HoldReason, frozenset[RecordSection]]] = {
    HoldReason.FEE: frozenset({RecordSection.TRANSCRIPT}),
    HoldReason.COURT_ORDER: ALL_SECTIONS,
    HoldReason.RESTRICTION: frozenset(),
    HoldReason.IDENTITY_DOUBT: frozenset(),
}
"""The sections whose clocks stop while a transfer is held for that reason; a fee can hold nothing else."""


class TransferRefusal(StrEnum):
    """Why the sending district refuses; the receiving district sees a neutral word."""

    NOT_AUTHORIZED = "not-authorized"
    COURT_ORDER = "court-order"
    ANOTHER_STUDENT = "another-student"
    ASKED_TWICE = "asked-twice"


class ResendReason(StrEnum):
    """Why the receiver's agent wants the package again."""

    MISMATCH = "mismatch"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    LOST = "lost"


class UnpackReason(StrEnum):
    """Why a package that lies ready is deleted and made anew: its key is in force no more, or its agreement."""

    KEY = "key"
    AGREEMENT = "agreement"


class WithdrawReason(StrEnum):
    """Why a request is withdrawn before anything was delivered."""

    MISTAKE = "mistake"
    NOT_ENROLLED = "not-enrolled"
    ASKED_ELSEWHERE = "asked-elsewhere"
    AGREEMENT_ENDED = "agreement-ended"


REASONS: Final[Mapping[EventKind, type[StrEnum]]] = {
    EventKind.HOLD: HoldReason,
    EventKind.REFUSE: TransferRefusal,
    EventKind.RESEND: ResendReason,
    EventKind.WITHDRAW: WithdrawReason,
    EventKind.UNPACK: UnpackReason,
}
"""The events that need a reason, which is one of a closed list: a reason in free text could name the student."""


class FiledAs(StrEnum):
    """What the receiving district did with a section."""

    WRITTEN = "written"
    DOCUMENT = "document"
    NOT_WANTED = "not-wanted"


MIN_ASKED_PARTS: Final = 3
MAX_REDIRECTS: Final = 3
MAX_RESENDS: Final = 5
"""So often the same is sent again: each time it is read anew, and nobody but the receiver wants it."""
SUPPLEMENT_LIFE: Final = timedelta(days=60)
"""For so long after the first delivery the sending district may send what has changed; after it, when it is asked."""

PACKAGE_LIFE: Final = timedelta(days=14)
"""For so long the gateway keeps a sealed package."""
