"""Doubts of a change log: what was shown before a restart and may only be set aside now, so that it is not gone.

A row of the source that cannot be understood at the first load after a restart has no form of before. Where a consumer
was shown that very row, nothing that may be missing for that reason is told as gone until the source can be read again.
A row that it was not shown, or that does not say which one it is, decides nothing of what it is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from gateway.cache.completeness import Unknown
    from gateway.cache.snapshot import Snapshot
    from gateway.change_log.written import HashColumn
    from gateway.engine.visibility import Visibility

API = "oneroster"
"""The standard by whose ids a change log knows its records."""


@dataclass(slots=True)
class Doubts:
    """The *records*, by entity and id, that may be set aside, each with the hash and the moment it had.

    *settled* are keyed hashes of the rows that were set aside when the log began: they hide nothing that it knew.
    """

    records: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    settled: frozenset[int] | None = None

    def begin(self, visibility: Visibility, columns: Mapping[str, HashColumn]) -> None:
        """Take what is set aside now for settled where nothing was known; what the *columns* know of it is in doubt."""
        now = frozenset(_hashes(visibility, unknown_of(visibility.snapshot)))
        self.settled = now if self.settled is None else self.settled & now
        for entity, rows in _by_entity(self._unsettled(visibility)).items():
            known = columns[entity].known() if entity in columns else {}
            told = visibility.outward(entity, [one.own for one in rows], API)
            self.records |= {(entity, own): known[own] for own in told if own in known}

    def take(self, entity: str) -> dict[str, tuple[int, int]]:
        """The records of an *entity* by id, in doubt no longer."""
        found = {own: was for (kind, own), was in self.records.items() if kind == entity}
        self.records = {place: was for place, was in self.records.items() if place[0] != entity}
        return found

    def lacking(self, visibility: Visibility) -> frozenset[Unknown]:
        """The rows that were shown, and are set aside without anybody knowing what they were."""
        return shown_of(visibility, self._unsettled(visibility), self._ids, API)

    def _unsettled(self, visibility: Visibility) -> frozenset[Unknown]:
        unknown = unknown_of(visibility.snapshot)
        hashes = zip(unknown, _hashes(visibility, unknown), strict=True)
        return frozenset(one for one, digest in hashes if digest not in (self.settled or ()))

    def _ids(self, entity: str) -> frozenset[str]:
        return frozenset(own for kind, own in self.records if kind == entity)


def unknown_of(snapshot: Snapshot) -> frozenset[Unknown]:
    """The rows that a snapshot has set aside and no snapshot before it had."""
    found = snapshot.base or snapshot
    return found.completeness.unknown if found.completeness is not None else frozenset()


def shown_of(
    visibility: Visibility, unknown: Iterable[Unknown], known: Callable[[str], Container[str]], api: str
) -> frozenset[Unknown]:
    """Those of the *unknown* rows that a consumer was shown: their ids are *known*, by entity."""
    found: set[Unknown] = set()
    for entity, rows in _by_entity(unknown).items():
        ids, told = known(entity), visibility.outward(entity, [one.own for one in rows], api)
        found |= {one for one, own in zip(rows, told, strict=True) if own in ids}
    return frozenset(found)


def doubtful(
    visibility: Visibility, entity: str, missing: Iterable[str], lacking: Iterable[Unknown], api: str = API
) -> set[str]:
    """Which of the *missing* records, by the ids a consumer knows, may be missing because others are *lacking*.

    It was shown all of them. It may have been made of such a row, or be there and have lost what it was shown for.
    """
    found, lacking = set(missing), frozenset(lacking)
    if not found or not lacking:
        return set()
    if any(entity in one.made for one in lacking):
        return found
    own = [one.own for one in lacking if one.entity == entity]
    return found & {*visibility.outward(entity, own, api), *visibility.ids(entity, api)}


def _by_entity(rows: Iterable[Unknown]) -> dict[str, list[Unknown]]:
    found: dict[str, list[Unknown]] = defaultdict(list)
    for one in rows:
        found[one.entity].append(one)
    return found


def _hashes(visibility: Visibility, rows: Iterable[Unknown]) -> list[int]:
    key = visibility.keyring.derive("set aside", visibility.snapshot.district)
    texts = [f"{one.entity}\n{one.own}".encode() for one in rows]
    return [int.from_bytes(blake2b(text, digest_size=8, key=key[:32]).digest()) for text in texts]
