"""Earlier records: rows of the previous snapshot in place of rows that the source now gives unreadable."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.contract import Change
from adapters.notes import USER
from gateway.cache.group_references import DANGLING
from gateway.cache.snapshot import NO_ROW
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Aside, Record
    from gateway.cache.snapshot import Key, Snapshot, Table
    from standards.keys import Keyring
    from standards.vocabulary import Field


def entities_of(entity: str) -> tuple[str, ...]:
    """Return the entities that a record noted as *entity* may be of: a user may be any kind of person."""
    return tuple(PERSONS) if entity == USER else (entity,)


def names_of(district: str, entity: str, key: Key, keyring: Keyring) -> tuple[str, ...]:
    """Return the ids that a record with a source's own *key* may have; none where there is no key."""
    return (key[-1], keyring.outward_ids(district, entity, [key])[0]) if key else ()


def record_of(snapshot: Snapshot, entity: str, row: int) -> Record:
    """Rebuild the vocabulary record, with its id, that a *row* of a table was made from."""
    table, known = snapshot.table(entity), fields_of(entity)
    lost = {name: iter(rows.get(row, ())) for name, rows in table.dangling.items()}
    turn = _KeyTurn(snapshot, known, lost)
    own = table.ids[row]
    record: Record = {"key": table.key(row) or (own,), "id": own}
    for name, column in table.columns.items():
        if column[row] is not None and (value := turn.value(name, column[row])) not in ((), []):
            record[name] = value
    for name, rows in table.refs.items():
        if (key := turn.key(name, rows[row])) is not None:
            record[name] = key
    return record


@dataclass(frozen=True, slots=True)
class _KeyTurn:
    """A converter from row numbers back to keys; *lost* has the keys of dangling references, by field, in order."""

    snapshot: Snapshot
    known: Mapping[str, Field]
    lost: Mapping[str, Iterator[Key]]

    def value(self, name: str, value: Any) -> Any:
        spec = self.known.get(name)
        if spec is not None and spec.type == "ref":
            return [key for row in value if (key := self.key(name, row)) is not None]
        if spec is not None and spec.type == "group":
            return [item for one in value if (item := self._item(name, one))]
        return value

    def key(self, name: str, row: int) -> Key | None:
        if row == NO_ROW:
            return None
        if row == DANGLING:
            return next(self.lost.get(name, iter(())), None)
        return self.snapshot.table(self.known[name].to).key(row)

    def _item(self, group: str, item: Mapping[str, Any]) -> Record:
        turned: Record = {}
        for name, value in item.items():
            spec = self.known.get(f"{group}.{name}")
            single = spec is not None and spec.type == "ref" and not spec.many
            found = self.key(spec.name, value) if single and spec is not None else self.value(f"{group}.{name}", value)
            if found is not None:
                turned[name] = found
        return turned


@dataclass(slots=True)
class Former:
    """The records of the snapshot *before* that replace what is set aside in the *fresh* one."""

    before: Snapshot
    fresh: Snapshot
    keyring: Keyring
    _found: dict[tuple[str, str], Record] = field(default_factory=dict)
    _here: dict[str, frozenset[str]] = field(default_factory=lambda: defaultdict(frozenset))

    def changes(self, rows: Iterable[Aside]) -> list[Change]:
        """Return the changes that restore the set-aside *rows* and the records made from them."""
        for one in rows:
            for entity in entities_of(one.entity):
                row = self._row(self.before.table(entity), entity, one.key)
                if row is not None:
                    self._keep(entity, row)
                    self._keep_made(entity, row, one.made)
        return [Change(entity, own, record) for (entity, own), record in self._found.items()]

    def those(self, rows: Iterable[tuple[str, str]]) -> list[Change]:
        """Return the changes that restore the *rows* (entity, id), as far as the earlier snapshot has them."""
        for entity, own in rows:
            row = self.before.table(entity).row_of(own)
            if row is not None:
                self._keep(entity, row)
        return [Change(entity, own, record) for (entity, own), record in self._found.items()]

    def lacks(self, entity: str) -> bool:
        """Tell whether a record of *entity* in the earlier snapshot is missing in the fresh one."""
        return any(not frozenset(self.before.table(one).ids) <= self._ids(one) for one in entities_of(entity))

    def _row(self, table: Table, entity: str, key: Key) -> int | None:
        if not key or not table.size:
            return None
        if (row := table.rows.get(key)) is not None:
            return row
        names = names_of(self.before.district, entity, key, self.keyring)
        return next((row for own in names if (row := table.row_of(own)) is not None), None)

    def _keep(self, entity: str, row: int) -> None:
        own = self.before.table(entity).ids[row]
        self._found[entity, own] = record_of(self.before, entity, row)

    def _keep_made(self, entity: str, row: int, made: frozenset[str]) -> None:
        """Restore the missing records that were made from the same row of the source."""
        for child in made:
            for spec in fields_of(child).values():
                if spec.owner and spec.to == entity and self.before.table(child).refs.get(spec.name) is not None:
                    for kid in self.before.children(child, spec.name, entity)[row]:
                        self._keep_missing(child, kid)
        for name, rows in self.before.table(entity).refs.items():
            to = fields_of(entity)[name].to
            if to in made and rows[row] >= 0 and self._keep_missing(to, rows[row]):
                self._keep_made(to, rows[row], made - {to})

    def _keep_missing(self, entity: str, row: int) -> bool:
        if self.before.table(entity).ids[row] in self._ids(entity):
            return False
        self._keep(entity, row)
        return True

    def _ids(self, entity: str) -> frozenset[str]:
        if entity not in self._here:
            self._here[entity] = frozenset(self.fresh.table(entity).ids)
        return self._here[entity]
