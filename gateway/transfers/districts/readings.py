"""Readings of districts that are not in memory: what finds a child, kept for a minute for the clicks that follow.

They are in the memory of this process alone, of a few districts, and nothing of them is written out.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.districts.district import District

Roll = TypeVar("Roll")
KEPT_SECONDS: Final = 60.0
MAX_DISTRICTS: Final = 8
"""The districts of which a reading is kept at one moment; the oldest one makes room."""
MAX_KNOWN: Final = 10_000
"""The students of a district whose ids are remembered."""


class SearchReadings(Generic[Roll]):
    """The last reading of each of a few districts, and the ids of students who were found: keyed tags and no names."""

    def __init__(self, seconds: float = KEPT_SECONDS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._monotonic, self._lock = seconds, monotonic, threading.Lock()
        self._rolls: WeakKeyDictionary[District, tuple[float, Roll]] = WeakKeyDictionary()
        self._known: WeakKeyDictionary[District, OrderedDict[str, str]] = WeakKeyDictionary()

    def keep(self, district: District, roll: Roll) -> None:
        """Keep a reading of a district from now on."""
        with self._lock:
            self._forget_old()
            while len(self._rolls) >= MAX_DISTRICTS and district not in self._rolls:
                del self._rolls[min(self._rolls, key=lambda one: self._rolls[one][0])]
            self._rolls[district] = self._monotonic(), roll

    def find(self, district: District) -> Roll | None:
        """Find the reading of a district; None where there is none any more."""
        with self._lock:
            self._forget_old()
            found = self._rolls.get(district)
        return found[1] if found is not None else None

    def forget_old(self) -> None:
        """Forget the readings whose minute is over."""
        with self._lock:
            self._forget_old()

    def forget(self, district: District) -> None:
        """Forget what is kept of a district."""
        with self._lock:
            self._rolls.pop(district, None)

    def note_student(self, district: District, subject: str, own: str) -> None:
        """Remember the source's id of the student with a keyed tag, who was found."""
        with self._lock:
            known = self._known.setdefault(district, OrderedDict())
            known[subject] = own
            known.move_to_end(subject)
            if len(known) > MAX_KNOWN:
                known.popitem(last=False)

    def student(self, district: District, subject: str) -> str | None:
        """Return the source's id of the student with a keyed tag, if it is remembered."""
        with self._lock:
            return self._known.get(district, OrderedDict()).get(subject)

    def _forget_old(self) -> None:
        begun = self._monotonic() - self._seconds
        for district in [one for one, (at, _) in self._rolls.items() if at <= begun]:
            del self._rolls[district]
