"""Words of transfers: each state, reason, section and clock as registrars say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.console.tables import State
from gateway.console.wording import later
from gateway.storage.transfers.tries import UNTOLD
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.machine.outward import OutwardState
from gateway.transfers.machine.words import (
    FiledAs,
    HoldReason,
    RecordSection,
    RequestStanding,
    ResendReason,
    SectionState,
    TaskCause,
    Track,
    TransferRefusal,
    TransferState,
    WithdrawReason,
)
from gateway.transfers.matching.levels import ChildPart, PartLikeness
from gateway.transfers.sealing.key_set import KeyStatus, KeyUse
from gateway.transfers.work.troubles import TroubleReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.console.wording import Later

OUTWARD: Final[Mapping[OutwardState, State]] = {
    OutwardState.ASKED: State("wait", later("asked")),
    OutwardState.DELIVERED: State("ok", later("delivered")),
    OutwardState.CLOSED: State("off", later("closed")),
}
"""The only states that the district which asks is ever told."""

INSIDE: Final[Mapping[TransferState, State]] = {
    TransferState.REQUESTED: State("wait", later("being looked for")),
    TransferState.MATCHED: State("wait", later("found; the rule is being tried")),
    TransferState.NEAR: State("warn", later("say which student it is")),
    TransferState.UNKNOWN: State("warn", later("nobody found")),
    TransferState.WAITING: State("warn", later("waits for a decision")),
    TransferState.HELD: State("warn", later("held back")),
    TransferState.REFUSED: State("off", later("refused by us")),
    TransferState.APPROVED: State("wait", later("released, leaves with the next batch")),
    TransferState.PACKED: State("wait", later("sealed, not fetched yet")),
    TransferState.DELIVERED: State("ok", later("delivered")),
    TransferState.ACKNOWLEDGED: State("ok", later("delivered, and read back rightly")),
    TransferState.FILED: State("ok", later("filed by the other district")),
    TransferState.ENDED: State("off", later("ended: not our student")),
    TransferState.WITHDRAWN: State("off", later("withdrawn before it left")),
    TransferState.LAPSED: State("off", later("nobody fetched it")),
}
"""The states as the people of the sending district see them."""

LIGHTS: Final[Mapping[Light, State]] = {
    Light.GREEN: State("wait", later("in time")),
    Light.AMBER: State("warn", later("soon due")),
    Light.RED: State("bad", later("late")),
    Light.STOPPED: State("off", later("stands still")),
    Light.DONE: State("ok", later("done")),
}
"""How a clock stands: each has a shape and a word of its own, not a colour alone."""

TRACKS: Final[Mapping[Track, Later]] = {
    Track.INFO: later("Information"),
    Track.FULL: later("Whole record"),
}
TRACK_RULES: Final[Mapping[Track, Later]] = {
    Track.INFO: later("within 2 school days (RCW 28A.225.330)"),
    Track.FULL: later("as soon as possible; here at most 10 school days (RCW 28A.225.330)"),
}
MILITARY_RULE: Final = later("within 10 days of the calendar: a child of a military family (RCW 28A.705.010)")
"""What the law says of each track, beside its clock."""

SECTIONS: Final[Mapping[RecordSection, Later]] = {
    RecordSection.IDENTITY: later("Name, birth date, languages"),
    RecordSection.CONTACTS: later("Parents, contacts and addresses"),
    RecordSection.ENROLLMENT: later("Schools attended"),
    RecordSection.SCHEDULE: later("Classes and grades in progress"),
    RecordSection.TRANSCRIPT: later("Transcript: courses, credits, average"),
    RecordSection.ATTENDANCE: later("Attendance"),
    RecordSection.ASSESSMENT: later("Tests and their results"),
    RecordSection.PROGRAMS: later("Programs"),
    RecordSection.SPECIAL_EDUCATION: later("Special education"),
    RecordSection.HEALTH: later("Immunizations and health"),
    RecordSection.DISCIPLINE: later("Discipline"),
    RecordSection.GRADUATION: later("Graduation plan and cohort"),
    RecordSection.RESTRICTIONS: later("Notes for the registrar"),
    RecordSection.DOCUMENTS: later("Attached documents"),
}

SECTION_STATES: Final[Mapping[SectionState, State]] = {
    SectionState.WHOLE: State("ok", later("in the package")),
    SectionState.NONE: State("off", later("nothing")),
    SectionState.WITHHELD: State("warn", later("withheld")),
    SectionState.NOT_IN_SOURCE: State("off", later("not in their system")),
    SectionState.UNCHANGED: State("off", later("as in the version before")),
}
"""What a package says of a section."""

FIGURES: Final[Mapping[str, Later]] = {"creditsEarned": later("credits earned"), "gpa": later("average of grades")}
"""The figures of a section that the other district reads back."""

OWN_STATES: Final[Mapping[SectionState, State]] = {
    **SECTION_STATES,
    SectionState.NOT_IN_SOURCE: State("off", later("not in your system")),
}
"""The same, as the people of the sending district see it."""

FILED: Final[Mapping[FiledAs, State]] = {
    FiledAs.WRITTEN: State("ok", later("written into your system")),
    FiledAs.DOCUMENT: State("ok", later("filed as a document")),
    FiledAs.NOT_WANTED: State("off", later("not wanted")),
}
NOT_FILED: Final = State("wait", later("not filed yet"))

HOLDS: Final[Mapping[HoldReason, Later]] = {
    HoldReason.FEE: later("A fee is owed: only the official transcript may be held for it"),
    HoldReason.COURT_ORDER: later("A court order forbids it"),
    HoldReason.RESTRICTION: later("A restriction must be looked at first"),
    HoldReason.IDENTITY_DOUBT: later("Doubt whether it is this student"),
}
REFUSALS: Final[Mapping[TransferRefusal, Later]] = {
    TransferRefusal.NOT_AUTHORIZED: later("The other district may not have it"),
    TransferRefusal.COURT_ORDER: later("A court order forbids it"),
    TransferRefusal.ANOTHER_STUDENT: later("It is another student"),
    TransferRefusal.ASKED_TWICE: later("It was asked for twice"),
}
WITHDRAWALS: Final[Mapping[WithdrawReason, Later]] = {
    WithdrawReason.MISTAKE: later("It was a mistake"),
    WithdrawReason.NOT_ENROLLED: later("The student does not enroll after all"),
    WithdrawReason.ASKED_ELSEWHERE: later("It is asked for elsewhere"),
    WithdrawReason.AGREEMENT_ENDED: later("The agreement has ended"),
}
RESENDS: Final[Mapping[ResendReason, Later]] = {
    ResendReason.MISMATCH: later("Credits, average or counts differ from what the package says"),
    ResendReason.UNREADABLE: later("It cannot be opened or read"),
    ResendReason.INCOMPLETE: later("Something is missing in it"),
    ResendReason.LOST: later("It was lost"),
}
"""The closed lists of reasons: a reason in words of one's own could name the student."""

