"""Accounts: the change log that a client is told of under a grant, and since when all of it is new to it."""

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
    """The change log that a client is told of under a grant, and the moment *since* which all of it is new to it.

    What was *gone* or had *left* a list in the logs it was told of before is known by ids alone, and so is what was
    *present* in the last of them, until it is compared: as a whole, and by the lists that each was in (*listed*).
    Of what was gone before some moments not all is known (*losses*).
    """

    log: ChangeLog
    since: int
    gone: dict[Place, dict[str, Tombstone]] = field(default_factory=dict)
    left: dict[tuple[str, str], dict[tuple[str, str], int]] = field(default_factory=dict)
    present: dict[str, Mapping[str, int]] = field(default_factory=dict)
    listed: dict[str, Mapping[str, int]] = field(default_factory=dict)
    losses: TombstoneGaps = field(default_factory=TombstoneGaps)

    def whole_since(self, visibility: Visibility, entity: str) -> int:
        """The moment since which all that is gone of an *entity* is known; what is gone for long is forgotten now."""
        with self.log.lock:
            self.log.record_differences(visibility)
            self.log.forget()
            self.losses.forget(self.gone, self.left, self.log.horizon)
            lost = self.log.losses.of(entity)
            return max(self.losses.of(entity), lost if lost > self.since else 0)

    def compare(self, visibility: Visibility) -> None:
        """Find out which of those who were shown before, under another grant, are not shown by *visibility*.

        As long as one may be missing because of what is set aside, it is found out again.
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
                    self.gone[place] = self.gone.get(place, {}) | dict.fromkeys(some, one)  # later than what is known
                if lacking:
                    self.present[entity] = ids

    def compare_lists(self, visibility: Visibility, entity: str) -> None:
        """Find out who may have left a list since it was shown under another grant: which list is not known."""
        known = self.listed.pop(entity, {})
        if known and entity in self.log.projections:
            moved = dict.fromkeys(((entity, own) for own in self.log.moved(visibility, entity, known)), self.since)
            self.left[ANYWHERE] = self.left.get(ANYWHERE, {}) | moved

    def times(self, visibility: Visibility, entity: str, rows: Sequence[int]) -> list[int]:
        """The moment of the last change of each of the *rows* of an entity, or since which all that is gone is known.

        Who reads all of them may ask for what has changed since the last of their moments.
        """
        with self.log.lock:
            found, since = self.log.since(visibility, entity), max(self.since, self.whole_since(visibility, entity))
        return [max(found[row], since) for row in rows]

    def follows(self, place: Place) -> bool:
        """Whether what a branch shows is followed: nothing of it is read for one request alone."""
        known = self.log.projections.get(place[2])
        return known is not None and place in known.branches

    def newest(self, visibility: Visibility) -> int:
        """The moment from which the next question for what has changed loses nothing of what *visibility* shows."""
        with self.log.lock:
            self.log.record_differences(visibility)
            return max(self.log.newest, self.since)


def account_of(visibility: Visibility) -> ClientHistory | None:
    """The account of the client to whom *visibility* are shown; None where nothing is kept of what it is told."""
    return visibility.history if isinstance(visibility.history, ClientHistory) else None
