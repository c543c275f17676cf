"""Children of a district for matching: an index of its students, kept for each reading, and their keyed tags."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from adapters.contract import NO_HINTS, Hint
from gateway.cache.needed_fields import joined
from gateway.cache.snapshot import build_snapshot
from gateway.registers.matching import CODE_FIELDS, STUDENT_FIELDS, own_ids, state_ids
from gateway.registers.overlay import derived
from gateway.registers.tags import ID
from gateway.transfers.districts.readings import SearchReadings
from gateway.transfers.machine.words import AskedPart
from gateway.transfers.matching.candidates import CandidateIndex
from gateway.transfers.matching.children import ChildCandidate, OtherName, StatedChild
from standards.errors import InvalidBody, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from adapters.contract import Hints
    from gateway.cache.snapshot import Snapshot, Table
    from gateway.districts.district import District
    from gateway.registers.tags import RegisterKeys

STUDENT_ENTITY: Final = "student"
NAME_PARTS: Final = ("given", "family", "middle", "suffix")
PLACE: Final = ("transfer children",)
MAX_ROWS: Final = 2_000_000
"""The rows that one search reads of a district that is not cached."""
PATIENCE: Final = 20.0
"""The seconds that a search waits for another one of the same district."""

STUDENT: Final = STUDENT_FIELDS | {
    "name.middle", "name.suffix", "name.maiden", "name.preferredGiven", "name.preferredFamily", "birthSex", "sex",
    "birthCity",
}  # fmt: skip
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "student": STUDENT,
    "profile": CODE_FIELDS | {"organization"},
    "enrollment": frozenset({"student", "school", "grade", "entry", "exit", "primary", "schoolYear"}),
    "organization": frozenset({"id", "identifier", "name", "shortName", "kind", "parent"}),
}
"""The fields by which a child is found, by entity."""
INDISPENSABLE: Final = frozenset({"name.given", "name.family", "birthDate"})
"""The columns without which a snapshot finds nobody: its district is read instead."""

READINGS: Final[SearchReadings[DistrictRoll]] = SearchReadings()
"""The readings of this process."""
_LOOKING_UP: Final = threading.Lock()
_FLIGHTS: Final[WeakKeyDictionary[District, threading.Lock]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class DistrictRoll:
    """The students of one state of a district's data: for matching, and by row for its own people."""

    snapshot: Snapshot = field(repr=False)
    index: CandidateIndex = field(repr=False)
    rows: Mapping[str, int] = field(repr=False)
    candidates: Mapping[str, ChildCandidate] = field(repr=False)

    def own_id(self, row: int) -> str:
        """Return what the district's system calls the student of a row: what the keyed tag is made from."""
        table = self.snapshot.table("student")
        unique = (table.unique or table.ids)[row]
        return own_ids(table.key(row), {"id": table.ids[row], "uniqueId": unique})[0]

    def id_of(self, row: int) -> str:
        """Return the id of the record in its source, by which a package is read."""
        return self.snapshot.table("student").ids[row]

    def key_of(self, own: str) -> str:
        """Return the natural key of the student with an id of the source; empty where it is not of a single part."""
        row = self.rows.get(own)
        key = self.snapshot.table("student").key(row) if row is not None else None
        return key[0] if key is not None and len(key) == 1 else ""

    def value(self, row: int, name: str) -> str:
        """Return a field of a student; empty where there is none."""
        return _text(self.snapshot.table("student"), name, row)


