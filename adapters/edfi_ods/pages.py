"""Pages of an ODS: by cursor where one is offered, else from the end backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.transport.paging import PageDialect, TokenPages

if TYPE_CHECKING:
    from adapters.transport.paging import Paginator

PAGINATOR: Final[Paginator] = TokenPages(("totalCount", "true"), "pageToken", "pageSize")


def identify(document: dict[str, Any], _place: str) -> str:
    """Give the id of a document, which was found good when the page came."""
    return str(document["id"])


DIALECT: Final = PageDialect("id", "Total-Count", identify)
