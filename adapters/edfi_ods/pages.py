"""Paging of an ODS: by cursor where it offers one, else backwards from the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.transport.paging import PageDialect, TokenPages

if TYPE_CHECKING:
    from adapters.transport.paging import Paginator

PAGINATOR: Final[Paginator] = TokenPages(("totalCount", "true"), "pageToken", "pageSize")


def identify(document: dict[str, Any], _place: str) -> str:
    """Return the id of a document, which was checked when the page came."""
    return str(document["id"])


DIALECT: Final = PageDialect("id", "Total-Count", identify)
