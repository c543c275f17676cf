"""A fictional district from a seed: the same seed gives the same district, on every machine and Python."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

from gateway.demo.data.people.enrollments import Admissions
from gateway.demo.data.people.events import absences, participations
from gateway.demo.data.people.families import Village
from gateway.demo.data.people.staff import Payroll
from gateway.demo.data.records import Enrollment, FictionalDistrict, Placement, Student
from gateway.demo.data.schools.gradebook import CATEGORIES, GradebookMaker, graded, resources
from gateway.demo.data.schools.schedule import Timetable
from gateway.demo.data.schools.schools import organizations, zones
from gateway.demo.data.schools.terms import first_day, school_days, sessions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.demo.data.records import Organization

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MAX_STUDENTS = 100_000


def generate(
    name: str, *, seed: int, students: int, schools: int | None = None, school_year: int, today: date
) -> FictionalDistrict:
    """Generate the district called *name*, as it stands on *today* in the school year that ends in *school_year*."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a word in small letters, digits and hyphens")
    if not 1 <= students <= MAX_STUDENTS:
        raise ValueError(f"a district has 1 to {MAX_STUDENTS} students, not {students}")
    if today < first_day(school_year):
        raise ValueError(f"the school year {school_year} begins on {first_day(school_year)}, after {today}")
    tree = organizations(name, students, schools, _dice(name, seed, "schools"))
    village = Village(name, school_year, zones(tree[1:]), _dice(name, seed, "families"), seed)
    village.settle(students)
    days = tuple(day for day in school_days(school_year) if day <= today)
    registrar = Admissions(tree[1:], days, _dice(name, seed, "enrollments"))
    enrolled = _enroll(registrar, village.students)
    table, payroll = _schedule(name, seed, school_year, tree, enrolled)
    book = _mark(name, seed, days, table, village.students[0])
    return _district(name, today, village, tree, enrolled, table, payroll, book, _dice(name, seed, "events"))


def _dice(name: str, seed: int, purpose: str) -> Random:
    """Return random numbers for one purpose, so that a change to one part of a district leaves the others alone."""
    return Random(f"{name}/{seed}/{purpose}")  # noqa: S311  (a fictional district, not a secret)


def _enroll(registrar: Admissions, students: Sequence[Student]) -> list[Enrollment]:
    return [one for number, student in enumerate(students) for one in registrar.admit(student, steady=number == 0)]


def _schedule(
    name: str, seed: int, school_year: int, tree: tuple[Organization, ...], enrolled: list[Enrollment]
) -> tuple[Timetable, Payroll]:
    payroll = Payroll(f"{name}.example", school_year, _dice(name, seed, "staff"))
    seats: dict[str, list[Enrollment]] = {school.id: [] for school in tree[1:]}
    for one in enrolled:
        seats[one.school].append(one)
    payroll.run_offices(tree[0], {school: len(group) for school, group in seats.items()})
    calendar = {one.id: one for one in sessions(school_year)}
    table = Timetable(calendar, payroll, _dice(name, seed, "schedule"))
    for school in tree[1:]:
        table.fill(school, seats[school.id])
    table.share_teachers(tree[1:])
    return table, payroll


def _mark(name: str, seed: int, days: Sequence[date], table: Timetable, spotlight: Student) -> GradebookMaker:
    book = GradebookMaker(tuple(table.sessions.values()), days, _dice(name, seed, "gradebook"))
    chosen = graded(table.sections, spotlight.id, table.placements)
    rosters: dict[str, list[Placement]] = {section.id: [] for section in chosen}
    for place in table.placements:
        if place.section in rosters:
            rosters[place.section].append(place)
    book.mark(chosen, rosters)
    return book


def _district(
    name: str,
    today: date,
    village: Village,
    tree: tuple[Organization, ...],
    enrolled: list[Enrollment],
    table: Timetable,
    payroll: Payroll,
    book: GradebookMaker,
    dice: Random,
) -> FictionalDistrict:
    by_id = {school.id: school for school in tree[1:]}
    taught = {section.course for section in table.sections}
    catalogue = [*table.early.values(), *(option.course for option in table.catalogue)]
    courses = tuple(course for course in catalogue if course.id in taught)
    year = tuple(table.sessions.values())
    return FictionalDistrict(
        name=name,
        title=tree[0].name,
        school_year=village.school_year,
        today=today,
        organizations=tree,
        sessions=year,
        courses=courses,
        sections=tuple(table.sections),
        households=tuple(village.households),
        students=tuple(village.students),
        guardians=tuple(village.guardians),
        guardianships=tuple(village.guardianships),
        staff=tuple(payroll.staff),
        assignments=tuple(payroll.assignments),
        enrollments=tuple(enrolled),
        placements=tuple(table.placements),
        teachings=tuple(table.teachings),
        absences=tuple(absences(enrolled, by_id, year, book.days, dice)),
        participations=tuple(participations(village.students, by_id, year[0].begin, dice)),
        categories=CATEGORIES,
        line_items=tuple(book.line_items),
        results=tuple(book.results),
        resources=resources(courses),
    )
