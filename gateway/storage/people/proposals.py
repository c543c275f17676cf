"""Proposals: acts that wait for a second person, in the registry; each is decided once, and nothing is deleted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from gateway.storage.acts import write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import proposals
from gateway.storage.people.written import hold
from standards.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.storage.acts import Act, SqlRegistry

ID_BYTES: Final = 8
LIFE: Final = timedelta(days=14)
"""A proposal that nobody has decided for so long has lapsed."""

CONFIRMED, DECLINED, WITHDRAWN = "confirmed", "declined", "withdrawn"
REFUSED, UNCLEAR, LAPSED = "refused", "unclear", "lapsed"
"""Confirmed, but not done: what it is about had changed, or it is not allowed any more; done or not, nobody knows."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that waits for a second person, or did.

    The *person* *made_by* wants the *action* done for *org*, on what it is *about*, with that *content*; *before* is
    the digest of what it changes. Neither a student's value nor a secret is in it.
    """

    id: str
    action: str
    org: str
    about: str
    content: Mapping[str, Any]
    before: str
    made: datetime
    made_by: str
    person: str
    reason: str
    decided: datetime | None = None
    decided_by: str = ""
    answer: str = ""
    outcome: str = ""

    @property
    def expires(self) -> datetime:
        """The moment at which it lapses."""
        return self.made + LIFE

    def waits(self, now: datetime) -> bool:
        """Tell whether it can still be decided."""
        return self.decided is None and now < self.expires


class Proposals:
    """The proposals in the registry."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def add(self, proposal: Proposal, act: Callable[[Proposal], Act]) -> Proposal:
        """Write a *proposal* down, with the *act* of making it.

        Raises:
            Conflict: one for the same action on the same thing waits already.
        """
        same = [proposals.c[name] == getattr(proposal, name) for name in ("action", "org", "about")]
        waiting = select(proposals.c.id).where(*same, proposals.c.decided.is_(None), proposals.c.made > self._since())
        values = {name: getattr(proposal, name) for name in _GIVEN} | {"content": dict(proposal.content)}
        with transaction(self._engine, write=True) as connection:
            hold(connection, "proposals")  # of two that find nothing waiting, the second looks once the first is there
            if found := connection.execute(waiting).first():
                raise Conflict(f"The proposal {found.id} for the same thing waits already: decide that one first.")
            connection.execute(insert(proposals).values(values))
            write_act(connection, act(proposal), proposal.made)
        return proposal

    @timely
    def find(self, name: str) -> Proposal | None:
        """Find the proposal of that id, decided or not."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(proposals).where(proposals.c.id == name)).first()
        return _proposal(row) if row is not None else None

    @timely
    def list(self) -> tuple[Proposal, ...]:
        """List every proposal, newest first."""
        wanted = select(proposals).order_by(proposals.c.made.desc(), proposals.c.id)
        with transaction(self._engine) as connection:
            return tuple(map(_proposal, connection.execute(wanted).all()))

    @timely
    def waiting(self) -> tuple[Proposal, ...]:
        """List the proposals that can be decided now, oldest first."""
        wanted = select(proposals).where(proposals.c.decided.is_(None), proposals.c.made > self._since())
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(proposals.c.made, proposals.c.id)).all()
        return tuple(map(_proposal, rows))

    @timely
    def decide(self, proposal: Proposal, outcome: str, by: str, answer: str, act: Act) -> None:
        """Decide a *proposal*, with the *act* of doing so: one decision counts, the first.

        Raises:
            Conflict: it was decided meanwhile, or has lapsed.
        """
        now = self._clock()
        mine = update(proposals).where(
            proposals.c.id == proposal.id, proposals.c.decided.is_(None), proposals.c.made > self._since()
        )
        decided = {"decided": now, "decided_by": by, "answer": answer, "outcome": outcome}
        with transaction(self._engine, write=True) as connection:
            if not connection.execute(mine.values(decided)).rowcount:
                raise Conflict(f"The proposal {proposal.id} waits no more: it was decided, or has lapsed.")
            write_act(connection, act, now)

    @timely
    def note(self, proposal: Proposal, outcome: str, act: Act) -> None:
        """Note that a confirmed *proposal* came to another *outcome* than to be done."""
        mine = update(proposals).where(proposals.c.id == proposal.id)
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.values(outcome=outcome))
            write_act(connection, act, self._clock())

    @timely
    def settle(self, proposal: Proposal, outcome: str) -> None:
        """Note that what a confirmed *proposal* asked for came to the *outcome* that its act on record says."""
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(proposals).where(proposals.c.id == proposal.id).values(outcome=outcome))

    def _since(self) -> datetime:
        return self._clock() - LIFE


_GIVEN: Final = ("id", "action", "org", "about", "before", "made", "made_by", "person", "reason")


def new_id() -> str:
    """Make the id of one more proposal."""
    return secrets.token_hex(ID_BYTES)


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        row.id, row.action, row.org, row.about, row.content, row.before, row.made, row.made_by, row.person, row.reason,
        row.decided, row.decided_by or "", row.answer or "", row.outcome or "",
    )  # fmt: skip
