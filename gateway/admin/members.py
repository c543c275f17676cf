"""Members: whose roles fit an organisation, who may be changed whole, and whom nobody may take away."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from gateway.people.actor import NotPermitted
from gateway.people.persons import ENDED, Person, find_person, holders, roles_of
from gateway.storage.people.tables import authenticators, identities, passkeys
from standards.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.admin.organisations import Organisation
    from gateway.people.actor import Actor
    from gateway.people.invitations import Invitation
    from gateway.people.persons import HeldRole

NOBODY: Final = "There is no such person here."
NOT_ALONE: Final = "Only the region's operator may do this to this person."
LAST: Final = "This is the last person with this role here. Invite another one first."
NEVER_LAST: Final = frozenset({"region-operator", "district-admin"})
"""The roles without which nobody could invite anybody any more."""

FACTORS: Final = {"passkey": passkeys, "password and code": authenticators, "provider": identities}


@dataclass(frozen=True, slots=True)
class OrganisationMember:
    """A person as its organisation sees it: its *roles* there, and how it can sign in (*factors*)."""

    person: Person
    roles: tuple[str, ...]
    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleOfOrganisation:
    """The members of an organisation, its open invitations, and the roles that the actor may give there."""

    organisation: Organisation
    members: tuple[OrganisationMember, ...]
    invitations: tuple[Invitation, ...]
    may_give: tuple[str, ...]
    may_change: bool


def member_of(connection: Connection, org: str, person: str, now: datetime) -> Person:
    """Return a person of an organisation, locked.

    Raises:
        NotFound: the organisation has no such person.
    """
    found = find_person(connection, person, lock=True)
    if found is None or not any(one.org == org for one in roles_of(connection, person, now)):
        raise NotFound(NOBODY)
    return found


def whole_person(
    connection: Connection, actor: Actor, org: str, person: str, now: datetime
) -> tuple[Person, tuple[HeldRole, ...]]:
    """Return a person, locked, and all its roles, where every one of them is the actor's to change.

    Raises:
        NotFound: the organisation has no such person.
        NotPermitted: others have a say in it, too.
    """
    found = find_person(connection, person, lock=True)
    held, anywhere = roles_of(connection, person, now, lock=True), actor.everywhere("person.change")
    if found is None or not (any(one.org == org for one in held) or (anywhere and found.status != ENDED)):
        raise NotFound(NOBODY)
    if not anywhere and not all(actor.allows("person.change", one.org) for one in held):
        raise NotPermitted(NOT_ALONE)
    return found, held


def keep_one(connection: Connection, held: Collection[HeldRole], found: Person, now: datetime) -> None:
    """Refuse to take away the last one who has a role that somebody must have.

    Raises:
        Conflict: it is.
    """
    for one in held:
        if one.role in NEVER_LAST:
            left = holders(connection, one.org, one.role, now)
            if found.id in left and left == {found.id}:
                raise Conflict(LAST)


@contextmanager
def digests(connection: Connection, found: Person, content: dict[str, Any], now: datetime) -> Iterator[None]:
    """Add to the *content* of an act the digests of what a person was before the block and is after it."""
    content["before"] = _digest(connection, found.id, now)
    yield
    content["after"] = _digest(connection, found.id, now)


def factors_of(connection: Connection, those: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return by which ways each of *those* people can sign in."""
    found: dict[str, list[str]] = {person: [] for person in those}
    for name, table in FACTORS.items():
        for person in connection.execute(select(table.c.person).where(table.c.person.in_(found)).distinct()).scalars():
            found[person].append(name)
    return {person: tuple(names) for person, names in found.items()}


def known_as(connection: Connection, person: str, now: datetime) -> tuple[str, str]:
    """Return the digest of what a person is now, and its mail."""
    found = find_person(connection, person)
    return _digest(connection, person, now), found.mail if found else ""


def _digest(connection: Connection, person: str, now: datetime) -> str:
    found = find_person(connection, person)
    held = sorted([one.org, one.role] for one in roles_of(connection, person, now))
    facts = json.dumps({"person": person, "status": found.status if found else "", "roles": held})
    return hashlib.sha256(facts.encode()).hexdigest()
