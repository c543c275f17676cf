"""Client histories: the change log that a client reads under a grant, and since when all of it is new to the client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.change_log.doubts import doubtful
from gateway.change_log.states import ANY_LIST, ANYWHERE, Tombstone
from gateway.change_log.window import TombstoneGaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.change_log.grant_log import ChangeLog
    from gateway.change_log.projection import Place
    from gateway.engine.visibility import Visibility


@dataclass(slots=True)
class ClientHistory:
    """The change log that a client reads under a grant, and the moment *since* which all of it is new to it.

    Records *gone*, or that had *left* a list, in the logs it read before are known by ids alone. So are those *present*
    in the last of these logs, until they are compared: as a whole, and by the lists that each was in (*listed*).
    *losses* are the moments up to which not all deletions are known.
    """

    log: ChangeLog
    since: int
    gone: dict[Place, dict[str, Tombstone]] = field(default_factory=dict)
    left: dict[tuple[str, str], dict[tuple[str, str], int]] = field(default_factory=dict)
    present: dict[str, Mapping[str, int]] = field(default_factory=dict)
    listed: dict[str, Mapping[str, int]] = field(default_factory=dict)
    losses: TombstoneGaps = field(default_factory=TombstoneGaps)

    def whole_since(self, visibility: Visibility, entity: str) -> int:
        """Return the moment since which all deletions of an *entity* are known; forget those beyond the window."""
        with self.log.lock:
            self.log.record_differences(visibility)
            self.log.forget()
            self.losses.forget(self.gone, self.left, self.log.horizon)
            lost = self.log.losses.of(entity)
            return max(self.losses.of(entity), lost if lost > self.since else 0)

    def compare(self, visibility: Visibility) -> None:
        """Find the records shown before, under another grant, that *visibility* does not show.

        While one may be missing because its row is set aside, the comparison is repeated.
        """
        with self.log.lock:
            self.log.record_differences(visibility)
            known, lacking, self.present = self.present, self.log.doubts.lacking(visibility), {}
            for entity, ids in known.items():
                if entity not in self.log.projections:
                    continue
                here = visibility.ids(entity)
                missing = set(ids).difference(here[row] for row in visibility.rows(entity))
                held = doubtful(visibility, entity, missing, lacking)
                for place, hidden in self.log.hidden(visibility, entity, ids).items():
                    some = missing - held | (hidden if not lacking else set())
                    one = Tombstone(self.since, b"", (), {ANY_LIST: ()})
                    self.gone[place] = self.gone.get(place, {}) | dict.fromkeys(some, one)  # later than the known ones
                if lacking:
                    self.present[entity] = ids

    def compare_lists(self, visibility: Visibility, entity: str) -> None:
        """Find the records that may have left a list since another grant showed them; which list is unknown."""
        known = self.listed.pop(entity, {})
        if known and entity in self.log.projections:
            moved = dict.fromkeys(((entity, own) for own in self.log.moved(visibility, entity, known)), self.since)
            self.left[ANYWHERE] = self.left.get(ANYWHERE, {}) | moved

    def times(self, visibility: Visibility, entity: str, rows: Sequence[int]) -> list[int]:
        """Return the moment of the last change of each of the *rows*, or since which all deletions are known.

        A client that reads all of them may ask for changes since the latest of these moments.
        """
        with self.log.lock:
            found, since = self.log.since(visibility, entity), max(self.since, self.whole_since(visibility, entity))
        return [max(found[row], since) for row in rows]

    def follows(self, place: Place) -> bool:
        """Tell whether a branch is in the log: nothing of it is read uncached."""
        known = self.log.projections.get(place[2])
        return known is not None and place in known.branches

    def newest(self, visibility: Visibility) -> int:
        """Return the moment from which the next request for changes misses nothing that *visibility* shows."""
        with self.log.lock:
            self.log.record_differences(visibility)
            return max(self.log.newest, self.since)


def account_of(visibility: Visibility) -> ClientHistory | None:
    """Return the history of the client to whom *visibility* is shown; None where none is kept."""
    return visibility.history if isinstance(visibility.history, ClientHistory) else None
