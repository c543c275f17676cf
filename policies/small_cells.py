"""Small cells: tables of counts of which nothing below a limit can be derived, by the counts that are told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Cell = tuple[int, int]
    Arc = tuple[str, int]

Told = tuple[tuple[int | None, ...], ...]
"""A table with None for each count that is not told."""


def tellable(total: int, whole: int | None, limit: int) -> bool:
    """Tell whether a *total* may be told: neither it nor what is left of the *whole* is below *limit*."""
    return total >= limit and (whole is None or whole - total >= limit)


def suppress(counts: Sequence[Sequence[int]], limit: int) -> Told:
    """Return a table of *counts* with its margins, without any from which one below *limit* could be derived.

    The last row and the last column of the result are the sums; all that is told are counts from 0 on. First what is
    itself too small is left out, then as few others as it takes: each small count must still be able to be *limit* or
    more, by everything that is told.
    """
    table = _with_sums(counts)
    hidden = {(i, j) for i, row in enumerate(table) for j, count in enumerate(row) if count < limit}
    small = sorted(hidden)
    while (open_ := next((cell for cell in small if not _may_reach(table, hidden, cell, limit)), None)) is not None:
        hidden.add(_next(table, hidden, open_))
    for cell in sorted(hidden - set(small), key=lambda one: (-table[one[0]][one[1]], one)):
        if all(_may_reach(table, hidden - {cell}, one, limit) for one in small):
            hidden.discard(cell)
    return tuple(
        tuple(None if (i, j) in hidden else count for j, count in enumerate(row)) for i, row in enumerate(table)
    )


def _with_sums(counts: Sequence[Sequence[int]]) -> list[list[int]]:
    rows = [[*row, sum(row)] for row in counts]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]]


def _next(table: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell) -> Cell:
    """Return the next count to leave out: the smallest in the row or column of *cell*, else the smallest of all."""
    shown = [(i, j) for i, row in enumerate(table) for j in range(len(row)) if (i, j) not in hidden]
    near = [one for one in shown if one[0] == cell[0] or one[1] == cell[1]]
    return min(near or shown, key=lambda one: (table[one[0]][one[1]], one))


@dataclass(slots=True)
class _Network:
    """What may change in a table while everything that is told stays: amounts that move between rows and columns.

    A sum counts against the counts that it sums, so that every row and every column adds up to nothing. What is hidden
    may grow without end and shrink to nothing; moving an amount around a circle of hidden counts keeps all sums.
    """

    room: dict[tuple[Arc, Arc], float]

    @classmethod
    def of(cls, table: Sequence[Sequence[int]], hidden: set[Cell], without: Cell) -> _Network:
        rows, columns = len(table) - 1, len(table[0]) - 1
        room: dict[tuple[Arc, Arc], float] = {}
        for i, j in hidden - {without}:
            row, column, count = ("row", i), ("column", j), float(table[i][j])
            grows, shrinks = (row, column), (column, row)
            if (i == rows) != (j == columns):  # a sum, which counts against
                grows, shrinks = shrinks, grows
            room[grows], room[shrinks] = float("inf"), count
        return cls(room)

    def flow(self, source: Arc, sink: Arc, enough: float) -> float:
        """Return how much can move from *source* to *sink*, at least where it is *enough*."""
        moved = 0.0
        while moved < enough and (path := self._path(source, sink)):
            amount = min(*(self.room[step] for step in path), enough - moved)
            for one, other in path:
                self.room[one, other] -= amount
                self.room[other, one] = self.room.get((other, one), 0.0) + amount
            moved += amount
        return moved

    def _path(self, source: Arc, sink: Arc) -> list[tuple[Arc, Arc]]:
        before: dict[Arc, Arc] = {source: source}
        waiting = deque([source])
        while waiting and sink not in before:
            here = waiting.popleft()
            for there in self._next(here):
                if there not in before:
                    before[there] = here
                    waiting.append(there)
        if sink not in before:
            return []
        path, here = [], sink
        while here != source:
            path.append((before[here], here))
            here = before[here]
        return path

    def _next(self, here: Arc) -> Iterator[Arc]:
        return (other for (one, other), room in self.room.items() if one == here and room > 0)


def _may_reach(table: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell, limit: int) -> bool:
    """Tell whether a hidden count may be *limit* or more, by all that is told."""
    i, j = cell
    lacking = float(limit - table[i][j])
    row, column = ("row", i), ("column", j)
    is_sum = (i == len(table) - 1) != (j == len(table[0]) - 1)
    source, sink = (row, column) if is_sum else (column, row)
    return _Network.of(table, hidden, cell).flow(source, sink, lacking) >= lacking
