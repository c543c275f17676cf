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
from gateway.storage.people.kinds import counting
from gateway.storage.people.tables import memberships, people, sessions
from standards.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from gateway.storage.people.kinds import Kinds
    from gateway.storage.registry import SqlStore

COOKIE: Final = "__Host-crossing"
"""The cookie that holds the id of a session."""

ACTIVE: Final = "active"
SEEN_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that a session is in use; more often where it ends sooner."""

PROVED_FOR: Final = timedelta(minutes=10)
"""For so long after somebody proved who it is, that counts for acts that are dangerous."""

ID_BYTES: Final = 32
MAX_NETWORK_CHARACTERS: Final = 64


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


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session as its owner sees it."""

    id_hash: str
    method: str
    made: datetime
    seen: datetime
    network: str


class Sessions:
    """The sessions in the registry; *ends* returns how long one may be idle, and how long one may last.

    *kinds* tells what organisations are now: a role counts in none that is not of the kind for which it was given.
    """

    def __init__(
        self,
        store: SqlStore,
        clock: Callable[[], datetime],
        kinds: Kinds,
        ends: Callable[[], tuple[timedelta, timedelta]],
    ) -> None:
        self._engine, self.calls, self._clock, self._ends = store.engine, store.calls, clock, ends
        self._kinds = kinds

    @timely
    def begin(self, person: str, method: str, network: str = "", replaced: str = "") -> str:
        """Begin a session for a *person* who has just signed in; return its id, which only the cookie holds.

        The session that the browser had before, *replaced*, ends: nobody goes on in one that somebody else chose.

        Raises:
            Unauthenticated: the person may not come in.
        """
        name, now = secrets.token_urlsafe(ID_BYTES), self._clock()
        values = {
            "id_hash": hashed(name), "person": person, "method": method, "made": now, "seen": now, "proved": now,
            "network": network[:MAX_NETWORK_CHARACTERS],
        }  # fmt: skip
        mine = update(people).where(people.c.id == person, people.c.status == ACTIVE)
        with transaction(self._engine, write=True) as connection:
            if replaced:
                connection.execute(update(sessions).where(sessions.c.id_hash == hashed(replaced)).values(ended=now))
            if not connection.execute(mine.values(last_sign_in=now)).rowcount:
                raise Unauthenticated("Nobody can sign in as this person.")
            connection.execute(insert(sessions).values(values))
        return name

    def find(self, name: str) -> PersonSession | None:
        """Find the session of that id, with the roles that its person has now; None where it has ended."""
        if (found := self._found(name)) is None:
            return None
        row, held = found
        return _session(row, tuple(Membership(one.org, one.role) for one in counting(held, self._kinds)))

    @timely
    def _found(self, name: str) -> tuple[Row[Any], tuple[Row[Any], ...]] | None:
        now = self._clock()
        wanted = select(sessions, people).join(people, people.c.id == sessions.c.person)
        with transaction(self._engine) as connection:
            row = connection.execute(wanted.where(sessions.c.id_hash == hashed(name), *self._live(now))).first()
            if row is None or row.status != ACTIVE:
                return None
            held = _held(connection, row.person, now)
        if now - row.seen > min(SEEN_EVERY, self._ends()[0] / 2):
            self._see(row.id_hash)
        return row, held

    @timely
    def list_of(self, person: str) -> tuple[ListedSession, ...]:
        """List the sessions of a person that go on, the newest first."""
        wanted = select(sessions).where(sessions.c.person == person, *self._live(self._clock()))
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(sessions.c.made.desc())).all()
        return tuple(ListedSession(row.id_hash, row.method, row.made, row.seen, row.network) for row in rows)

    @timely
    def end(self, name: str) -> None:
        """End a session."""
        self._end(sessions.c.id_hash == hashed(name))

    @timely
    def end_listed(self, person: str, id_hash: str) -> None:
        """End a session of a person, by the hash of its id; another person's goes on."""
        self._end(sessions.c.id_hash == id_hash, sessions.c.person == person)

    @timely
    def end_others(self, person: str, id_hash: str) -> None:
        """End every session of a person but one."""
        self._end(sessions.c.id_hash != id_hash, sessions.c.person == person)

    def _live(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        idle, longest = self._ends()
        return sessions.c.ended.is_(None), sessions.c.seen >= now - idle, sessions.c.made >= now - longest

    def _end(self, *which: ColumnElement[bool]) -> None:
        theirs = update(sessions).where(*which, sessions.c.ended.is_(None))
        with transaction(self._engine, write=True) as connection:
            connection.execute(theirs.values(ended=self._clock()))

    def _see(self, id_hash: str) -> None:
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(seen=self._clock()))


def hashed(token: str) -> str:
    """Return the hash under which the registry knows a random *token*."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _held(connection: Connection, person: str, now: datetime) -> tuple[Row[Any], ...]:
    mine = select(memberships).where(memberships.c.person == person, memberships.c.begins <= now)
    rows = connection.execute(mine.order_by(memberships.c.number)).all()
    return tuple(row for row in rows if row.ends is None or row.ends > now)


def _session(row: Row[Any], roles: tuple[Membership, ...]) -> PersonSession:
    actor = Actor(row.mail, "person", roles, row.person)
    return PersonSession(row.id_hash, actor, row.name, row.language, row.method, row.made, row.proved)
