"""Patches: the next state of a snapshot from the one before and the changed records; nothing else is read again."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.cache.group_references import DANGLING, group_of, within
from gateway.cache.snapshot import DUPLICATE_KEY, LINKED, NO_ROW, Loader, Snapshot, Table
from gateway.process_memory import without_collector
from standards.errors import SourceBroken
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapters.contract import Change, Record
    from gateway.cache.snapshot import Key
    from standards.keys import Keyring


def patched(
    snapshot: Snapshot,
    changes: Iterable[Change],
    keyring: Keyring,
    *,
    entities: Iterable[str],
    number: int = 1,
    loaded: float = 0.0,
) -> Snapshot:
    """Apply the *changes* to the *snapshot*, as if all records were read anew, but for the order of rows.

    *entities* are those that it contains; changes of others are ignored.

    Raises:
        SourceBroken: a key or an id would be used twice, or a changed record has no key.
    """
    held = frozenset(entities)
    by_entity: dict[str, list[Change]] = {}
    for change in changes:
        if change.entity in held:
            by_entity.setdefault(change.entity, []).append(change)
    moves = {entity: _move(snapshot, entity, some, keyring) for entity, some in by_entity.items()}
    loader = Loader(None, held, lambda entity: moves[entity].rows if entity in moves else snapshot.table(entity).rows)
    tables = dict(snapshot.tables)
    with without_collector():
        for entity, move in moves.items():
            for record in move.records:
                loader.add(entity, record)
        fresh = loader.finish(snapshot.district, keyring)
        for entity in tables.keys() | moves.keys():
            table = _relinked(snapshot.table(entity), moves)
            tables[entity] = _merged(table, moves[entity], fresh.get(entity)) if entity in moves else table
    dropped, version = snapshot.dropped | loader.dropped, int(loaded * 1000)
    made = Snapshot(snapshot.district, number, loaded, tables, dropped, version=version)
    made.adopt_children(
        {
            place: children
            for place, children in snapshot.known_children().items()
            if _stays(place, snapshot, made, moves)
        }
    )
    return made


@dataclass(slots=True)
class _Move:
    """The moves of the rows of one table.

    *places* has the new number of each row (None: no row moves) and *gone* the keys of the deleted rows; *records*
    go into the rows *numbers*. *rows* maps the keys of all rows afterwards, *arrived* has the keys that are new.
    """

    size: int
    places: list[int] | None
    gone: Mapping[int, Key]
    records: Sequence[Record]
    numbers: Sequence[int]
    rows: dict[Key, int]
    arrived: frozenset[Key]

    @property
    def settled(self) -> bool:
        """Whether every row has its old number and none is new."""
        return self.places is None and not self.arrived


def _move(snapshot: Snapshot, entity: str, changes: Sequence[Change], keyring: Keyring) -> _Move:
    old, linked = snapshot.table(entity), entity in LINKED
    ids = [_id(snapshot.district, entity, change.record, keyring) or change.id for change in changes]
    named = [name for change, own in zip(changes, ids, strict=True) for name in {change.id, own}]
    wanted = frozenset(named)
    if len(wanted) < len(named):
        raise SourceBroken(DUPLICATE_KEY, entity)
    at = {own: row for row, own in enumerate(old.ids) if own in wanted}
    gone = {at[change.id] for change in changes if change.record is None and change.id in at}
    gone |= {at[change.id] for change, own in zip(changes, ids, strict=True) if own != change.id and change.id in at}
    into: list[int | None] = []
    records = [change.record for change in changes if change.record is not None]
    for record, own in ((change.record, own) for change, own in zip(changes, ids, strict=True)):
        if record is None:
            continue
        row = at.get(own)
        if row is not None and linked and old.rows.get(record["key"]) != row:
            gone.add(row)  # another key: references to the old one dangle now
            row = None
        into.append(row)
    return _placed(entity, old, gone, records, into)


def _id(district: str, entity: str, record: Record | None, keyring: Keyring) -> str:
    """Return the id that a changed record bears in the snapshot; "" where it is deleted."""
    if record is None:
        return ""
    if not record.get("key"):
        raise SourceBroken("a record has no key", entity)
    return record.get("id") or keyring.outward_ids(district, entity, [record["key"]])[0]


def _placed(entity: str, old: Table, gone: set[int], records: Sequence[Record], into: Sequence[int | None]) -> _Move:
    linked, kept = entity in LINKED, old.size - len(gone)
    keys = {row: key for key, row in old.rows.items() if row in gone} if gone else {}
    places = _closed(old.size, gone) if gone else None
    rows = {key: places[row] for key, row in old.rows.items() if row not in gone} if places else dict(old.rows)
    numbers: list[int] = []
    arrived: list[Key] = []
    for record, row in zip(records, into, strict=True):
        if row is not None:
            numbers.append(places[row] if places else row)
            continue
        key, place = record["key"], kept + len(arrived)
        if linked and key in rows:
            raise SourceBroken(DUPLICATE_KEY, entity)
        if linked:
            rows[key] = place
        numbers.append(place)
        arrived.append(key)
    return _Move(kept + len(arrived), places, keys, records, numbers, rows, frozenset(arrived))


def _closed(size: int, gone: set[int]) -> list[int]:
    """Return the new number of each row when those that are *gone* leave no gap."""
    places, place = [], 0
    for row in range(size):
        places.append(DANGLING if row in gone else place)
        place += row not in gone
    return places


def _merged(old: Table, move: _Move, fresh: Table | None) -> Table:
    """Merge the rows that stay and those of *fresh* into one table."""
    fresh = fresh or Table(old.entity, 0, {}, {}, [], {})

    def merge(before: Sequence[Any] | None, after: Sequence[Any] | None, absent: Any) -> list[Any]:
        if before is None:
            values = [absent] * move.size
        else:
            places = move.places
            kept = before if places is None else (v for v, place in zip(before, places, strict=True) if place >= 0)
            values = list(kept)
            values.extend([absent] * (move.size - len(values)))
        for number, value in zip(move.numbers, after or [absent] * len(move.numbers), strict=True):
            values[number] = value
        return values

    columns = {
        name: merge(old.columns.get(name), fresh.columns.get(name), None) for name in old.columns | fresh.columns
    }
    refs = {name: merge(old.refs.get(name), fresh.refs.get(name), NO_ROW) for name in old.refs | fresh.refs}
    columns = {name: column for name, column in columns.items() if any(value is not None for value in column)}
    linked = {name: array("i", rows) for name, rows in refs.items() if rows.count(NO_ROW) < move.size}
    ids = merge(old.ids, fresh.ids, "")
    unique = merge(old.unique, fresh.unique, "") if old.entity in PERSONS else None
    return Table(old.entity, move.size, columns, linked, ids, move.rows, unique, dangling=_dangling(old, move, fresh))


def _dangling(old: Table, move: _Move, fresh: Table) -> dict[str, dict[int, tuple[Key, ...]]]:
    found, replaced = {}, frozenset(move.numbers)
    for name in old.dangling.keys() | fresh.dangling.keys():
        rows = {}
        for row, keys in old.dangling.get(name, {}).items():
            place = row if move.places is None else move.places[row]
            if place >= 0 and place not in replaced:
                rows[place] = keys
        rows |= {move.numbers[row]: keys for row, keys in fresh.dangling.get(name, {}).items()}
        if rows:
            found[name] = rows
    return found


def _relinked(table: Table, moves: Mapping[str, _Move]) -> Table:
    """Point every reference to its target's new row; return the table itself where none moves."""
    columns, refs, dangling, fields = table.columns, table.refs, table.dangling, fields_of(table.entity)
    for name, spec in fields.items():
        move = moves.get(spec.to) if spec.type == "ref" else None
        if move is None:
            continue
        before = dangling.get(name, {})
        healed = [row for row, keys in before.items() if not move.arrived.isdisjoint(keys)]
        if move.places is None and not healed:
            continue
        turns = _ReferenceTurns(move, before)
        if name in refs:
            refs = refs | {name: turns.rows(refs[name], healed)}
        elif spec.many and name in columns:
            columns = columns | {name: turns.values(columns[name], healed, ())}
        elif group := group_of(columns, fields, name):
            parts = name[len(group) + 1 :].split(".")
            columns = columns | {group: turns.values(columns[group], healed, parts)}
        else:
            continue
        dangling = {other: rows for other, rows in dangling.items() if other != name}
        if turns.lost:
            dangling[name] = turns.lost
    if columns is table.columns and refs is table.refs:
        return table
    return replace(table, columns=columns, refs=refs, dangling=dangling)


