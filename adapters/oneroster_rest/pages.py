"""A whole collection, page by page, or nothing: what changes while it is read is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.transport.drift import Drifted
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Document = dict[str, Any]
    Fetch = Callable[[int, int], "Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its documents, the number in the whole collection if that is said, and whether more is announced."""

    documents: list[Document]
    total: int | None = None
    more: bool | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How a collection is walked: pages of *size*, at most *rows* documents; *counted* where a total must be said.

    With *anchored* each page begins with the last document of the page before, so that a document that comes or goes
    before it is noticed.
    """

    size: int
    rows: int
    counted: bool = False
    anchored: bool = True


def walk(fetch: Fetch, rules: Rules, place: str) -> Iterator[list[Document]]:
    """The documents of every page; *fetch* takes an offset and a limit.

    Raises:
        Drifted: the pages do not make a whole.
        SourceBroken: a document has no id, or there are more than the rules allow.
    """
    seen: set[str] = set()
    last, total = "", None
    while True:
        anchor = int(rules.anchored and bool(seen))
        page = fetch(len(seen) - anchor, rules.size)
        total = _counted(page, total, bool(seen), rules, place)
        documents = page.documents
        if anchor:
            if not documents or documents[0].get("sourcedId") != last:
                raise Drifted("The collection changed while it was being read.")
            documents = documents[1:]
        for number, document in enumerate(documents):
            last = _identity(document, f"{place}[{len(seen)}]")
            if last in seen:
                raise Drifted("Two documents have the same sourcedId.", lasting=number > 0 and not anchor)
            seen.add(last)
        if len(seen) > rules.rows:
            raise SourceBroken(f"There are more than {rules.rows:,} documents.", place)
        if documents:
            yield documents
        if _finished(page, total, len(seen), len(documents), rules.size):
            return


def _counted(page: Page, total: int | None, begun: bool, rules: Rules, place: str) -> int | None:
    """The number of documents that the source says it has, always the same."""
    if page.total is None:
        if rules.counted:
            raise SourceBroken("The answer does not say how many there are (X-Total-Count).", place)
        return total
    if begun and total is not None and page.total != total:
        raise Drifted("The number of documents changed while they were being read.")
    return page.total


def _finished(page: Page, total: int | None, seen: int, fresh: int, size: int) -> bool:
    """Whether nothing is left. A short page proves nothing: the source may give fewer than asked for."""
    if page.more is not None:
        if not page.more and total is not None and seen != total:
            raise Drifted("There are not as many documents as the source says.", lasting=True)
        return not page.more
    if total is None:
        return fresh == 0
    if seen > total or (fresh == 0 and seen < total):
        raise Drifted("There are not as many documents as the source says.", lasting=True)
    return seen == total and (fresh == 0 or len(page.documents) < size)


def _identity(document: Document, place: str) -> str:
    found = document.get("sourcedId")
    if not isinstance(found, str) or not found or len(found) > 255:  # noqa: PLR2004  the standard's longest id
        raise SourceBroken("The document has no sourcedId that can be one.", f"{place}.sourcedId")
    if not found.isprintable() or "," in found or found != found.strip():
        raise SourceBroken("The sourcedId holds characters that no id can.", f"{place}.sourcedId")
    return found
