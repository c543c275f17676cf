"""Pairs that several of OneRoster's bulk files share: an id, a reference, pairs in braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standards.lenses.lens import converted, opened, same, split
from standards.lenses.types import WRONG
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standards.lenses.lens import Pair

BRACES = re.compile(r"\{([^{}:]*):([^{}]*)\}")


def own(file: str) -> tuple[Pair, ...]:
    """Return the pairs for the id of a row and its metadata."""
    return same(specification.ID, "id"), opened(specification.METADATA, f"oneroster.{file}.metadata")


def ref(column: str, name: str) -> Pair:
    """Map a reference to one row of another file."""
    return split((f"{column}SourcedId",), name)


def braced(column: str, name: str, left: str, right: str) -> Pair:
    """Map a list of pairs ``{left:right},{left:right}`` to the small records of a group."""

    def inward(cell: str) -> list[dict[str, str]]:
        found = ({left: one, right: other} for one, other in BRACES.findall(cell))
        return [{name: value for name, value in pair.items() if value} for pair in found if any(pair.values())]

    def outward(pairs: Sequence[dict[str, str]]) -> Any:
        text = ",".join(f"{{{pair.get(left, '')}:{pair.get(right, '')}}}" for pair in pairs)
        return text if inward(text) == list(pairs) else WRONG

    return converted(column, name, inward, outward)
