"""The records of a fictional district, in the terms of neither standard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

GRADES = ("PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a family or a school."""

    street: str
    unit: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Organization:
    """The district itself, or one of its schools."""

    id: str
    name: str
    short_name: str
    level: str  # district elementary middle high
    parent: str
    grades: tuple[str, ...]
    address: Address
    phone: str
    title_one: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch of the school year; elementary schools count in thirds, the others in halves."""

    id: str
    title: str
    kind: str  # schoolYear semester term gradingPeriod
    label: str
    level: str  # all elementary secondary
    begin: date
    end: date
    parent: str
    sequence: int
    days: int


@dataclass(frozen=True, slots=True)
class Course:
    """Something the district teaches."""

    id: str
    title: str
    subject: str
    subject_code: str
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One class that meets: a course with a room, periods and a roster."""

    id: str
    code: str
    course: str
    school: str
    title: str
    kind: str  # homeroom scheduled
    grades: tuple[str, ...]
    terms: tuple[str, ...]
    periods: tuple[str, ...]
    room: str
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class Name:
    """A person's legal and preferred name."""

    given: str
    middle: str
    family: str
    suffix: str = ""
    preferred_given: str = ""
    preferred_family: str = ""


@dataclass(frozen=True, slots=True)
class Birthplace:
    """A person's place of birth; a state only within the United States."""

    city: str
    state: str
    country: str


@dataclass(frozen=True, slots=True)
class Household:
    """One home: siblings share it, and so do guardians who live together."""

    id: str
    address: Address
    phone: str


@dataclass(frozen=True, slots=True)
class Student:
    """A child or young person the district teaches."""

    id: str
    state_id: str
    name: Name
    birth_date: date
    birthplace: Birthplace
    sex: str  # female male other
    pronouns: str
    races: tuple[str, ...]
    hispanic: bool
    grade: str
    school: str
    household: str
    email: str
    username: str
    phone: str
    language: str
    english: str  # fluent learner monitored
    characteristics: tuple[str, ...]
    bus: str
    unlisted: bool


@dataclass(frozen=True, slots=True)
class Guardian:
    """An adult who is responsible for a child."""

    id: str
    name: Name
    sex: str
    household: str
    email: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class Guardianship:
    """The relation of one adult to one child."""

    student: str
    guardian: str
    relation: str
    kind: str  # parent guardian relative
    primary: bool
    lives_with: bool
    emergency: bool
    legal: bool
    priority: int


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff."""

    id: str
    name: Name
    title: str
    sex: str
    birth_date: date
    email: str
    username: str
    phone: str
    hired: date


@dataclass(frozen=True, slots=True)
class Assignment:
    """The assignment of a staff member at one organization."""

    staff: str
    organization: str
    role: str
    position: str
    primary: bool
    begin: date


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A student's enrollment at one school, this school year."""

    student: str
    school: str
    grade: str
    entry: date
    entry_reason: str  # promoted transferred new
    exit: date | None
    exit_reason: str  # transferred withdrawn dropout moved, or nothing
    primary: bool
    full_time: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """A student's place in one section."""

    student: str
    section: str
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class Teaching:
    """A teacher of one section, leading it or supporting."""

    staff: str
    section: str
    lead: bool
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class Absence:
    """A student's absence on a day, or on part of one."""

    student: str
    school: str
    session: str
    day: date
    category: str  # excused unexcused tardy
    share: str


@dataclass(frozen=True, slots=True)
class Participation:
    """A student's part in one program; among the most sensitive facts a district has."""

    student: str
    program: str  # specialEducation titleOne language gifted
    begin: date
    disability: str
    setting: str
    hours: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the gradebook, with its weight."""

    id: str
    title: str
    weight: str


@dataclass(frozen=True, slots=True)
class LineItem:
    """One piece of graded work in one section."""

    id: str
    title: str
    section: str
    school: str
    category: str
    session: str
    assigned: date
    due: date
    maximum: str


@dataclass(frozen=True, slots=True)
class Result:
    """One student's result for one piece of work."""

    id: str
    line_item: str
    student: str
    section: str
    status: str
    score: str
    day: date
    comment: str
    late: bool


@dataclass(frozen=True, slots=True)
class LearningResource:
    """A digital textbook or application that a course uses."""

    id: str
    title: str
    vendor: str
    vendor_id: str
    course: str


@dataclass(frozen=True)
class FictionalDistrict:
    """A whole fictional district on one day of its school year."""

    name: str
    title: str
    school_year: int
    today: date
    organizations: tuple[Organization, ...]
    sessions: tuple[Session, ...]
    courses: tuple[Course, ...]
    sections: tuple[Section, ...]
    households: tuple[Household, ...]
    students: tuple[Student, ...]
    guardians: tuple[Guardian, ...]
    guardianships: tuple[Guardianship, ...]
    staff: tuple[Staff, ...]
    assignments: tuple[Assignment, ...]
    enrollments: tuple[Enrollment, ...]
    placements: tuple[Placement, ...]
    teachings: tuple[Teaching, ...]
    absences: tuple[Absence, ...]
    participations: tuple[Participation, ...]
    categories: tuple[Category, ...]
    line_items: tuple[LineItem, ...]
    results: tuple[Result, ...]
    resources: tuple[LearningResource, ...]

    @property
    def spotlight(self) -> Student:
        """Return the student a demonstration follows: in grade 03 to 05 at the first of the spotlight schools."""
        return self.students[0]

    @property
    def spotlight_schools(self) -> tuple[str, str]:
        """Return two schools, both with young students where two such exist, that an agreement may be limited to."""
        first, second, *_ = (one.id for one in self.schools)
        return first, second

    @property
    def schools(self) -> tuple[Organization, ...]:
        """Return the organizations that teach, elementary schools first."""
        return self.organizations[1:]

    @cached_property
    def homes(self) -> dict[str, Household]:
        """Return every household by its id."""
        return {one.id: one for one in self.households}
