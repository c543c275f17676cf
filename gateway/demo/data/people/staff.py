"""Staff: the people who work for a district, and the timetable of those who teach."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.demo.data.people.names import slug
from gateway.demo.data.people.people import given_name, heritage
from gateway.demo.data.records import Assignment, Name, Organization, Staff
from gateway.demo.data.schools.courses import SUBJECTS
from gateway.demo.data.schools.schools import telephone

if TYPE_CHECKING:
    from random import Random

MAX_MEETINGS = 10
TITLES = {code: f"{subject} Teacher" for code, subject in SUBJECTS.items()} | {"HR": "Classroom Teacher"}
FIRST_STAFF_ID = 500_000
OFFICE = (
    ("principal", "Principal", 100_000),
    ("principal", "Assistant Principal", 500),
    ("counselor", "Counselor", 380),
    ("office", "Office Manager", 600),
    ("aide", "Paraeducator", 75),
)
CENTRAL = (
    ("superintendent", "Superintendent"),
    ("district", "Assistant Superintendent, Teaching & Learning"),
    ("system", "Director of Technology"),
    ("district", "District Registrar"),
)


@dataclass(slots=True)
class Teacher:
    """A teacher's room and the meetings already given to them."""

    staff: str
    room: str
    meetings: set[tuple[str, str]] = field(default_factory=set)


class Payroll:
    """Generates staff and knows which teacher is free when."""

    def __init__(self, domain: str, school_year: int, rng: Random) -> None:
        self._domain, self._rng = domain, rng
        self._begin = date(school_year - 1, 8, 25)
        self._addresses: dict[str, int] = {}
        self._rooms: dict[str, int] = {}
        self._available: dict[tuple[str, str], list[Teacher]] = {}
        self.staff: list[Staff] = []
        self.assignments: list[Assignment] = []

    def hire(self, organization: str, role: str, position: str) -> Staff:
        """Generate a member of staff with a first assignment."""
        rng = self._rng
        sex = rng.choice(("female", "female", "male"))
        roots = heritage(rng)
        name = Name(given_name(roots, sex, rng), "", rng.choice(roots.family))
        username = self._username(name)
        hired = self._begin - timedelta(days=rng.choice((0, 0, *range(1, 25))) * 365)
        person = Staff(
            id=str(FIRST_STAFF_ID + len(self.staff) + 1),
            name=name,
            title="Mr." if sex == "male" else rng.choice(("Ms.", "Mrs.", "Dr.")),
            sex=sex,
            birth_date=hired - timedelta(days=rng.randrange(23 * 365, 45 * 365)),
            email=f"{username}@{self._domain}",
            username=username,
            phone=telephone(rng),
            hired=hired,
        )
        self.staff.append(person)
        self.assignments.append(Assignment(person.id, organization, role, position, primary=True, begin=hired))
        return person

    def _username(self, name: Name) -> str:
        wanted = f"{slug(name.given)}.{slug(name.family)}"
        again = self._addresses[wanted] = self._addresses.get(wanted, 0) + 1
        return wanted if again == 1 else f"{wanted}{again}"

    def lend(self, staff: str, school: str) -> None:
        """Add a second, lesser assignment at another school."""
        self.assignments.append(
            Assignment(staff, school, "teacher", "Itinerant Teacher", primary=False, begin=self._begin)
        )

    def teacher(self, school: Organization, department: str, meetings: list[tuple[str, str]]) -> Teacher:
        """Return a teacher of the department who is free then, hired if need be; they are busy from now on."""
        free = self._available.setdefault((school.id, department), [])
        for teacher in free:
            if teacher.meetings.isdisjoint(meetings):
                break
        else:
            teacher = self._new_teacher(school, department)
            free.append(teacher)
        teacher.meetings.update(meetings)
        if len(teacher.meetings) >= MAX_MEETINGS:
            free.remove(teacher)
        return teacher

    def _new_teacher(self, school: Organization, department: str) -> Teacher:
        number = self._rooms[school.id] = self._rooms.get(school.id, 0) + 1
        person = self.hire(school.id, "teacher", TITLES[department])
        return Teacher(person.id, f"{100 * (1 + number // 40) + number % 40:03d}")

    def run_offices(self, district: Organization, schools: dict[str, int]) -> None:
        """Generate whoever a district and its schools need besides teachers; *schools* counts the students of each."""
        for role, position in CENTRAL:
            self.hire(district.id, role, position)
        for school, students in schools.items():
            for role, position, per in OFFICE:
                least = 0 if position == "Assistant Principal" else 1
                for _ in range(max(least, students // per)):
                    self.hire(school, role, position)
