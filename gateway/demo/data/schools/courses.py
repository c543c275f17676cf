"""The course catalogue, and which course fills which slot of a timetable."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.data.records import Course

SUBJECTS = {
    "HR": "Cross Subject",
    "ELA": "English Language Arts",
    "MAT": "Mathematics",
    "SCI": "Science",
    "SOC": "Social Studies",
    "ART": "Fine Arts",
    "PE": "Physical Education",
    "LNG": "World Languages",
    "CTE": "Career and Technical Education",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a student's week, and the departments that may fill it."""

    departments: tuple[str, ...]
    all_year: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A course that may fill a slot for certain grades."""

    course: Course
    department: str


ELEMENTARY_SLOTS = ("HR", "MAT", "ART", "PE", "SCI", "ELA")
SLOTS_BY_GRADE = {"PK": 1, "KG": 5, "01": 5, "02": 5}
SECONDARY_SLOTS = (
    Slot(("MAT",), all_year=True),
    Slot(("ELA",), all_year=True),
    Slot(("SCI",), all_year=True),
    Slot(("SOC",), all_year=False),
    Slot(("PE",), all_year=False),
    Slot(("ART",), all_year=False),
    Slot(("LNG", "CTE"), all_year=False),
)
ELEMENTARY_GRADES = {
    "PK": "Pre-K", "KG": "Kindergarten", "01": "Grade 1", "02": "Grade 2", "03": "Grade 3", "04": "Grade 4",
    "05": "Grade 5",
}  # fmt: skip
ELEMENTARY_TITLES = {
    "HR": ("Homeroom", 23000),
    "MAT": ("Mathematics", 2030),
    "ART": ("Music & Movement", 5130),
    "PE": ("Physical Education", 8030),
    "SCI": ("Science Lab", 3230),
    "ELA": ("Reading Workshop", 1027),
}
# department, title, SCED code, first and last grade
SECONDARY = (
    ("MAT", "Mathematics 6", "02036", 6, 6), ("MAT", "Mathematics 7", "02037", 7, 7),
    ("MAT", "Pre-Algebra", "02051", 7, 8), ("MAT", "Algebra I", "02052", 8, 9), ("MAT", "Geometry", "02072", 9, 10),
    ("MAT", "Algebra II", "02056", 10, 11), ("MAT", "Pre-Calculus", "02110", 11, 12),
    ("MAT", "AP Calculus AB", "02124", 12, 12), ("MAT", "Probability & Statistics", "02201", 11, 12),
    ("ELA", "English Language Arts 6", "01034", 6, 6), ("ELA", "English Language Arts 7", "01035", 7, 7),
    ("ELA", "English Language Arts 8", "01036", 8, 8), ("ELA", "English I", "01001", 9, 9),
    ("ELA", "English II", "01002", 10, 10), ("ELA", "English III", "01003", 11, 11),
    ("ELA", "English IV", "01004", 12, 12), ("ELA", "AP English Literature", "01006", 12, 12),
    ("SCI", "Earth Science 6", "03236", 6, 6), ("SCI", "Life Science 7", "03237", 7, 7),
    ("SCI", "Physical Science 8", "03238", 8, 8), ("SCI", "Biology", "03051", 9, 9),
    ("SCI", "Chemistry", "03101", 10, 11), ("SCI", "Physics", "03151", 11, 12),
    ("SCI", "Marine Science", "03005", 11, 12),
    ("SOC", "World Cultures 6", "04436", 6, 6), ("SOC", "Washington State History", "04105", 7, 7),
    ("SOC", "United States History 8", "04438", 8, 8), ("SOC", "World History", "04051", 9, 10),
    ("SOC", "United States History", "04101", 11, 11), ("SOC", "Civics: Children's Rights & Duties", "04161", 12, 12),
    ("SOC", "Economics", "04201", 12, 12),
    ("PE", "Health & Fitness", "08001", 6, 12), ("PE", "Team Sports", "08002", 8, 12),
    ("PE", "Weight Training", "08009", 9, 12),
    ("ART", "Concert Band", "05102", 6, 12), ("ART", "Choir", "05110", 6, 12), ("ART", "Ceramics", "05159", 9, 12),
    ("ART", "Drawing", "05156", 6, 12), ("ART", "Théâtre en français", "05052", 9, 12),
    ("LNG", "Spanish I", "24052", 6, 12), ("LNG", "Spanish II", "24053", 9, 12), ("LNG", "Japanese I", "24402", 9, 12),
    ("LNG", "Vietnamese for Heritage Speakers", "24450", 8, 12),
    ("CTE", "Computer Science Principles", "10019", 8, 12), ("CTE", "Woodworking", "17006", 9, 12),
    ("CTE", "Culinary Arts", "16052", 10, 12), ("CTE", "Robotics", "21009", 6, 12),
)  # fmt: skip


def elementary() -> dict[tuple[str, str], Course]:
    """Return the course of each department in each elementary grade."""
    found = {}
    for number, (grade, name) in enumerate(ELEMENTARY_GRADES.items()):
        for department, (title, code) in ELEMENTARY_TITLES.items():
            found[department, grade] = Course(
                f"{department}-{grade}", f"{name} {title}", SUBJECTS[department], f"{code + number:05d}", (grade,)
            )
    return found


def secondary() -> tuple[Option, ...]:
    """Return every course of the middle and high schools."""
    return tuple(
        Option(
            Course(
                f"{department}-{code}",
                title,
                SUBJECTS[department],
                code,
                tuple(f"{grade:02d}" for grade in range(first, last + 1)),
            ),
            department,
        )
        for department, title, code, first, last in SECONDARY
    )


def options(catalogue: tuple[Option, ...], departments: tuple[str, ...], grade: str) -> tuple[Option, ...]:
    """Return the courses of *departments* that *grade* may take."""
    return tuple(one for one in catalogue if one.department in departments and grade in one.course.grades)
