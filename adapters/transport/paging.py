"""Paging: a collection is read whole, page by page, or not at all; changes during the reading are noticed.

`read_whole` begins again where a walk meets a change, `CollectionWalk` is one walk, and a paginator chooses the next
page: by offset, by page number, by link, by cursor, or from the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from standards.errors import SourceBroken, SourceRefused, SourceUnavailable
from standards.query_strings import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from standards.errors import SourceError

    Document = dict[str, Any]
    Parameters = Sequence[tuple[str, str]]
    FetchPage = Callable[[Parameters], "SourcePage"]

T = TypeVar("T")
MAX_ATTEMPTS: Final = 3
MAX_EMPTY_PAGES: Final = 1000
RETRY_SECONDS: Final = 60
MIN_SHARED_PAGE_DOCUMENTS: Final = 2
"""A page must hold one document, and one that it has in common with the page before."""
CHANGED: Final = "The collection changed while it was being read."
MISCOUNTED: Final = "There are not as many documents as the source says."


class Drifted(Exception):
    """The pages do not make a whole; *lasting* where the source contradicts itself though nothing changed."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.message, self.lasting = message, lasting

    def error(self, place: str) -> SourceError:
        """Make the error to raise when it happens again and again."""
        if self.lasting:
            return SourceBroken(self.message, place)
        return SourceUnavailable(self.message, retry_after=RETRY_SECONDS, place=place)


def read_whole(read: Callable[[], T], place: str, note: Callable[[str], None]) -> T:
    """Read a collection by *read*, begun again (and noted) where the collection changed meanwhile.

    Raises:
        SourceUnavailable: it changed each time.
        SourceBroken: its pages contradict each other.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return read()
        except Drifted as drift:
            if attempt == MAX_ATTEMPTS:
                raise drift.error(place) from None
            note(f"{place}: read again, it changed meanwhile")
    raise AssertionError


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page: its documents, the total number where it is stated, and the way to the next page.

    *following* is the address or the token of the next page, empty where none is named.
    """

    documents: list[Document]
    total: int | None = None
    following: str = ""


@dataclass(frozen=True, slots=True)
class PageDialect:
    """The names by which a standard's pages are read.

    *member* holds a document's id, *total_header* the number of documents. *identify* returns the id of a document, or
    refuses the document at a place.
    """

    member: str
    total_header: str
    identify: Callable[[Document, str], str]


class Paginator(Protocol):
    """A way through the pages of a collection."""

    def first(self, size: int) -> Parameters:
        """Ask for the first page, of so many documents."""

    def pages(self, walk: CollectionWalk, page: SourcePage) -> Iterator[list[Document]]:
        """Yield the new documents of the first *page*, then of each page after it; the walk checks them in between."""


@dataclass(slots=True)
class CollectionWalk:
    """One walk through the collection at *place* by pages of *size*, of at most *rows* documents.

    Each request has the *given* parameters. *begun* is whether a page has come; *seen* are the ids that were met,
    *last* is the latest of them.
    """

    fetch: FetchPage
    dialect: PageDialect
    size: int
    rows: int
    place: str
    given: Parameters = ()
    begun: bool = False
    seen: set[str] = field(default_factory=set)
    last: str = ""

    def pages(self, paginator: Paginator) -> Iterator[list[Document]]:
        """Yield the documents of every page, each document once.

        Raises:
            Drifted: the pages do not make a whole.
            SourceBroken: a document has no id, the pages have no end, or there are more documents than may be.
            SourceRefused: a page leads elsewhere.
        """
        for documents in paginator.pages(self, self.ask(paginator.first(self.size))):
            self._take(documents)
            if documents:
                yield documents

    def ask(self, parameters: Parameters) -> SourcePage:
        """Fetch the page for the given parameters and these."""
        page = self.fetch((*self.given, *parameters))
        self.begun = True
        return page

    def follow(self, page: SourcePage, fetch: Callable[[str], SourcePage]) -> Iterator[SourcePage]:
        """Yield *page* and every page after it, each named by the one before."""
        used: set[str] = set()
        empty = 0
        yield page
        while page.following:
            if page.following in used or empty > MAX_EMPTY_PAGES:
                raise SourceBroken("The pages have no end.", self.place)
            used.add(page.following)
            page = fetch(page.following)
            empty = 0 if page.documents else empty + 1
            yield page

    def count(self, page: SourcePage) -> int:
        """Return the number of documents that the source states."""
        if page.total is None:
            message = f"The answer does not say how many there are ({self.dialect.total_header})."
            raise SourceBroken(message, self.place)
        return page.total

    def too_many(self) -> SourceBroken:
        """Make the error for a collection that is larger than allowed."""
        return SourceBroken(f"There are more than {self.rows:,} documents.", self.place)

    def _take(self, documents: list[Document]) -> None:
        """Note the ids of *documents*, none of which may have been met before."""
        fresh: set[str] = set()
        for document in documents:
            self.last = self.dialect.identify(document, f"{self.place}[{len(self.seen)}]")
            if self.last in self.seen:
                raise Drifted(f"Two documents have the same {self.dialect.member}.", lasting=self.last in fresh)
            fresh.add(self.last)
            self.seen.add(self.last)
        if len(self.seen) > self.rows:
            raise self.too_many()


