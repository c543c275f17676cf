"""A whole collection of an ODS, page by page, or nothing: by cursor where one is offered, else from the end backwards.

Whoever comes while a collection is read from its end is added behind what is left to read, and whoever goes before it
moves what is left, so that the page read next does not end with the document that the page before began with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from adapters.transport.drift import Drifted
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Document = dict[str, Any]
    Fetch = Callable[[Sequence[tuple[str, str]]], "Page"]

COUNTED: Final = ("totalCount", "true")
MOST_EMPTY: Final = 100
CHANGED: Final = "The collection changed while it was being read."
MISCOUNTED: Final = "There are not as many documents as the source says."


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its documents, the number in the whole collection if it was asked for, and the next page's token."""

    documents: list[Document]
    total: int | None = None
    token: str = ""


@dataclass(slots=True)
class Walk:
    """A walk through the collection at *place* by pages of *size*, of at most *rows* documents."""

    fetch: Fetch
    size: int
    rows: int
    place: str
    seen: set[str] = field(default_factory=set)

    def pages(self, *, cursor: bool = True) -> Iterator[list[Document]]:
        """The documents of every page.

        Raises:
            Drifted: the pages do not make a whole.
            SourceBroken: there is no count, the pages have no end, or there are more than may be.
        """
        first = self.fetch((("limit", str(self.size)), COUNTED))
        total = self._count(first)
        if total > self.rows:
            raise self._too_many()
        if len(first.documents) > total:
            raise Drifted(MISCOUNTED, lasting=True)
        if len(first.documents) == total:
            yield self._fresh(first.documents)
        elif first.token and cursor:
            yield from self._by_cursor(first, total)
        else:
            yield from self._backwards(min(self.size, len(first.documents)), total)

    def _by_cursor(self, page: Page, before: int) -> Iterator[list[Document]]:
        """From token to token: a document that stays is met once, whoever comes or goes meanwhile."""
        used: set[str] = set()
        empty = 0
        yield self._fresh(page.documents)
        while page.token:
            if page.token in used or empty > MOST_EMPTY:
                raise SourceBroken("The pages have no end.", self.place)
            used.add(page.token)
            page = self.fetch((("pageToken", page.token), ("pageSize", str(self.size))))
            empty = 0 if page.documents else empty + 1
            yield self._fresh(page.documents)
        after = self._now()
        if not min(before, after) <= len(self.seen) <= max(before, after):
            raise Drifted(MISCOUNTED, lasting=before == after)

    def _backwards(self, size: int, total: int) -> Iterator[list[Document]]:
        """From the end to the beginning, each page with the first document of the page before at its end."""
        if size < 2:  # noqa: PLR2004  a page must hold one document and the one that it has in common
            raise Drifted(MISCOUNTED, lasting=True)
        end, anchor = total, ""
        while end > 0:
            overlap = int(bool(anchor))
            start = max(0, end + overlap - size)
            wanted = end + overlap - start
            documents = self.fetch((("offset", str(start)), ("limit", str(wanted)))).documents
            if len(documents) != wanted or (anchor and documents[-1]["id"] != anchor):
                raise Drifted(CHANGED)
            end, anchor = start, documents[0]["id"]
            yield self._fresh(documents[: wanted - overlap])
        if self._now() != total or len(self.seen) != total:
            raise Drifted(CHANGED)

    def _now(self) -> int:
        return self._count(self.fetch((("limit", "0"), COUNTED)))

    def _count(self, page: Page) -> int:
        if page.total is None:
            raise SourceBroken("The answer does not say how many there are (Total-Count).", self.place)
        return page.total

    def _fresh(self, documents: list[Document]) -> list[Document]:
        """*documents*, none of which may have been met before."""
        if len(documents) > self.size:
            raise SourceBroken("A page holds more documents than were asked for.", self.place)
        fresh = {document["id"] for document in documents}
        if len(fresh) != len(documents) or not fresh.isdisjoint(self.seen):
            raise Drifted("Two documents have the same id.", lasting=len(fresh) != len(documents))
        self.seen |= fresh
        if len(self.seen) > self.rows:
            raise self._too_many()
        return documents

    def _too_many(self) -> SourceBroken:
        return SourceBroken(f"There are more than {self.rows:,} documents.", self.place)
