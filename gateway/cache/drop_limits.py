"""Limits of loss: how many rows of an entity a refresh may drop, and what an operator has approved beyond that."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
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
DIGEST_BYTES: Final = 16
MAX_REPORTED_ROWS: Final = 25
"""Rows of an entity that a source may report as deleted whatever share they are: it has named each of them."""

NO_SHARES: Final[Mapping[str, float]] = MappingProxyType({})


class DropLimits:
    """Limits of what refreshes of one district may drop: *shares* by entity, ``default`` for all others.

    The loss refused last is *waiting*, under a *ticket* of its own, until it is approved or no longer there.
    """

    def __init__(self, shares: Mapping[str, float] = NO_SHARES) -> None:
        self._shares = {DEFAULT: MAX_SHARE, **shares}
        self.waiting: tuple[Loss, ...] = ()
        self.ticket = 0
        self._gone: Mapping[str, frozenset[str]] = {}
        self._approved: Mapping[str, frozenset[str]] = {}
        self._stamp: str | None = None

    @property
    def is_approved(self) -> bool:
        """Whether an operator has approved what the next refresh may drop."""
        return bool(self._approved)

    def digest(self, key: bytes) -> str:
        """Return a keyed digest of the very rows that wait for approval, the same in every process; empty for none."""
        if not self.waiting:
            return ""
        found = blake2b(key=key, digest_size=DIGEST_BYTES)
        for entity, ids in sorted(self._gone.items()):
            for one in (entity, *sorted(ids)):
                found.update(len(one).to_bytes(4, "big") + one.encode())
        return found.hexdigest()

    def check_stamp(self, stamp: str) -> None:
        """Refuse a source that bears the stamp with which it was refused last, without reading it again.

        Raises:
            LossRefused: it does.
        """
        if self.waiting and stamp == self._stamp:
            raise LossRefused(self.waiting)

    def check(self, before: Snapshot, fresh: Snapshot, written: Collection[Written], touched: Touched) -> None:
        """Refuse a *fresh* snapshot that lost too many rows; rows that the gateway has *written* may be missing.

        Raises:
            LossRefused: more rows are missing than allowed, and not all of them were approved.
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
        """Refuse reported *changes* that delete too many rows; a few rows may go whatever share they are.

        Raises:
            LossRefused: the source must be read whole to confirm it.
        """
        left = _left(before, changes)
        many = {entity: kept for entity, kept in left.items() if before.table(entity).size - kept > MAX_REPORTED_ROWS}
        if losses := self._too_many(before, many, written, touched):
            raise LossRefused(losses)

    def approve(self, ticket: int) -> tuple[Loss, ...]:
        """Approve the loss of exactly the rows that wait under *ticket*; () where another loss is waiting by now."""
        if not self.waiting or ticket != self.ticket:
            return ()
        self._approved, self._stamp = self._gone, None
        return self.waiting

    def settled(self) -> None:
        """Forget what was waiting and approved, after a successful refresh."""
        self.waiting, self._gone, self._approved, self._stamp = (), {}, {}, None

    def _too_many(
        self, before: Snapshot, left: Mapping[str, int], written: Collection[Written], touched: Touched
    ) -> tuple[Loss, ...]:
        """List the entities that lost too many rows; each written row, and one row made from it, may be missing."""
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
    """Count the rows of each entity that remain after the *changes*."""
    gone: dict[str, set[str]] = {}
    for change in changes:
        if change.record is None:
            gone.setdefault(change.entity, set()).add(change.id)
    return {
        entity: before.table(entity).size - len(ids.intersection(before.table(entity).ids))
        for entity, ids in gone.items()
    }