@dataclass(frozen=True, slots=True)
class Offset:
    """Paging from the beginning by offset; each page begins with the last document of the page before.

    So a document that comes or goes before it is noticed. *counts* is whether the source states how many there are:
    ``always``, ``sometimes`` or ``never``.
    """

    counts: str = "sometimes"

    def first(self, size: int) -> Parameters:
        """Ask for the first page."""
        return self._window(0, size)[0]

    def pages(self, walk: CollectionWalk, page: SourcePage) -> Iterator[list[Document]]:
        """Yield the documents of each page without the one that it shares with the page before."""
        return self._anchored(walk, page, walk.size)

    def _anchored(self, walk: CollectionWalk, page: SourcePage, size: int) -> Iterator[list[Document]]:
        total, limit, skip = None, walk.size, 0
        while True:
            total = self._total(walk, page, total)
            documents = page.documents
            if walk.seen:
                if len(documents) <= skip or documents[skip].get(walk.dialect.member) != walk.last:
                    raise Drifted(CHANGED)
                documents = documents[skip + 1 :]
            yield documents
            if _finished(len(walk.seen), total, len(documents), short=len(page.documents) < limit):
                return
            parameters, limit, skip = self._window(len(walk.seen) - 1, size)
            page = walk.ask(parameters)

    def _window(self, start: int, size: int) -> tuple[Parameters, int, int]:
        """Ask for a page with the document at *start*; return its length and where in it that document is."""
        return (("limit", str(size)), ("offset", str(start))), size, 0

    def _total(self, walk: CollectionWalk, page: SourcePage, before: int | None) -> int | None:
        """Return the number of documents that the source states, which must stay the same."""
        if self.counts == "never" or (page.total is None and self.counts == "sometimes"):
            return before
        total = walk.count(page)
        if walk.seen and before is not None and total != before:
            raise Drifted("The number of documents changed while they were being read.")
        return total


