"""Sessions of signed-in people: in the registry, known by the hash of a cookie, with an idle and an absolute end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from gateway.people.actor import Actor, Membership
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people, sessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from gateway.storage.registry import SqlStore

COOKIE: Final = "__Host-crossing"
"""The cookie that holds the id of a session."""

ACTIVE: Final = "active"
IDLE: Final = timedelta(minutes=30)
"""A session ends when nothing was asked in it for so long."""

LONGEST: Final = timedelta(hours=10)
"""A session ends after so long, whatever is asked in it."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that a session is in use."""

ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PersonSession:
    """A signed-in browser: the *actor* it acts for, the *language* of the person, when the person last *proved* it."""

    id_hash: str
    actor: Actor
    name: str
    language: str
    method: str
    made: datetime
    proved: datetime


class Sessions:
    """The sessions in the registry."""

    def __init__(self, store: SqlStore, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def begin(self, person: str, method: str, network: str = "", replaced: str = "") -> str:
        """Begin a session for a *person* who has just signed in; return its id, which only the cookie holds.

        The session that the browser had before, *replaced*, ends: nobody goes on in one that somebody else chose.
        """
        name, now = secrets.token_urlsafe(ID_BYTES), self._clock()
        values = {
            "id_hash": hashed(name), "person": person, "method": method, "made": now, "seen": now, "proved": now,
            "network": network,
        }  # fmt: skip
        with transaction(self._engine, write=True) as connection:
            if replaced:
                connection.execute(update(sessions).where(sessions.c.id_hash == hashed(replaced)).values(ended=now))
            connection.execute(insert(sessions).values(values))
            connection.execute(update(people).where(people.c.id == person).values(last_sign_in=now))
        return name

    @timely
    def find(self, name: str) -> PersonSession | None:
        """Find the session of that id, with the roles that its person has now; None where it has ended."""
        now = self._clock()
        wanted = select(sessions, people).join(people, people.c.id == sessions.c.person)
        with transaction(self._engine) as connection:
            row = connection.execute(wanted.where(sessions.c.id_hash == hashed(name))).first()
            if row is None or row.status != ACTIVE or row.ended is not None:
                return None
            if now - row.seen > IDLE or now - row.made > LONGEST:
                return None
            roles = _roles(connection, row.person, now)
        if now - row.seen > SEEN_EVERY:
            self._see(row.id_hash)
        return _session(row, roles)

    @timely
    def prove(self, name: str, method: str) -> None:
        """Note that the person of a session has proved anew who it is."""
        mine = update(sessions).where(sessions.c.id_hash == hashed(name))
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.values(proved=self._clock(), method=method))

    @timely
    def end(self, name: str) -> None:
        """End a session."""
        mine = update(sessions).where(sessions.c.id_hash == hashed(name), sessions.c.ended.is_(None))
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.values(ended=self._clock()))

    def _see(self, id_hash: str) -> None:
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(seen=self._clock()))


def hashed(token: str) -> str:
    """Return the hash under which the registry knows a random *token*."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _roles(connection: Connection, person: str, now: datetime) -> tuple[Membership, ...]:
    mine = select(memberships).where(memberships.c.person == person, memberships.c.begins <= now)
    rows = connection.execute(mine.order_by(memberships.c.number)).all()
    return tuple(Membership(row.org, row.role) for row in rows if row.ends is None or row.ends > now)


def _session(row: Row[Any], roles: tuple[Membership, ...]) -> PersonSession:
    actor = Actor(row.mail, "person", roles, row.person)
    return PersonSession(row.id_hash, actor, row.name, row.language, row.method, row.made, row.proved)
