"""States of a change log: since when each row is as it is shown, and what is told of what is gone."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import msgspec

EDFI = "edfi"
LISTS_MASK = (1 << 24) - 1
"""The bits of a hash that tell the lists a record is in."""
ANY_LIST = "*"
"""In place of an entity, where it is not known any more in which lists a record was."""
ANYWHERE = (ANY_LIST, "")
"""In place of the record below which something was listed, where that is not known any more."""
PENDING = 2**63 - 1
"""In place of a moment: the difference has been found, and nobody has been told of it."""


@dataclass(frozen=True, slots=True)
class RemovedRecord:
    """What is told of a record that has left a branch."""

    sealed: bytes
    subjects: tuple[bytes, ...]
    lists: dict[str, tuple[str, ...]]


class Tombstone(msgspec.Struct, array_like=True):
    """What is told of a record gone since *at*: sealed, with the tags of its students and the lists it was in."""

    at: int
    sealed: bytes
    subjects: tuple[bytes, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}


@dataclass(slots=True)
class LogState:
    """Since when each row of one snapshot is as it is shown on one day, and the hashes of what is shown.

    *until* is the moment given to what differs from it, once somebody has been told.
    """

    number: int
    today: str
    times: dict[str, array[int]] = field(default_factory=dict)
    hashes: dict[str, array[int]] = field(default_factory=dict)
    until: int | None = None

    @property
    def key(self) -> tuple[int, str]:
        """What tells it apart from others: later ones are greater."""
        return self.number, self.today

    def give(self, moment: int, after: int) -> None:
        """Give the *moment* to all that is later than *after*."""
        for entity, times in self.times.items():
            if max(times, default=0) > after:
                self.times[entity] = array("q", [moment if at > after else at for at in times])