@dataclass(frozen=True, slots=True)
class PageNumber(Offset):
    """Paging from the beginning by page number, of a source that counts.

    Pages of one size do not overlap. So each is asked for in the size with which it holds the last document of the page
    before and reaches farthest beyond it; no size is larger than that of the first page, which the source may have cut.
    Of pages of twenty documents and more one always reaches beyond it.
    """

    counts: str = "always"
    number: str = "page"
    size: str = "limit"

    def pages(self, walk: CollectionWalk, page: SourcePage) -> Iterator[list[Document]]:
        """Yield the documents of each page that none before it held."""
        return self._anchored(walk, page, min(walk.size, len(page.documents)))

    def _window(self, start: int, size: int) -> tuple[Parameters, int, int]:
        sizes = range(min(MIN_SHARED_PAGE_DOCUMENTS, size), size + 1)
        limit = max(sizes, key=lambda one: start // one * one + one)
        number, skip = divmod(start, limit)
        return ((self.number, str(number + 1)), (self.size, str(limit))), limit, skip


@dataclass(frozen=True, slots=True)
class Link(Offset):
    """Paging by links: each page names the address of the next one, which must be the collection's own *address*.

    The source must name pages that stay: documents that move while their number stays cannot be noticed.
    """

    address: str = ""

    def pages(self, walk: CollectionWalk, page: SourcePage) -> Iterator[list[Document]]:
        """Yield the documents of each page."""

        def fetch(following: str) -> SourcePage:
            if urlsplit(following)[:3] != urlsplit(self.address)[:3]:
                raise SourceRefused("the source names a next page that is elsewhere.", walk.place)
            return walk.fetch(parameters_of(following))

        total = None
        for one in walk.follow(page, fetch):
            total = self._total(walk, one, total)
            yield one.documents
        if total is not None and len(walk.seen) != total:
            raise Drifted(MISCOUNTED, lasting=True)


@dataclass(frozen=True, slots=True)
class FromEnd:
    """Paging from the end to the beginning, each page with the first document of the page before at its end.

    Documents added meanwhile come behind what is left to read, and one removed before it moves what is left, so that
    the next page does not end as it must. One put in before the last, while the first page from the end is read, moves
    the last beyond it: so the last document is asked for again at the end. *count* asks for the number of documents.
    """

    count: tuple[str, str]

    def first(self, size: int) -> Parameters:
        """Ask for the first page and the number of documents."""
        return (("limit", str(size)), self.count)

    def pages(self, walk: CollectionWalk, page: SourcePage) -> Iterator[list[Document]]:
        """Yield the first page where it is all, else the pages from the end."""
        total = walk.count(page)
        if total > walk.rows:
            raise walk.too_many()
        if len(page.documents) > total:
            raise Drifted(MISCOUNTED, lasting=True)
        if len(page.documents) == total:
            yield _fitting(walk, page)
        else:
            yield from self._rest(walk, page, total)

    def _rest(self, walk: CollectionWalk, page: SourcePage, total: int) -> Iterator[list[Document]]:
        """Yield the documents of each page from the end, none longer than the first *page*."""
        size = min(walk.size, len(page.documents))
        if size < MIN_SHARED_PAGE_DOCUMENTS:
            raise Drifted(MISCOUNTED, lasting=True)
        end, anchor, last, member = total, None, None, walk.dialect.member
        while end > 0:
            overlap = int(bool(anchor))
            start = max(0, end + overlap - size)
            wanted = end + overlap - start
            documents = walk.ask((("offset", str(start)), ("limit", str(wanted)))).documents
            if len(documents) != wanted or (anchor and documents[-1].get(member) != anchor):
                raise Drifted(CHANGED)
            end, anchor, last = start, documents[0].get(member), last or documents[-1].get(member)
            yield documents[: wanted - overlap]
        after = walk.ask((("offset", str(total - 1)), ("limit", "2"), self.count))
        stays = [one.get(member) for one in after.documents] == [last]
        if not stays or walk.count(after) != total or len(walk.seen) != total:
            raise Drifted(CHANGED)


@dataclass(frozen=True, slots=True)
class TokenPages(FromEnd):
    """Paging by tokens, where the first page has one, else from the end.

    A document that stays is met once, whatever comes or goes meanwhile. *token* and *size* name the parameters.
    """

    token: str
    size: str

    def _rest(self, walk: CollectionWalk, page: SourcePage, total: int) -> Iterator[list[Document]]:
        if not page.following:
            yield from FromEnd(self.count).pages(walk, page)
            return
        for one in walk.follow(page, lambda token: walk.ask(((self.token, token), (self.size, str(walk.size))))):
            yield _fitting(walk, one)
        after = walk.count(walk.ask(self.first(0)))
        if not min(total, after) <= len(walk.seen) <= max(total, after):
            raise Drifted(MISCOUNTED, lasting=total == after)


def _finished(seen: int, total: int | None, fresh: int, *, short: bool) -> bool:
    """Tell whether nothing is left. A *short* page alone proves nothing: the source may give fewer than asked for."""
    if total is None:
        return fresh == 0
    if seen > total or (fresh == 0 and seen < total):
        raise Drifted(MISCOUNTED, lasting=True)
    return seen == total and (fresh == 0 or short)


def _fitting(walk: CollectionWalk, page: SourcePage) -> list[Document]:
    """Return the documents of a page, which must not be more than were asked for."""
    if len(page.documents) > walk.size:
        raise SourceBroken("A page holds more documents than were asked for.", walk.place)
    return page.documents
