"""Roles: who of the people may do what, as one table (`roles.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from ruamel.yaml import YAML

from standards.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

Reach = Literal["own", "party", "region"]
REACHES: Final[tuple[Reach, ...]] = ("own", "party", "region")
"""How far a role reaches in an action, from the least to the most."""


@dataclass(frozen=True, slots=True)
class PersonRole:
    """A role that people have in an organisation of one *kind*: region, district, cbo, recipient, or any."""

    name: str
    org: str
    about: str
    invites: frozenset[str]


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody does, and how far each role reaches in it.

    *two_persons* says that an organisation may ask for a second person, *person* that no machine may do it, and
    *commanded* that a command at the command line does, *proved* that in a browser it takes a proof of who does it.
    """

    name: str
    about: str
    roles: Mapping[str, Reach]
    two_persons: bool = False
    person: bool = False
    commanded: bool = False
    proved: bool = False


def roles() -> Mapping[str, PersonRole]:
    """Return every role by its name."""
    return _table()[0]


def actions() -> Mapping[str, Action]:
    """Return every action by its name."""
    return _table()[1]


def action(name: str) -> Action:
    """Return the action of that *name*.

    Raises:
        NotFound: there is none: a fault of the program, which must not let anybody do anything.
    """
    try:
        return actions()[name]
    except KeyError:
        raise NotFound(f"There is no action {name!r}.") from None


def commands() -> Mapping[str, str]:
    """Return the action of each command, by its words after ``crossing``."""
    return _table()[2]


@cache
def _table() -> tuple[Mapping[str, PersonRole], Mapping[str, Action], Mapping[str, str]]:
    """Read the table; a word in it that is not known is refused, and so is a role that no row explains."""
    read = YAML(typ="safe", pure=True).load((files("policies") / "roles.yaml").read_text("utf-8"))
    invites: dict[str, list[str]] = read["invites"]
    known = {name: _role(name, row, invites.get(name, [])) for name, row in read["roles"].items()}
    named: dict[str, str] = read["commands"]
    commanded = frozenset(named.values())
    found = {name: _action(name, row, known, commanded) for name, row in read["actions"].items()}
    unknown = (invites.keys() | {one for several in invites.values() for one in several}) - known.keys()
    unknown |= commanded - found.keys()
    if unknown or read.keys() != {"roles", "invites", "actions", "commands"}:
        message = f"roles.yaml: unknown {', '.join(sorted(unknown)) or 'section'}"
        raise ValueError(message)
    return known, found, named


def _role(name: str, row: dict[str, str], invites: list[str]) -> PersonRole:
    if row.keys() != {"org", "about"} or row["org"] not in {"region", "district", "cbo", "recipient", "any"}:
        message = f"roles.yaml: {name}"
        raise ValueError(message)
    return PersonRole(name, row["org"], row["about"], frozenset(invites))


def _action(name: str, row: dict[str, Any], known: Mapping[str, PersonRole], commanded: frozenset[str]) -> Action:
    given = row["roles"]
    wrong = row.keys() - {"about", "roles", "twoPersons", "person", "proved"} or given.keys() - known.keys()
    if wrong or not set(given.values()) <= set(REACHES):
        message = f"roles.yaml: {name}"
        raise ValueError(message)
    person = bool(row.get("person"))
    two_persons, proved = bool(row.get("twoPersons")), bool(row.get("proved"))
    return Action(name, row["about"], given, two_persons, person, name in commanded, proved)
