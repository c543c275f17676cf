"""References in OneRoster's bulk files: one that leads nowhere is counted, or sets its row aside."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from adapters.files.csv_checks import parts
from adapters.notes import UNRESOLVED
from adapters.oneroster.set_aside_rows import LINKS, OWNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.contract import Notes
    from adapters.files.csv_reader import CsvSheet
    from standards.oneroster.csv.specification import Column

    Rows = list[list[str]]
    Faults = dict[int, tuple[int, str]]

MAX_SHOWN_ROWS: Final = 5
LEFT_TO_OTHERS: Final = ("users.csv", "orgSourcedIds")
"""Each organization of a user makes a record of its own, which is checked like every other."""


class Pointers:
    """The references in one column of a *sheet*; *ids* are those of the file to which it refers.

    A row whose owner is among the records that its file marks as deleted (*gone*) stays: the caller, which knows all
    records, leaves it out.
    """

    def __init__(
        self,
        ids: Callable[[str], set[str]],
        gone: Callable[[str], set[str]],
        sheet: CsvSheet,
        at: int,
        column: Column,
        notes: Notes,
    ) -> None:
        self.at, self.column = at, column
        self._ids, self._gone, self._sheet, self._notes = ids, gone, sheet, notes
        self._owner = (sheet.name, column.name) in OWNERS
        self._link = sheet.name in LINKS and column.required
        self._good: set[str] = {""}
        self._lost = self._all = self._shown = 0

    def follow(self, lines: Sequence[int], rows: Rows, faults: Faults) -> set[int]:
        """Add to the *faults* the rows whose required reference leads nowhere; return link rows without a target."""
        found = list(map(itemgetter(self.at), rows))
        self._all += len(found) - found.count("")
        fresh = set(found) - self._good
        if not fresh:
            return set()
        known = self._ids(self.column.refers)
        if self._owner and (gone := self._gone(self.column.refers)):
            known = known | gone
        if self.column.kind == "guids":
            bad = {cell for cell in fresh if not known.issuperset(parts(cell))}
        else:
            bad = fresh - known
        self._good |= fresh - bad
        return self._part(lines, rows, bad, known, faults) if bad else set()

    def finish(self) -> None:
        """Count the references that led nowhere."""
        if self._lost:
            self._notes.note(f"{self._sheet.name}: dangling {self.column.name}", self._lost)
            self._notes.lose(f"{self._sheet.name.removesuffix('.csv')}.{self.column.name}", self._lost, self._all)

    def _part(self, lines: Sequence[int], rows: Rows, bad: set[str], known: set[str], faults: Faults) -> set[int]:
        dropped = set()
        for number, row in enumerate(rows):
            if row[self.at] not in bad or number in faults:
                continue
            if self._owner:
                faults[number] = self.at, UNRESOLVED
                continue
            self._show(lines[number])
            if (self._sheet.name, self.column.name) == LEFT_TO_OTHERS:
                continue
            self._lost += 1
            row[self.at] = ",".join(part for part in parts(row[self.at]) if part in known)
            if self._link:
                dropped.add(number)
        return dropped

    def _show(self, line: int) -> None:
        """Note the places of the first ones."""
        self._shown += 1
        if self._shown <= MAX_SHOWN_ROWS:
            place = self._sheet.place(line, self.at + 1)
            self._notes.remark(place, f"{self.column.name} names no row of {self.column.refers}")
