"""States of a change log: since when each row is as it is shown, and tombstones."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import msgspec

EDFI = "edfi"
LISTS_MASK = (1 << 24) - 1
"""The bits of a hash that are made from the lists that a record is in."""
ANY_LIST = "*"
"""In place of an entity, where the lists that a record was in are forgotten."""
ANYWHERE = (ANY_LIST, "")
"""In place of the record whose list contained another, where that is forgotten."""
PENDING = 2**63 - 1
"""In place of a moment: the difference is found but not yet reported."""


@dataclass(frozen=True, slots=True)
class RemovedRecord:
    """A record that has left a branch: sealed, with the tags of its students and the lists it was in."""

    sealed: bytes
    subjects: tuple[bytes, ...]
    lists: dict[str, tuple[str, ...]]


class Tombstone(msgspec.Struct, array_like=True):
    """The tombstone of a record deleted at *at*: sealed, with the tags of its students and the lists it was in."""

    at: int
    sealed: bytes
    subjects: tuple[bytes, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}


@dataclass(slots=True)
class LogState:
    """The moments since when each row of one snapshot is as it is shown on one day, and the hashes of the rows.

    *until* is the moment given to the first difference from it, once that is reported.
    """

    number: int
    today: str
    times: dict[str, array[int]] = field(default_factory=dict)
    hashes: dict[str, array[int]] = field(default_factory=dict)
    until: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """The order of states: later ones are greater."""
        return self.number, self.today

    def give(self, moment: int, after: int) -> None:
        """Give the *moment* to all that is later than *after*."""
        for entity, times in self.times.items():
            if max(times, default=0) > after:
                self.times[entity] = array("q", [moment if at > after else at for at in times])
