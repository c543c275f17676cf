"""The head of one client's resource logs: the versions reported to it, and the counts that reveal an outdated file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.storage.sealed_files import decoded
from gateway.storage.signed_heads import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.storage.sealed_files import Sealed
    from gateway.storage.signed_heads import Registry

HEAD_FILE = "head"
MAX_CHECKPOINTS = 1_000
NOTHING_REGISTERED = Checkpoint(0, "0")
"""The registry's checkpoint of logs that were never written."""


class ClientLogHead(msgspec.Struct, frozen=True, array_like=True):
    """The state common to all resource logs of a client at a district.

    *since* is the version of the data served when the client first asked, under the agreement *epoch*: it has nothing
    older from here. *floor* is the version from which all deletions are known, *last_reported* the newest reported to
    the client; *places* are the resources with a log. *checkpoints* pair reported versions with the source's own
    change versions that they cover. *count* numbers the writes of the client's files, and *counts* is the number of
    each log's last write. It is the head of the client's requests for one *purpose*; one of before names none.
    """

    since: int
    epoch: str
    floor: int
    last_reported: int
    places: tuple[str, ...] = ()
    checkpoints: tuple[tuple[int, int], ...] = ()
    count: int = 0
    counts: tuple[int, ...] = ()
    purpose: str = ""

    def count_of(self, place: str) -> int:
        """Return the number of the newest log of a *place*; 0 where there is none, or one of the old format."""
        return dict(zip(self.places, self.counts, strict=False)).get(place, 0)

    def with_log(self, place: str, count: int) -> ClientLogHead:
        """Return a copy with a log of a *place* that has the number *count*."""
        counts = {one: self.count_of(one) for one in self.places} | {place: count}
        return msgspec.structs.replace(self, places=tuple(counts), counts=tuple(counts.values()))


def name_of(folder: str) -> str:
    """Return the registry's name for the checkpoint of the resource logs in a *folder*."""
    return f"journals/{folder}"


def folder_of(
    files: Sealed, registry: Registry | None, name: Callable[[str], str], of: tuple[str, str, str], *, alone: bool
) -> str:
    """Return the folder of the logs *of* a client, a district and a purpose, and of no other purpose.

    An older version wrote them under no purpose, for the one that a client had. Where they do not say which it was,
    they are those of a client that is *alone* with its purpose.
    """
    client, district, purpose = of
    folder = name(f"{client}\n{district}")
    head = decoded(files.read(f"{folder}/{HEAD_FILE}"), ClientLogHead)
    held = registry.read_checkpoint(name_of(folder)) if registry else None
    own = (held is not None and alone) if head is None else head.purpose == purpose or (not head.purpose and alone)
    return folder if own or not purpose else name(f"{client}\n{district}\n{purpose}")


def with_checkpoint(marks: tuple[tuple[int, int], ...], mark: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Add a *mark* to *marks*; of those with the same source version keep the first and the last."""
    again = len(marks) > 1 and marks[-1][1] == marks[-2][1] == mark[1]
    return (*(marks[:-1] if again else marks), mark)[-MAX_CHECKPOINTS:]
