"""The gradebook of OneRoster's bulk files put together as line items, results, categories and score scales."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.oneroster.records import cell
from standards.lenses.types import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.contract import Record
    from adapters.oneroster.records import Found, Row, SchoolFacts, Task
    from adapters.oneroster.tables import CsvTable

NUMBER = reading("number", textual=True)


class Gradebook:
    """The gradebook of a district; rows that other files state of a line item or a result wait until that comes."""

    def __init__(self, task: Task, places: SchoolFacts) -> None:
        self._task, self._places = task, places
        self._scales: dict[tuple[str, str], tuple[str, ...]] = {}
        self._objectives: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))

    def takes(self) -> Mapping[str, Callable[[CsvTable], Found]]:
        """Return the method that takes each file."""
        return {
            "scoreScales.csv": partial(self.plain, entity="scoreScale"),
            "categories.csv": partial(self.plain, entity="gradebookCategory"),
            "lineItemLearningObjectiveIds.csv": self.named,
            "lineItemScoreScales.csv": partial(self.scales, entity="lineItem"),
            "lineItems.csv": self.line_items,
            "resultLearningObjectiveIds.csv": self.scored,
            "resultScoreScales.csv": partial(self.scales, entity="result"),
            "results.csv": self.results,
        }

    def plain(self, table: CsvTable, entity: str) -> Found:
        """Yield every row as a record of *entity*, with nothing from other files."""
        if read := self._task.reader(table.name, table.columns, entity):
            for _, row in table.rows:
                yield entity, read(row)

    def line_items(self, table: CsvTable) -> Found:
        """Yield every line item; its session is its grading period too where it is one."""
        if read := self._task.reader(table.name, table.columns, "lineItem"):
            session = cell(table, "academicSessionSourcedId")
            for _, row in table.rows:
                record = self._complete("lineItem", read(row), "learningObjectiveIds")
                if (period := session(row)) in self._places.periods and self._task.asks("lineItem", "gradingPeriod"):
                    record["gradingPeriod"] = (period,)
                yield "lineItem", record

    def results(self, table: CsvTable) -> Found:
        """Yield every result."""
        if read := self._task.reader(table.name, table.columns, "result"):
            for _, row in table.rows:
                yield "result", self._complete("result", read(row), "learningObjectiveResults")

    def scales(self, table: CsvTable, entity: str) -> Found:
        """Note the score scale of each record, counting a second one of the same record."""
        whose, scale = cell(table, f"{entity}SourcedId"), cell(table, "scoreScaleSourcedId")
        for _, row in table.rows:
            if self._scales.setdefault((entity, whose(row)), (scale(row),)) != (scale(row),):
                self._task.notes.note(f"{table.name}: a second score scale of one {entity} is not kept")
        yield from ()

    def named(self, table: CsvTable) -> Found:
        """Note the learning objectives of line items."""
        objective = cell(table, "learningObjectiveId")
        self._objective(table, "lineItem", objective)
        yield from ()

    def scored(self, table: CsvTable) -> Found:
        """Note the learning objective scores of results."""
        objective, score, text = (cell(table, name) for name in ("learningObjectiveId", "score", "textScore"))

        def said(row: Row) -> dict[str, Any]:
            found: dict[str, Any] = {"learningObjectiveId": objective(row)}
            if number := score(row):
                found["score"] = NUMBER(number)
            if words := text(row):
                found["textScore"] = words
            return found

        self._objective(table, "result", said)
        yield from ()

    def _objective(self, table: CsvTable, entity: str, said: Callable[[Row], Any]) -> None:
        whose, source = cell(table, f"{entity}SourcedId"), cell(table, "source")
        for _, row in table.rows:
            self._objectives[entity, whose(row)][source(row)].append(said(row))

    def _complete(self, entity: str, record: Record, inside: str) -> Record:
        place = (entity, record["key"][0])
        if (scale := self._scales.get(place)) and self._task.asks(entity, "scoreScale"):
            record["scoreScale"] = scale
        if (sets := self._objectives.pop(place, None)) and self._task.asks(entity, "objectives"):
            record["objectives"] = [{"source": source, inside: found} for source, found in sets.items()]
        return record
