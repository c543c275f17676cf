"""Records that a consumer was shown and that are gone: tombstones, which answer a query as rows do."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from gateway.change_findings import ANY_LIST, ANYWHERE
from gateway.change_log import Tombstone
from gateway.disclosure import students
from gateway.items import having
from gateway.matching import kind_of, lists, matcher
from gateway.rows import found_at, keep
from gateway.skeletons import BASE, skeleton
from standards.errors import MalformedQuery
from standards.query import Item, conditions
from standards.view import find

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from gateway.change_logs import ChangeLogs
    from gateway.rows import Shown
    from standards.query import Condition, Filter, Query

MODIFIED = "dateLastModified"
ASKING = frozenset({"status", MODIFIED})
NOT_TOLD = (
    "This collection is read from the district's system on each request, and nobody remembers what is gone from it: "
    "an answer to what has changed would not be whole. Leave this filter out, and compare whole lists."
)
GONE = ("status", "tobedeleted")
NOTHING_BESIDE: Mapping[Shown, Container[int]] = MappingProxyType({})


def asked_for(query: Query) -> bool:
    """Whether a consumer asks what has changed: only then is it told of what is gone."""
    return any(condition.path in ASKING for condition in conditions(query.filter))


def refuse_unknown(query: Query, shown: Iterable[Shown]) -> None:
    """Refuse to tell what has changed where what is gone cannot be told.

    Raises:
        MalformedQuery: something of what is *shown* is read for this one request.
    """
    asked = [one for one in conditions(query.filter) if one.path == MODIFIED or (one.path, one.value) == GONE]
    if asked and not all(map(followed, shown)):
        raise MalformedQuery(asked[0].parameter, NOT_TOLD)


def followed(shown: Shown) -> bool:
    """Whether a change log knows what of a branch has changed: nothing of it is read for one request alone."""
    account = shown.faces.account
    return account is not None and account.follows((shown.view.api, shown.view.name, shown.branch.entity))


@dataclass(frozen=True, slots=True)
class Below:
    """The record that an address names, by its *entity* and the *identifier* the consumer knows it by.

    *rows* are those that belong to it now.
    """

    entity: str
    identifier: str
    rows: Container[int]

    def holds(self, lists: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a record that was in these *lists* was in its own."""
        return ANY_LIST in lists or self.identifier in lists.get(self.entity, ())


@dataclass(frozen=True, slots=True)
class _Told:
    """One tombstone: the id, the record and the students it is about."""

    identifier: str
    text: bytes
    subjects: tuple[bytes, ...]


def departed(
    logs: ChangeLogs, shown: Shown, beside: Mapping[Shown, Container[int]] = NOTHING_BESIDE, below: Below | None = None
) -> Departed:
    """What is gone from a branch, or from the list of it *below* a record, as if it were rows.

    What is shown as something else by one *beside* it, among the rows that count there, is not gone.
    """
    others = [one for one in beside.items() if one[0] is not shown and one[0].faces is shown.faces]
    found = [one for one in _told(logs, shown, below) if not any(_shows(*other, one.identifier) for other in others)]
    return Departed(
        shown, [one.identifier for one in found], [one.text for one in found], [one.subjects for one in found]
    )


