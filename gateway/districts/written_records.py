"""Written records: what consumers wrote to a district's system, until a snapshot has it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.cache.refresh import Written

    Noted = Mapping[Written, tuple[int, bool]]


class WrittenRecords:
    """The records that were written and are not in a snapshot yet, with the number of the last write of each.

    Of those that were rekeyed, records that refer to them may have changed too.
    """

    def __init__(self) -> None:
        self._noted: dict[Written, tuple[int, bool]] = {}
        self._writes, self._lock = 0, threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._noted)

    def note(self, entity: str, identifiers: Iterable[str], *, rekeyed: bool) -> None:
        """Note that records of *entity* with these ids of the source were written."""
        with self._lock:
            for own in identifiers:
                self._writes += 1
                wide = rekeyed or self._noted.get((entity, own), (0, False))[1]
                self._noted[entity, own] = self._writes, wide

    def noted(self) -> Noted:
        """Return the records as of now."""
        with self._lock:
            return dict(self._noted)

    def forget(self, noted: Noted) -> None:
        """Forget the records *noted*, but for those written again since."""
        with self._lock:
            for place, write in noted.items():
                if self._noted[place] == write:
                    del self._noted[place]
