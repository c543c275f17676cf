"""A schedule of data as districts keep it: a table of categories, elements and what is checked, read from CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from standards import schedule
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standards.schedule import ScheduleCategory

MAX_BYTES = 1_000_000
COLUMNS = {
    "category": ("category", "category of data", "data category"),
    "element": ("element", "elements", "data element", "data elements"),
    "checked": ("checked", "check if used by your system", "used by your system", "used", "collected", "required"),
}
"""The columns, each with the headings that it may have; others are left alone."""
CHECKED = frozenset({"x", "✓", "✔", "☑", "☒", "yes", "y", "true", "1", "r", "required"})
OPTIONAL = frozenset({"o", "optional"})
UNCHECKED = frozenset({"", "☐", "no", "n", "false", "0", "-", "–", "—"})
SPECIFIED = ("-please specify", "- please specify", "– please specify", "—specify", "please specify", "specify", ":")


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row that is checked: the element it is about, what it says more closely, and where it stands."""

    category: str
    element: str
    said: str
    line: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """The checked rows of a schedule, and what is wrong with rows that nobody can be sure of."""

    rows: tuple[CheckedRow, ...]
    unknown: tuple[SettingsError, ...]


def read(path: Path) -> ReadSchedule:
    """Read the schedule in *path*.

    Raises:
        SettingsError: the file is no such table.
    """
    return parse(_text(path), str(path))


def parse(text: str, name: str) -> ReadSchedule:
    """Read the schedule in a *text*, called *name* in messages.

    Raises:
        SettingsError: it is no such table.
    """
    if len(text) > MAX_BYTES:
        raise SettingsError(f"the file has more than {MAX_BYTES} bytes", name)
    rows: list[CheckedRow] = []
    unknown: list[SettingsError] = []
    for line, category, element, mark in _cells(text, name):
        try:
            row = _row(name, line, category, element, mark)
        except SettingsError as error:
            unknown.append(error)
        else:
            rows += [row] if row else []
    return ReadSchedule(tuple(rows), tuple(unknown))


def _cells(text: str, name: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, category, element and mark of each row; a category holds for the rows below that name none."""
    reader = csv.reader(StringIO(text), strict=True)
    places: dict[str, int] = {}
    category = ""
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not places:
                places = _places(name, reader.line_num, cells)
                continue
            found = {column: cells[at].strip() if at < len(cells) else "" for column, at in places.items()}
            category = found["category"] or category
            if found["element"]:
                yield reader.line_num, category, found["element"], found["checked"]
            elif found["checked"].casefold() not in UNCHECKED:
                yield reader.line_num, category, "", found["checked"]
    except csv.Error as error:
        raise SettingsError(f"this is no CSV: {error}", name, reader.line_num, 1) from None
    if not places:
        raise SettingsError("the file is empty; its first row names the columns", name, 1, 1)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        raise SettingsError("the file cannot be read", str(path)) from None
    if len(content) > MAX_BYTES:
        raise SettingsError(f"the file has more than {MAX_BYTES} bytes", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("the file is not UTF-8; save it as CSV UTF-8", str(path)) from None


def _places(file: str, line: int, cells: list[str]) -> dict[str, int]:
    """Return at which place each column stands."""
    places: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = schedule.find(cell, COLUMNS.items())
        if name and name not in places:
            places[name] = at
    if missing := [name for name in COLUMNS if name not in places]:
        message = f"the first row has no column {missing[0]}; it needs category, element and checked"
        raise SettingsError(message, file, line, 1)
    return places


def _row(file: str, line: int, category: str, element: str, mark: str) -> CheckedRow | None:
    """Return the row if it is checked."""
    word = mark.casefold()
    if word not in CHECKED | OPTIONAL | UNCHECKED:
        message = f"{mark!r} does not say whether the row is checked; write x, or nothing"
        raise SettingsError(message, file, line, 1)
    known = schedule.categories()
    name = schedule.find(category, ((one.name, one.spellings) for one in known.values()))
    if not name:
        hint = suggestion(category, [one.title for one in known.values()])
        raise SettingsError(f"there is no category {category!r}{hint}", file, line, 1)
    row, said = _element(known[name], element)
    if not row:
        hint = suggestion(element, [one.title for one in known[name].elements.values()])
        message = f"the category {known[name].title} has no element {element!r}{hint}"
        raise SettingsError(message, file, line, 1)
    return None if word in UNCHECKED else CheckedRow(name, row, said, line, word in OPTIONAL)


def _element(category: ScheduleCategory, element: str) -> tuple[str, str]:
    """Return the name of an element of a *category*, and what an element for other data says more closely."""
    spelt = [(one.name, one.spellings) for one in category.elements.values()]
    if name := schedule.find(element, spelt) or schedule.find(element.partition("(")[0], spelt):
        return name, ""
    for mark in SPECIFIED:
        head, _, said = element.casefold().partition(mark)
        if schedule.find(head, spelt) == schedule.REST:
            return schedule.REST, element[len(element) - len(said) :].strip(" :–—-")
    return "", ""
