"""Absences of students, and participations in programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.data.records import Absence, Enrollment, Organization, Participation, Session, Student

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from random import Random

RECENT_DAYS = 15
CHANCE_MISSING = 0.3
MAX_MISSED_DAYS = 3
CATEGORIES = ("excused", "excused", "unexcused", "tardy")
SHARES = {"excused": ("1", "0.5"), "unexcused": ("1", "0.25"), "tardy": ("0.1",)}
CHANCE_SPECIAL = 0.14
CHANCE_GIFTED = 0.05
CHANCE_TITLE_ONE = 0.5
DISABILITIES = (
    "Specific Learning Disability",
    "Specific Learning Disability",
    "Speech or Language Impairment",
    "Other Health Impairment",
    "Autism Spectrum Disorders",
    "Hearing Impairment, including Deafness",
)
SETTINGS = ("Inside regular class 80% or more of the day", "Inside regular class less than 40% of the day")


def absences(
    enrollments: Sequence[Enrollment],
    schools: Mapping[str, Organization],
    sessions: Sequence[Session],
    days: Sequence[date],
    rng: Random,
) -> Iterator[Absence]:
    """Return the absences of the last days before today, of students enrolled then."""
    recent = days[-RECENT_DAYS:]
    kinds = {"elementary": "term", "middle": "semester", "high": "semester"}
    for one in enrollments:
        if not one.full_time or rng.random() >= CHANCE_MISSING:
            continue
        kind = kinds[schools[one.school].level]
        for day in sorted(rng.sample(recent, min(len(recent), rng.randrange(1, MAX_MISSED_DAYS + 1)))):
            if one.entry <= day and (one.exit is None or day < one.exit):
                session = next(part.id for part in sessions if part.kind == kind and part.begin <= day <= part.end)
                category = rng.choice(CATEGORIES)
                yield Absence(one.student, one.school, session, day, category, rng.choice(SHARES[category]))


def participations(
    students: Sequence[Student], schools: Mapping[str, Organization], begin: date, rng: Random
) -> Iterator[Participation]:
    """Return the program participations of the students, all since the school year began."""
    for student in students[1:]:
        if rng.random() < CHANCE_SPECIAL:
            disability, setting = rng.choice(DISABILITIES), rng.choice(SETTINGS)
            hours = f"{rng.randrange(2, 25)}.00"
            yield Participation(student.id, "specialEducation", begin, disability, setting, hours)
        if schools[student.school].title_one and rng.random() < CHANCE_TITLE_ONE:
            yield Participation(student.id, "titleOne", begin, "", "", "")
        if student.english == "learner":
            yield Participation(student.id, "language", begin, "", "", "")
        if rng.random() < CHANCE_GIFTED:
            yield Participation(student.id, "gifted", begin, "", "", "")
