"""Snapshots: a district's records as columns in memory, built once, immutable, replaced whole."""

from __future__ import annotations

import threading
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.cache.group_references import DANGLING, group_of, resolve_item
from gateway.process_memory import without_collector
from standards.errors import SourceBroken
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.cache.completeness import Completeness
    from standards.keys import Keyring
    from standards.vocabulary import Field

NO_ROW = -1
LINKED = frozenset({
    "organization", "session", "schoolSession", "course", "offering", "section", "student", "staff", "contact",
    "resource",
})  # fmt: skip
DUPLICATE_KEY = "two records share one natural key or one id"

Key = tuple[str, ...]
Lost = defaultdict[str, defaultdict[int, list[int]]]


@dataclass(slots=True, weakref_slot=True)
class Table:
    """The rows of one entity: *columns* by field name; *refs* contain row numbers of the entity referred to.

    *dangling* keeps the keys of references whose target is missing, by field and row, in the order in which they stand
    there. A table never changes after `build_snapshot` has returned it; *derived* is kept with it by whoever computed
    something from its rows.
    """

    entity: str
    size: int
    columns: dict[str, list[Any]]
    refs: dict[str, array[int]]
    ids: list[str]
    rows: dict[Key, int]
    unique: list[str] | None = None
    blocks: bytes = b""
    dangling: dict[str, dict[int, tuple[Key, ...]]] = field(default_factory=dict)
    derived: Any = field(default=None, compare=False, repr=False)
    _keys: dict[int, Key] | None = None

    def key(self, row: int) -> Key | None:
        """Return the natural key of a row, of an entity that others refer to."""
        if self._keys is None:
            self._keys = {number: key for key, number in self.rows.items()}
        return self._keys.get(row)

    def row_of(self, own: str) -> int | None:
        """Find the row of the record that bears the id *own*."""
        return self.ids.index(own) if own in self.ids else None


