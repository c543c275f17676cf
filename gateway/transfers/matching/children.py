"""Children as matching sees them: what the receiving district states, and the rows of the sending district."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_ALIASES: Final = 8
"""The other names of one child that are looked at."""


@dataclass(frozen=True, slots=True, repr=False)
class OtherName:
    """A name that a child had before, or goes by; an empty part is as in the present name."""

    given: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class StatedChild:
    """The child that the receiving district asks for; empty is not stated. A date is written YYYY-MM-DD."""

    state_id: str = ""
    given: str = ""
    family: str = ""
    middle: str = ""
    suffix: str = ""
    birth_date: str = ""
    sex: str = ""
    last_school: str = ""
    birth_city: str = ""
    other_names: tuple[OtherName, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ChildCandidate:
    """One student of the sending district; *id* is its own record's, *schools* are ids or names of all it went to."""

    id: str
    state_id: str = ""
    given: str = ""
    family: str = ""
    middle: str = ""
    suffix: str = ""
    birth_date: str = ""
    sex: str = ""
    schools: tuple[str, ...] = ()
    birth_city: str = ""
    other_names: tuple[OtherName, ...] = ()
