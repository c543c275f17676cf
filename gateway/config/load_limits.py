"""Load limits: the share of a source's rows and references that may be missing from a snapshot of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = "default"
"""The name under which a table of shares has the one for every name that it does not have."""

MAX_SHARE_OF_ROWS: Final = 0.005
MAX_SHARE_OF_REFERENCES: Final = 0.05
MIN_ROWS: Final = 1
MAX_ROWS: Final = 100
"""The least and the most rows of an entity that may be set aside, however small or large it is."""

NEVER: Final = frozenset({"organization", "session"})
"""The entities of which no row may be set aside, since all others refer to them."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares, by name, of an entity's *rows* that may be set aside and of a field's *references* without target."""

    rows: Mapping[str, float] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)

    def most_rows(self, entity: str, read: int) -> int:
        """Return how many of the rows *read* of an entity may be set aside."""
        if entity in NEVER:
            return 0
        share = self.rows.get(entity, self.rows.get(DEFAULT, MAX_SHARE_OF_ROWS))
        return min(MAX_ROWS, max(MIN_ROWS, int(share * read))) if share else 0

    def most_references(self, name: str, all_of: int) -> int:
        """Return how many of all references of a field may have no target."""
        share = self.references.get(name, self.references.get(DEFAULT, MAX_SHARE_OF_REFERENCES))
        return max(MIN_ROWS, int(share * all_of)) if share else 0

    def refuse_rows(self, entity: str, aside: int, read: int, left: int) -> str:
        """Return why so many rows set *aside* of those *read* of an entity are too many; empty where they may be."""
        if not left and aside:
            return "rows are set aside, and none is left"
        most = self.most_rows(entity, read)
        return f"rows are set aside, and {most} may be" if aside > most else ""

    def refuse_references(self, name: str, lost: int, all_of: int) -> str:
        """Return why so many *lost* references of a field are too many; empty where they may be."""
        most = self.most_references(name, all_of)
        return f"references lead nowhere, and {most} may" if lost > most else ""
