"""Paging of a OneRoster server: by offset or by link as its profile says, and the ids of its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.transport.paging import Link, Offset, PageDialect
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from adapters.oneroster_rest.profile import Profile
    from adapters.transport.paging import Paginator

MEMBER: Final = "sourcedId"
MAX_ID_CHARACTERS: Final = 255


def paginator(profile: Profile, address: str) -> Paginator:
    """Choose the way through the collection at an *address*."""
    return Link(profile.total, address) if profile.paging == "link" else Offset(profile.total)


def identify(document: dict[str, Any], place: str) -> str:
    """Return the id of a document.

    Raises:
        SourceBroken: it has no usable id.
    """
    found = document.get(MEMBER)
    if not isinstance(found, str) or not found or len(found) > MAX_ID_CHARACTERS:
        raise SourceBroken("The document has no sourcedId that can be one.", f"{place}.sourcedId")
    if not found.isprintable() or "," in found or found != found.strip():
        raise SourceBroken("The sourcedId holds characters that no id can.", f"{place}.sourcedId")
    return found


DIALECT: Final = PageDialect(MEMBER, "X-Total-Count", identify)
