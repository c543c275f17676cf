"""Doubts of a change log: records shown before a restart that may only be set aside now, so are not reported deleted.

A row of the source that is unreadable at the first load after a restart has no earlier snapshot to be restored from.
Where a client was shown that very row, no record that may be missing for that reason is reported as deleted until the
source can be read again. A row that the client was not shown, or that bears no id, has no such effect.
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
"""The standard whose ids a change log uses."""


@dataclass(slots=True)
class Doubts:
    """The *records*, by entity and id, that may be set aside, each with its last hash and moment.

    *settled* are keyed hashes of the rows that were set aside when the log began: no record in it came from them.
    """

    records: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    settled: frozenset[int] | None = None

    def begin(self, visibility: Visibility, columns: Mapping[str, HashColumn]) -> None:
        """Settle what is set aside now where nothing was known; records of it that *columns* contain are in doubt."""
        now = frozenset(_hashes(visibility, unknown_of(visibility.snapshot)))
        self.settled = now if self.settled is None else self.settled & now
        for entity, rows in _by_entity(self._unsettled(visibility)).items():
            known = columns[entity].known() if entity in columns else {}
            told = visibility.outward(entity, [one.own for one in rows], API)
            self.records |= {(entity, own): known[own] for own in told if own in known}

    def take(self, entity: str) -> dict[str, tuple[int, int]]:
        """Return the records of an *entity* by id, and end their doubt."""
        found = {own: was for (kind, own), was in self.records.items() if kind == entity}
        self.records = {place: was for place, was in self.records.items() if place[0] != entity}
        return found

    def lacking(self, visibility: Visibility) -> frozenset[Unknown]:
        """Return the rows that were shown and are now set aside without an earlier record."""
        return shown_of(visibility, self._unsettled(visibility), self._ids, API)

    def _unsettled(self, visibility: Visibility) -> frozenset[Unknown]:
        unknown = unknown_of(visibility.snapshot)
        hashes = zip(unknown, _hashes(visibility, unknown), strict=True)
        return frozenset(one for one, digest in hashes if digest not in (self.settled or ()))

    def _ids(self, entity: str) -> frozenset[str]:
        return frozenset(own for kind, own in self.records if kind == entity)


def unknown_of(snapshot: Snapshot) -> frozenset[Unknown]:
    """Return the rows that a snapshot has set aside and that no snapshot before it had."""
    found = snapshot.base or snapshot
    return found.completeness.unknown if found.completeness is not None else frozenset()


def shown_of(
    visibility: Visibility, unknown: Iterable[Unknown], known: Callable[[str], Container[str]], api: str
) -> frozenset[Unknown]:
    """Return those of the *unknown* rows that a consumer was shown: their ids are *known*, by entity."""
    found: set[Unknown] = set()
    for entity, rows in _by_entity(unknown).items():
        ids, told = known(entity), visibility.outward(entity, [one.own for one in rows], api)
        found |= {one for one, own in zip(rows, told, strict=True) if own in ids}
    return frozenset(found)


def doubtful(
    visibility: Visibility, entity: str, missing: Iterable[str], lacking: Iterable[Unknown], api: str = API
) -> set[str]:
    """Return those *missing* records, by outward id, that may be missing because other rows are *lacking*.

    The consumer was shown all of them. A record may have been made from such a row, or be present but visible only
    because of such a row.
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
