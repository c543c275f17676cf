"""The window of a change log: for how long, and how many, tombstones are reported, and from when some are forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gateway.change_log.states import PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from gateway.change_log.projection import Place
    from gateway.change_log.states import Tombstone

    Outer = tuple[str, str]  # the record that a list belongs to, by its entity and its id
    Gone = MutableMapping[Place, dict[str, Tombstone]]
    Left = MutableMapping[Outer, dict[tuple[str, str], int]]

WINDOW_SECONDS = 30 * 86_400.0
MAX_TOMBSTONES = 200_000
"""Tombstones kept for one grant."""


ALL_ENTITIES = "*"
"""In place of an entity: whatever it is."""


@dataclass(slots=True)
class TombstoneGaps:
    """The moment, by entity, up to which some tombstones are forgotten."""

    moments: dict[str, int] = field(default_factory=dict)
    _oldest: int = 0

    def of(self, entity: str) -> int:
        """Return the moment up to which some tombstones of an *entity* are forgotten; 0 where none are."""
        return max(self.moments.get(entity, 0), self.moments.get(ALL_ENTITIES, 0))

    def add(self, moments: Mapping[str, int], after: int = 0) -> None:
        """Take over other gaps that are later than *after*."""
        for entity, at in moments.items():
            if at > after:
                self.moments[entity] = max(at, self.moments.get(entity, 0))

    def forget(self, gone: Gone, left: Left, horizon: int, *, grown: bool = False) -> None:
        """Forget tombstones older than the *horizon*; where there are more (*grown*), also the oldest of too many."""
        if self._oldest > horizon and not grown:
            return
        moments = [one.at for kept in gone.values() for one in kept.values()]
        moments += [at for lists in left.values() for at in lists.values()]
        surplus = len(moments) - MAX_TOMBSTONES
        limit = max(horizon, sorted(moments)[surplus - 1]) if surplus > 0 else horizon
        if min(moments, default=PENDING) <= limit:
            self._forget(gone, left, min(limit, PENDING - 1))
        self._oldest = min((at for at in moments if at > limit), default=limit + 1)

    def _forget(self, gone: Gone, left: Left, limit: int) -> None:
        for place, kept in list(gone.items()):
            old = {own: one.at for own, one in kept.items() if one.at <= limit}
            self.add({place[2]: max(old.values(), default=0)})
            gone[place] = {own: one for own, one in kept.items() if own not in old}
        for outer, lists in list(left.items()):
            self.add({entity: at for (entity, _), at in sorted(lists.items(), key=itemgetter(1)) if at <= limit})
            left[outer] = {own: at for own, at in lists.items() if at > limit}
        _drop_empty(gone)
        _drop_empty(left)


def _drop_empty(kept: MutableMapping[Any, dict[Any, Any]]) -> None:
    for place in [place for place, some in kept.items() if not some]:
        del kept[place]


@dataclass(slots=True)
class KnownPast:
    """The content of a change log: *gone* records, those that *left* lists, and the *present* ones.

    *newest* is the last moment that it reported, *begun* its first; *begun* is 0 where all else is lost. *losses* are
    the gaps in *gone* and *left*. What is later than *behind* must be reported again, later than it was.
    """

    newest: int = 0
    begun: int = 0
    gone: dict[Place, dict[str, Tombstone]] = field(default_factory=dict)
    left: dict[Outer, dict[tuple[str, str], int]] = field(default_factory=dict)
    present: dict[str, dict[str, int]] = field(default_factory=dict)
    losses: TombstoneGaps = field(default_factory=TombstoneGaps)
    behind: int | None = None

    def moment(self, at: int, since: int) -> int:
        """Return the moment of a deletion for a client that goes on in another log *since* a later moment."""
        return since if self.behind is not None and at > self.behind else min(at, since)
