"""When a record, as one consumer sees it, last changed: known from keyed hashes, never from values."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from gateway.skeletons import BASE
from standards.view import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.projection import Place as Branch
    from gateway.rows import Shown

    Place = tuple[tuple[str, ...], str]

MOMENT_BITS = 48


class Ledger:
    """Remembers, per grant and view, the hash of each record shown and since when it has been so.

    A change that a consumer may not see leaves its hash and so its time as they were; one that it may see bears the
    moment by the *clock* at which it was found (without one, that of its generation). What was never looked at
    whole counts as it is since the district is held; what was forgotten, and what another agreement shows,
    counts as changed: too much for a consumer, never too little.
    """

    def __init__(self, key: bytes, clock: Callable[[], float] | None = None, capacity: int = 2_000_000) -> None:
        self._key, self._clock, self._capacity = key, clock, capacity
        self._known: OrderedDict[Place, dict[str, int]] = OrderedDict()
        self._first: dict[Place, int] = {}
        self._met: set[tuple[str, ...]] = set()
        self._whole: set[Place] = set()
        self._size = 0
        self._lock = threading.Lock()

    def stamp(self, shown: Shown, rows: Sequence[int], records: Sequence[dict[str, Any]], base: str) -> None:
        """Fill in the stamps of freshly rendered *records*; under which *base* they are asked for is no change."""
        stamps = _stamps(shown)
        if not stamps:
            return
        account = shown.faces.account
        followed = account is not None and account.follows(_branch(shown))
        needed = not followed or any(node.kind == "etag" for node in stamps)
        hashes = [self._hash(record, base) for record in records] if needed else [0] * len(records)
        times = (
            account.times(shown.faces, shown.branch.entity, rows)
            if account and followed
            else self._since(shown, rows, hashes)
        )
        modified = "%Y-%m-%dT%H:%M:%S" if shown.view.api != "edfi" else "%Y-%m-%dT%H:%M:%S.%f"
        texts = {at: _text(at, modified) for at in set(times)}
        for record, digest, at in zip(records, hashes, times, strict=True):
            for node in stamps:
                record[node.name] = str(digest) if node.kind == "etag" else texts[at]

    def tag(self, shown: Shown, record: dict[str, Any], base: str) -> None:
        """Fill in the tag of one freshly rendered *record*, and leave out since when it has been so."""
        digest = str(self._hash(record, base))
        for node in _stamps(shown):
            if node.kind == "etag":
                record[node.name] = digest
            else:
                del record[node.name]

    def times(self, shown: Shown, rows: Sequence[int]) -> list[str]:
        """The time of change of each row, as a text that sorts."""
        account = shown.faces.account
        if account is not None and account.follows(_branch(shown)):
            at = account.times(shown.faces, shown.branch.entity, rows)
        else:
            records = shown.render(rows, BASE)
            at = self._since(shown, rows, [self._hash(record, BASE) for record in records])
        texts = {moment: _text(moment, "%Y-%m-%dT%H:%M:%S") for moment in set(at)}
        return [texts[moment] for moment in at]

    def _hash(self, record: dict[str, Any], base: str) -> int:
        text = orjson.dumps(record)
        text = text.replace(f'"{base}/'.encode(), b'"\0/') if base else text
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest()) >> 1

    def _since(self, shown: Shown, rows: Sequence[int], hashes: Sequence[int]) -> list[int]:
        place, now = _place(shown), self._now(shown)
        ids, found = shown.ids, []
        with self._lock:
            known = self._open(place, shown.faces.generation.begun or now, now)
            fresh = now if place in self._whole else self._first[place]
            for row, digest in zip(rows, hashes, strict=True):
                entry = known.get(ids[row])
                if entry is None or entry >> MOMENT_BITS != digest:
                    self._size += entry is None
                    entry = known[ids[row]] = digest << MOMENT_BITS | (fresh if entry is None else now)
                found.append(entry & ((1 << MOMENT_BITS) - 1))
            if len(rows) >= len(shown.rows):
                self._whole.add(place)
            while self._size > self._capacity and len(self._known) > 1:
                self._forget_one()
        return found

    def _now(self, shown: Shown) -> int:
        return int(self._clock() * 1000) if self._clock else shown.faces.generation.version

    def _open(self, place: Place, begun: int, now: int) -> dict[str, int]:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = {}
            self._first[place] = now if place[0] in self._met else begun
            self._met.add(place[0])
        self._known.move_to_end(place)
        return known

    def _forget_one(self) -> None:
        place, known = self._known.popitem(last=False)
        self._size -= len(known)
        del self._first[place]
        self._whole.discard(place)


def _stamps(shown: Shown) -> list[Stamp]:
    return [node for node in shown.branch.nodes if isinstance(node, Stamp)]


def _branch(shown: Shown) -> Branch:
    return shown.view.api, shown.view.name, shown.branch.entity


def _place(shown: Shown) -> Place:
    """Which consumer is shown what of which district, and under which agreements."""
    grant, view = shown.faces.grant, shown.view
    return (shown.faces.generation.district, grant.client, view.api, view.name, shown.branch.entity), grant.epoch


def _text(milliseconds: int, form: str) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime(form) + ("Z" if form.endswith("%f") else f".{milliseconds % 1000:03d}Z")
