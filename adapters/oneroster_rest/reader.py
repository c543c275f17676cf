"""Whole collections of a OneRoster server, read in the way its profile allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from adapters.oneroster_rest.pages import DIALECT, paginator
from adapters.transport.paging import CollectionWalk, read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.contract import Notes
    from adapters.oneroster_rest.client import OneRosterClient
    from adapters.oneroster_rest.profile import Profile
    from adapters.transport.http import Deadline


class Collector(Protocol):
    """A collector of the documents of a collection, page by page."""

    def add(self, documents: Sequence[dict[str, Any]]) -> None:
        """Add one more page."""


T = TypeVar("T", bound=Collector)


class Pile:
    """The documents of a collection in the order they come."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, documents: Sequence[dict[str, Any]]) -> None:
        """Add one more page."""
        self.documents += documents


@dataclass(frozen=True, slots=True)
class OneRosterReader:
    """A reader of what *service* offers, in pages of *size* and at most *rows* documents of a collection."""

    service: OneRosterClient
    profile: Profile
    size: int
    rows: int
    notes: Notes

    def whole(
        self,
        collection: str,
        make: Callable[[], T],
        deadline: Deadline,
        *,
        members: frozenset[str] | None = None,
        clause: str = "",
    ) -> T:
        """Read a collection into the collector that *make* makes, again from the start where it changed meanwhile.

        Only the documents for which *clause* holds, and only their *members*, where the server can select them.
        """
        fetch = partial(self.service.page, collection, deadline=deadline)
        given, way = self._parameters(members, clause), paginator(self.profile, self.service.address(collection))

        def read() -> T:
            found = make()
            walk = CollectionWalk(fetch, DIALECT, self.size, self.rows, collection, given)
            for documents in walk.pages(way):
                found.add(documents)
            return found

        return read_whole(read, collection, self.notes.note)

    def _parameters(self, members: frozenset[str] | None, clause: str) -> list[tuple[str, str]]:
        wanted = ",".join(sorted(members)) if members is not None and self.profile.fields else ""
        asked = (("sort", self.profile.sort), ("filter", clause if self.profile.filter else ""), ("fields", wanted))
        return [(name, value) for name, value in asked if value]
