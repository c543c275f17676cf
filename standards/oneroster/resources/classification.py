"""Closed lists: the words by which a OneRoster record states its kind, and the kind of person they make.

A word decides here whether a record is a student's or an employee's, a school or a district, active or deleted. A word
in no list is therefore refused, never taken for some class by default. The lists are those of both versions of the
standard together, for files and API alike; case and blanks around a word do not count. Words that begin with ``ext:``
are the standard's own way to extend a list, and only 1.2 has it: they are kept, and decide no kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BLANKS: Final = " \t\r\n\u00a0"
MAX_WORD_CHARACTERS: Final = 255
STUDENT: Final = "student"
TEACHER: Final = "teacher"
# OneRoster 1.1 and 1.2, RoleEnum. Whoever has one of the middle ones works for a school or a district, a proctor too.
PERSON_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        STUDENT: "student",
        **dict.fromkeys(
            (
                TEACHER, "aide", "counselor", "principal", "proctor", "administrator", "siteAdministrator",
                "districtAdministrator", "systemAdministrator",
            ),
            "staff",
        ),
        **dict.fromkeys(("guardian", "parent", "relative"), "contact"),
    }
)  # fmt: skip
# What somebody is to a class, by the kind of person and the role that the enrollment states: no other pair counts as
# a student's place or as teaching.
CLASS_ROLES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {("student", STUDENT): "placement", ("staff", TEACHER): "teaching"}
)
OTHER_CLASS_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {"student": "studentInvolvement", "staff": "staffInvolvement", "contact": "contactInvolvement"}
)
CLASS_ENTITIES: Final = (*CLASS_ROLES.values(), *OTHER_CLASS_ROLES.values())
# The standard's words for a deleted record; 1.0 had ``inactive`` for what 1.1 calls ``tobedeleted``.
GONE: Final[Mapping[str, str]] = MappingProxyType({"tobedeleted": "deleted", "inactive": "inactive"})
_ROLES: Final = (("user", "role"), ("role", "role"))
_NEWER: Final = {"administrator": "siteAdministrator"}  # as the roles of 1.2 call the administrator of 1.1
_LISTS: Final[Mapping[tuple[str, str], tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        **dict.fromkeys(_ROLES, _ROLES),  # a user's role is one list, whether it stands with the user or alone
        **{
            place: (place,)
            for place in (
                ("role", "roleType"), ("enrollment", "role"), ("org", "type"), ("academicSession", "type"),
                ("class", "classType"),
            )
        },
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """A closed list: its words by their small letters, and the pattern of extensions where there may be any."""

    known: Mapping[str, str]
    extension: str = ""

    def find(self, text: str) -> str | None:
        """Find the word of the list that *text* is, as the standard writes it; None where it is none."""
        if found := self.known.get(text):
            return found
        word = text.strip(BLANKS)
        found = self.known.get(word.lower())  # and not casefold(), which takes other letters for these
        extends = found is None and self.extension and len(word) <= MAX_WORD_CHARACTERS
        return word if extends and re.fullmatch(self.extension, word) else found


def _words(words: Iterable[str], extension: str = "") -> Words:
    return Words(MappingProxyType({word.lower(): word for word in words}), extension)


ACTIVE: Final = "active"
STATUS: Final = _words((ACTIVE, *GONE))


@cache
def words(version: str, class_name: str, member: str) -> Words | None:
    """Return the closed list of a *member* of a class; None where its word decides nothing."""
    if member == "status":
        return STATUS
    places = _LISTS.get((class_name, member))
    if places is None:
        return None
    members = [
        found
        for edition in ("1.1", "1.2")
        for where, name in places
        if (found := model.classes(edition).get(where, {}).get(name))
    ]
    own = (model.classes(version).get(where, {}).get(name) for where, name in places)
    extension = next((found.extension for found in own if found and found.extension), "")
    known = _words((word for one in members for word in (*one.values, *one.legacy_values)), extension)
    if class_name == "role":
        return replace(known, known={word: _NEWER.get(found, found) for word, found in known.known.items()})
    return known


def gone(status: str) -> str:
    """Return the kind of deletion that a *status* states, ``deleted`` or ``inactive``; empty where it states none."""
    return GONE.get(STATUS.find(status) or "", "")


def person_of(roles: Iterable[str]) -> str | None:
    """Return the kind of a person with these *roles*: a student before all, then staff, then a contact; else None.

    Whoever is a student anywhere is a student: the kind that releases least wins.
    """
    found = {PERSON_OF[role] for role in roles if role in PERSON_OF}
    return next((kind for kind in ("student", "staff", "contact") if kind in found), None)


def class_entity(kind: str, role: str) -> str:
    """Return the entity of an enrollment with a *role*, of a person of a *kind*; empty where the kind is not known."""
    return CLASS_ROLES.get((kind, role)) or OTHER_CLASS_ROLES.get(kind, "")
