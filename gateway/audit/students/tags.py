"""Student tags: keyed hashes by which the record of disclosures says whom an event is about.

Each school year of a district has a key of its own. Events of versions before had one key for ever; who looks for a
student tries that one too.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gateway.audit.students.subject_keys import SubjectKeys, school_year
from gateway.audit.subjects import TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from standards.keys import Keyring


class StudentTags(Protocol):
    """A source of the tags of students, by district and day."""

    def tagger(self, district: str, today: str) -> Callable[[str], bytes]:
        """Return a function from a student's id to its tag, as it is written on that day in that district."""


class YearlyTags:
    """The tags under the keys of the registry; the key of each district's present year is held in memory."""

    def __init__(self, keys: SubjectKeys, clock: Callable[[], float]) -> None:
        self._keys, self._clock = keys, clock
        self._known: dict[str, tuple[int, Callable[[str], bytes]]] = {}
        self._lock = threading.Lock()

    def tagger(self, district: str, today: str) -> Callable[[str], bytes]:
        """Return a function from a student's id to its tag on that day.

        Raises:
            StoreUnavailable: the year's key is not known yet, and the registry cannot be used.
        """
        year, known = school_year(today), self._known.get(district)
        if known is None or known[0] != year:
            made = keyed(self._keys.open(district, year, datetime.fromtimestamp(self._clock(), UTC)))
            known = year, made
            with self._lock:
                if year >= self._known.get(district, known)[0]:
                    self._known[district] = known
        return known[1]


class FormerTags:
    """The tags of versions before, under one key for ever."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def tagger(self, district: str, today: str) -> Callable[[str], bytes]:  # noqa: ARG002  one key for every day
        """Return a function from a student's id to its tag."""
        return partial(self._keyring.student_tag, district)


def keyed(key: bytes) -> Callable[[str], bytes]:
    """Return the function from a student's id to its tag under a *key*."""
    begun = hashlib.blake2b(b"student\x00", key=key, digest_size=TAG_BYTES)

    def tag(outward: str) -> bytes:
        copy = begun.copy()
        copy.update(outward.encode("utf-8", "surrogatepass"))
        return copy.digest()

    return tag


class PossibleTags:
    """All tags that a student may have in the record: under the key of every year, and that of before."""

    def __init__(self, keys: SubjectKeys, keyring: Keyring) -> None:
        self._keys, self._keyring = keys, keyring

    def of(self, district: str, identifier: str) -> tuple[bytes, ...]:
        """Return a student's tags; those of years whose key was destroyed are nobody's.

        The *identifier* is the source's own id, or the student's natural key, of which the id of a source without ids
        of its own is made (Ed-Fi: the unique id).
        """
        made = self._keyring.outward_ids(district, "student", [(identifier,)]) if identifier else []
        names = dict.fromkeys((*made, identifier))
        return tuple(tag(name) for tag in self.taggers(district).values() for name in names)

    def destroyed(self, district: str) -> frozenset[int]:
        """Return the school years of a district whose key was destroyed."""
        return frozenset(one.school_year for one in self._keys.list(district) if one.key is None)

    def taggers(self, district: str) -> dict[int, Callable[[str], bytes]]:
        """Return the function from id to tag for every school year; year 0 is the key of before."""
        found: dict[int, Callable[[str], bytes]] = {0: partial(self._keyring.student_tag, district)}
        found |= {one.school_year: keyed(one.key) for one in self._keys.list(district) if one.key is not None}
        return found
