"""Modes of reading a collection: the present rows, OneRoster's with tombstones, or a window of change versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.changes import feed
from gateway.changes.tombstones import (
    Below,
    absent_from,
    asked_for,
    asked_for_all,
    asks_for_deleted,
    is_followed,
    once_each,
    refuse_unknown,
    tombstones_of,
)
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.reads.fetch import fetch
from gateway.reads.nesting import find, members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.auth.authorization import Authorization
    from gateway.changes.tombstones import TombstoneRows
    from gateway.engine.row_index import RowIndex
    from gateway.engine.rows import SearchableRows
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from standards.query import Query


@dataclass(frozen=True, slots=True)
class PresentRows:
    """The present rows; that a follower of change versions has been shown them is kept in the change versions."""

    gateway: Gateway
    authorization: Authorization
    request: PageRequest
    query: Query

    def permit(self) -> None:
        """Check that the rows can be read in this mode; those that are there now can be."""

    def fetch(self) -> tuple[ViewRows, ...]:
        """Fetch the rows that every agreement shows."""
        shown = fetch(self.gateway, self.authorization, self.request, self.query)
        feed.keep(self.gateway, shown)
        return shown

    def answering(self, shown: tuple[ViewRows, ...]) -> tuple[SearchableRows, ...]:
        """Return all rows that may answer the query."""
        return shown

    def index(self, parts: tuple[SearchableRows, ...], query: Query, base: str) -> RowIndex:
        """Index the rows that answer the query, of those that belong to the records in the address."""
        shown = [part for part in parts if isinstance(part, ViewRows)]
        chosen = members(self.gateway, shown, self.request.within)
        if chosen is not None:  # of the tombstones only those of records that belonged there
            chosen += [frozenset(part.rows) for part in parts[len(shown) :]]
        return index(parts, query, base, chosen)


class Roster(PresentRows):
    """The rows of a OneRoster collection, with tombstones of deleted records where changes are asked for."""

    __slots__ = ()

    def answering(self, shown: tuple[ViewRows, ...]) -> tuple[SearchableRows, ...]:
        """Return all rows that may answer the query, with tombstones if they are asked for and known."""
        ledger, query = self.gateway.ledger, self.query
        refuse_unknown(ledger, query, shown, self._outer)
        self._look(shown)
        if not asked_for(query):
            return shown
        gone = self._gone(shown)
        refuse_unknown(ledger, query, shown, self._outer)  # looking at a list, this or another, may drop some of them
        return (*shown, *gone)

    @property
    def _outer(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.view.name, one.identifier) for one in self.request.within)

    def _look(self, shown: Sequence[ViewRows]) -> None:
        """Keep in the change log what a complete list shows that was read for this one request."""
        delta = asks_for_deleted(self.query)
        if all(map(is_followed, shown)) or not (delta or asked_for_all(self.query)):
            return
        chosen = members(self.gateway, shown, self.request.within)
        for number, part in enumerate(shown):
            if not is_followed(part):
                rows = part.members if chosen is None else part.members & chosen[number]
                self.gateway.ledger.look(part, rows, self._outer, whole=delta or not self.request.within)

    def _gone(self, shown: Sequence[ViewRows]) -> tuple[TombstoneRows, ...]:
        """Return the tombstones of each of *shown*, or of its list below the record in the address."""
        chosen = members(self.gateway, shown, self.request.within) or [part.members for part in shown]
        beside = dict(zip(shown, chosen, strict=True))
        ledger, logs = self.gateway.ledger, self.gateway.logs
        found = [absent_from(ledger, part, self._outer, beside[part]) for part in shown if not is_followed(part)]
        if not self.request.within:
            return once_each([*found, *(tombstones_of(logs, part, beside) for part in shown)])
        for part in shown:
            place = find(self.gateway, part.visibility, self.request.within[-1])
            if place is not None:
                below = Below(place[0], part.visibility.ids(place[0])[place[1]], beside[part])
                found.append(tombstones_of(logs, part, beside, below))
        return once_each(found)


class ChangeWindow(PresentRows):
    """The rows, or the entries of a change feed, in a window of Ed-Fi change versions."""

    __slots__ = ()

    def permit(self) -> None:
        """Check that the caller may read changes, and that every district can report them."""
        assert self.query.window is not None
        feed.permit(self.gateway, self.authorization, self.request.view, self.query.window)

    def fetch(self) -> tuple[ViewRows, ...]:
        """Fetch what every agreement shows; of a source without cache only what is in the window."""
        gateway, authorization, window = self.gateway, self.authorization, self.query.window
        assert window is not None
        sent = feed.prepare(gateway, authorization, window)
        return fetch(gateway, authorization, self.request, self.query, sent=sent)

    def index(self, parts: tuple[SearchableRows, ...], query: Query, base: str) -> RowIndex:
        """Index the rows, or entries, in the window."""
        return feed.rows(self.gateway, parts, query, base)


def mode_of(gateway: Gateway, authorization: Authorization, request: PageRequest, query: Query) -> PresentRows:
    """Choose the mode by the query's window and by the standard of its view."""
    if query.window is not None:
        return ChangeWindow(gateway, authorization, request, query)
    kind = PresentRows if request.view.api == "edfi" else Roster
    return kind(gateway, authorization, request, query)
