"""People who may sign in now, with the roles that they have at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from gateway.people.actor import Actor, Membership
from gateway.people.sessions import ACTIVE
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.kinds import counting
from gateway.storage.people.tables import memberships, people

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.storage.acts import SqlRegistry
    from gateway.storage.people.kinds import Kinds


@dataclass(frozen=True, slots=True)
class ActivePerson:
    """Somebody who is neither suspended nor ended: the *actor* he or she is, the *name*, and the *language*."""

    actor: Actor
    name: str
    language: str

    @property
    def mail(self) -> str:
        """The address of the person, which is what acts on record call him or her."""
        return self.actor.name


class ActivePeople:
    """The active people in the registry; *kinds* tells what organisations are now, and so which roles count."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime], kinds: Kinds) -> None:
        self._engine, self.calls, self._clock, self._kinds = store.engine, store.calls, clock, kinds

    def list(self) -> tuple[ActivePerson, ...]:
        """List everybody who is active, by address."""
        rows, held = self._rows()
        mine: dict[str, list[Membership]] = {row.id: [] for row in rows}
        for one in counting(held, self._kinds):
            mine.get(one.person, []).append(Membership(one.org, one.role))
        return tuple(_person(row, tuple(mine[row.id])) for row in rows)

    @timely
    def _rows(self) -> tuple[tuple[Row[Any], ...], tuple[Row[Any], ...]]:
        now = self._clock()
        roles = select(memberships).where(
            memberships.c.begins <= now, or_(memberships.c.ends.is_(None), memberships.c.ends > now)
        )
        wanted = select(people).where(people.c.status == ACTIVE).order_by(people.c.mail)
        with transaction(self._engine) as connection:
            held = connection.execute(roles.order_by(memberships.c.number)).all()
            return tuple(connection.execute(wanted).all()), tuple(held)

    def find(self, person: str) -> ActivePerson | None:
        """Find the person of that id; None where there is none, or it is not active."""
        return next((one for one in self.list() if one.actor.person == person), None)

    def allowed(self, action: str, org: str) -> tuple[ActivePerson, ...]:
        """List the people whose roles allow the *action* for that organisation."""
        return tuple(one for one in self.list() if one.actor.allows(action, org))


def _person(row: Row[Any], roles: tuple[Membership, ...]) -> ActivePerson:
    return ActivePerson(Actor(row.mail, "person", roles, row.id), row.name, row.language)
