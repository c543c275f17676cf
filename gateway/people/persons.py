"""Persons and the roles they hold, in the registry; each function works in the transaction of its caller."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.one_line import is_one_line
from gateway.storage.people.kinds import counts
from gateway.storage.people.tables import invitations, memberships, people, sessions
from gateway.translations.catalogues import LANGUAGES, SOURCE_LANGUAGE
from policies.roles import roles
from standards.errors import CallerError, Conflict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

ACTIVE, SUSPENDED, ENDED = "active", "suspended", "ended"
MAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
TAKEN: Final = "Somebody signs in with this address already. Sign in first, then follow the link again."
MAX_MAIL_CHARACTERS: Final = 200
"""As long as the name of whoever acts may be in every table; RFC 5321 would allow 254."""

MAX_NAME_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in, whatever roles it holds."""

    id: str
    mail: str
    name: str
    status: str
    language: str
    created: datetime
    last_sign_in: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that a *person* holds in an organisation, by the *number* of its row."""

    number: int
    person: str
    org: str
    role: str
    begins: datetime
    kind: str


def normal_mail(text: str) -> str:
    """Spell a mail address as persons and invitations are compared by it: in small letters of ASCII.

    Raises:
        CallerError: it is none that mail can be sent to.
    """
    mail = text.strip().lower()
    if len(mail) > MAX_MAIL_CHARACTERS or not MAIL.fullmatch(mail):
        raise CallerError("This is no mail address.")
    return mail


def person_name(text: str) -> str:
    """Return a person's name as it is kept.

    Raises:
        CallerError: it is empty, too long, or more than one line.
    """
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME_CHARACTERS or not is_one_line(name):
        raise CallerError("Give a name of one line.")
    return name


def find_person(connection: Connection, person: str, *, lock: bool = False) -> Person | None:
    """Find the person of that id; *lock* keeps others from changing it before the transaction ends."""
    wanted = select(people).where(people.c.id == person)
    return _person(connection.execute(wanted.with_for_update() if lock else wanted).first())


def find_by_mail(connection: Connection, mail: str) -> Person | None:
    """Find whoever has that address and has not ended."""
    return _person(connection.execute(select(people).where(people.c.mail == mail, people.c.status != ENDED)).first())


def new_person_id() -> str:
    """Generate the id of a person."""
    return secrets.token_hex(16)


def add_person(
    connection: Connection, person: str, mail: str, name: str, language: str, by: str, now: datetime
) -> Person:
    """Add a person under a new id, without any role.

    Raises:
        Conflict: somebody has that address.
    """
    if find_by_mail(connection, mail) is not None:
        raise Conflict(TAKEN)
    shown = language if language in LANGUAGES else SOURCE_LANGUAGE
    added = Person(person, mail, person_name(name), ACTIVE, shown, now)
    values = {"mail": mail, "name": added.name, "status": ACTIVE, "language": shown, "created": now, "created_by": by}
    try:
        connection.execute(insert(people).values(id=added.id, **values))
    except IntegrityError:
        raise Conflict(TAKEN) from None
    return added


def set_status(connection: Connection, person: str, status: str, now: datetime) -> None:
    """Set whether a person may come in; whoever may not loses every session at once."""
    connection.execute(update(people).where(people.c.id == person).values(status=status))
    if status != ACTIVE:
        end_sessions(connection, person, now)
    if status == ENDED:
        mine = update(memberships).where(memberships.c.person == person, _held(now))
        connection.execute(mine.values(ends=now))


def end_sessions(connection: Connection, person: str, now: datetime) -> None:
    """End every session of a person."""
    mine = update(sessions).where(sessions.c.person == person, sessions.c.ended.is_(None))
    connection.execute(mine.values(ended=now))


def roles_of(connection: Connection, person: str, now: datetime, *, lock: bool = False) -> tuple[HeldRole, ...]:
    """Return the roles that a person holds now, oldest first."""
    mine = select(memberships).where(memberships.c.person == person, _held(now)).order_by(memberships.c.number)
    return tuple(map(_role, connection.execute(mine.with_for_update() if lock else mine)))


def give_role(connection: Connection, person: str, org: str, role: str, by: str, now: datetime, kind: str) -> bool:
    """Give a person a role in an organisation of a *kind*; False where it holds it already, in one of that kind."""
    if holds(connection, person, org, role, kind, now):
        return False
    values = {"person": person, "org": org, "role": role, "begins": now, "made_by": by, "kind": kind}
    connection.execute(insert(memberships).values(values))
    return True


def holds(connection: Connection, person: str, org: str, role: str, kind: str, now: datetime) -> bool:
    """Tell whether a person holds a role in an organisation that is of a *kind*, so that it counts."""
    held = [one for one in roles_of(connection, person, now) if (one.org, one.role) == (org, role)]
    return any(counts(role, one.kind, {kind}) for one in held)


def end_role(connection: Connection, held: HeldRole, mail: str, now: datetime) -> None:
    """End a role of whoever has that *mail*, and take back the open invitations that it was sent there, or has made.

    Those that it made elsewhere end, too, where it is by this role that it could make them.
    """
    connection.execute(update(memberships).where(memberships.c.number == held.number).values(ends=now))
    known = roles().get(held.role)
    by_it = or_(invitations.c.org == held.org, invitations.c.role.in_(known.invites if known else ()))
    made = (invitations.c.inviter == held.person) & by_it
    _withdraw(connection, now, or_(made, (invitations.c.mail == mail) & (invitations.c.org == held.org)))


def withdraw_of(connection: Connection, person: str, now: datetime) -> None:
    """Take back the open invitations that somebody made: they may have been its way to come back."""
    _withdraw(connection, now, invitations.c.inviter == person)


def withdraw_role(connection: Connection, mail: str, org: str, role: str, now: datetime) -> None:
    """Take back the open invitations of an address to a role that its person has now."""
    _withdraw(connection, now, invitations.c.mail == mail, invitations.c.org == org, invitations.c.role == role)


def _withdraw(connection: Connection, now: datetime, *which: ColumnElement[bool]) -> None:
    still = invitations.c.used.is_(None), invitations.c.withdrawn.is_(None)
    connection.execute(update(invitations).where(*which, *still).values(withdrawn=now))


def members(connection: Connection, org: str, now: datetime) -> tuple[tuple[Person, tuple[HeldRole, ...]], ...]:
    """Return whoever holds a role in an organisation now, by name, each with its roles there."""
    wanted = select(memberships).where(memberships.c.org == org, _held(now)).order_by(memberships.c.number)
    found: dict[str, list[HeldRole]] = {}
    for one in map(_role, connection.execute(wanted)):
        found.setdefault(one.person, []).append(one)
    rows = connection.execute(select(people).where(people.c.id.in_(found)))
    known = sorted(filter(None, map(_person, rows)), key=lambda person: (person.name.casefold(), person.id))
    return tuple((person, tuple(found[person.id])) for person in known)


def holders(connection: Connection, org: str, role: str, now: datetime) -> frozenset[str]:
    """Return who holds a role in an organisation and may come in, locked until the transaction ends."""
    wanted = select(people.c.id).join(memberships, memberships.c.person == people.c.id)
    asked = wanted.where(memberships.c.org == org, memberships.c.role == role, _held(now), people.c.status == ACTIVE)
    return frozenset(connection.execute(asked.with_for_update()).scalars())


def _held(now: datetime) -> ColumnElement[bool]:
    return (memberships.c.begins <= now) & or_(memberships.c.ends.is_(None), memberships.c.ends > now)


def _person(row: Row[Any] | None) -> Person | None:
    if row is None:
        return None
    return Person(row.id, row.mail, row.name, row.status, row.language, row.created, row.last_sign_in)


def _role(row: Row[Any]) -> HeldRole:
    return HeldRole(row.number, row.person, row.org, row.role, row.begins, row.kind)
