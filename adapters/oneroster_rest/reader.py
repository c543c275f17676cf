"""Reads collections of a OneRoster server whole, in the way its profile allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from adapters.oneroster_rest.client import parameters_of
from adapters.oneroster_rest.pages import Page, Rules, walk
from adapters.transport.drift import Drifted
from standards.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.contract import Notes
    from adapters.oneroster_rest.client import Service
    from adapters.oneroster_rest.profile import Profile
    from adapters.transport.http import Deadline

    Fetch = Callable[[int, int], Page]

ATTEMPTS: Final = 3


class Collector(Protocol):
    """What takes the documents of a collection, page by page."""

    def add(self, documents: Sequence[dict[str, Any]]) -> None:
        """Take one more page."""


T = TypeVar("T", bound=Collector)


class Pile:
    """Documents as they come."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, documents: Sequence[dict[str, Any]]) -> None:
        """Take one more page."""
        self.documents += documents


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what *service* offers in pages of *size*, at most *rows* documents of a collection."""

    service: Service
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
        """A collection, taken by what *make* makes; begun again where the collection changed meanwhile.

        Only the documents for which *clause* holds, and only their *members*, where the server can tell them apart.
        """
        given = self._parameters(members, clause)
        linked = self.profile.paging == "link"
        rules = Rules(self.size, self.rows, counted=self.profile.total == "always", anchored=not linked)
        for attempt in range(1, ATTEMPTS + 1):
            found = make()
            fetch = self._links(collection, given, deadline) if linked else self._offsets(collection, given, deadline)
            try:
                for documents in walk(fetch, rules, collection):
                    found.add(documents)
            except Drifted as drift:
                if attempt == ATTEMPTS:
                    raise drift.error(collection) from None
                self.notes.note(f"{collection}: read again, it changed meanwhile")
            else:
                return found
        raise AssertionError

    def _parameters(self, members: frozenset[str] | None, clause: str) -> list[tuple[str, str]]:
        wanted = ",".join(sorted(members)) if members is not None and self.profile.fields else ""
        asked = (("sort", self.profile.sort), ("filter", clause if self.profile.filter else ""), ("fields", wanted))
        return [(name, value) for name, value in asked if value]

    def _offsets(self, collection: str, given: list[tuple[str, str]], deadline: Deadline) -> Fetch:
        def fetch(offset: int, limit: int) -> Page:
            asked = [*given, ("limit", str(limit)), ("offset", str(offset))]
            page, _ = self.service.page(collection, asked, deadline)
            return replace(page, total=None) if self.profile.total == "never" else page

        return fetch

    def _links(self, collection: str, given: list[tuple[str, str]], deadline: Deadline) -> Fetch:
        asked = [*given, ("limit", str(self.size)), ("offset", "0")]

        def fetch(_offset: int, _limit: int) -> Page:
            nonlocal asked
            page, following = self.service.page(collection, asked, deadline)
            if following and not self.service.follows(following, collection):
                raise SourceRefused("the source names a next page that is elsewhere.", collection)
            asked = parameters_of(following)
            total = None if self.profile.total == "never" else page.total
            return replace(page, total=total, more=bool(following))

        return fetch