class DistrictChildren:
    """The students of a district by the ids of its own source, searched as matching wants it.

    An index is made once for a snapshot and kept with it. Of a district that is not cached one reading serves the
    searches of a minute.
    """

    def index(self, district: District) -> CandidateIndex:
        """Return the index of a district's students as they are now.

        Raises:
            SourceError: the source cannot be read whole.
        """
        return self.roll(district).index

    def roll(self, district: District) -> DistrictRoll:
        """Return the students of a district as they are now; one search of it is made after the other.

        Raises:
            SourceError: the source cannot be read whole.
        """
        with _single_flight(district):
            snapshot = _held(district)
            if snapshot is not None:
                return _roll(snapshot)
            found = _kept(district)
            if found is None:
                found = _roll(_read(district))
                READINGS.keep(district, found)
            return found

    def roll_with(self, district: District, own: str) -> DistrictRoll:
        """Return students of a district with the one whom its source calls *own*: that one alone is read where it can.

        Raises:
            SourceError: the source cannot be read.
        """
        if not _finds_one(district) or _kept(district) is not None:
            return self.roll(district)
        return _roll(_read(district, {STUDENT_ENTITY: (Hint("id", "=", own),), **_of_student(own)}))

    def roll_about(self, district: District, keys: RegisterKeys, subject: str) -> DistrictRoll:
        """Return students of a district with the one who has a keyed tag, if any has.

        Whoever was found before is read alone, where the district is not in memory and its source can do that.

        Raises:
            SourceError: the source cannot be read.
        """
        own = READINGS.student(district, subject)
        if own is not None:
            found = self.roll_with(district, own)
            if row_of_subject(found, keys, district.name, subject) is not None:
                return found
        found = self.roll(district)
        row = row_of_subject(found, keys, district.name, subject)
        if row is not None:
            READINGS.note_student(district, subject, found.id_of(row))
        return found

    def present(self, district: District) -> DistrictRoll | None:
        """Return the students of a district as they are in memory, under the registers of now; nothing is waited for.

        None where they are not in memory, or lack what the registers need to know a student again.
        """
        snapshot, registers = district.latest, district.registers.now()
        if snapshot is None or not _finds(snapshot):
            return _kept(district)
        if district.registers.grown:
            return None
        with _single_flight(district):
            return _roll(replace(snapshot, registers=registers))

    def forget_old(self) -> None:
        """Forget the readings whose minute is over."""
        READINGS.forget_old()


def subject_tag(keys: RegisterKeys, district: str, own_id: str) -> str:
    """Return the keyed tag of a student, by `DistrictRoll.own_id`: the *subject* of an event, and that of registers."""
    return keys.tag(district, ID, own_id)


def row_of_subject(roll: DistrictRoll, keys: RegisterKeys, district: str, subject: str) -> int | None:
    """Return the row of the student with a keyed tag; None where there is no such student any more."""
    facts: dict[tuple[str, ...], Any] = derived(roll.snapshot.table("student")).facts
    place = (*PLACE, district)
    known, probe = facts.get(place), keys.tag(district, ID, "")
    if known is None or known[0] != probe:
        size = roll.snapshot.table("student").size
        known = facts[place] = probe, {subject_tag(keys, district, roll.own_id(row)): row for row in range(size)}
    found: int | None = known[1].get(subject)
    return found