@dataclass(slots=True)
class _ReferenceTurns:
    """A renumbering of the references of one field; *lost* collects the keys of those that dangle then."""

    move: _Move
    before: Mapping[int, tuple[Key, ...]]
    lost: dict[int, tuple[Key, ...]] = field(default_factory=dict)

    def rows(self, targets: array[int], healed: Iterable[int]) -> array[int]:
        """Renumber a column of single references."""
        self.lost.update(self.before)
        places = self.move.places
        if places is None:
            turned, some = array("i", targets), set(healed)
        else:
            ends = [*places, DANGLING, NO_ROW]  # so that negative numbers stay what they are
            turned = array("i", map(ends.__getitem__, targets))
            some = {row for row, target in enumerate(targets) if target >= 0 and turned[row] < 0} | set(healed)
        for row in some:
            with_keys = self._turn(row)
            turned[row] = with_keys(targets[row])
            self._keep(row, with_keys)
        return turned

    def values(self, column: Sequence[Any], healed: Iterable[int], parts: Sequence[str]) -> list[Any]:
        """Renumber a column of lists of references, or of groups that contain them under *parts*."""
        self.lost.update(self.before)
        turned = list(column)
        for row in healed if self.move.places is None else range(len(turned)):
            if turned[row]:
                turn = self._turn(row)
                turned[row] = within(turned[row], parts, turn) if parts else tuple(map(turn, turned[row]))
                self._keep(row, turn)
        return turned

    def _turn(self, row: int) -> _ReferenceTurn:
        return _ReferenceTurn(self.move, list(self.before.get(row, ())))

    def _keep(self, row: int, turn: _ReferenceTurn) -> None:
        if turn.lost:
            self.lost[row] = tuple(turn.lost)
        else:
            self.lost.pop(row, None)


@dataclass(slots=True)
class _ReferenceTurn:
    """A renumbering of the references of one row, in order; *keys* are those of references that dangled."""

    move: _Move
    keys: list[Key]
    lost: list[Key] = field(default_factory=list)

    def __call__(self, target: int) -> int:
        if target == NO_ROW:
            return target
        if target == DANGLING:
            key = self.keys.pop(0)
        else:
            place = target if self.move.places is None else self.move.places[target]
            if place >= 0:
                return place
            key = self.move.gone[target]
        found = self.move.rows.get(key, DANGLING)
        if found == DANGLING:
            self.lost.append(key)
        return found


def _stays(place: tuple[str, str], old: Snapshot, new: Snapshot, moves: Mapping[str, _Move]) -> bool:
    """Tell whether the children by one reference are the same rows of the same parents."""
    entity, via = place
    parent = moves.get(fields_of(entity)[via].to)
    return new.table(entity) is old.table(entity) and (parent is None or parent.settled)
