"""The request and its answer, as all layers pass them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from standards.query import Query
    from standards.view import View

    Reader = Callable[[tuple[View, ...]], Query]


@dataclass(frozen=True, slots=True)
class Within:
    """A record named in an address: the *view* that shows it, and the id the consumer knows it by."""

    view: View
    identifier: str


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A read request: a view, of one district or of all, by a query still in its standard's language.

    *read* turns it into a `Query`, given the pruned views it may speak of; *scopes* are those of which the
    caller needs one; *base* is the address that outward addresses start with; *within* names the records,
    from the outside in, that what is asked for belongs to.
    """

    view: View
    district: str | None
    scopes: frozenset[str]
    read: Reader
    base: str
    trace: str = ""
    within: tuple[Within, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The records to send: rendered *records*, how many there are in all, and the query they answer.

    *following* is the token of the next page, where pages have tokens. What is *told* of the total is None where an
    agreement keeps small numbers back.
    """

    records: list[dict[str, Any]]
    total: int
    query: Query
    following: str = ""
    told: int | None = None