def _told(logs: ChangeLogs, shown: Shown, below: Below | None) -> list[_Told]:
    account, place = shown.faces.account, (shown.view.api, shown.view.name, shown.branch.entity)
    if account is None or not account.follows(place):
        return []
    with account.log.lock:
        account.log.settle(shown.faces)
        account.compare(shown.faces)
        after = max(account.since, account.log.horizon)
        gone = account.log.gone.get(place) or OrderedDict[str, Tombstone]()
        kept = {
            name: _tombstone(name, logs.open_text(one.sealed), one.at, one.subjects)
            for name, one in gone.items()
            if one.at > after and (below is None or below.holds(one.lists))
        }
        for name, one in account.gone.get(place, {}).items():
            here = one.at > account.log.horizon and (below is None or below.holds(one.lists))
            if here and name not in kept and not _shows(shown, shown.members, name):
                kept[name] = _tombstone(name, orjson.dumps(skeleton(shown.view, name)), one.at, one.subjects)
        if below is not None:
            account.compare_lists(shown.faces, shown.branch.entity)
            for outer in ((below.entity, below.identifier), ANYWHERE):
                left = [*account.left.get(outer, {}).items(), *account.log.left.get(outer, {}).items()]
                for (entity, name), at in left:
                    if entity == shown.branch.entity and name not in kept and at > account.log.horizon:
                        kept |= _left(logs, shown, below, name, at, gone.get(name))
        return list(kept.values())


def _left(logs: ChangeLogs, shown: Shown, below: Below, name: str, at: int, gone: Tombstone | None) -> dict[str, _Told]:
    """The tombstone of what has left a list, be it still elsewhere or gone meanwhile."""
    if gone is not None:
        return {name: _tombstone(name, logs.open_text(gone.sealed), at, gone.subjects)}
    row = shown.faces.row(shown.branch.entity, name, shown.view.api)
    if row is None or row not in shown.members or row in below.rows:
        return {}
    (record,) = shown.render([row], BASE)
    return {name: _tombstone(name, orjson.dumps(record), at, tuple(students(shown, logs)(row)))}


def _tombstone(name: str, text: bytes, at: int, subjects: tuple[bytes, ...]) -> _Told:
    told = {"status": "tobedeleted", "dateLastModified": _text(at / 1000)}
    return _Told(name, orjson.dumps(orjson.loads(text) | told), subjects)


def _shows(shown: Shown, among: Container[int], identifier: str) -> bool:
    row = shown.faces.row(shown.branch.entity, identifier, shown.view.api)
    return row is not None and row in shown.members and row in among


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Departed:
    """The tombstones of one branch, which answer a query as its rows do."""

    shown: Shown
    ids: Sequence[str]
    texts: Sequence[bytes]
    subjects: Sequence[tuple[bytes, ...]]
    _records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def branch(self) -> Any:
        """The branch that showed them."""
        return self.shown.branch

    @property
    def view(self) -> Any:
        """The view that showed them."""
        return self.shown.view

    @property
    def faces(self) -> Any:
        """The faces of those that are still there."""
        return self.shown.faces

    @property
    def facts(self) -> tuple[str, ...]:
        """Which facts they show."""
        return self.shown.facts

    @property
    def rows(self) -> Sequence[int]:
        """Their numbers, by released id."""
        return sorted(range(len(self.ids)), key=self.ids.__getitem__)

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """The *rows* for which *condition* holds; order kept."""
        return keep(rows, condition, lambda some, one: self._compare(some, one, base))

    def _compare(self, rows: Sequence[int], condition: Condition | Item, base: str) -> list[int]:
        if isinstance(condition, Item):
            return having(rows, self.values(rows, condition.path, base), condition)
        chain = find(self.branch.nodes, condition.path)
        if chain is None:
            return []
        matches = matcher(condition, kind_of(chain), listed=lists(self.branch.entity, chain))
        values = self.values(rows, condition.path, base)
        return [row for row, value in zip(rows, values, strict=True) if matches(value)]

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """What the member at *path* shows in each row."""
        records = self.render(rows, base)
        return [found_at(record, path.split(".")) for record in records]

    def render(self, rows: Sequence[int], base: str) -> list[dict[str, Any]]:
        """The records, under the addresses that begin with *base*."""
        if base not in self._records:
            mark = f'"{BASE}/'.encode()
            self._records[base] = [orjson.loads(text.replace(mark, f'"{base}/'.encode())) for text in self.texts]
        return [self._records[base][row] for row in rows]

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:
        """They bear the time of their departure already."""
