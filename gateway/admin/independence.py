"""Independence: who counts as a second person beside a proposer, though the proposer may invite people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from gateway.people.actor import REGION, Membership
from gateway.storage.database import transaction
from gateway.storage.people.tables import memberships, people

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from gateway.storage.registry import SqlStore

SETTLED: Final = timedelta(days=14)
"""For so long a role is that of a newcomer beside whoever gave it."""


def independent(store: SqlStore, actor: Actor, proposal: Proposal, now: datetime) -> bool:
    """Tell whether an *actor* may do what a *proposal* asks for by a role that it does not owe to who proposed it.

    A role is owed to whoever gave it, and to whoever gave that one's, as long as each is a newcomer's: else somebody
    could invite a second person for the occasion. What two persons gave is owed to neither.
    """
    wanted = (
        select(memberships.c.org, memberships.c.role, memberships.c.begins, memberships.c.made_by, people.c.mail)
        .join(people, people.c.id == memberships.c.person)
        .where(memberships.c.org.in_([proposal.org, REGION]), memberships.c.begins <= now)
        .where(or_(memberships.c.ends.is_(None), memberships.c.ends > now))
    )

    def read() -> list[Row[tuple[str, str, datetime, str, str]]]:
        with transaction(store.engine) as connection:
            return list(connection.execute(wanted))

    rows = store.calls.run(read)
    brought = _brought(rows, proposal.made_by, now)
    own = [one for one in rows if one.mail == actor.name and not _owed(one, brought, now)]
    able = [Membership(one.org, one.role) for one in own if Membership(one.org, one.role) in actor.memberships]
    return type(actor)(actor.name, actor.kind, tuple(able), actor.person).allows(proposal.action, proposal.org)


def _brought(rows: Iterable[Row[tuple[str, str, datetime, str, str]]], proposer: str, now: datetime) -> set[str]:
    """Return who proposed, and everybody who owes a role to one of these."""
    every, brought, before = tuple(rows), {proposer}, 0
    while len(brought) > before:
        before = len(brought)
        brought |= {one.mail for one in every if _owed(one, brought, now)}
    return brought


def _owed(row: Row[tuple[str, str, datetime, str, str]], brought: set[str], now: datetime) -> bool:
    return row.made_by in brought and row.begins > now - SETTLED
