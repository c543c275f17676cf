"""Records that a consumer was shown and that are gone: tombstones, sealed in memory until their time is over."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.disclosure import students
from gateway.items import having
from gateway.ledger import BASE
from gateway.matching import kind_of, lists, matcher
from gateway.rows import found_at, keep
from standards.query import Item, conditions
from standards.view import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.rows import Shown
    from standards.query import Condition, Filter, Query

WINDOW = 30 * 86_400.0
MOST = 200_000
ASKING = frozenset({"status", "dateLastModified"})
NONCE = 12

Place = tuple[str, ...]


def asked_for(query: Query) -> bool:
    """Whether a consumer asks what has changed: only then is it told of what is gone."""
    return any(condition.path in ASKING for condition in conditions(query.filter))


@dataclass(frozen=True, slots=True)
class _Tombstone:
    """What is told of a record that is gone; *at* is by a clock that nobody sets."""

    at: float
    sealed: bytes
    subjects: tuple[bytes, ...]


class Departures:
    """What is gone, by consumer and view; nothing of it can be read from memory without the key of this process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._cipher = monotonic, AESGCM(secrets.token_bytes(32))
        self._gone: OrderedDict[Place, OrderedDict[str, _Tombstone]] = OrderedDict()
        self._lock = threading.Lock()

    def compare(self, old: Shown, new: Shown, tag: Callable[[Shown], Callable[[int], Iterable[bytes]]]) -> None:
        """Bury what *old* showed and *new* does not; what has come back is no longer gone."""
        here = {new.ids[row] for row in new.rows}
        rows = [row for row in old.rows if old.ids[row] not in here]
        about, moment, now = tag(old), new.faces.generation.version / 1000, self._monotonic()
        with self._lock:
            kept = self._gone.setdefault(_place(new), OrderedDict())
            for identifier in here & kept.keys():
                del kept[identifier]
            for row, record in zip(rows, old.render(rows, BASE), strict=True):
                told = record | {"status": "tobedeleted", "dateLastModified": _text(moment)}
                kept[old.ids[row]] = _Tombstone(now, self._seal(told), tuple(about(row)))
            self._end()

    def of(self, shown: Shown, beside: Iterable[Shown] = ()) -> Departed:
        """What is gone from a branch, as if it were rows, and is not shown as something else by one *beside* it."""
        others = [one for one in beside if one is not shown and one.faces is shown.faces]
        with self._lock:
            self._end()
            kept = tuple(self._gone.get(_place(shown), {}).items())
        found = [(name, tombstone) for name, tombstone in kept if not any(_shows(one, name) for one in others)]
        records = [self._open(tombstone.sealed) for _, tombstone in found]
        return Departed(shown, [name for name, _ in found], records, [one.subjects for _, one in found])

    def _end(self) -> None:
        """Forget what has been gone for longer than the window, and the oldest of what is too much."""
        moment, count = self._monotonic() - WINDOW, sum(map(len, self._gone.values()))
        for kept in self._gone.values():
            while kept and (count > MOST or next(iter(kept.values())).at < moment):
                kept.popitem(last=False)
                count -= 1
        self._gone = OrderedDict((place, kept) for place, kept in self._gone.items() if kept)

    def _seal(self, record: Mapping[str, Any]) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(record), None)

    def _open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)


def _place(shown: Shown) -> Place:
    faces = shown.faces
    return faces.generation.district, faces.grant.epoch, shown.view.api, shown.view.name, shown.branch.entity


def _shows(shown: Shown, identifier: str) -> bool:
    row = shown.faces.row(shown.branch.entity, identifier, shown.view.api)
    return row is not None and row in shown.members


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


def about(gateway: Any) -> Callable[[Shown], Callable[[int], Iterable[bytes]]]:
    """How to tell whom a row of a branch is about, for the record of disclosures."""
    return lambda shown: students(shown, gateway)
