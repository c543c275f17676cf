"""Losses: how many rows of an entity a refresh may drop, and what an operator has approved beyond that."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.config.load_limits import DEFAULT
from standards.errors import LossRefused
from standards.losses import Loss

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from adapters.contract import Change
    from gateway.cache.snapshot import Snapshot

    Written = tuple[str, str]
    Touched = Mapping[str, frozenset[str]]

MAX_SHARE: Final = 0.2
MAX_REPORTED_ROWS: Final = 25
"""How many rows of an entity a source may say are deleted, whatever share they are: it has told of each of them."""

NO_SHARES: Final[Mapping[str, float]] = MappingProxyType({})


class DropLimits:
    """What the refreshes of one district may drop; *shares* by entity, and for all others by the name ``default``.

    What was refused last is *waiting*, under a *ticket* of its own, until it is approved or no longer lost.
    """

    def __init__(self, shares: Mapping[str, float] = NO_SHARES) -> None:
        self._shares = {DEFAULT: MAX_SHARE, **shares}
        self.waiting: tuple[Loss, ...] = ()
        self.ticket = 0
        self._gone: Mapping[str, frozenset[str]] = {}
        self._approved: Mapping[str, frozenset[str]] = {}
        self._stamp: str | None = None

    def check_stamp(self, stamp: str) -> None:
        """Refuse a source that is still as it was when it was refused, without reading it again.

        Raises:
            LossRefused: it is.
        """
        if self.waiting and stamp == self._stamp:
            raise LossRefused(self.waiting)

    def check(self, before: Snapshot, fresh: Snapshot, written: Collection[Written], touched: Touched) -> None:
        """Refuse a *fresh* hold that has lost too much; what was *written* may be gone without that being a loss.

        Raises:
            LossRefused: more is gone than may be, and not all of it was approved.
        """
        left = {entity: fresh.table(entity).size for entity in before.tables}
        if not (losses := self._too_many(before, left, written, touched)):
            return
        gone = {one.entity: _gone(before, fresh, one.entity) for one in losses}
        if all(rows <= self._approved.get(entity, frozenset()) for entity, rows in gone.items()):
            return
        self._stamp = fresh.stamp
        if gone != self._gone:
            self._gone, self.waiting, self.ticket = gone, losses, self.ticket + 1
        raise LossRefused(losses)

    def check_told(
        self, before: Snapshot, changes: Iterable[Change], written: Collection[Written], touched: Touched
    ) -> None:
        """Refuse to believe *changes* that say that too much is gone; a few rows may go whatever share they are.

        Raises:
            LossRefused: only reading all of the source can show it.
        """
        left = _left(before, changes)
        many = {entity: kept for entity, kept in left.items() if before.table(entity).size - kept > MAX_REPORTED_ROWS}
        if losses := self._too_many(before, many, written, touched):
            raise LossRefused(losses)

    def approve(self, ticket: int) -> tuple[Loss, ...]:
        """Let the rows go that wait under *ticket*, and no others; nothing where that is no longer what waits."""
        if not self.waiting or ticket != self.ticket:
            return ()
        self._approved, self._stamp = self._gone, None
        return self.waiting

    def settled(self) -> None:
        """Forget what waited and what was approved: a refresh has come through."""
        self.waiting, self._gone, self._approved, self._stamp = (), {}, {}, None

    def _too_many(
        self, before: Snapshot, left: Mapping[str, int], written: Collection[Written], touched: Touched
    ) -> tuple[Loss, ...]:
        """What more is gone of than may be: what was written is spared, with the one row that it alone made."""
        spared, found = Counter(entity for entity, _ in written), []
        for entity, kept in left.items():
            size, each = before.table(entity).size, 2 if touched and entity not in touched else 1
            share = self._shares.get(entity, self._shares[DEFAULT])
            if kept + spared[entity] * each < size * (1 - share):
                found.append(Loss(entity, size - kept, size))
        return tuple(sorted(found, key=lambda one: one.entity))


def _gone(before: Snapshot, fresh: Snapshot, entity: str) -> frozenset[str]:
    return frozenset(before.table(entity).ids) - frozenset(fresh.table(entity).ids)


def _left(before: Snapshot, changes: Iterable[Change]) -> dict[str, int]:
    """How many rows of each entity are not gone by the *changes*."""
    gone: dict[str, set[str]] = {}
    for change in changes:
        if change.record is None:
            gone.setdefault(change.entity, set()).add(change.id)
    return {
        entity: before.table(entity).size - len(ids.intersection(before.table(entity).ids))
        for entity, ids in gone.items()
    }
