"""Walks through pages: each keeps the rows of its first page, or is refused and must start again."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.engine.rows import ROW_BITS, ROW_MASK
from standards.errors import WalkInterrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.auth.callers import Caller
    from gateway.engine.row_index import RowIndex
    from gateway.engine.rows import Rows, SearchableRows
    from gateway.request import PageRequest
    from standards.query import Query

TTL_SECONDS = 900.0
MAX_CODES = 8_000_000
MAX_WALKS = 4096


@dataclass(frozen=True, slots=True)
class _Walk:
    """The rows that the first page was cut from, or hashes of their *ids* where they were read uncached."""

    state: tuple[object, ...]
    begun: float
    rows: RowIndex | None
    ids: array[int]

    @property
    def size(self) -> int:
        return self.rows.total if self.rows is not None else len(self.ids)


def policy(shown: tuple[Rows, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return what decides on what the consumer may see of each part: the grant's epoch, the day, the district."""
    return tuple((s.visibility.grant.epoch, s.visibility.today, s.visibility.snapshot.district) for s in shown)


class Walks:
    """The row indexes of recent queries, by consumer and query, oldest first.

    A first page (offset 0) always sees the present. A later page sees what the first page saw, so that a refreshed
    snapshot neither skips nor repeats a row; where agreements changed meanwhile it is refused. An uncached page is
    refused where a row of the first page's index has moved to before the page's offset.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[object, ...], _Walk] = OrderedDict()
        self._codes = 0
        self._lock = threading.Lock()

    def rows(
        self,
        caller: Caller,
        request: PageRequest,
        shown: tuple[SearchableRows, ...],
        query: Query,
        make: Callable[[tuple[SearchableRows, ...], Query, str], RowIndex],
    ) -> RowIndex:
        """Return the rows that answer *query*, made now or kept from the first page of this walk."""
        place = (
            caller.client, _purposes(shown), request.view.api, request.view.name, request.district, request.base,
            query.filter, query.sort, query.descending, query.window,
            tuple((one.view.name, one.identifier) for one in request.within),
        )  # fmt: skip
        allowed = policy(shown)
        state = (allowed, tuple((s.visibility.snapshot.number, s.branch.entity) for s in shown))
        walk = self._find(place)
        if walk is not None and query.offset and walk.state[0] != allowed:
            raise WalkInterrupted("What this client may see has changed since the first page; start again there.")
        later = query.offset or (query.token and walk is not None and walk.state[0] == allowed)
        is_live = self._live(shown)
        if walk is not None and walk.rows is not None and (later or walk.state == state) and not is_live:
            return walk.rows
        rows = make(shown, query, request.base)
        if not is_live:
            self._keep(place, _Walk(state, self._clock(), rows, array("q")))
        elif request.view.api != "edfi":
            self._follow(place, _Walk(state, self._clock(), None, _ids(rows)), walk, query)
        return rows

    def _follow(self, place: tuple[object, ...], now: _Walk, walk: _Walk | None, query: Query) -> None:
        """Remember the order of uncached rows, and refuse a later page before which a row has moved.

        Ed-Fi pages are exempt: an ODS does not refuse either, and its clients use page tokens.
        """
        at = query.offset
        if at and walk is not None and not set(now.ids[:at]).isdisjoint(walk.ids[at:]):
            raise WalkInterrupted("Records have gone since the first page, and others moved up; start again there.")
        if not at and len(now.ids) > query.limit:  # else one page has all rows
            self._keep(place, now)
        elif not at:
            with self._lock:
                self._drop(place)

    @staticmethod
    def _live(shown: tuple[Rows, ...]) -> bool:
        """Tell whether anything was read uncached: nothing of that may be kept."""
        return any(part.visibility.snapshot.base is not None or not part.visibility.snapshot.number for part in shown)

    def _find(self, place: tuple[object, ...]) -> _Walk | None:
        with self._lock:
            self._end(self._clock() - TTL_SECONDS)
            return self._kept.get(place)

    def _keep(self, place: tuple[object, ...], walk: _Walk) -> None:
        with self._lock:
            self._drop(place)
            self._kept[place] = walk
            self._codes += walk.size
            while (self._codes > MAX_CODES or len(self._kept) > MAX_WALKS) and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _end(self, moment: float) -> None:
        """Drop the walks begun before *moment*: each keeps a whole snapshot of its district in memory."""
        while self._kept and next(iter(self._kept.values())).begun < moment:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: tuple[object, ...]) -> None:
        if place in self._kept:
            self._codes -= self._kept.pop(place).size


def _purposes(shown: tuple[Rows, ...]) -> frozenset[str]:
    """Return the one purpose of what is shown: walks for two purposes do not end each other."""
    return frozenset(one.visibility.grant.purpose for one in shown)


def _ids(rows: RowIndex) -> array[int]:
    """Hash the id of each row, in order; districts, and kinds of records, may share an id."""
    named = [(part.visibility.snapshot.district, part.branch.entity, part.ids) for part in rows.shown]
    parts = [(*named[code >> ROW_BITS], code & ROW_MASK) for code in rows.codes]
    return array("q", [hash((district, entity, ids[row])) for district, entity, ids, row in parts])
