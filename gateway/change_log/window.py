"""The window of a change log: for how long, and how much of, what is gone is told, and up to when some is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gateway.change_log.states import PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from gateway.change_log.projection import Place
    from gateway.change_log.states import Tombstone

    Outer = tuple[str, str]  # the record below which a list is, by its entity and its id
    Gone = MutableMapping[Place, dict[str, Tombstone]]
    Left = MutableMapping[Outer, dict[tuple[str, str], int]]

WINDOW_SECONDS = 30 * 86_400.0
MAX_TOMBSTONES = 200_000
"""How many tombstones are kept for one grant."""


ALL_ENTITIES = "*"
"""In place of an entity: whatever it is."""


@dataclass(slots=True)
class TombstoneGaps:
    """The moment up to which not all that is gone is known, by entity."""

    moments: dict[str, int] = field(default_factory=dict)
    _oldest: int = 0

    def of(self, entity: str) -> int:
        """The moment up to which not all that is gone of an *entity* is known; 0 where all is."""
        return max(self.moments.get(entity, 0), self.moments.get(ALL_ENTITIES, 0))

    def add(self, moments: Mapping[str, int], after: int = 0) -> None:
        """Take over other losses that are later than *after*."""
        for entity, at in moments.items():
            if at > after:
                self.moments[entity] = max(at, self.moments.get(entity, 0))

    def forget(self, gone: Gone, left: Left, horizon: int, *, grown: bool = False) -> None:
        """Forget what is gone since the *horizon*; where it has *grown*, the oldest of what is too much, too."""
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
    """What a change log knows: what is *gone* and has *left* lists, since when all of it, and what is *present*.

    *newest* is the last moment that it told, *begun* its first; 0 where all else that it knew is lost.
    """

    newest: int = 0
    begun: int = 0
    gone: dict[Place, dict[str, Tombstone]] = field(default_factory=dict)
    left: dict[Outer, dict[tuple[str, str], int]] = field(default_factory=dict)
    present: dict[str, dict[str, int]] = field(default_factory=dict)
    losses: TombstoneGaps = field(default_factory=TombstoneGaps)
