"""The head of one consumer's journals: what was told of them, and the numbers by which older ones are found out."""

from __future__ import annotations

import msgspec

from gateway.storage.signed_heads import Checkpoint

HEAD_FILE = "head"
MAX_CHECKPOINTS = 1_000
NOTHING_REGISTERED = Checkpoint(0, "0")
"""What the registry holds of journals that were never written."""


class ClientLogHead(msgspec.Struct, frozen=True, array_like=True):
    """What holds for all journals of a consumer at a district.

    *since* is the version of what was served when the consumer first asked, under the agreement *epoch*: it has nothing
    older from here. *floor* is the version from which everything gone is known, *last_reported* the newest it was told;
    *places* are the resources with a journal. *checkpoints* say of versions told up to which of the source's own
    versions they are good. *count* numbers what was written down of the consumer, and *counts* say which of it each
    journal is.
    """

    since: int
    epoch: str
    floor: int
    last_reported: int
    places: tuple[str, ...] = ()
    checkpoints: tuple[tuple[int, int], ...] = ()
    count: int = 0
    counts: tuple[int, ...] = ()

    def count_of(self, place: str) -> int:
        """The number of the newest journal of a *place*; 0 where there is none, or one of old."""
        return dict(zip(self.places, self.counts, strict=False)).get(place, 0)

    def with_log(self, place: str, count: int) -> ClientLogHead:
        """The same, with a journal of a *place* that has the number *count*."""
        counts = {one: self.count_of(one) for one in self.places} | {place: count}
        return msgspec.structs.replace(self, places=tuple(counts), counts=tuple(counts.values()))


def name_of(folder: str) -> str:
    """The name under which the registry holds how often the journals in a *folder* were written, and what was told."""
    return f"journals/{folder}"


def with_checkpoint(marks: tuple[tuple[int, int], ...], mark: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """*marks* and one more; of those that say the same the first and the last are kept."""
    again = len(marks) > 1 and marks[-1][1] == marks[-2][1] == mark[1]
    return (*(marks[:-1] if again else marks), mark)[-MAX_CHECKPOINTS:]
