"""Tries of the gateway's own steps: who is at one has claimed it; what fails is tried again, or left to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.transfers.tables import transfer_tries, transfers
from standards.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from gateway.storage.acts import Act, SqlRegistry

CLAIM: Final = timedelta(minutes=5)
"""For how long nobody else takes a step that one process has claimed: longer than a step takes."""
MAX_DUE_EACH: Final = 100
"""The steps of one district that are listed at once."""

PUT_OFF: Final = "put-off"
"""Why a search waits that has not failed: its receiver has asked for too many who were not found."""
OF_AGREEMENT: Final = frozenset({"agreement", "receiver-key"})
"""Why a step fails by the agreement of one receiver, which tells who that is."""
UNTOLD: Final = "untold"
"""What is said in its place to whoever may not know the receiver."""
DONE_BY_GATEWAY: Final = ("requested", "matched")
APPROVED, PACKED = "approved", "packed"
FOR_A_KEY: Final = "receiver-key"
"""Why a step waits that goes on as soon as the receiver has a key."""


@dataclass(frozen=True, slots=True)
class StepTry:
    """A try of what follows the event *number* of a transfer: how many so far, since when, *why* the last one failed.

    One that is *dead* is tried no more, until a person has it *replayed*, which is possible once.
    """

    transfer: str
    number: int
    tries: int
    begun: datetime
    next_try: datetime
    why: str = ""
    dead: datetime | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class DueStep:
    """A transfer with which the gateway has to do something now, and the district that has the request."""

    transfer: str
    sender: str


@dataclass(frozen=True, slots=True)
class DeadStep:
    """A step that was given up: which transfer, between which districts, in which state, *why*, since when."""

    transfer: str
    sender: str
    receiver: str
    state: str
    why: str
    at: datetime
    replayed: bool

    @property
    def told(self) -> str:
        """Why, as far as it tells nothing of the receiver."""
        return UNTOLD if self.why in OF_AGREEMENT else self.why


class TransferTries:
    """The tries in the registry."""

    def __init__(self, store: SqlRegistry, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def due(self, each: int = MAX_DUE_EACH) -> tuple[DueStep, ...]:
        """List what is to be done now, some of each district, what has waited longest first; nothing under a claim.

        However much waits of one district, it keeps no other from being listed.
        """
        now = self._clock()
        free = or_(
            transfer_tries.c.transfer.is_(None),
            transfer_tries.c.number != transfers.c.number,
            and_(transfer_tries.c.dead.is_(None), transfer_tries.c.next_try <= now),
        )
        place = func.row_number().over(partition_by=transfers.c.sender, order_by=(transfers.c.changed, transfers.c.id))
        joined = select(transfers.c.id, transfers.c.sender, place.label("place")).outerjoin(
            transfer_tries, transfer_tries.c.transfer == transfers.c.id
        )
        found = joined.where(_wants_step(now), free).subquery()
        wanted = select(found.c.id, found.c.sender).where(found.c.place <= each).order_by(found.c.place, found.c.sender)
        with transaction(self._engine) as connection:
            return tuple(DueStep(row.id, row.sender) for row in connection.execute(wanted).all())

    @timely
    def claim(self, transfer: str, number: int) -> StepTry | None:
        """Claim what follows an event of a transfer, and count the try; None where it is not due, or somebody has."""
        now = self._clock()
        try:
            with transaction(self._engine, write=True) as connection:
                mine = select(transfer_tries).where(transfer_tries.c.transfer == transfer).with_for_update()
                row = connection.execute(mine).first()
                fresh = {"number": number, "tries": 1, "begun": now, "next_try": now + CLAIM, "why": "", "dead": None,
                         "replayed": False}  # fmt: skip
                if row is None:
                    connection.execute(insert(transfer_tries).values(transfer=transfer, **fresh))
                elif row.number == number and (row.dead is not None or row.next_try > now):
                    return None
                else:
                    again = {"tries": row.tries + 1, "next_try": now + CLAIM, "begun": row.begun if row.tries else now}
                    values = again if row.number == number else fresh
                    connection.execute(_of(update(transfer_tries), transfer).values(values))
                return _try(connection.execute(mine).one())
        except IntegrityError:
            return None

    @timely
    def note_done(self, tried: StepTry) -> None:
        """Forget a try that came to its end."""
        with transaction(self._engine, write=True) as connection:
            connection.execute(_mine(delete(transfer_tries), tried))

    @timely
    def note_failed(self, tried: StepTry, why: str, again: datetime | None) -> None:
        """Note *why* a claimed step failed, and when it is tried *again*; None gives it up to a person."""
        values = {"why": why, "dead": self._clock()} if again is None else {"why": why, "next_try": again}
        with transaction(self._engine, write=True) as connection:
            connection.execute(_mine(update(transfer_tries), tried).values(values))

    @timely
    def put_off(self, tried: StepTry, until: datetime) -> None:
        """Let a claimed step wait *until* a moment as if nobody had tried it: it is no failure."""
        values = {"why": PUT_OFF, "next_try": until, "tries": 0}
        with transaction(self._engine, write=True) as connection:
            connection.execute(_mine(update(transfer_tries), tried).values(values))

    @timely
    def count_put_off(self, sender: str) -> int:
        """Count the searches of a district that are put off now."""
        there = transfers.c.id == transfer_tries.c.transfer, transfers.c.number == transfer_tries.c.number
        waits = transfer_tries.c.why == PUT_OFF, transfer_tries.c.tries == 0, transfers.c.sender == sender
        with transaction(self._engine) as connection:
            return int(connection.execute(select(func.count()).where(*there, *waits)).scalar_one())

    @timely
    def hurry(self, transfer: str) -> None:
        """Let what waits of a transfer be tried at once: what it has waited for is there."""
        waiting = transfer_tries.c.dead.is_(None)
        with transaction(self._engine, write=True) as connection:
            connection.execute(_of(update(transfer_tries), transfer).where(waiting).values(next_try=self._clock()))

    @timely
    def sweep(self) -> int:
        """Delete what was tried of transfers that have gone on since; return how many."""
        there = transfers.c.id == transfer_tries.c.transfer, transfers.c.number == transfer_tries.c.number
        with transaction(self._engine, write=True) as connection:
            return int(connection.execute(delete(transfer_tries).where(~exists().where(*there))).rowcount)

    @timely
    def given_up(self, sender: str = "") -> tuple[DeadStep, ...]:
        """List what was given up and waits for a person, of one district or of all, oldest first.

        What waits for a key is tried on, and listed: only people can publish one.
        """
        given_up = transfer_tries.c.dead.is_not(None)
        since = func.coalesce(transfer_tries.c.dead, transfer_tries.c.begun)
        columns = (
            transfers.c.id, transfers.c.sender, transfers.c.receiver, transfers.c.state, transfer_tries.c.why,
            since.label("since"), or_(transfer_tries.c.replayed, ~given_up).label("replayed"),
        )  # fmt: skip
        waits = or_(given_up, transfer_tries.c.why == FOR_A_KEY)
        there = waits, transfer_tries.c.number == transfers.c.number
        wanted = select(*columns).join(transfers, transfers.c.id == transfer_tries.c.transfer).where(*there)
        wanted = wanted.where(transfers.c.sender == sender) if sender else wanted
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.order_by(since, transfers.c.id)).all()
        return tuple(DeadStep(*row) for row in rows)

    @timely
    def replay(self, transfer: str, act: Act) -> None:
        """Try once more what was given up, with the *act* of the person who wants it.

        Raises:
            Conflict: nothing of it was given up, or it was replayed before.
        """
        now = self._clock()
        given_up = transfer_tries.c.dead.is_not(None), transfer_tries.c.replayed.is_(False)
        values = {"tries": 0, "begun": now, "next_try": now, "why": "", "dead": None, "replayed": True}
        with transaction(self._engine, write=True) as connection:
            if not connection.execute(_of(update(transfer_tries), transfer).where(*given_up).values(values)).rowcount:
                raise Conflict("Nothing of this transfer was given up, or it was tried anew before.")
            write_act(connection, act, now)


def _wants_step(now: datetime) -> ColumnElement[bool]:
    """Return the condition under which a transfer waits for the gateway."""
    return or_(
        transfers.c.state.in_(DONE_BY_GATEWAY),
        and_(transfers.c.state == APPROVED, transfers.c.leaves <= now),
        and_(transfers.c.state == PACKED, transfers.c.lapses <= now),
    )


def _of(statement: Any, transfer: str) -> Any:
    return statement.where(transfer_tries.c.transfer == transfer)


def _mine(statement: Any, tried: StepTry) -> Any:
    """Restrict a statement to a try as it was claimed: who has lost the claim changes nothing."""
    mine = transfer_tries.c.number == tried.number, transfer_tries.c.tries == tried.tries
    return _of(statement, tried.transfer).where(*mine)


def _try(row: Row[Any]) -> StepTry:
    return StepTry(row.transfer, row.number, row.tries, row.begun, row.next_try, row.why, row.dead, row.replayed)
