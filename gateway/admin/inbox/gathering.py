"""Gathering: every task that there is now, computed from agreements, registers and the record, and those on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from gateway.admin.districts.waiting import reading_states
from gateway.admin.inbox.letters import LETTERS_FOR, by_letter, unsent
from gateway.audit.reports.retention import due
from gateway.audit.students.subject_keys import PURPOSE as SUBJECT_KEYS
from gateway.audit.students.subject_keys import SubjectKeys
from gateway.districts.students import known_students
from gateway.every_agreement import read_every
from gateway.registers.store import Registers
from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.signing.overview import in_review, overview
from gateway.storage.people.notices import Notices
from gateway.storage.people.proposals import Proposals
from gateway.storage.transfers.tries import TransferTries
from gateway.storage.transfers.waiting_transfers import WaitingTransfers
from gateway.tasks.asked_for import asked_for
from gateway.tasks.computing import DistrictTasks, in_order, record_ends
from gateway.tasks.district_readings import district_readings
from gateway.tasks.moving import LEFT, moving
from gateway.tasks.proposed import proposed
from gateway.tasks.store import Tasks, present
from gateway.tasks.task import at_home, midnight
from gateway.tasks.undelivered import undelivered
from policies.comparison.review import parties
from policies.transfers.terms import LETTER
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from gateway.admin.administration import Administration
    from gateway.config.settings import DistrictSettings
    from gateway.registers.events import RegisterEntry
    from gateway.registers.matching import Students
    from gateway.signing.overview import VersionState
    from gateway.tasks.store import Approved
    from gateway.tasks.task import PersonTask
    from policies.agreement import Agreement


@dataclass(frozen=True, slots=True)
class Gathered:
    """All tasks, closed ones too, in order; *unasked* are districts whose system could not be asked for students."""

    tasks: tuple[PersonTask, ...]
    unasked: tuple[str, ...] = ()


def gather(region: Administration, compared: Collection[str] = ()) -> Gathered:
    """Gather every task; entries of the registers of the districts *compared* are compared with the systems there."""
    found, unasked = Tasks(region.store, region.clock), list[str]()
    written = found.rows()
    waiting = Proposals(region.store, region.clock).waiting()
    computing = [
        *_ended_records(region),
        *proposed(waiting),
        *asked_for(region.settings(), region.store, region.clock()),
        *undelivered(Notices(region.store, region.clock).given_up(), region.clock()),
        *district_readings(reading_states(region)),
        *_moving(region, frozenset(one.id for one in written)),
        *_of_districts(region, found, frozenset(compared), unasked),
    ]
    zones = region.settings().zones
    every = (at_home(one, zones.get(one.org, UTC)) for one in present(computing, written))
    tasks = in_order(every, region.clock())
    return Gathered(tuple(tasks), tuple(unasked))


def known_agreements(region: Administration) -> Sequence[Agreement]:
    """Return every correct version of an agreement, whether it is served or not."""
    if region.running is not None:
        return region.running.standing.reading.found
    return read_every(region.settings())[0]


def _of_districts(
    region: Administration, found: Tasks, compared: Collection[str], unasked: list[str]
) -> Iterator[PersonTask]:
    """Yield the tasks that follow from what there is, district by district."""
    settings, agreements = region.settings(), known_agreements(region)
    keys = RegisterKeys(region.keys.derive(PURPOSE))
    registers, required = Registers(region.store, keys, region.clock), settings.must_be_signed
    states = overview(settings, region.store, region.clock()) if required else ()
    approved = _signed(states) if required else found.approved()
    stopped = frozenset((one.agreement.id, one.agreement.version) for one in in_review(states))
    for name, spec in settings.districts.items():
        entries = registers.entries(name)
        students = _students(spec, keys, entries, unasked) if name in compared else None
        district = DistrictTasks(
            name, agreements, entries, students, approved, settings.keep_entries, required, found.revoked(), stopped
        )
        yield from district.on(region.clock().astimezone(spec.timezone).date())


def _students(
    spec: DistrictSettings, keys: RegisterKeys, entries: Sequence[RegisterEntry], unasked: list[str]
) -> Students | None:
    """Read whom the entries of a district may be about; None where none holds, or nobody can say."""
    if all(one.ended is not None for one in entries):
        return None
    try:
        return known_students(spec, keys)
    except SourceError:
        unasked.append(spec.name)
        return None


def _signed(states: Sequence[VersionState]) -> Approved:
    """Return the parties that nobody waits for, of each version, where both must sign it unless it only narrows."""
    found: dict[tuple[str, int, str], Mapping[str, datetime]] = {}
    for one in states:
        about, missing = one.agreement, one.pending.missing if one.pending else ()
        given = {approval.party: approval.at for approval in one.approvals}
        begin = midnight(about.begin)
        found[about.id, about.version, about.digest] = {
            party: given.get(party, begin) for party in parties(about) if party not in missing
        }
    return found


def _ended_records(region: Administration) -> Iterator[PersonTask]:
    """Yield the tasks of the record of disclosures itself."""
    keys = SubjectKeys(region.store, region.keys.derive(SUBJECT_KEYS)).list()
    yield from record_ends(due(region.settings(), keys, region.clock()))


def _moving(region: Administration, written: Collection[str]) -> Iterator[PersonTask]:
    """Yield the tasks about records that move between districts; those of letters, unless they are *written* down."""
    if not region.settings().transfers.districts:
        return
    terms = [(one.district, one.org, one.transfer) for one in known_agreements(region)]
    pairs = {(sender, receiver) for sender, receiver, how in terms if how is not None and how.notify == LETTER}
    waiting = WaitingTransfers(region.store, region.clock).for_people(LETTERS_FOR, {sender for sender, _ in pairs})
    given_up = TransferTries(region.store, region.clock).given_up()
    left = [one for one in waiting if one.state in LEFT and (one.sender, one.receiver) in pairs]
    letters = by_letter(region, unsent(left, written))
    yield from moving(waiting, given_up, letters, region.clock(), region.settings().zones)


def _undelivered(region: Administration) -> Iterator[PersonTask]:
    """Yield the tasks of notices that could not be delivered."""
    yield from undelivered(Notices(region.store, region.clock).given_up(), region.clock())
