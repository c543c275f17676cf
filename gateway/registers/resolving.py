"""Resolving: from what a person typed of a student to the tags of an entry, by the students there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.registers.matching import spelt_id
from gateway.registers.stating import WrongPart
from gateway.registers.tags import ID, NAME, STATE_ID, spelt_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.registers.matching import Students

WHO: Final = ("studentId", "stateId", "familyName", "givenName", "birthDate")
"""The parts that say who a student is."""

NOBODY: Final = "the district's system has no student who is known by this"
SEVERAL: Final = "several students are known by this: say more of who is meant"
DIFFERENT: Final = "this is of another student than the rest"
NO_TAGS: Final = "other students are known by all of this too"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The *tags* of an entry, the number of the student they were made for, and the problem where there is none."""

    tags: Mapping[str, str]
    row: int | None = None
    problem: str = ""
    part: str = WHO[0]


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