@dataclass(slots=True)
class Snapshot:
    """One immutable state of a district; *base* is the snapshot that an uncached read builds on.

    Its *version* is the moment, in milliseconds, from which it counts as the state of the district's data; the district
    has been cached since *begun*, which is 0 for an uncached read. *completeness* tells what the source lacked.
    *members* are the rows of the students in each program that an agreement names, as of *members_day*.
    *registers* are what the district's registers said when it became the district's state, None where they say
    nothing. A snapshot that lays other values over another one has that one *under* it.
    """

    district: str
    number: int
    loaded: float
    tables: dict[str, Table]
    dropped: Counter[str]
    base: Snapshot | None = None
    stamp: str = ""
    version: int = 0
    begun: int = 0
    completeness: Completeness | None = None
    members: Mapping[str, frozenset[int]] = field(default_factory=dict)
    members_day: str = ""
    registers: object | None = None
    under: Snapshot | None = None
    _children: dict[tuple[str, str], Sequence[tuple[int, ...]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def unchanged_at(self, number: int, loaded: float) -> Snapshot:
        """Return the same rows, confirmed as unchanged at the moment *loaded*."""
        return replace(self, number=number, loaded=loaded)

    def differs(self, other: Snapshot) -> frozenset[str]:
        """Return the entities whose tables are not the same as in the *other* snapshot."""
        every = self.tables.keys() | other.tables.keys()
        return frozenset(entity for entity in every if self.tables.get(entity) is not other.tables.get(entity))

    def table(self, entity: str) -> Table:
        """Return the table of *entity*, empty when the source has none."""
        found = self.tables.get(entity)
        if found is None:
            found = self.base.table(entity) if self.base else Table(entity, 0, {}, {}, [], {})
        return found

    def members_of(self, programs: Iterable[str]) -> frozenset[int]:
        """Return the rows of the students in any of *programs*; nobody is in one that was not asked for."""
        if self.base is not None and "student" not in self.tables:
            return self.base.members_of(programs)
        return frozenset[int]().union(*(self.members.get(name, frozenset()) for name in programs))

    def children(self, entity: str, via: str, parent: str) -> Sequence[tuple[int, ...]]:
        """Return, for each row of *parent*, the rows of *entity* whose reference *via* points to it."""
        if self.base and entity not in self.tables and parent not in self.tables:
            return self.base.children(entity, via, parent)
        if self.under and _same_references(self.table(entity), self.under.table(entity), via):
            return self.under.children(entity, via, parent)
        with self._lock:
            known = self._children.get((entity, via))
            if known is None:
                known = self._children[entity, via] = self._collect(entity, via, parent)
            return known

    def known_children(self) -> dict[tuple[str, str], Sequence[tuple[int, ...]]]:
        """Return the children computed so far, by their entity and the reference to their parent."""
        with self._lock:
            return dict(self._children)

    def adopt_children(self, kin: Mapping[tuple[str, str], Sequence[tuple[int, ...]]]) -> None:
        """Take over computed children, where the rows are the same."""
        with self._lock:
            self._children.update(kin)

    def _collect(self, entity: str, via: str, parent: str) -> Sequence[tuple[int, ...]]:
        lists: list[Any] = [()] * self.table(parent).size
        table = self.table(entity)
        many = ((row, target) for row, targets in enumerate(table.columns.get(via, ())) for target in targets or ())
        for row, target in enumerate(table.refs[via]) if via in table.refs else many:
            if target >= 0:
                if lists[target]:
                    lists[target].append(row)
                else:
                    lists[target] = [row]
        return [tuple(rows) for rows in lists]


def _same_references(one: Table, other: Table, via: str) -> bool:
    """Tell whether two tables have the very same column of references *via*."""
    return one.refs.get(via) is other.refs.get(via) and one.columns.get(via) is other.columns.get(via)


@dataclass(slots=True)
class _LoadingTable:
    """A table while its rows arrive; a reference is a slot until every row is known."""

    entity: str
    fields: Mapping[str, Field]
    referenced: bool = True
    slots: dict[Key, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    refs: dict[str, array[int]] = field(default_factory=dict)
    size: int = 0

    def slot(self, key: Key) -> int:
        """Return the slot that stands for *key* until all rows are in."""
        found = self.slots.get(key)
        if found is None:
            found = self.slots[key] = len(self.rows)
            self.rows.append(DANGLING)
        return found

    def enter(self, key: Key, *, named: bool) -> None:
        """Give the next row its key; a row that is *named* brings its own id, so its key need not be kept."""
        if self.referenced:
            slot = self.slot(key)
            if self.rows[slot] != DANGLING:
                raise SourceBroken(DUPLICATE_KEY, self.entity)
            self.rows[slot] = self.size
        if not named:
            self.keys.extend([()] * (self.size - len(self.keys)))
            self.keys.append(key)


def build_snapshot(
    records: Iterable[tuple[str, dict[str, Any]]],
    district: str,
    keyring: Keyring,
    *,
    number: int = 1,
    loaded: float = 0.0,
    base: Snapshot | None = None,
    budget: int | None = None,
    entities: Iterable[str] | None = None,
) -> Snapshot:
    """Build columns from vocabulary *records*; *entities* lists those there may be, where that is known.

    Raises:
        SourceBroken: a key is missing or used twice.
            Or there are more than *budget* rows.
    """
    loader = Loader(base, entities)
    with without_collector():
        for count, (entity, record) in enumerate(records, 1):
            if budget is not None and count > budget:
                raise SourceBroken("the source has more rows than one request may read", entity)
            loader.add(entity, record)
        tables = loader.finish(district, keyring)
    return Snapshot(district, number, loaded, tables, loader.dropped, base, version=int(loaded * 1000))


class Loader:
    """A builder of tables from records; *known* gives the rows that references lead to, if not to these tables."""

    def __init__(
        self,
        base: Snapshot | None,
        entities: Iterable[str] | None = None,
        known: Callable[[str], Mapping[Key, int]] | None = None,
    ) -> None:
        self.base, self.known = base, known
        self.live = entities is None
        self.held = frozenset(entities or ())
        self.referenced = None if entities is None else LINKED.union(
            spec.to for entity in self.held for spec in fields_of(entity).values()
        )  # fmt: skip
        self.loading: dict[str, _LoadingTable] = {}
        self.dropped: Counter[str] = Counter()
        self._texts: dict[str, str] = {}

    def table(self, entity: str) -> _LoadingTable:
        """Return the table of *entity* as loaded so far."""
        found = self.loading.get(entity)
        if found is None:
            referenced = self.referenced is None or entity in self.referenced
            found = self.loading[entity] = _LoadingTable(entity, fields_of(entity), referenced)
        return found

    def add(self, entity: str, record: dict[str, Any]) -> None:
        """Append one record."""
        into = self.table(entity)
        key = record.get("key")
        if not key:
            raise SourceBroken("a record has no key", entity)
        into.enter(key, named="id" in record)
        row, columns, fields, texts = into.size, into.columns, into.fields, self._texts
        for name, value in record.items():
            spec = fields.get(name)
            if type(value) is str:
                if name != "id":
                    value = texts.setdefault(value, value)  # noqa: PLW2901  one object per distinct text
            elif spec is not None and spec.type == "ref":
                self._refer(into, spec, value, row)
                continue
            elif spec is not None and spec.type == "group":
                value = tuple(self._item(fields, name, item) for item in value)  # noqa: PLW2901
            if spec is None and not self._companion(fields, entity, name):
                continue
            column = columns.get(name)
            if column is None:
                column = columns[name] = []
            if len(column) < row:
                column.extend([None] * (row - len(column)))
            column.append(value)
        into.size += 1

    def _companion(self, fields: Mapping[str, Field], entity: str, name: str) -> bool:
        """Tell whether *name* is the exact token of a known field; drop and count any other name but the key."""
        if name.partition("@")[0] in fields:
            return True
        if name != "key":
            self.dropped[f"{entity}.{name}"] += 1
        return False

    def _refer(self, into: _LoadingTable, spec: Field, value: Any, row: int) -> None:
        target = self.table(spec.to)
        if spec.many:
            column = into.columns.setdefault(spec.name, [])
            column.extend([None] * (row - len(column)))
            column.append(tuple(target.slot(key) for key in value))
            return
        column_of_rows = into.refs.get(spec.name)
        if column_of_rows is None:
            column_of_rows = into.refs[spec.name] = array("i")
        if len(column_of_rows) < row:
            column_of_rows.extend([NO_ROW] * (row - len(column_of_rows)))
        column_of_rows.append(target.slot(value))

    def _item(self, fields: Mapping[str, Field], group: str, item: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in item.items():
            spec = fields.get(f"{group}.{name}")
            if spec is None and fields.get(f"{group}.{name.partition('@')[0]}") is None:
                self.dropped[f"{group}.{name}"] += 1
            elif spec is not None and spec.type == "ref":
                kept[name] = self.table(spec.to).slot(value)
            elif spec is not None and spec.type == "group":
                kept[name] = tuple(self._item(fields, f"{group}.{name}", inner) for inner in value)
            else:
                kept[name] = value
        return kept

    def finish(self, district: str, keyring: Keyring) -> dict[str, Table]:
        """Resolve every reference and compute the outward ids."""
        whole = self.base is None and self.known is None
        resolved = {name: self._resolve(loading) for name, loading in self.loading.items()}
        return {
            name: self._table(loading, resolved, district, keyring)
            for name, loading in self.loading.items()
            if loading.size or whole
        }

    def _resolve(self, loading: _LoadingTable) -> list[int]:
        if self.known is not None:
            rows = self.known(loading.entity)
            return [rows.get(key, DANGLING) for key in loading.slots]
        if self.base is None or loading.size:
            return loading.rows
        known = self.base.table(loading.entity).rows
        return [known.get(key, DANGLING) for key in loading.slots]

    def _table(
        self, loading: _LoadingTable, resolved: Mapping[str, list[int]], district: str, keyring: Keyring
    ) -> Table:
        size, entity = loading.size, loading.entity
        for column in loading.columns.values():
            column.extend([None] * (size - len(column)))
        lost: Lost = defaultdict(lambda: defaultdict(list))
        refs = {name: self._rows(loading, name, resolved, lost) for name in loading.refs}
        self._resolve_within(loading, resolved, lost)
        own = loading.columns.pop("id", None)
        loading.keys.extend([()] * (size - len(loading.keys)))
        ids = keyring.outward_ids(district, entity, loading.keys) if own is None or None in own else None
        if own is not None:
            ids = [mine or made for mine, made in zip(own, ids, strict=True)] if ids else own
        if len(set(ids or ())) < size:
            raise SourceBroken(DUPLICATE_KEY, entity)
        assert ids is not None
        table = Table(entity, size, loading.columns, refs, ids, _linked(loading, live=self.live))
        table.dangling = self._dangling(loading, lost)
        if entity in PERSONS:
            table.unique = keyring.unique_ids(district, entity, table.ids, table.columns.get("uniqueId"))
        return table

    @staticmethod
    def _rows(loading: _LoadingTable, name: str, resolved: Mapping[str, list[int]], lost: Lost) -> array[int]:
        slots, rows = loading.refs[name], resolved[loading.fields[name].to]
        slots.extend([NO_ROW] * (loading.size - len(slots)))
        found = array("i", [rows[slot] if slot >= 0 else NO_ROW for slot in slots])
        if DANGLING in found:
            lost[name].update((row, [slots[row]]) for row, target in enumerate(found) if target == DANGLING)
        return found

    @staticmethod
    def _resolve_within(loading: _LoadingTable, resolved: Mapping[str, list[int]], lost: Lost) -> None:
        columns = loading.columns
        for name, spec in loading.fields.items():
            if spec.type != "ref":
                continue
            rows = resolved.get(spec.to, [])
            if spec.many and name in columns:
                for row, slots in enumerate(columns[name]):
                    if slots:
                        found = columns[name][row] = tuple(rows[slot] for slot in slots)
                        if DANGLING in found:
                            lost[name][row] = [slot for slot in slots if rows[slot] == DANGLING]
            elif group := group_of(columns, loading.fields, name):
                parts = name[len(group) + 1 :].split(".")
                for row, items in enumerate(columns[group]):
                    for item in items or ():
                        resolve_item(item, parts, rows, lost[name], row)

    def _dangling(self, loading: _LoadingTable, lost: Lost) -> dict[str, dict[int, tuple[Key, ...]]]:
        """Return the keys of dangling references, of entities whose rows may yet arrive."""
        kept = {}
        for name, rows in lost.items():
            to = loading.fields[name].to
            if rows and to in self.held:
                keys = list(self.loading[to].slots)
                kept[name] = {row: tuple(keys[slot] for slot in slots) for row, slots in rows.items()}
        return kept


def _linked(loading: _LoadingTable, *, live: bool) -> dict[Key, int]:
    """Return the keys worth keeping: of entities that uncached rows refer to, and of all uncached rows."""
    if loading.entity not in LINKED and not live:
        return {}
    return {key: row for key, slot in loading.slots.items() if (row := loading.rows[slot]) >= 0}
