"""Whole collections of an ODS, page by page, and which collections the ODS shows the gateway."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.edfi_ods.errors import CollectionDenied
from adapters.edfi_ods.pages import DIALECT, PAGINATOR
from adapters.edfi_ods.plan import path_of
from adapters.transport.paging import CollectionWalk, read_whole
from standards.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.contract import Notes
    from adapters.edfi_ods.client import OdsClient
    from adapters.transport.http import Deadline
    from adapters.transport.paging import Parameters

    Document = dict[str, Any]

T = TypeVar("T")
S = TypeVar("S")


@dataclass(slots=True)
class Offered:
    """The collections that exist for the gateway: those that settings *named*, else all that are not *denied*.

    One that settings name, or that was *shown* once, is never taken for missing.
    """

    named: frozenset[str]
    denied: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def has(self, collection: str) -> bool:
        """Tell whether there may be something to read in a collection."""
        return collection in self.named if self.named else collection not in self.denied

    def deny(self, collection: str, error: CollectionDenied) -> None:
        """Record that a collection is denied to the gateway; raise the *error* where it must exist."""
        if self.named or collection in self.shown:
            raise SourceRefused(error.message)
        self.denied.add(collection)


@dataclass(frozen=True, slots=True)
class OdsReader:
    """A reader of what *service* offers, in pages of *size* and at most *rows* documents of a collection."""

    service: OdsClient
    offered: Offered
    size: int
    rows: int
    notes: Notes

    def documents(
        self, collection: str, turn: Callable[[Document], T], parameters: Parameters, deadline: Deadline
    ) -> list[T]:
        """Read the documents that *parameters* select, each converted by *turn*; none if the collection is denied."""
        if not self.offered.has(collection):
            return []
        try:
            found = self.whole(path_of(collection), turn, parameters, deadline)
        except CollectionDenied as error:
            self.offered.deny(collection, error)
            self.notes.note(f"{collection}: not offered")
            return []
        self.offered.shown.add(collection)
        return found

    def whole(self, path: str, turn: Callable[[Document], T], parameters: Parameters, deadline: Deadline) -> list[T]:
        """Read any list whole, such as that of deletes, beginning again where it changed meanwhile."""
        place = path.removeprefix("/ed-fi/").removeprefix("/")
        fetch = partial(self.service.page, path, deadline=deadline)

        def read() -> list[T]:
            walk = CollectionWalk(fetch, DIALECT, self.size, self.rows, place, parameters)
            try:
                return [turn(document) for documents in walk.pages(PAGINATOR) for document in documents]
            except CollectionDenied as error:
                if walk.begun:  # a collection shown once is never taken for missing
                    raise SourceRefused(error.message) from None
                raise

        return read_whole(read, place, self.notes.note)

    def one(self, collection: str, identifier: str, deadline: Deadline) -> Document | None:
        """Fetch the document of a collection with an id; None where there is none that the gateway may see."""
        if not self.offered.has(collection):
            return None
        try:
            return self.service.one(path_of(collection), identifier, deadline)
        except CollectionDenied as error:  # an error of one document, not of the others
            raise SourceRefused(error.message) from None


def side_by_side(work: Callable[[S], T], things: Sequence[S], most: int) -> list[T]:
    """Run *work* on each of the *things*, several at once; raise the first error."""
    if not things:
        return []
    with ThreadPoolExecutor(max_workers=most, thread_name_prefix="ods") as pool:
        futures = [pool.submit(work, one) for one in things]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()
