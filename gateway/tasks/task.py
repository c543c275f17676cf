"""A task: what waits for a person of an organisation, in which role, and until when."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

ID_CHARACTERS: Final = 16
PRIVACY_OFFICER, APPROVER, ADMINISTRATOR = "privacy-officer", "approver", "district-admin"
REGISTRAR: Final = "registrar"
OPERATOR, REGION = "region-operator", "region"
"""Who keeps what belongs to no single district, and the name for that."""

CONTACTS: Final = {"cbo": "cbo-admin", "district": ADMINISTRATOR}
"""Who acts for a recipient, by its kind."""

CONTACT: Final = "vendor-contact"
"""Who acts for a recipient of any other kind."""

OWN: Final = "own"
MATCHES_NOBODY, MATCHES_SEVERAL = "entry-matches-nobody", "entry-matches-several"
CONSENTS_ENDING, TURNING_18, DESTROY = "consents-ending", "student-turning-18", "destroy-and-certify"
AGREEMENT_ENDING, APPROVAL, DELETE_ENTRIES = "agreement-ending", "approval-waiting", "delete-entries"
NOTICE_99_7, NOTICE_99_37 = "annual-notice-99.7", "directory-notice-99.37"
RECORD_KEY, RECORD_FILES, INSPECTION = "record-key", "record-files", "inspection-99.10"
SECOND_PERSON: Final = "second-person"
EXTENSION: Final = "extension-asked"
UNDELIVERED: Final = "notices-undelivered"
TRANSFER_NEAR, TRANSFER_UNKNOWN, TRANSFER_WAITS = "transfer-near", "transfer-unknown", "transfer-waits"
TRANSFER_ARRIVED, TRANSFER_LATE, TRANSFER_REST = "transfer-arrived", "transfer-late", "transfer-rest"
TRANSFER_STUCK, TRANSFER_LETTER = "transfer-stuck", "transfer-letter"
FILE_LATE, CHANGE_WAITS, CONNECTION_FAILS = "file-late", "change-waits", "connection-fails"
SUPPLEMENT_ASKED, TRANSFER_SUGGESTED = "transfer-supplement-asked", "transfer-suggested"
KINDS: Final = {
    OWN: "what a person opened",
    MATCHES_NOBODY: "an entry of a register is about a student whom the district's system does not have any more",
    MATCHES_SEVERAL: "an entry of a register is about several students of the district's system",
    CONSENTS_ENDING: "consents end soon: ask for new ones",
    TURNING_18: "a student turns 18, and the parent's consent ends that day: ask the student",
    DESTROY: "what was received must be destroyed, and that be certified",
    AGREEMENT_ENDING: "an agreement ends soon: renew it, or let it end",
    APPROVAL: "a version of an agreement waits for an approval",
    DELETE_ENTRIES: "entries of a register have been kept for as long as they are kept: delete them",
    RECORD_KEY: "disclosures of a school year have been kept for as long as they are kept: end them",
    RECORD_FILES: "old files of the record have been kept for as long as they are kept: delete them",
    INSPECTION: "a parent or eligible student has asked to inspect the record: within at most 45 days (34 CFR 99.10)",
    NOTICE_99_7: "tell parents and eligible students of their rights this school year (34 CFR 99.7)",
    EXTENSION: "a recipient asks that an agreement be extended: write a version that follows, or say no",
    SECOND_PERSON: "an act waits for a second person, who confirms or declines it",
    UNDELIVERED: "people could not be told what waits for them: look at the mail server or the webhook",
    FILE_LATE: "the files of a district have not come by the hour at which they are expected",
    CHANGE_WAITS: "a large change of a district waits for approval: look at the rows that would be dropped",
    CONNECTION_FAILS: "a district's system cannot be read: what is served gets old, or is refused",
    TRANSFER_NEAR: "another district asks for the record of a student: say which of yours it is, or none",
    TRANSFER_UNKNOWN: "another district asks for the record of a student whom your system does not have",
    TRANSFER_WAITS: "another district asks for the record of a student: release it, hold it or refuse",
    TRANSFER_REST: "a part of a student's record was sent: decide on the rest, whose clock goes on",
    TRANSFER_ARRIVED: "the record of a student has come: read it in, and say that it is whole",
    TRANSFER_LATE: "the record of a student that another district asks for is late, or soon will be",
    TRANSFER_STUCK: "the record of a student cannot be sent: see why, and try once more or withdraw",
    TRANSFER_LETTER: "tell the parents by letter that the record of a student is sent (34 CFR 99.34)",
    SUPPLEMENT_ASKED: "a district that has a student's record asks for what has changed since it was sent",
    TRANSFER_SUGGESTED: "a student has come from a district of the region: ask that for the record",
    NOTICE_99_37: "give public notice of directory information and of the right to refuse it (34 CFR 99.37)",
}
"""Every kind of task, in words."""

COMMANDS: Final = {RECORD_KEY: "crossing audit shred", RECORD_FILES: "crossing audit delete"}
"""The command by which the operator does what a kind of task asks for, where no page does it."""

BY_ITSELF: Final = frozenset({
    APPROVAL, SECOND_PERSON, FILE_LATE, CHANGE_WAITS, CONNECTION_FAILS, TRANSFER_NEAR, TRANSFER_UNKNOWN, TRANSFER_WAITS,
    TRANSFER_REST, TRANSFER_ARRIVED, TRANSFER_LATE, TRANSFER_STUCK, SUPPLEMENT_ASKED,
})  # fmt: skip
"""The kinds of tasks that are over when what they wait for has happened: closing one would only hide it for good."""

TOPICS: Final = {
    "retention": (DESTROY, DELETE_ENTRIES, RECORD_KEY, RECORD_FILES),
    "year": (NOTICE_99_7, NOTICE_99_37),
}
"""The kinds that answer one question together: what need not be kept any more, and the duties of each school year."""

INSPECTION_DAYS: Final = 45
"""The days after a request came in within which a parent must be let inspect the record (34 CFR 99.10(b))."""

State = Literal["open", "amber", "red", "closed"]
ORDER: Final[tuple[State, ...]] = ("red", "amber", "open", "closed")


NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
FIRST_MOMENT: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PersonTask:
    """A task of an organisation (*org*) for whoever has a *role* there; its *content* names no student.

    One that *computes* from what there is comes with the same *id* each time, until it is closed. Its *due* may be a
    day of a student's life, such as a birthday: *private* says that its days are shown and never written down.
    """

    id: str
    kind: str
    org: str
    role: str
    content: Mapping[str, Any] = field(default_factory=dict)
    opened: datetime = FIRST_MOMENT
    due: datetime | None = None
    closed: datetime | None = None
    closed_by: str = ""
    outcome: str = ""
    private: bool = False

    @property
    def amber(self) -> datetime | None:
        """The moment at which half the time is over."""
        return self.opened + (self.due - self.opened) / 2 if self.due else None

    def state(self, now: datetime) -> State:
        """Tell whether the task is closed, due (red), half-way there (amber), or open."""
        if self.closed is not None:
            return "closed"
        if self.due is None or self.amber is None:
            return "open"
        return "red" if now >= self.due else "amber" if now >= self.amber else "open"


def computed(
    kind: str,
    org: str,
    role: str,
    about: Mapping[str, Any],
    *,
    opened: date,
    due: date,
    content: Mapping[str, Any] = NOTHING,
    private: bool = False,
) -> PersonTask:
    """Make a task that computes from what there is; its id is made of its kind and what it is *about*."""
    spelt = json.dumps([kind, org, about], sort_keys=True)
    name = hashlib.sha256(spelt.encode()).hexdigest()[:ID_CHARACTERS]
    told = {**about, **content}
    return PersonTask(name, kind, org, role, told, midnight(opened), midnight(due), private=private)


def midnight(day: date) -> datetime:
    """Return the beginning of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def at_home(task: PersonTask, zone: tzinfo) -> PersonTask:
    """Return a *task* whose days begin when they do in the *zone* of its organisation; a moment of an hour stays."""
    return replace(task, opened=_begins(task.opened, zone), due=_begins(task.due, zone) if task.due else None)


def _begins(moment: datetime, zone: tzinfo) -> datetime:
    return datetime.combine(moment.date(), time(), zone) if moment == midnight(moment.date()) else moment


def after(day: date, period: str) -> date:
    """Return the day that is an ISO 8601 *period*, such as P60D or P1Y6M, after another."""
    number = ""
    for letter in period.removeprefix("P"):
        if letter.isdigit():
            number += letter
            continue
        count, number = int(number), ""
        day = (
            _months(day, count * 12 if letter == "Y" else count)
            if letter in "YM"
            else day + timedelta(days=count * (7 if letter == "W" else 1))
        )
    return day


def _months(day: date, count: int) -> date:
    """Add months to a day; where the month is too short, its last day."""
    first = day.year * 12 + day.month - 1 + count
    year, month = divmod(first, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError
