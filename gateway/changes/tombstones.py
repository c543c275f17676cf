"""Tombstones: records that a consumer was shown and that are deleted for it, which answer a query as rows do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from gateway.change_log.account import account_of
from gateway.change_log.skeletons import BASE, skeleton
from gateway.change_log.states import ANY_LIST, ANYWHERE, PENDING
from gateway.changes.rows_of_view import RowsOfView
from gateway.engine.data_subjects import students
from gateway.engine.filter_conditions import having, instant, kind_of, lists, matcher
from gateway.engine.rows import keep
from standards.collation import folded
from standards.errors import MalformedQuery
from standards.query import Both, Condition, Either, Item, conditions
from standards.view import find

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from gateway.change_log.grant_logs import ChangeLogs
    from gateway.change_log.ledger import Ledger
    from gateway.change_log.states import Tombstone
    from gateway.engine.view_rows import ViewRows
    from standards.query import Filter, Query

    Outer = tuple[tuple[str, str], ...]

MODIFIED_MEMBER = "dateLastModified"
DELTA_MEMBERS = frozenset({"status", MODIFIED_MEMBER})
NOT_TOLD = (
    "This list is read from the district's system on each request, and what is gone from it is known only since it was "
    "read whole here: an answer to what has changed would not be whole. Leave this filter out, read the list at this "
    "very address and compare whole lists; from then on ask with dateLastModified."
)
NEVER_TOLD = (
    "This list of several kinds of records is read from the district's system on each request, and nobody knows what "
    "is gone from it: an answer to what has changed would not be whole. Leave this filter out, and compare whole lists."
)
FORGOTTEN = (
    "Not all that is gone since that moment is still known, and an answer to what has changed would not be whole. Read "
    "whole lists, and ask from then on for what has changed since."
)
DELETED_STATUS = ("status", "tobedeleted")
BARE_MEMBERS = frozenset({"sourcedId", *DELTA_MEMBERS})
"""The members whose values are right in a record of which only the id is known."""
NOTHING_BESIDE: Mapping[ViewRows, Container[int]] = MappingProxyType({})


def asked_for(query: Query) -> bool:
    """Tell whether a query asks for changes: only then are tombstones reported."""
    return any(condition.path in DELTA_MEMBERS for condition in conditions(query.filter))


def asked_for_all(query: Query) -> bool:
    """Tell whether a query filters by nothing but the time of change and the status, so that it reads all rows."""
    return all(condition.path in DELTA_MEMBERS for condition in conditions(query.filter))


def asks_for_deleted(query: Query) -> bool:
    """Tell whether tombstones may answer a query, so that the response is incomplete without them."""
    return bool(_of_what_is_gone(query))


def _of_what_is_gone(query: Query) -> list[Condition]:
    asked = conditions(query.filter)
    return [one for one in asked if one.path == MODIFIED_MEMBER or (one.path, folded(one.value)) == DELETED_STATUS]


def refuse_unknown(ledger: Ledger, query: Query, shown: Sequence[ViewRows], below: Outer = ()) -> None:
    """Refuse a query for changes where the deletions from the list *below* some records are not all known.

    Raises:
        MalformedQuery: some are forgotten, or an uncached list was never read whole.
    """
    asked, since = _of_what_is_gone(query), _since(query.filter)
    if not asked:
        return
    known = [(one, is_followed(one)) for one in shown]
    live = [one for one, is_followed in known if not is_followed]
    if any(len(one.view.branches) > 1 for one in live):  # a record deleted from one branch may be in another
        raise MalformedQuery(asked[0].parameter, NEVER_TOLD)
    if not all(_known_since(ledger, one, below, since) for one in live):
        raise MalformedQuery(asked[0].parameter, NOT_TOLD)
    if not is_remembered([one for one, is_followed in known if is_followed], since):
        raise MalformedQuery(asked[0].parameter, FORGOTTEN)


def _known_since(ledger: Ledger, shown: ViewRows, below: Outer, since: float) -> bool:
    """Tell whether all deletions from an uncached list since a moment are known."""
    begun = ledger.list_since(shown, below)
    return begun is not None and 0 < since >= begun


def _since(condition: Filter | None) -> float:
    """Return the earliest moment of change that a filter admits, in milliseconds; 0 where it names none."""
    match condition:
        case Condition(path=path, operator="=" | ">" | ">=") if path == MODIFIED_MEMBER:
            return round(instant(condition.value, condition.parameter) * 1000, 2)
        case Both(parts):
            return max(map(_since, parts), default=0)
        case Either(parts):
            return min(map(_since, parts), default=0)
        case _:
            return 0


def is_remembered(shown: Iterable[ViewRows], since: float) -> bool:
    """Tell whether all deletions from *shown* since a moment are known; since 0 means the whole window."""
    for one in shown:
        history = account_of(one.visibility)
        if history is not None:
            history.compare(one.visibility)
            if history.whole_since(one.visibility, one.branch.entity) > (since or history.log.horizon):
                return False
    return True


def is_followed(shown: ViewRows) -> bool:
    """Tell whether a branch is in a change log: nothing of it is read uncached."""
    history = account_of(shown.visibility)
    return history is not None and history.follows((shown.view.api, shown.view.name, shown.branch.entity))


@dataclass(frozen=True, slots=True)
class Below:
    """The record in a request's path, by its *entity* and the *identifier* the consumer knows it by.

    *rows* are the rows in its list now.
    """

    entity: str
    identifier: str
    rows: Container[int]

    def holds(self, lists: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether a record that was in these *lists* was in this record's list."""
        return ANY_LIST in lists or self.identifier in lists.get(self.entity, ())


@dataclass(frozen=True, slots=True)
class _Tombstone:
    """One tombstone: the id, the record, the students it is about, and the moment of the deletion."""

    identifier: str
    text: bytes
    subjects: tuple[bytes, ...]
    at: int


def tombstones_of(
    logs: ChangeLogs,
    shown: ViewRows,
    beside: Mapping[ViewRows, Container[int]] = NOTHING_BESIDE,
    below: Below | None = None,
) -> TombstoneRows:
    """Return the tombstones of a branch, or of its list *below* a record, as rows.

    A record that another branch *beside* it shows, among the rows that count there, is not deleted.
    """
    others = [one for one in beside.items() if one[0] is not shown and one[0].visibility is shown.visibility]
    found = [one for one in _told(logs, shown, below) if not any(_shows(*other, one.identifier) for other in others)]
    return _of(shown, found)


def absent_from(ledger: Ledger, shown: ViewRows, below: Outer, here: Container[int]) -> TombstoneRows:
    """Return tombstones of the ids deleted from an uncached list, without those that are *here*."""
    gone = [one for one in ledger.gone(shown, below).items() if not _shows(shown, here, one[0])]
    told = [_tombstone(own, orjson.dumps(skeleton(shown.view, own)), at, ()) for own, at in gone]
    return _of(shown, told, bare=True)


def _of(shown: ViewRows, found: Sequence[_Tombstone], *, bare: bool = False) -> TombstoneRows:
    return TombstoneRows(
        shown,
        [one.identifier for one in found],
        [one.text for one in found],
        [one.subjects for one in found],
        [one.at for one in found],
        bare,
    )


def once_each(parts: Sequence[TombstoneRows]) -> tuple[TombstoneRows, ...]:
    """Keep one tombstone of each record deleted from several branches: that of the branch it left last."""
    last: dict[str, tuple[int, int]] = {}
    for number, part in enumerate(parts):
        for identifier, at in zip(part.ids, part.moments, strict=True):
            last[identifier] = max((at, number), last.get(identifier, (0, 0)))
    return tuple(part.only({own for own, (_, by) in last.items() if by == number}) for number, part in enumerate(parts))


def _told(logs: ChangeLogs, shown: ViewRows, below: Below | None) -> list[_Tombstone]:
    history, place = account_of(shown.visibility), (shown.view.api, shown.view.name, shown.branch.entity)
    if history is None or not history.follows(place):
        return []
    with history.log.lock:
        history.compare(shown.visibility)
        history.whole_since(shown.visibility, shown.branch.entity)
        since = history.since
        told, known = history.log.gone.get(place, {}), history.gone.get(place, {})
        gone = {name: one for name, one in told.items() if since < one.at < PENDING}
        carried = {name: one for name, one in known.items() if not _shows(shown, shown.members, name)}
        found = [
            _tombstone(name, _text_of(logs, shown, name, one), one.at, one.subjects)
            for name, one in (*gone.items(), *carried.items())
            if below is None or below.holds(one.lists)
        ]
        if below is not None:
            for name, one in known.items():  # present again, but in another list
                if name not in carried and below.holds(one.lists):
                    found += _left(logs, shown, below, name, one.at, None)
            history.compare_lists(shown.visibility, shown.branch.entity)
            for outer in ((below.entity, below.identifier), ANYWHERE):
                lists = [(place, at) for place, at in history.log.left.get(outer, {}).items() if since < at < PENDING]
                for (entity, name), at in [*lists, *history.left.get(outer, {}).items()]:
                    if entity == shown.branch.entity:
                        found += _left(logs, shown, below, name, at, gone.get(name) or carried.get(name))
        return _latest(found)


def _latest(found: Iterable[_Tombstone]) -> list[_Tombstone]:
    """Keep the latest tombstone of each record: it may have left a list, come back to it, and left again."""
    kept: dict[str, _Tombstone] = {}
    for one in found:
        if one.identifier not in kept or one.at > kept[one.identifier].at:
            kept[one.identifier] = one
    return list(kept.values())


def _left(
    logs: ChangeLogs, shown: ViewRows, below: Below, name: str, at: int, gone: Tombstone | None
) -> list[_Tombstone]:
    """Return the tombstone of a record that has left a list, whether it is in another list or deleted since."""
    if gone is not None:
        return [_tombstone(name, _text_of(logs, shown, name, gone), at, gone.subjects)]
    row = shown.visibility.row(shown.branch.entity, name, shown.view.api)
    if row is None or row not in shown.members or row in below.rows:
        return []
    (record,) = shown.render([row], BASE)
    return [_tombstone(name, orjson.dumps(record), at, tuple(students(shown, logs)(row)))]


def _text_of(logs: ChangeLogs, shown: ViewRows, name: str, gone: Tombstone) -> bytes:
    """Return the record of a tombstone; one from another agreement is a skeleton with its id alone."""
    return logs.open_text(gone.sealed) if gone.sealed else orjson.dumps(skeleton(shown.view, name))


def _tombstone(name: str, text: bytes, at: int, subjects: tuple[bytes, ...]) -> _Tombstone:
    told = {"status": "tobedeleted", "dateLastModified": _text(at / 1000)}
    return _Tombstone(name, orjson.dumps(orjson.loads(text) | told), subjects, at)


def _shows(shown: ViewRows, among: Container[int], identifier: str) -> bool:
    row = shown.visibility.row(shown.branch.entity, identifier, shown.view.api)
    return row is not None and row in shown.members and row in among


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class TombstoneRows(RowsOfView):
    """The tombstones of one branch, which answer a query as its rows do.

    *bare* ones have nothing but the id, so that they match every condition on other members.
    """

    ids: Sequence[str]
    texts: Sequence[bytes]
    subjects: Sequence[tuple[bytes, ...]]
    moments: Sequence[int]
    bare: bool = False
    _records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def facts(self) -> tuple[str, ...]:
        """The fields they show."""
        return self.shown.facts

    @property
    def rows(self) -> Sequence[int]:
        """The row numbers, ordered by released id."""
        return sorted(range(len(self.ids)), key=self.ids.__getitem__)

    def only(self, identifiers: Container[str]) -> TombstoneRows:
        """Return those with one of the *identifiers*."""
        every = zip(self.ids, self.texts, self.subjects, self.moments, strict=True)
        return _of(self.shown, [_Tombstone(*one) for one in every if one[0] in identifiers], bare=self.bare)

    def keep(self, rows: Sequence[int], condition: Filter, base: str = "") -> list[int]:
        """Keep the *rows* that meet *condition*, in order."""
        return keep(rows, condition, lambda some, one: self._compare(some, one, base))

    def _compare(self, rows: Sequence[int], condition: Condition | Item, base: str) -> list[int]:
        if self.bare and condition.path not in BARE_MEMBERS:
            return list(rows)
        if isinstance(condition, Item):
            return having(rows, self.values(rows, condition.path, base), condition)
        chain = find(self.branch.nodes, condition.path)
        if chain is None:
            return []
        matches = matcher(condition, kind_of(chain), listed=lists(self.branch.entity, chain))
        values = self.values(rows, condition.path, base)
        return [row for row, value in zip(rows, values, strict=True) if matches(value)]

    def render(self, rows: Sequence[int], base: str) -> list[dict[str, Any]]:
        """Render the records, with URLs that begin with *base*."""
        if base not in self._records:
            mark = f'"{BASE}/'.encode()
            self._records[base] = [orjson.loads(text.replace(mark, f'"{base}/'.encode())) for text in self.texts]
        return [self._records[base][row] for row in rows]
