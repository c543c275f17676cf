"""A small gradebook: line items and results for a few sections, and the digital resources of some courses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.demo.data.records import Category, Course, LearningResource, LineItem, Placement, Result, Section, Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from random import Random

EVERY = 40
TITLES = ("Unit quiz", "Reading log", "Lab report", "Project, part 1", "Exit ticket", "Problem set")
COMMENTS = ("", "", "", "Great work!", "See me after class, please.", 'Try the "challenge" set.')
CATEGORIES = (
    Category("cat-homework", "Homework", "30"),
    Category("cat-tests", "Tests", "50"),
    Category("cat-participation", "Participation", "20"),
)
PRODUCTS = (
    ("Tidepool Readers", "tidepool", "ELA"),
    ("Number Harbor", "numberharbor", "MAT"),
    ("Salish Science Lab", "salish-lab", "SCI"),
    ("Map & Compass", "mapcompass", "SOC"),
)
ITEMS_PER_SECTION = 3
CHANCE_MISSING = 0.06
CHANCE_LATE = 0.1


@dataclass(slots=True)
class GradebookMaker:
    """The gradebook of a district while it is being generated."""

    sessions: Sequence[Session]
    days: Sequence[date]
    rng: Random
    line_items: list[LineItem] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def mark(self, sections: Sequence[Section], rosters: Mapping[str, Sequence[Placement]]) -> None:
        """Generate work and results of *sections*, as far as they have met."""
        for section in sections:
            met = [day for day in self.days if section.begin <= day <= section.end][:-1]
            for _ in range(ITEMS_PER_SECTION if met else 0):
                item = self._item(section, self.rng.choice(met))
                self.line_items.append(item)
                self._results(item, rosters.get(section.id, ()))

    def _item(self, section: Section, day: date) -> LineItem:
        due = next((one for one in self.days if one > day), day)
        level = "elementary" if section.terms[0].startswith("t") else "secondary"
        period = next(
            one.id
            for one in self.sessions
            if one.kind == "gradingPeriod" and one.level == level and one.begin <= day <= one.end
        )
        number = len(self.line_items) + 1
        return LineItem(
            f"item-{section.id}-{number}",
            f"{self.rng.choice(TITLES)} {number % 7 + 1}",
            section.id,
            section.school,
            self.rng.choice(CATEGORIES).id,
            period,
            day,
            due,
            self.rng.choice(("10", "20", "100")),
        )

    def _results(self, item: LineItem, roster: Sequence[Placement]) -> None:
        rng = self.rng
        for place in roster:
            if not place.begin <= item.due <= place.end:
                continue
            missing = rng.random() < CHANCE_MISSING
            score = "" if missing else f"{int(item.maximum) * rng.choice((0.5, 0.65, 0.7, 0.8, 0.85, 0.9, 0.95, 1)):g}"
            self.results.append(
                Result(
                    f"{item.id}-{place.student}",
                    item.id,
                    place.student,
                    item.section,
                    "not submitted" if missing else "fully graded",
                    score,
                    item.due,
                    "" if missing else rng.choice(COMMENTS),
                    late=not missing and rng.random() < CHANCE_LATE,
                )
            )


def graded(sections: Sequence[Section], student: str, placements: Sequence[Placement]) -> list[Section]:
    """Return the sections with a gradebook: those of one *student*, and a few others."""
    mine = {place.section for place in placements if place.student == student}
    return [section for number, section in enumerate(sections) if section.id in mine or not number % EVERY]


def resources(courses: Sequence[Course]) -> tuple[LearningResource, ...]:
    """Return a product for each course of four departments."""
    return tuple(
        LearningResource(
            f"res-{vendor}-{course.id}", f"{product}: {course.title}", vendor, f"{vendor}/{course.id}", course.id
        )
        for product, vendor, department in PRODUCTS
        for course in courses
        if course.id.startswith(f"{department}-")
    )
