"""Gradebook categories, which Ed-Fi states only as a type on every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards.edfi.resources.gradebook_entries import category, category_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from adapters.contract import Record

ENTITY: Final = "gradebookCategory"
TOLD_BY: Final = frozenset({"gradebookEntries"})


def categories(documents: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Record]:
    """Yield one category for each type of gradebook entry in use."""
    for key in sorted({category(document) for _, document in documents}):
        yield category_record(key)
