"""The master schedule: sections, their teachers and their students."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.demo.data.records import Course, Enrollment, Organization, Placement, Section, Session, Teaching
from gateway.demo.data.schools.courses import (
    ELEMENTARY_SLOTS,
    SECONDARY_SLOTS,
    SLOTS_BY_GRADE,
    Option,
    Slot,
    elementary,
    options,
    secondary,
)

if TYPE_CHECKING:
    from random import Random

    from gateway.demo.data.people.staff import Payroll, Teacher

HOMEROOM_STUDENTS = 23
SECTION_STUDENTS = 27
PERIODS = ("1", "2", "3", "4", "5", "6", "7")
HALVES = (("s1",), ("s2",))
THIRDS = ("t1", "t2", "t3")
BOTH = ("s1", "s2")
LEND_EVERY = 12


@dataclass(slots=True)
class Timetable:
    """The schedule of a district while it is being generated."""

    sessions: dict[str, Session]
    payroll: Payroll
    rng: Random
    catalogue: tuple[Option, ...] = field(default_factory=secondary)
    early: dict[tuple[str, str], Course] = field(default_factory=elementary)
    sections: list[Section] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    teachings: list[Teaching] = field(default_factory=list)

    def fill(self, school: Organization, seats: list[Enrollment]) -> None:
        """Generate sections for every full-time student of one school."""
        whole = [seat for seat in seats if seat.full_time]
        first = len(self.sections)
        for grade in school.grades:
            group = [seat for seat in whole if seat.grade == grade]
            self.rng.shuffle(group)
            if group and school.level == "elementary":
                self._homerooms(school, grade, group)
            elif group:
                self._rotations(school, grade, group)
        here = self.sections[first:]
        for seat in seats:
            if not seat.full_time and here:
                self._sit([seat], self.rng.choice(here))

    def _homerooms(self, school: Organization, grade: str, group: list[Enrollment]) -> None:
        number = -(-len(group) // HOMEROOM_STUDENTS)
        for index in range(number):
            members = group[index::number]
            room = self.payroll.teacher(school, "HR", [("t", "HR"), ("t", "1")])
            for period, department in enumerate(ELEMENTARY_SLOTS[: SLOTS_BY_GRADE.get(grade)]):
                name = "HR" if not period else str((period - 1 + index) % (len(ELEMENTARY_SLOTS) - 1) + 1)
                course = self.early[department, grade]
                own = department in ELEMENTARY_SLOTS[:2]
                teacher = room if own else self.payroll.teacher(school, department, [("t", f"{grade}{index}")])
                section = self._open(school, course, grade, THIRDS, name, teacher, homeroom=not period)
                self._sit(members, section)

    def _rotations(self, school: Organization, grade: str, group: list[Enrollment]) -> None:
        """Split a grade so that each part has its slots in another order: nobody is in two rooms at once."""
        turns = min(len(PERIODS), -(-len(group) // SECTION_STUDENTS))
        for turn in range(turns):
            members = group[turn::turns]
            for number, slot in enumerate(SECONDARY_SLOTS):
                period = PERIODS[(number + turn) % len(PERIODS)]
                for terms in (BOTH,) if slot.all_year else HALVES:
                    self._slot(school, grade, slot, period, terms, members)

    def _slot(
        self,
        school: Organization,
        grade: str,
        slot: Slot,
        period: str,
        terms: tuple[str, ...],
        members: list[Enrollment],
    ) -> None:
        rng = self.rng
        rng.shuffle(members)
        choices = options(self.catalogue, slot.departments, grade)
        number = -(-len(members) // SECTION_STUDENTS)
        for index in range(number):
            option = rng.choice(choices)
            meetings = [(term, period) for term in terms]
            teacher = self.payroll.teacher(school, option.department, meetings)
            section = self._open(school, option.course, grade, terms, period, teacher, homeroom=False)
            self._sit(members[index::number], section)

    def _open(
        self,
        school: Organization,
        course: Course,
        grade: str,
        terms: tuple[str, ...],
        period: str,
        teacher: Teacher,
        *,
        homeroom: bool,
    ) -> Section:
        number = len(self.sections) + 1
        section = Section(
            id=f"{school.id}-{number:05d}",
            code=f"{course.id}.{number % 1000:03d}",
            course=course.id,
            school=school.id,
            title=f"{course.title} - {'Room' if homeroom else 'Period'} {teacher.room if homeroom else period}",
            kind="homeroom" if homeroom else "scheduled",
            grades=(grade,),
            terms=terms,
            periods=(period,),
            room=teacher.room,
            begin=self.sessions[terms[0]].begin,
            end=self.sessions[terms[-1]].end,
        )
        self.sections.append(section)
        self.teachings.append(Teaching(teacher.staff, section.id, lead=True, begin=section.begin, end=section.end))
        return section

    def _sit(self, members: list[Enrollment], section: Section) -> None:
        for seat in members:
            begin = max(seat.entry, section.begin)
            end = section.end if seat.exit is None else min(seat.exit, section.end)
            if begin <= end:
                self.placements.append(Placement(seat.student, section.id, begin, end))

    def share_teachers(self, schools: tuple[Organization, ...]) -> None:
        """Lend some teachers to another school of the same level, where they support one section."""
        levels = {school.id: school.level for school in schools}
        by_level: dict[str, list[Section]] = {}
        for section in self.sections:
            by_level.setdefault(levels[section.school], []).append(section)
        for post in [one for one in self.payroll.assignments if one.role == "teacher"][::LEND_EVERY]:
            elsewhere = by_level[levels[post.organization]]
            section = self.rng.choice(elsewhere)
            if section.school != post.organization:
                self.payroll.lend(post.staff, section.school)
                self.teachings.append(
                    Teaching(post.staff, section.id, lead=False, begin=section.begin, end=section.end)
                )