def asked_values(student: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a request as they are sealed, by `AskedPart`, of a *student* as a form states it.

    Raises:
        InvalidBody: a part is none that there is.
    """
    given = {name: " ".join(str(text).split()) for name, text in student.items() if str(text).strip()}
    if given.keys() - {"stateId", "birthDate", "lastSchool", *NAME_PARTS}:
        raise InvalidBody("A student is stated by stateId, family, given, middle, suffix, birthDate and lastSchool.")
    name = {part: given[part] for part in NAME_PARTS if part in given}
    found = {
        AskedPart.STATE_ID.value: given.get("stateId", ""),
        AskedPart.NAME.value: json.dumps(name, sort_keys=True, ensure_ascii=False) if name else "",
        AskedPart.BIRTH_DATE.value: given.get("birthDate", ""),
        AskedPart.LAST_SCHOOL.value: given.get("lastSchool", ""),
    }
    return {part: text for part, text in found.items() if text}


def stated_child(values: Mapping[str, str]) -> StatedChild:
    """Return the child that the sealed *values* of a request state."""
    name: dict[str, str] = json.loads(values.get(AskedPart.NAME, "") or "{}")
    given, family, middle, suffix = (name.get(part, "") for part in NAME_PARTS)
    return StatedChild(
        values.get(AskedPart.STATE_ID, ""),
        given,
        family,
        middle,
        suffix,
        values.get(AskedPart.BIRTH_DATE, ""),
        last_school=values.get(AskedPart.LAST_SCHOOL, ""),
    )


@contextmanager
def _single_flight(district: District) -> Iterator[None]:
    """Let one search of a district at a time make or read what it needs; another one waits, not for ever.

    Raises:
        SourceUnavailable: the one before takes too long.
    """
    with _LOOKING_UP:
        flight = _FLIGHTS.setdefault(district, threading.Lock())
    if not flight.acquire(timeout=PATIENCE):
        raise SourceUnavailable("another search of the district has not ended", place=district.name)
    try:
        yield
    finally:
        flight.release()


def _roll(snapshot: Snapshot) -> DistrictRoll:
    """Return the students of a snapshot, with the index that is kept with its tables."""
    facts = derived(snapshot.table("student")).facts
    beside = tuple(snapshot.table(name) for name in ("profile", "enrollment", "organization"))
    known = facts.get(PLACE)
    if known is None or any(one is not other for one, other in zip(known[0], beside, strict=True)):
        known = facts[PLACE] = beside, *_indexed(snapshot)
    return DistrictRoll(snapshot, *known[1:])


def _held(district: District) -> Snapshot | None:
    """Return a district's snapshot, if it has what finds a child."""
    if "student" not in district.cached_entities:
        return None
    snapshot = district.cached_snapshot()
    return snapshot if _finds(snapshot) else None


def _finds(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot has what finds a child."""
    return snapshot.table("student").columns.keys() >= INDISPENSABLE


def _kept(district: District) -> DistrictRoll | None:
    """Return the last reading of a district under the registers of now; None where its minute is over."""
    found, registers = READINGS.find(district), district.registers.now()
    if found is None or found.snapshot.registers is registers:
        return found
    return replace(found, snapshot=replace(found.snapshot, registers=registers))


def _read(district: District, hints: Hints = NO_HINTS) -> Snapshot:
    """Read what finds a child from a district's source."""
    there, registers = district.adapter.manifest.entities, district.registers.now()
    needs = district.registers.needs  # what the district declares in its own system is among them
    wanted = {entity: joined(fields, needs.get(entity)) for entity, fields in NEEDED.items() if entity in there}
    records = district.adapter.read(wanted, {entity: asked for entity, asked in hints.items() if entity in there})
    found = build_snapshot(records, district.name, district.keyring, budget=MAX_ROWS)
    found.registers = registers
    return found


def _finds_one(district: District) -> bool:
    """Tell whether one student of a district is to be read alone: it is not cached, and its source finds records."""
    return STUDENT_ENTITY not in district.cached_entities and STUDENT_ENTITY in district.adapter.manifest.ids_shown


def _of_student(own: str) -> Hints:
    """Return the conditions that records are about one student."""
    return {entity: (Hint(STUDENT_ENTITY, "=", own),) for entity in ("profile", "enrollment")}


def _indexed(snapshot: Snapshot) -> tuple[CandidateIndex, Mapping[str, int], Mapping[str, ChildCandidate]]:
    every = tuple(_candidates(snapshot))
    return CandidateIndex(every), {one.id: row for row, one in enumerate(every)}, {one.id: one for one in every}


def _candidates(snapshot: Snapshot) -> Iterator[ChildCandidate]:
    """Yield every student of a snapshot as matching compares them."""
    table, schools, states = snapshot.table("student"), _schools(snapshot), list(_state_ids(snapshot))
    for row, own in enumerate(table.ids):
        given, family, middle, suffix, maiden, called, named, sex, born, city = (
            _text(table, name, row)
            for name in (
                "name.given", "name.family", "name.middle", "name.suffix", "name.maiden", "name.preferredGiven",
                "name.preferredFamily", "birthSex", "birthDate", "birthCity",
            )
        )  # fmt: skip
        others = [OtherName(family=maiden)] if maiden else []
        others += [OtherName(called, named)] if called or named else []
        yield ChildCandidate(
            own, states[row], given, family, middle, suffix, born, sex, schools[row], city, tuple(others)
        )


def _state_ids(snapshot: Snapshot) -> Iterator[str]:
    """Yield the likeliest id of the state of each student; empty where there is none."""
    table, profiles = snapshot.table("student"), snapshot.table("profile")
    codes: Sequence[Any] | None = profiles.columns.get("identificationCodes")
    linked = codes is not None and "student" in profiles.refs
    children: Sequence[tuple[int, ...]] = snapshot.children("profile", "student", "student") if linked else ()
    names = [name for name in ("identifier", "masterIdentifier", "identifiers") if name in table.columns]
    for row in range(table.size):
        record: dict[str, Any] = {name: table.columns[name][row] for name in names}
        kids = children[row] if children else ()
        found = (item for kid in kids for item in (codes[kid] if codes is not None else None) or ())
        yield next(iter(state_ids(record, found)), "")


def _schools(snapshot: Snapshot) -> list[tuple[str, ...]]:
    """Return what the schools of each student are called: those of all enrollments, past ones too."""
    enrollments, schools = snapshot.table("enrollment"), snapshot.table("organization")
    found: list[set[str]] = [set() for _ in range(snapshot.table("student").size)]
    for student, school in zip(enrollments.refs.get("student", ()), enrollments.refs.get("school", ()), strict=False):
        if student >= 0 and school >= 0:
            found[student].update(_names(schools, school))
    return [tuple(sorted(some)) for some in found]


def _names(schools: Table, row: int) -> Iterable[str]:
    called = (_text(schools, name, row) for name in ("name", "shortName", "identifier"))
    return [text for text in called if text]


def _text(table: Table, name: str, row: int) -> str:
    column = table.columns.get(name)
    return "" if column is None or column[row] is None else str(column[row])
