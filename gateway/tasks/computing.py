"""Computing: the tasks that follow from agreements, registers and the calendar on one day."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from gateway.registers.entries import Consent, StaffAssignment
from gateway.registers.matching import confirmed
from gateway.tasks import task
from gateway.tasks.task import CONTACTS, PRIVACY_OFFICER, after, computed
from policies.agreement import current
from policies.documents.terms import DIRECTORY, rests_on, retention_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from gateway.audit.reports.retention import DueEnd
    from gateway.registers.events import RegisterEntry
    from gateway.registers.matching import Students
    from gateway.tasks.store import Approved, Revoked
    from gateway.tasks.task import PersonTask
    from policies.agreement import Agreement

NOTICE_DAYS: Final = 30
"""The days before the end of a consent or an agreement from which on that is a task."""

MATCH_DAYS: Final = 3
APPROVAL_DAYS: Final = 14
ENTRY_DAYS: Final = 90
ADULT_YEARS: Final = 18
MAX_NAMED_ENTRIES: Final = 20
SCHOOL_YEAR_MONTH: Final = 7
NOTICES_DUE: Final = (10, 1)
"""The month and day, of our own choice, until which the notices of a school year (from July) are to be given."""


@dataclass(frozen=True, slots=True)
class DistrictTasks:
    """What the tasks of a *district* are computed from: its agreements, entries of registers, and students.

    Without *students* nobody can tell whom entries match, and who turns 18. Entries are kept for *keep*. Versions that
    are *stopped* for want of signatures replace nothing: what they say of ends and duties is not agreed.
    """

    district: str
    agreements: Sequence[Agreement]
    entries: Sequence[RegisterEntry] = ()
    students: Students | None = None
    approved: Approved = field(default_factory=dict)
    keep: timedelta = timedelta(days=2557)
    approvals_required: bool = False
    revoked: Revoked = field(default_factory=dict)
    stopped: frozenset[tuple[str, int]] = frozenset()

    def on(self, day: date) -> Iterator[PersonTask]:
        """Yield every task there is on a *day*."""
        yield from self._matches(day)
        yield from self._ending_consents(day)
        yield from self._agreements(day)
        yield from self._destruction(day)
        yield from self._approvals(day)
        yield from self._old_entries(day)
        yield from self._notices(day)

    def _holding(self, day: date) -> Iterator[RegisterEntry]:
        """Yield the entries that hold on a *day* or later."""
        ends = {one.id: one.end for one in self._newest(day)}
        for one in self.entries:
            last = one.last_day(ends.get(getattr(one.states, "agreement", "")))
            if one.ended is None and (last is None or last >= day):
                yield one

    def _matches(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for each entry that matches nobody or several, and for each student who turns 18."""
        for one in self._holding(day) if self.students is not None else ():
            assert self.students is not None
            rows = self.students.matching(one.states.tags)
            opens = isinstance(one.states, Consent | StaffAssignment)
            if opens and len(rows) == 1 and not self._confirms(one, *rows):
                rows = frozenset()
            about = {"district": self.district, "register": one.register, "entry": one.entry}
            if len(rows) != 1:
                kind = task.MATCHES_SEVERAL if rows else task.MATCHES_NOBODY
                made = one.made.date()
                due = made + timedelta(days=MATCH_DAYS)
                yield computed(kind, self.district, PRIVACY_OFFICER, about, opened=made, due=due)
            elif isinstance(one.states, Consent) and one.states.signer_role == "parent":
                yield from self._birthday(day, self.students.found[next(iter(rows))].birth_date, one.states)

    def _confirms(self, entry: RegisterEntry, row: int) -> bool:
        """Tell whether more than an id says that the student whom an *entry* matches is who it is about."""
        return self.students is not None and confirmed(entry.states.tags, self.students.found[row].tags)

    def _birthday(self, day: date, born: str, consent: Consent) -> Iterator[PersonTask]:
        """Yield the task for a parent's consent that ends with the student's coming of age."""
        try:
            adult = after(date.fromisoformat(born), f"P{ADULT_YEARS}Y")
        except ValueError:
            return
        opened = adult - timedelta(days=NOTICE_DAYS)
        if opened <= day <= adult:
            about = {"district": self.district, "agreement": consent.agreement, "entry": consent.entry}
            yield computed(
                task.TURNING_18, self.district, PRIVACY_OFFICER, about, opened=opened, due=adult, private=True
            )

    def _ending_consents(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for the consents to one agreement that end on one day."""
        found: Counter[tuple[str, str, date]] = Counter()
        for one in self._holding(day):
            if isinstance(one.states, Consent) and one.states.until is not None:
                found[one.states.agreement, one.states.form, one.states.until] += 1
        for (agreement, form, until), count in sorted(found.items()):
            opened = until - timedelta(days=NOTICE_DAYS)
            if opened <= day:
                about = {"district": self.district, "agreement": agreement, "form": form, "until": until.isoformat()}
                yield computed(
                    task.CONSENTS_ENDING, self.district, PRIVACY_OFFICER, about, opened=opened, due=until,
                    content={"consents": count},
                )  # fmt: skip

    def _counted(self) -> Iterator[Agreement]:
        """Yield the versions that are not stopped."""
        return (one for one in self.agreements if (one.id, one.version) not in self.stopped)

    def _newest(self, day: date) -> Iterator[Agreement]:
        """Yield the version of each agreement of the district that counts on a *day*: in force, or else the newest."""
        mine = [one for one in self._counted() if one.district == self.district and one.begin <= day]
        chosen = {one.id: one for one in (*sorted(mine, key=lambda one: one.version), *current(mine, day))}
        yield from chosen.values()

    def _agreements(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for each agreement that ends soon and has no successor."""
        for one in self._newest(day):
            later = any(
                other.id == one.id and other.version > one.version and other.end > one.end for other in self._counted()
            )
            opened = one.end - timedelta(days=NOTICE_DAYS)
            if opened <= day <= one.end and not later:
                about = {"district": self.district, "agreement": one.id, "version": one.version}
                yield computed(task.AGREEMENT_ENDING, self.district, PRIVACY_OFFICER, about, opened=opened, due=one.end)

    def _destruction(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for what recipients must destroy after an agreement or consents to it have ended."""
        for one in self._newest(day):
            if one.end < day and _after(one, "expiry"):
                yield _destroy(one, one.end, "expiry", {})
            taken_back = self.revoked.get((one.id, one.version, one.digest))
            if taken_back and taken_back.date() < min(day, one.end) and _after(one, "revocation"):
                yield _destroy(one, taken_back.date(), "revocation", {})
            gone: defaultdict[tuple[date, str], list[str]] = defaultdict(list)
            for entry in self.entries:
                last, why = _left(entry, one)
                if last is not None and last < day and _after(one, why):
                    gone[last, why].append(entry.entry)
            for (last, why), entries in sorted(gone.items()):
                named = {"entries": entries} if len(entries) <= MAX_NAMED_ENTRIES else {}
                yield _destroy(one, last, why, {"consents": len(entries), **named})

    def _approvals(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for each party that has not approved a version that the other has, or that needs both."""
        mine = sorted((one for one in self.agreements if one.district == self.district), key=lambda one: one.version)
        for one in {one.id: one for one in mine}.values():
            if one.end < day:
                continue
            given = self.approved.get((one.id, one.version, one.digest), {})
            if not given and not self.approvals_required:
                continue
            opened = min((at.date() for at in given.values()), default=one.begin)
            for party in sorted({one.district, one.org} - given.keys()):
                about = {"district": self.district, "agreement": one.id, "version": one.version}
                due = opened + timedelta(days=APPROVAL_DAYS)
                yield computed(task.APPROVAL, party, task.APPROVER, about, opened=opened, due=due)

    def _old_entries(self, day: date) -> Iterator[PersonTask]:
        """Yield a task for the entries of a register that have been kept long enough."""
        ends = {one.id: one.end for one in self._newest(day)}
        found: defaultdict[str, list[tuple[date, str]]] = defaultdict(list)
        for one in self.entries:
            last = one.last_day(ends.get(getattr(one.states, "agreement", "")))
            if last is not None and last + self.keep < day:
                found[one.register].append((last + self.keep, one.entry))
        for register, old in sorted(found.items()):
            since, first = min(old)
            about = {"district": self.district, "register": register, "oldest": first}
            named = {"entries": sorted(entry for _, entry in old)[:MAX_NAMED_ENTRIES], "count": len(old)}
            due = since + timedelta(days=ENTRY_DAYS)
            yield computed(
                task.DELETE_ENTRIES, self.district, PRIVACY_OFFICER, about, opened=since, due=due, content=named
            )

    def _notices(self, day: date) -> Iterator[PersonTask]:
        """Yield the notices that a district gives once in a school year.

        34 CFR 99.7 wants its notice each year, and 99.37 a public one before directory information is disclosed: each
        year has students who have not seen it.
        """
        begins = date(day.year - (day.month < SCHOOL_YEAR_MONTH), SCHOOL_YEAR_MONTH, 1)
        due = date(begins.year, *NOTICES_DUE)
        kinds = [task.NOTICE_99_7]
        if any(rests_on(one.ferpa, DIRECTORY) for one in self.agreements if one.district == self.district):
            kinds.append(task.NOTICE_99_37)
        for kind in kinds:
            about = {"district": self.district, "schoolYear": begins.year + 1}
            yield computed(kind, self.district, PRIVACY_OFFICER, about, opened=begins, due=due)


def record_ends(due: Iterable[DueEnd]) -> Iterator[PersonTask]:
    """Yield a task for each part of the record of disclosures that need not be kept any more."""
    for one in due:
        until = one.since + timedelta(days=ENTRY_DAYS)
        if one.school_year:
            about: dict[str, object] = {"district": one.district, "schoolYear": one.school_year}
            yield computed(task.RECORD_KEY, one.district, PRIVACY_OFFICER, about, opened=one.since, due=until)
        else:
            told = {"files": len(one.files)}
            yield computed(
                task.RECORD_FILES, task.REGION, task.OPERATOR, {"upTo": one.files[-1]}, opened=one.since, due=until,
                content=told,
            )  # fmt: skip


def _left(entry: RegisterEntry, agreement: Agreement) -> tuple[date | None, str]:
    """Return the last day of a consent to an *agreement* that ended before that, and why it did."""
    said = entry.states
    if not isinstance(said, Consent) or said.agreement != agreement.id:
        return None, ""
    if entry.ended is not None:
        return min(entry.ended.date(), agreement.end), "withdrawal"
    return (said.until if said.until and said.until < agreement.end else None), "expiry"


def _after(agreement: Agreement, why: str) -> bool:
    """Tell whether the retention of an *agreement* wants destruction after what has happened."""
    terms = agreement.terms.get("retention")
    return terms is not None and why in retention_ends(terms)


def _destroy(agreement: Agreement, last: date, why: str, content: Mapping[str, object]) -> PersonTask:
    """Make the task of a recipient to destroy what it has, and to certify that where it is agreed."""
    terms = agreement.terms["retention"]
    about = {"district": agreement.district, "agreement": agreement.id, "after": why, "last": last.isoformat()}
    told = {**content, "certificate": terms.get("certificate", "none")}
    return computed(
        task.DESTROY, agreement.org, CONTACTS.get(agreement.kind, task.CONTACT), about,
        opened=last, due=after(last, terms["deleteWithin"]), content=told,
    )  # fmt: skip


def in_order(tasks: Iterable[PersonTask], now: datetime) -> list[PersonTask]:
    """Sort tasks: those that are due first, then by when they are due."""
    last = task.midnight(date.max)
    return sorted(tasks, key=lambda one: (task.ORDER.index(one.state(now)), one.due or last, one.id))
