"""Deliveries: what came of each reading of a district's system and of each uploaded file, in counts and places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import delete, func, insert, select

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from gateway.storage.acts import SqlRegistry

Verdict = Literal["fresh", "unchanged", "refused", "failed", "waiting", "approved"]
VERDICTS: Final[tuple[Verdict, ...]] = ("fresh", "unchanged", "refused", "failed", "waiting", "approved")
READING, UPLOAD = "reading", "upload"
TAKEN: Final[tuple[Verdict, ...]] = ("fresh", "unchanged", "approved")
"""The verdicts on a reading whose records are served."""

MAX_NAME_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a *district*: a reading of its system, or an uploaded file, and the *verdict* on it.

    *counts* has the rows by entity (``rows``: now and last), what is set aside and why, what would be dropped, and why
    nothing was taken (``why``). *mistakes* are pairs of a place (file, line and column) and what is wrong there, in the
    gateway's own words. No value of the files is in either.
    """

    district: str
    at: datetime
    kind: str
    verdict: Verdict
    counts: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[tuple[str, str], ...] = ()
    name: str = ""
    size: int = 0
    sha256: str = ""
    actor: str = ""
    number: int = 0


def write_delivery(connection: Connection, one: Delivery) -> None:
    """Write a delivery down, in the transaction of what it is about."""
    values = {
        "district": one.district, "at": one.at, "kind": one.kind, "verdict": one.verdict, "counts": dict(one.counts),
        "mistakes": [list(pair) for pair in one.mistakes], "name": one.name[:MAX_NAME_CHARACTERS], "size": one.size,
        "sha256": one.sha256, "actor": one.actor,
    }  # fmt: skip
    connection.execute(insert(deliveries).values(values))


class Deliveries:
    """The deliveries in the registry."""

    def __init__(self, store: SqlRegistry) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def add(self, several: Iterable[Delivery]) -> None:
        """Write deliveries down."""
        with transaction(self._engine, write=True) as connection:
            for one in several:
                write_delivery(connection, one)

    @timely
    def since(self, district: str, moment: datetime, most: int = 2000) -> tuple[Delivery, ...]:
        """List the deliveries of a district since a moment, newest first."""
        wanted = select(deliveries).where(deliveries.c.district == district, deliveries.c.at >= moment)
        wanted = wanted.order_by(deliveries.c.at.desc(), deliveries.c.number.desc()).limit(most)
        with transaction(self._engine) as connection:
            return tuple(map(_delivery, connection.execute(wanted).all()))

    @timely
    def standing(self, district: str) -> tuple[Delivery | None, datetime | None]:
        """Return the last reading of a district and since when readings end like it, where it was not taken."""
        mine = (deliveries.c.district == district) & (deliveries.c.kind == READING)
        good = select(func.max(deliveries.c.number)).where(mine, deliveries.c.verdict.in_(TAKEN)).scalar_subquery()
        after = mine & (deliveries.c.number > func.coalesce(good, 0))
        newest = select(deliveries).where(after).order_by(deliveries.c.number.desc()).limit(1)
        with transaction(self._engine) as connection:
            row = connection.execute(newest).one_or_none()
            if row is None:
                return None, None
            waits = deliveries.c.verdict == "waiting"
            alike = after & (waits if row.verdict == "waiting" else ~waits)
            first = select(deliveries.c.at).where(alike).order_by(deliveries.c.number).limit(1)
            return _delivery(row), connection.execute(first).scalar_one()

    @timely
    def prune(self, before: datetime) -> int:
        """Delete the deliveries of before a moment; return their number."""
        with transaction(self._engine, write=True) as connection:
            return connection.execute(delete(deliveries).where(deliveries.c.at < before)).rowcount


def _delivery(row: Row[Any]) -> Delivery:
    mistakes = tuple((place, told) for place, told in row.mistakes)
    return Delivery(
        row.district, row.at, row.kind, row.verdict, row.counts, mistakes, row.name, row.size, row.sha256, row.actor,
        row.number,
    )  # fmt: skip
