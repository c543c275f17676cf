"""Invitations: one-time links by which somebody joins, begins the region, or gets back in; kept by their hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from gateway.people.sessions import hashed
from gateway.storage.people.tables import invitations
from standards.errors import NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

INVITATION, BOOTSTRAP, RECOVERY = "invitation", "bootstrap", "recovery"
LIVES: Final = {INVITATION: timedelta(days=7), BOOTSTRAP: timedelta(hours=24), RECOVERY: timedelta(hours=24)}
TOKEN_BYTES: Final = 32
GONE: Final = "This link has been used, taken back, or is too old. Ask whoever sent it for a new one."


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link is for; *id* is the hash of its token, which nobody can follow."""

    id: str
    kind: str
    mail: str
    name: str
    org: str
    role: str
    made: datetime
    made_by: str
    expires: datetime
    inviter: str
    org_kind: str


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who makes a link: its name on record, and the id of the *person* it is; empty for an operator."""

    name: str
    person: str


def make_invitation(
    connection: Connection,
    kind: str,
    mail: str,
    org: str,
    role: str,
    by: Inviter,
    now: datetime,
    name: str = "",
    org_kind: str = "",
) -> str:
    """Make a link of a *kind*; return its token, which is not kept. An open one for the same ends."""
    same = invitations.c.kind == kind, invitations.c.mail == mail, invitations.c.org == org, invitations.c.role == role
    open_ones = update(invitations).where(*same, invitations.c.used.is_(None), invitations.c.withdrawn.is_(None))
    connection.execute(open_ones.values(withdrawn=now))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {
        "token_hash": hashed(token), "kind": kind, "mail": mail, "name": name, "org": org, "role": role, "made": now,
        "made_by": by.name, "inviter": by.person, "org_kind": org_kind, "expires": now + LIVES[kind],
    }  # fmt: skip
    connection.execute(insert(invitations).values(values))
    return token


def find_invitation(connection: Connection, token: str, now: datetime) -> Invitation | None:
    """Find what the link with that *token* is for; None where it leads nowhere any more."""
    wanted = select(invitations).where(invitations.c.token_hash == hashed(token), *_open(now))
    row = connection.execute(wanted).first()
    return _invitation(row) if row else None


def use_invitation(connection: Connection, token: str, now: datetime) -> Invitation:
    """Use a link: of two who try, one does.

    Raises:
        NotFound: it leads nowhere any more.
    """
    found = find_invitation(connection, token, now)
    once = update(invitations).where(invitations.c.token_hash == hashed(token), *_open(now)).values(used=now)
    if found is None or not connection.execute(once).rowcount:
        raise NotFound(GONE)
    return found


def withdraw_invitation(connection: Connection, name: str, now: datetime) -> bool:
    """Take a link back, by the hash of its token."""
    once = update(invitations).where(invitations.c.token_hash == name, *_open(now)).values(withdrawn=now)
    return bool(connection.execute(once).rowcount)


def withdraw_for(connection: Connection, mail: str, now: datetime, kind: str = "") -> None:
    """Take back every open link for an address, or those of one *kind*."""
    theirs = update(invitations).where(invitations.c.mail == mail, *_open(now)).values(withdrawn=now)
    connection.execute(theirs.where(invitations.c.kind == kind) if kind else theirs)


def open_invitations(connection: Connection, org: str, now: datetime) -> tuple[Invitation, ...]:
    """Return the open links of an organisation, oldest first."""
    wanted = select(invitations).where(invitations.c.org == org, *_open(now)).order_by(invitations.c.made)
    return tuple(map(_invitation, connection.execute(wanted)))


def find_open(connection: Connection, name: str, now: datetime) -> Invitation | None:
    """Find an open link by the hash of its token."""
    row = connection.execute(select(invitations).where(invitations.c.token_hash == name, *_open(now))).first()
    return _invitation(row) if row else None


def _open(now: datetime) -> tuple[Any, ...]:
    return invitations.c.used.is_(None), invitations.c.withdrawn.is_(None), invitations.c.expires > now


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        row.token_hash, row.kind, row.mail, row.name, row.org, row.role, row.made, row.made_by, row.expires,
        row.inviter, row.org_kind,
    )  # fmt: skip
