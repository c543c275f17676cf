"""Facts, kinds of records, systems and periods in words, where the program has an id: the id stands beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.districts.looking import adapter_view
from gateway.console.wording import language, later, say, translated
from gateway.documents.words import Wording
from policies.elements import dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

ENTITIES: Final = {
    "organization": later("Schools and organizations"),
    "session": later("School years and terms"),
    "schoolSession": later("Terms of single schools"),
    "calendarDay": later("Calendar days"),
    "course": later("Courses"),
    "offering": later("Courses of a term"),
    "section": later("Classes"),
    "student": later("Students"),
    "profile": later("Profiles of students"),
    "staff": later("Staff"),
    "contact": later("Parents and other contacts"),
    "guardianship": later("Relations of contacts to students"),
    "enrollment": later("Enrollments in schools"),
    "placement": later("Students in classes"),
    "teaching": later("Staff who teach classes"),
    "studentInvolvement": later("Students who help in classes"),
    "staffInvolvement": later("Staff who help in classes"),
    "contactInvolvement": later("Contacts who help in classes"),
    "employment": later("Jobs of staff"),
    "program": later("Programs"),
    "programParticipation": later("Students in programs"),
    "attendance": later("Attendance"),
    "grade": later("Grades"),
    "transcriptEntry": later("Courses on transcripts"),
    "academicRecord": later("Academic records"),
    "assessment": later("Tests"),
    "assessmentResult": later("Results of tests"),
    "incident": later("Incidents"),
    "action": later("Disciplinary actions"),
    "gradebookCategory": later("Kinds of work in gradebooks"),
    "lineItem": later("Pieces of work in gradebooks"),
    "result": later("Results in gradebooks"),
    "scoreScale": later("Scales of scores"),
    "resource": later("Learning resources"),
    "healthRecord": later("Vaccination records"),
    "transportation": later("Ways to school"),
}
"""What each kind of record of the vocabulary is called."""

UNITS: Final = {
    "D": (later("day"), later("days")),
    "W": (later("week"), later("weeks")),
    "M": (later("month"), later("months")),
    "Y": (later("year"), later("years")),
}
ISO: Final = re.compile(r"P([0-9]+)([DWMY])")
TYPED: Final = re.compile(r"([0-9]{1,5})\s*(\w*)")


def entity_name(entity: str) -> str:
    """Return what a kind of record is called; a resource that only Ed-Fi has keeps its own name."""
    return str(ENTITIES.get(entity, entity))


def fact_name(name: str) -> str:
    """Return the sentence about a fact, with its name; of one that has no sentence, the name alone."""
    known = dictionary().get(name)
    about = known.fields[0].about if known is not None and known.fields else ""
    if not about or name.startswith(("edfi.", "oneroster.")):
        return name
    return f"{Wording(language()).fact(about).rstrip('.')} ({name})"


def facts_named(facts: Iterable[tuple[str, str]]) -> list[str]:
    """Return facts by their sentences, each with what becomes of it where that is not to be sent as it is."""
    return [fact_name(name) if action == "allow" else f"{fact_name(name)}: {action}" for name, action in sorted(facts)]


def system_name(adapter: str) -> str:
    """Return what a district's system is, in the words of its adapter; of one that is not installed, its id."""
    view = adapter_view(adapter)
    about = view.about if view is not None else ""
    return f"{(translated(about) or about).rstrip('.')} ({adapter})" if about else adapter


def said_period(period: str) -> str:
    """Say a period such as P60D as people do; one of several parts stays as it is."""
    found = ISO.fullmatch(period)
    if found is None:
        return period
    one, several = UNITS[found[2]]
    return f"{int(found[1])} {one if int(found[1]) == 1 else several}"


def read_period(typed: str) -> str:
    """Return in ISO 8601 a period as people type it, such as 60 days, or a number of days; another text as it is."""
    found = TYPED.fullmatch(typed.strip())
    if found is None:
        return typed.strip()
    unit = found[2].casefold()
    words = {word.casefold(): letter for letter, pair in UNITS.items() for word in (*_both(pair),)}
    letter = words.get(unit, "D" if not unit else "")
    return f"P{int(found[1])}{letter}" if letter else typed.strip()


def _both(pair: tuple[Any, Any]) -> tuple[str, ...]:
    """Return the words of a unit, in English and in the language of the page."""
    return (*(one.text for one in pair), *(say(one.text) for one in pair))
