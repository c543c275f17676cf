"""Matching: what a student of a source is known by, and which students the tags of an entry match."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.registers.tags import CONTACT, ID, KINDS, NAME, STATE_ID, RegisterKeys, spelt_name
from standards.edfi.resources.state_codes import is_state_system

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from adapters.contract import Adapter, Record

OWN_FIELDS: Final = frozenset({"id", "uniqueId"})
NAME_FIELDS: Final = frozenset({"name.family", "name.given", "birthDate"})
STATE_FIELDS: Final = frozenset(
    {"identifier", "masterIdentifier", "identifiers", "identifiers.type", "identifiers.value"}
)
CODE_FIELDS: Final = frozenset({
    "student", "identificationCodes", "identificationCodes.system", "identificationCodes.code",
})  # fmt: skip
"""The fields of a student's profiles that tags are made from."""

FIELDS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    ID: {"student": OWN_FIELDS},
    STATE_ID: {"student": STATE_FIELDS, "profile": CODE_FIELDS},
    NAME: {"student": NAME_FIELDS},
}
"""The fields, by entity, that each kind of tag of a student is made from."""

STUDENT_FIELDS: Final = OWN_FIELDS | STATE_FIELDS | NAME_FIELDS


@dataclass(frozen=True, slots=True)
class StudentParts:
    """What one student is known by: *ids* of the district's system, *state_ids*, and *names* spelt with birth date.

    The first of each is the one that a new entry is made with; any of them matches.
    """

    ids: tuple[str, ...] = ()
    state_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every kind of tag with a text that the tag is made from."""
        for kind, texts in zip(KINDS, (self.ids, self.state_ids, self.names), strict=True):
            yield from ((kind, text) for text in texts)


def parts_of(key: Sequence[str] | None, student: Record, codes: Iterable[Mapping[str, Any]] = ()) -> StudentParts:
    """Return what a *student* is known by, with its natural *key* and the identification *codes* of its profiles.

    The id in the district's system is the one part of the key: OneRoster's sourcedId, Ed-Fi's studentUniqueId.
    """
    return StudentParts(own_ids(key, student), state_ids(student, codes), names_of(student))


def own_ids(key: Sequence[str] | None, person: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the district's system calls a student, or a contact: the *key*, the id, and the people's number."""
    return _spelt((*(key or ()), person.get("id"), person.get("uniqueId")))


def names_of(student: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the name of a student with the birth date, in one spelling; nothing where a part of it is missing."""
    family, given, born = (str(student.get(name) or "") for name in ("name.family", "name.given", "birthDate"))
    return (spelt_name(family, given, born),) if family and given and born else ()


def state_ids(student: Mapping[str, Any], codes: Iterable[Mapping[str, Any]] = ()) -> tuple[str, ...]:
    """Return what may be the state's id of a student, the likeliest first.

    That is an identification code or other id whose system is the state's (all codes where none says so), then the
    number across all systems, then the other number by which the school knows the student.
    """
    every = [(str(one.get("system") or ""), one.get("code")) for one in codes]
    states = [code for system, code in every if is_state_system(system)] or [code for _, code in every]
    known = ((str(one.get("type") or ""), one.get("value")) for one in student.get("identifiers") or ())
    others = (number for system, number in known if is_state_system(system))
    return _spelt((*states, *others, student.get("masterIdentifier"), student.get("identifier")))


def tags_of(keys: RegisterKeys, district: str, parts: StudentParts) -> dict[str, tuple[str, ...]]:
    """Return the tags of a student by kind; the first of a kind is the one that a new entry is made with."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, text in parts.texts():
        found[kind] = (*found.get(kind, ()), keys.tag(district, kind, text))
    return found


def contradicted(tags: Mapping[str, str], known: Mapping[str, Collection[str]]) -> bool:
    """Tell whether an entry's *tags* name somebody else than the student *known* by others, whose id it has.

    The state's id decides where both have one, else the name with birth date: a system gives out old ids again.
    """
    kind = next((one for one in (STATE_ID, NAME) if one in tags and known.get(one)), None)
    return kind is not None and tags[kind] not in known[kind]


def confirmed(tags: Mapping[str, str], known: Mapping[str, Collection[str]]) -> bool:
    """Tell whether a consent's *tags* and what a student is *known* by are of one person, beyond the system's id.

    The state's id decides where both have one, else the name with birth date. An id alone says nothing: a system
    gives it to another child once more, and what the two sides do not share cannot tell that it has.
    """
    kind = next((one for one in (STATE_ID, NAME) if one in tags and known.get(one)), None)
    return kind is not None and tags[kind] in known[kind]


def _spelt(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spelt for text in texts if text and (spelt := spelt_id(str(text)))))


def spelt_id(text: str) -> str:
    """Write an id in one spelling: without spaces around it."""
    return text.strip()


@dataclass(frozen=True, slots=True)
class KnownStudent:
    """One student of a source: every tag by kind, and the day of birth."""

    tags: Mapping[str, tuple[str, ...]]
    birth_date: str = ""


class Students:
    """The students that a district's system has now, found by tags; held in memory for the length of one command."""

    def __init__(self, district: str, keys: RegisterKeys) -> None:
        self.district, self.keys = district, keys
        self.found: list[KnownStudent] = []
        self.contacts: set[str] = set()
        self._rows: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    def add(self, parts: StudentParts, birth_date: str = "") -> None:
        """Add a student."""
        found = KnownStudent(tags_of(self.keys, self.district, parts), birth_date)
        for kind, tags in found.tags.items():
            for tag in tags:
                self._rows[kind, tag].add(len(self.found))
        self.found.append(found)

    def rows(self, kind: str, tag: str) -> frozenset[int]:
        """Return the numbers of the students that one *tag* matches."""
        return frozenset(self._rows.get((kind, tag), ()))

    def matching(self, tags: Mapping[str, str]) -> frozenset[int]:
        """Return the numbers of the students that any of an entry's *tags* matches."""
        return frozenset().union(*(self.rows(kind, tag) for kind, tag in tags.items()))

    def own_tags(self, row: int) -> dict[str, str]:
        """Return one tag of each kind for a new entry, without those that match another student too."""
        found = ((kind, tag) for kind, tags in self.found[row].tags.items() for tag in tags)
        own: dict[str, str] = {}
        for kind, tag in found:
            if kind not in own and self.rows(kind, tag) == {row}:
                own[kind] = tag
        return own


def read_students(adapter: Adapter, district: str, keys: RegisterKeys, *, contacts: bool = False) -> Students:
    """Read from its source what all students of a *district* are known by, and with *contacts* who theirs are.

    Raises:
        SourceError: the source cannot be read whole.
    """
    wanted = {"student": STUDENT_FIELDS, "profile": CODE_FIELDS}
    if contacts:
        wanted["contact"] = OWN_FIELDS
    there = {entity: fields for entity, fields in wanted.items() if entity in adapter.manifest.entities}
    records: list[Record] = []
    codes: defaultdict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    found = Students(district, keys)
    for entity, record in adapter.read(there):
        if entity == "student":
            records.append(record)
        elif entity == "profile" and record.get("student"):
            codes[tuple(record["student"])].extend(record.get("identificationCodes") or ())
        elif entity == "contact":
            found.contacts.update(keys.tag(district, CONTACT, text) for text in own_ids(record.get("key"), record))
    for record in records:
        key = tuple(record.get("key") or ())
        found.add(parts_of(key, record, codes.get(key, ())), record.get("birthDate") or "")
    return found
