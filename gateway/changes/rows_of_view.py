"""Rows of a view that are there no more: what tombstones and the entries of a change feed have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.engine.rows import found_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.engine.view_rows import ViewRows
    from gateway.engine.visibility import Visibility
    from standards.view import Branch, View


@dataclass(slots=True)
class RowsOfView(ABC):
    """Rows about records of a branch, paged, recorded and sent as the rows *shown* by it are."""

    shown: ViewRows

    @property
    def branch(self) -> Branch:
        """The branch that showed the records."""
        return self.shown.branch

    @property
    def view(self) -> View:
        """The view that the branch belongs to."""
        return self.shown.view

    @property
    def visibility(self) -> Visibility:
        """What the consumer sees of the records that are still there."""
        return self.shown.visibility

    @abstractmethod
    def render(self, rows: Sequence[int], base: str) -> list[dict[str, Any]]:
        """Render some *rows*, under addresses that begin with *base*."""

    def values(self, rows: Sequence[int], path: str, base: str = "") -> list[Any]:
        """Return what the member at *path* shows in each row."""
        return [found_at(record, path.split(".")) for record in self.render(rows, base)]

    def stamp(self, records: Sequence[dict[str, Any]], rows: Sequence[int], base: str) -> None:  # noqa: B027  by design
        """Do nothing: the records bear their versions, or moments, already."""
