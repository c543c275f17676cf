"""Examples in an agreement (`tests:`): made-up students, and what the agreement's authors expect to leave of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.elements import Line
from standards import codes
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.documents.loading import Document, Where

VISIBLE = "visible"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The *action* expected on every element under *path*, or whether the student is visible, and its place."""

    path: str
    action: str
    file: str
    line: int
    column: int

    def failed(self, message: str) -> SettingsError:
        """Make the error for what was found instead."""
        return SettingsError(message, self.file, self.line, self.column)

    def names(self) -> tuple[str, ...]:
        """Return the elements it is about."""
        found = elements.under(Line(self.path, "allow"))
        plain = tuple(one.name for one in found if not one.container)
        return plain or tuple(one.name for one in found)


@dataclass(frozen=True, slots=True)
class ExampleStudent:
    """A made-up student; None is missing. It is enrolled where a school, a grade or an enrollment is stated."""

    school: str | None = None
    grade: str | None = None
    enrollment: str | None = None
    birth_date: str | None = None
    program: str | None = None
    consent: str | None = None
    opted_out: bool = False

    @property
    def enrolled(self) -> bool:
        """Whether it has an enrollment, active or ended."""
        return not self.school is self.grade is self.enrollment is None


@dataclass(frozen=True, slots=True)
class Example:
    """One test of an agreement: a *student* on a day, and what is expected to leave."""

    name: str
    on: str
    student: ExampleStudent
    expected: tuple[Expectation, ...]


def examples(document: Document) -> tuple[Example, ...]:
    """Return the examples of an agreement that has passed every check."""
    content = document.content
    return tuple(
        Example(
            entry["name"],
            entry.get("on", content["validity"]["from"]),
            _student(entry["student"]),
            tuple(_expectation(document, number, path, value) for path, value in entry["expect"].items()),
        )
        for number, entry in enumerate(content.get("tests", ()))
    )


def _student(said: dict[str, Any]) -> ExampleStudent:
    names = {"birthDate": "birth_date", "optedOut": "opted_out"}
    return ExampleStudent(**{names.get(name, name): value for name, value in said.items()})


def _expectation(document: Document, number: int, path: str, value: Any) -> Expectation:
    place = document.values["tests", number, "expect", path]
    return Expectation(path, str(value).lower() if path == VISIBLE else value, document.file, *place)


def problems(document: Document) -> Iterator[SettingsError]:
    """Yield what is wrong with the examples of an agreement themselves: days, grades and paths that do not exist."""
    known = codes.table("gradeLevel").values
    for number, entry in enumerate(document.content.get("tests", ())):
        where: Where = ("tests", number)
        for place, day in (((*where, "on"), entry.get("on")), ((*where, "student", "birthDate"), _born(entry))):
            if day is not None and not _is_day(day):
                yield document.error(place, f"{place[-1]} is not a day of the calendar")
        grade = entry["student"].get("grade")
        if grade is not None and grade not in known and not grade.startswith("uri://"):
            hint = suggestion(grade.zfill(2) if grade.isdigit() else grade, known)
            yield document.error((*where, "student", "grade"), f"there is no grade {grade!r}{hint}")
        for path in entry["expect"]:
            if path != VISIBLE and not elements.under(Line(path, "allow")):
                message = f"no element is called {path!r}{elements.guess(path)}"
                yield document.error((*where, "expect", path), message, at_key=True)


def _born(entry: dict[str, Any]) -> str | None:
    found: str | None = entry["student"].get("birthDate")
    return found


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
