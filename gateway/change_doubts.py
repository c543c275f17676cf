"""Doubts of a change log: what was shown before a restart and may only be set aside now, so that it is not gone.

A row of the source that cannot be understood at the first load after a restart has no form of before. Nothing that may
be missing for that reason is told as gone until the source can be read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.faces import Faces
    from gateway.hold import Generation

ANY_ROW = ""
"""In place of the id of a row that is set aside and does not say which one it is."""


@dataclass(slots=True)
class Doubts:
    """The *records*, by entity and id, that may be set aside, each with the hash and the moment it had.

    *settled* are keyed hashes of the rows that were set aside when the log began: they hide nothing that it knew.
    """

    records: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    settled: frozenset[int] | None = None

    def begin(self, faces: Faces) -> None:
        """Take what is set aside now for settled where nothing was known before."""
        now = frozenset(_hashes(faces, unknown_of(faces.generation)))
        self.settled = now if self.settled is None else self.settled & now

    def take(self, entity: str) -> dict[str, tuple[int, int]]:
        """The records of an *entity* by id, in doubt no longer."""
        found = {own: was for (kind, own), was in self.records.items() if kind == entity}
        self.records = {place: was for place, was in self.records.items() if place[0] != entity}
        return found

    def lacking(self, faces: Faces) -> frozenset[tuple[str, str]]:
        """The rows, by entity and own id, that are set aside without anybody knowing what they were."""
        unknown = unknown_of(faces.generation)
        hashes = zip(unknown, _hashes(faces, unknown), strict=True)
        return frozenset(one for one, digest in hashes if digest not in (self.settled or ()))


def unknown_of(generation: Generation) -> frozenset[tuple[str, str]]:
    """The rows, by entity and own id, that a generation has set aside and no generation before it had."""
    found = generation.base or generation
    return found.completeness.unknown if found.completeness is not None else frozenset()


def doubtful(
    faces: Faces, entity: str, missing: Iterable[str], unknown: Iterable[tuple[str, str]], api: str = "oneroster"
) -> set[str]:
    """Which of the *missing* records, by the ids a consumer knows, may be missing because rows are *unknown*.

    A row that is there and is shown no more may have lost what it was shown for.
    """
    found, unknown = set(missing), frozenset(unknown)
    if not found or not unknown:
        return set()
    own = [name for kind, name in unknown if kind == entity]
    if ANY_ROW in own:
        return found
    return found & {*faces.outward(entity, own, api), *faces.ids(entity, api)}


def _hashes(faces: Faces, rows: Iterable[tuple[str, str]]) -> list[int]:
    key = faces.keyring.derive("set aside", faces.generation.district)
    texts = ["\n".join(one).encode() for one in rows]
    return [int.from_bytes(blake2b(text, digest_size=8, key=key[:32]).digest()) for text in texts]