CAUSES: Final[Mapping[TaskCause, Later]] = {
    TaskCause.NO_RULE: later("The agreement has no rule for it: a person decides."),
    TaskCause.STATE_ID: later("The state's ids are not equal."),
    TaskCause.BIRTH_DATE: later("The birth dates are not equal."),
    TaskCause.RESTRICTION: later("There is a restriction for the student: look at the registers first."),
    TaskCause.HOLD: later("The record is held back."),
    TaskCause.REGISTERS: later("What the registers say of the student has changed since it was decided."),
    TaskCause.CHOSEN: later("A person chose the student, so a person decides."),
    TaskCause.AGREEMENT: later("The agreement has changed since it was released: it is decided anew."),
}
"""Why a person decides, and no rule."""

STANDINGS: Final[Mapping[RequestStanding, Later]] = {
    RequestStanding.ENROLLMENT: later("The student is enrolled with us"),
    RequestStanding.INTENT: later("The family has signed that the student will enroll"),
}

PARTS: Final[Mapping[ChildPart, Later]] = {
    ChildPart.STATE_ID: later("State id"),
    ChildPart.BIRTH_DATE: later("Birth date"),
    ChildPart.GIVEN: later("Given name"),
    ChildPart.FAMILY: later("Family name"),
    ChildPart.MIDDLE: later("Middle name"),
    ChildPart.SUFFIX: later("Suffix (Jr., III)"),
    ChildPart.SEX: later("Sex"),
    ChildPart.SCHOOL: later("Last school"),
    ChildPart.BIRTH_CITY: later("City of birth"),
}
LIKENESS: Final[Mapping[PartLikeness, State]] = {
    PartLikeness.AGREE: State("ok", later("agrees")),
    PartLikeness.NEAR: State("warn", later("nearly")),
    PartLikeness.DIFFERS: State("bad", later("differs")),
    PartLikeness.MISSING: State("off", later("not known")),
}
"""How a part of one's own student stands to what the other district stated, which nobody is shown."""

KEY_USES: Final[Mapping[KeyUse, Later]] = {
    KeyUse.SIGN: later("signs what is sent"),
    KeyUse.SEAL: later("opens what is received"),
}
KEY_STATES: Final[Mapping[KeyStatus, State]] = {
    KeyStatus.ACTIVE: State("ok", later("in use")),
    KeyStatus.RETIRING: State("wait", later("on its way out")),
    KeyStatus.REVOKED: State("off", later("revoked")),
}

TROUBLES: Final[Mapping[str, Later]] = {
    TroubleReason.SOURCE: later("Your district's system could not be read for two days."),
    TroubleReason.NOT_COVERED: later("The agreement does not cover this student any more, or the student has gone."),
    TroubleReason.OTHER_STUDENT: later("The student who was found is another one by now."),
    TroubleReason.AGREEMENT: later("No agreement about transfers to that district is in force."),
    TroubleReason.RECEIVER_KEY: later("The other district has no key in use that the agreement names."),
    TroubleReason.SIGNATURE: later("The signature of your district is missing, or is not right."),
    TroubleReason.FAULT: later("The gateway failed. Its operator sees why in the log."),
    UNTOLD: later("An approver of your district is told why."),
}
"""Why the gateway has given up a step."""
