"""Resolving: from what a person typed of a student to tags for an entry, or to entries, by the students there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.registers.matching import contradicted, spelt_id
from gateway.registers.stating import WrongPart
from gateway.registers.tags import ID, NAME, STATE_ID, spelt_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.registers.events import RegisterEntry
    from gateway.registers.matching import Students

WHO: Final = ("studentId", "stateId", "familyName", "givenName", "birthDate")
"""The parts that say who a student is."""

NOBODY: Final = "the district's system has no student who is known by this"
SEVERAL: Final = "several students are known by this: say more of who is meant"
DIFFERENT: Final = "this is of another student than the rest"
UNCONFIRMED: Final = (
    "neither a state's id nor a name with date of birth tells this student from others, and systems give an id again:"
    " it would count for nobody"
)
TYPE_MORE: Final = "systems give an id again: say the state's id, or the name with the date of birth"
NO_TAGS: Final = "other students are known by all of this too"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The *tags* of an entry, the number of the student they were made for, and the problem where there is none."""

    tags: Mapping[str, str]
    row: int | None = None
    problem: str = ""
    part: str = WHO[0]


def unconfirmed(found: Resolved) -> Resolved:
    """Return what was *found* for an entry that opens something: a problem where the system's id is all it has."""
    known = found.problem or {STATE_ID, NAME} & found.tags.keys()
    return found if known else replace(found, problem=UNCONFIRMED)


def typed_tags(students: Students, given: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the tags of what was *given* alone, by kind, each with the part that it stands in.

    Raises:
        WrongPart: it names nobody, or a name lacks a part.
    """
    found: dict[str, tuple[str, str]] = {}
    for kind, part in ((ID, "studentId"), (STATE_ID, "stateId")):
        if text := spelt_id(given.get(part, "")):
            found[kind] = students.keys.tag(students.district, kind, text), part
    name = [given.get(part, "").strip() for part in WHO[2:]]
    if any(name):
        if not all(name):
            missing = next(part for part, text in zip(WHO[2:], name, strict=True) if not text)
            raise WrongPart(missing, "a name needs family name, given name and date of birth")
        found[NAME] = students.keys.tag(students.district, NAME, spelt_name(*name)), WHO[2]
    if not found:
        raise WrongPart(WHO[0], "nothing says who the student is")
    return found


def confirming_tags(nobody: Students, given: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of what was *given* alone, by kind, for an entry that is compared with no student.

    Raises:
        WrongPart: it names nobody, or says no more than an id that a system may give to another student.
    """
    found = {kind: tag for kind, (tag, _) in typed_tags(nobody, given).items()}
    if not {STATE_ID, NAME} & found.keys():
        raise WrongPart("stateId", TYPE_MORE)
    return found


def resolve(students: Students, given: Mapping[str, str]) -> Resolved:
    """Find the one student who is meant, and the tags for an entry; without one, those of what was *given*.

    Raises:
        WrongPart: what was given names nobody, or a name lacks a part.
    """
    typed = typed_tags(students, given)
    plain = {kind: tag for kind, (tag, _) in typed.items()}
    meant: frozenset[int] | None = None
    for kind, (tag, part) in typed.items():
        rows = students.rows(kind, tag)
        if not rows:
            return Resolved(plain, None, NOBODY, part)
        meant = rows if meant is None else meant & rows
        if not meant:
            return Resolved(plain, None, DIFFERENT, part)
    assert meant is not None
    if len(meant) > 1:
        return Resolved(plain, None, SEVERAL, next(iter(typed.values()))[1])
    (row,) = meant
    own = students.own_tags(row)
    return Resolved(own or plain, row, "" if own else NO_TAGS)


@dataclass(frozen=True, slots=True)
class EntriesOfStudent:
    """The entries of one student: those that are nobody else's (*own*), and those that may be another student's."""

    own: tuple[RegisterEntry, ...] = ()
    doubtful: tuple[RegisterEntry, ...] = ()


def entries_of(students: Students, given: Mapping[str, str], entries: Iterable[RegisterEntry]) -> EntriesOfStudent:
    """Find the *entries* of the student who is meant: by what the student is known by, and by what these share.

    Systems give out ids again, and two children may have one name: an entry that shares something with the student,
    and names somebody else or is somebody else's too, is doubtful. Of several students who may be meant all are.

    Raises:
        WrongPart: what was given names nobody, or a name lacks a part.
    """
    resolved, every = resolve(students, given), list(entries)
    row, known = resolved.row, {kind: {tag} for kind, tag in resolved.tags.items()}
    meant = [one for one in every if _shares(one, known)]
    if resolved.problem == NOBODY:
        owners = {owner for one in meant for owner in _owners(students, one)}
        row = min(owners, default=None)
        several = len(owners) > 1 or (row is None and _disagree(meant))
    else:
        several = row is None
    if row is not None:
        _learn(known, students.found[row].tags)
    own: list[RegisterEntry] = []
    mine = {row} if row is not None else set()
    while not several:
        more = (one for one in every if one not in own and _shares(one, known))
        sure = (one for one in more if not contradicted(one.states.tags, known) and _owners(students, one) <= mine)
        if (one := next(sure, None)) is None:
            break
        own.append(one)
        _learn(known, {kind: (tag,) for kind, tag in one.states.tags.items()})
    doubtful = (one for one in every if one not in own and _shares(one, known))
    return EntriesOfStudent(tuple(one for one in every if one in own), tuple(doubtful))


def _shares(one: RegisterEntry, known: Mapping[str, set[str]]) -> bool:
    return any(tag in known.get(kind, ()) for kind, tag in one.states.tags.items())


def _learn(known: dict[str, set[str]], tags: Mapping[str, Iterable[str]]) -> None:
    for kind, some in tags.items():
        known.setdefault(kind, set()).update(some)


def _owners(students: Students, one: RegisterEntry) -> set[int]:
    """Return the numbers of the students whom an entry matches, and does not name as somebody else."""
    tags = one.states.tags
    return {row for row in students.matching(tags) if not contradicted(tags, students.found[row].tags)}


def _disagree(entries: Iterable[RegisterEntry]) -> bool:
    """Tell whether two of the *entries* are about different students."""
    named = [one.states.tags for one in entries]
    each = [{kind: (tag,) for kind, tag in tags.items()} for tags in named]
    return any(contradicted(tags, other) for tags in named for other in each)
