"""School enrollments: most students stay all year; some come late, leave, move across town or attend two schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.records import Enrollment, Organization, Student

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from random import Random

CHANCE_LATE = 0.05
CHANCE_LEAVING = 0.025
CHANCE_MOVING = 0.012
CHANCE_TWO_SCHOOLS = 0.01
MIN_DAYS = 12
GRADES_WITH_A_SECOND_SCHOOL = frozenset({"08", "09", "10", "11", "12"})
REASONS = ("transferred", "transferred", "moved", "withdrawn")


class Admissions:
    """Decides the enrollments of students on each day of the year so far."""

    def __init__(self, schools: Sequence[Organization], days: Sequence[date], rng: Random) -> None:
        self._rng, self._days = rng, days
        self._schools = {one.id: one for one in schools}
        self._long_enough = len(days) >= MIN_DAYS

    def admit(self, student: Student, *, steady: bool) -> list[Enrollment]:
        """Return the enrollments of one student, in order of time; a *steady* one is enrolled from the first day."""
        rng = self._rng
        lot = 1.0 if steady or not self._long_enough else rng.random()
        if lot < CHANCE_LATE:
            day = rng.choice(self._days[3:])
            return [self._enrollment(student, student.school, day, rng.choice(("transferred", "new")))]
        first = self._enrollment(student, student.school, self._days[0], "promoted")
        if lot < CHANCE_LATE + CHANCE_LEAVING:
            return [self._left(first, rng.choice(self._days[3:]), self._reason(student))]
        if lot < CHANCE_LATE + CHANCE_LEAVING + CHANCE_MOVING:
            return self._moved(student, first)
        if lot < CHANCE_LATE + CHANCE_LEAVING + CHANCE_MOVING + CHANCE_TWO_SCHOOLS:
            return [first, *self._second_school(student)]
        return [first]

    def _reason(self, student: Student) -> str:
        old = student.grade in GRADES_WITH_A_SECOND_SCHOOL and student.grade != "08"
        return self._rng.choice((*REASONS, "dropout") if old else REASONS)

    def _enrollment(self, student: Student, school: str, day: date, reason: str) -> Enrollment:
        return Enrollment(
            student.id, school, student.grade, day, reason, exit=None, exit_reason="", primary=True, full_time=True
        )

    def _left(self, one: Enrollment, day: date, reason: str) -> Enrollment:
        return Enrollment(
            one.student,
            one.school,
            one.grade,
            one.entry,
            one.entry_reason,
            day,
            reason,
            primary=one.primary,
            full_time=one.full_time,
        )

    def _moved(self, student: Student, last: Enrollment) -> list[Enrollment]:
        """Return a move within the district: the student's school is the new one; the old one was left before."""
        level = self._schools[student.school].level
        others = [one.id for one in self._schools.values() if one.level == level and one.id != student.school]
        if not others:
            return [last]
        number = self._rng.randrange(4, len(self._days) - 1)
        before = self._enrollment(student, self._rng.choice(others), self._days[0], "promoted")
        before = self._left(before, self._days[number], "transferred")
        return [before, self._enrollment(student, student.school, self._days[number + 1], "transferred")]

    def _second_school(self, student: Student) -> list[Enrollment]:
        others = [one.id for one in self._schools.values() if one.level == "high" and one.id != student.school]
        if student.grade not in GRADES_WITH_A_SECOND_SCHOOL or not others:
            return []
        school, day = self._rng.choice(others), self._days[0]
        return [
            Enrollment(
                student.id,
                school,
                student.grade,
                day,
                "promoted",
                exit=None,
                exit_reason="",
                primary=False,
                full_time=False,
            )
        ]
