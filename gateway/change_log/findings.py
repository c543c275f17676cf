"""Findings: how the records that one grant shows differ between two snapshots."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from gateway.change_log.projection import LISTS, leading_to, lists_of
from gateway.change_log.skeletons import BASE, skeleton
from gateway.change_log.states import ANY_LIST, EDFI, LISTS_MASK, RemovedRecord
from gateway.engine.view_rows import ViewRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.cache.snapshot_differences import Difference, Differences
    from gateway.change_log.projection import Place, Projection
    from gateway.engine.view_rows import ChangeTimes
    from gateway.engine.visibility import Visibility


@dataclass(slots=True)
class EntityFindings:
    """The differences of one entity: present rows, records *gone* from a branch or that have *left* a list."""

    changed: set[int] = field(default_factory=set)
    hashes: dict[int, int] = field(default_factory=dict)
    gone: list[tuple[Place, str, RemovedRecord]] = field(default_factory=list)
    back: list[tuple[Place, str]] = field(default_factory=list)
    left: list[tuple[str, str, str]] = field(default_factory=list)
    joined: list[tuple[str, str, str]] = field(default_factory=list)


class RenderedState:
    """The records that one grant shows of one snapshot on one day, rendered."""

    def __init__(
        self,
        visibility: Visibility,
        ledger: ChangeTimes,
        key: bytes,
        about: Callable[[ViewRows], Callable[[int], Iterable[bytes]]],
        seal: Callable[[bytes], bytes],
    ) -> None:
        self.visibility, self._ledger, self._key, self._about, self.seal = visibility, ledger, key, about, seal

    def shown(self, projection: Projection, place: Place) -> ViewRows:
        """Return the rows of a branch of a view."""
        view, branch = projection.branches[place]
        return self.visibility.once(("branch", *place), lambda: ViewRows(branch, view, self.visibility, self._ledger))

    def visible(self, entity: str, row: int) -> bool:
        """Tell whether a row is visible to the consumer."""
        mask = self.visibility.visible(entity)
        return mask is None or bool(mask[row])

    def places(self, projection: Projection, rows: Sequence[int]) -> dict[int, frozenset[Place]]:
        """Return the branches that show each of the *rows*, all of which are visible."""
        found: dict[int, set[Place]] = {row: set() for row in rows}
        for place, (_, branch) in projection.branches.items():
            picky = branch.where or branch.needs or branch.only or branch.backed
            for row in self.shown(projection, place).among(rows) if picky else rows:
                found[row].add(place)
        return {row: frozenset(places) for row, places in found.items()}

    def render(self, projection: Projection, rows: Sequence[int]) -> dict[int, list[Any]]:
        """Render each of the *rows* in all its views."""
        return dict(zip(rows, projection.render(self.visibility, rows), strict=True))

    def digest(self, rendered: Sequence[Any], places: Iterable[Place]) -> int:
        """Hash with a key what is shown of a record and where; the last bits hash its lists; never 0."""
        lists = next((side[LISTS] for side in rendered if LISTS in side), None)
        content = self._hash([rendered, sorted(places)]) & ~LISTS_MASK
        return content | self._hash(lists) & LISTS_MASK or 1

    def _hash(self, value: Any) -> int:
        return int.from_bytes(blake2b(orjson.dumps(value), digest_size=8, key=self._key).digest())

    def digests(self, projection: Projection, rows: Sequence[int]) -> dict[int, int]:
        """Hash *rows*, all of which are visible."""
        rendered, places = self.render(projection, rows), self.places(projection, rows)
        return {row: self.digest(rendered[row], places[row]) for row in rows}

    def unknown(self, projection: Projection, place: Place, identifier: str) -> RemovedRecord:
        """Return what can be reported of a record that left a branch while no process compared."""
        view, _ = projection.branches[place]
        return RemovedRecord(self.seal(orjson.dumps(skeleton(view, identifier))), (), {ANY_LIST: ()})

    def gone(self, projection: Projection, place: Place, row: int, lists: Mapping[str, set[str]]) -> RemovedRecord:
        """Render what a branch showed of a *row* that has left it.

        Where registers decide who is in it, its id alone is kept of every record: a consent may have been withdrawn.
        """
        shown = self.shown(projection, place)
        if self.visibility.grant.asks_registers:
            record = skeleton(shown.view, shown.ids[row])
        else:
            (record,) = shown.render([row], BASE)
        told = {entity: tuple(sorted(ids)) for entity, ids in lists.items()}
        return RemovedRecord(self.seal(orjson.dumps(record)), tuple(self._about(shown)(row)), told)


class ChangeFindings:
    """The differences between the *old* and the *new* rendered state of one grant."""

    def __init__(
        self, old: RenderedState, new: RenderedState, differences: Differences, projections: Mapping[str, Projection]
    ) -> None:
        self._old, self._new, self._differences, self._projections = old, new, differences, projections
        self._dirty = {one: self._compare(one) for one in frozenset().union(*(p.ends for p in projections.values()))}
        self._differing = frozenset(entity for entity, dirty in self._dirty.items() if dirty)

    def of(self, entity: str) -> EntityFindings:
        """Find the differences of one entity."""
        projection, found = self._projections[entity], EntityFindings()
        rows = self._candidates(projection)
        old_rows = [at for row in rows if (at := self._before(entity, row)) >= 0]
        old_rows += sorted(self._differences.of(entity).gone)
        old_seen = [row for row in old_rows if self._old.visible(entity, row)]
        new_seen = [row for row in rows if self._new.visible(entity, row)]
        if not old_seen and not new_seen:
            return found
        before, after = self._old.render(projection, old_seen), self._new.render(projection, new_seen)
        were, are = self._old.places(projection, old_seen), self._new.places(projection, new_seen)
        came_from = {self._before(entity, row): row for row in rows if self._before(entity, row) >= 0}
        for row in new_seen:
            at = self._before(entity, row)
            if before.get(at) != after[row] or were.get(at) != are[row]:
                found.changed.add(row)
                found.hashes[row] = self._new.digest(after[row], are[row])
            self._lists(found, entity, row, lists_of(before.get(at, ())), lists_of(after[row]))
            found.back += [(place, self._id(entity, row)) for place in are[row] - were.get(at, frozenset())]
        for at in old_seen:
            row = came_from.get(at, -1)
            left = were[at] - are.get(row, frozenset())
            self._bury(found, projection, at, left, lists_of(before[at]))
        return found

    def _id(self, entity: str, row: int) -> str:
        return self._new.visibility.ids(entity)[row]

    def _lists(
        self,
        found: EntityFindings,
        entity: str,
        row: int,
        before: Mapping[str, set[str]],
        after: Mapping[str, set[str]],
    ) -> None:
        mine = self._id(entity, row)
        for outer in before.keys() | after.keys():
            was, now = before.get(outer, set()), after.get(outer, set())
            found.left += [(outer, one, mine) for one in sorted(was - now)]
            found.joined += [(outer, one, mine) for one in sorted(now - was)]

    def _bury(
        self,
        found: EntityFindings,
        projection: Projection,
        at: int,
        places: Iterable[Place],
        lists: Mapping[str, set[str]],
    ) -> None:
        mine = self._old.visibility.ids(projection.entity)[at]
        for place in sorted(places):
            if place[0] != EDFI:
                found.gone.append((place, mine, self._old.gone(projection, place, at, lists)))

    def _before(self, entity: str, row: int) -> int:
        return self._differences.of(entity).before(row)

    def _candidates(self, projection: Projection) -> list[int]:
        """Return the present rows of an entity that may be rendered differently than before."""
        entity, differing = projection.entity, self._differing & projection.ends
        if not differing:
            return []
        old, new = self._old.visibility.snapshot, self._new.visibility.snapshot
        columns, mine = projection.columns(self._old.visibility), self._dirty[entity]
        now = {one: self._dirty[one].now(columns.get(one, frozenset())) for one in differing}
        then = {one: self._dirty[one].then(columns.get(one, frozenset())) for one in differing}
        rows = mine.now() | leading_to(new, entity, projection.paths, now)
        earlier = mine.then() | leading_to(old, entity, projection.paths, then)
        return sorted(rows | self._differences.present(entity, earlier))

    def _compare(self, entity: str) -> DirtyRows:
        """Find the rows of *entity* that differ, or that are visible only before or only now."""
        one = self._differences.of(entity)
        found = DirtyRows(one, set(one.came), set(one.gone))
        before, after = self._old.visibility.visible(entity), self._new.visibility.visible(entity)
        if before != after or one.places is not None:
            for row in range(self._new.visibility.snapshot.table(entity).size):
                at = one.before(row)
                if at >= 0 and (before is None or before[at]) != (after is None or after[row]):
                    found.fresh.add(row)
                    found.former.add(at)
        return found


@dataclass(slots=True)
class DirtyRows:
    """Differing rows of one entity: present (*fresh*) and *former* rows without a counterpart, and changed columns."""

    difference: Difference
    fresh: set[int]
    former: set[int]

    def __bool__(self) -> bool:
        return bool(self.fresh or self.former or self.difference.changed)

    def now(self, columns: frozenset[str] | None = None) -> set[int]:
        """Return the present rows; of those that were there before, the ones that differ in *columns*, or in any."""
        return self.fresh | self._changed(columns)

    def then(self, columns: frozenset[str] | None = None) -> set[int]:
        """Return their rows in the earlier snapshot."""
        return self.former | {self.difference.before(row) for row in self._changed(columns)}

    def _changed(self, columns: frozenset[str] | None) -> set[int]:
        if columns is None:
            return set(self.difference.changed)
        return set().union(*(rows for name, rows in self.difference.columns.items() if name in columns))
