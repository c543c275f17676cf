"""Records of all entities, made of the tables of a OneRoster source, be they files or a server's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.oneroster.gradebook import Gradebook
from adapters.oneroster.people import People
from adapters.oneroster.records import Materials, SchoolFacts, Schools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.oneroster.records import Found, Task
    from adapters.oneroster.tables import CsvTable

ROWS: Final = frozenset({"placement", "teaching"})
"""The entities of which there are many, and which are read with the wanted fields only."""


def records(task: Task, given: Iterator[CsvTable], kinds: dict[str, str]) -> Found:
    """Make every record of the wanted entities out of the *given* tables; in 1.1 *kinds* is the kind of every user."""
    places, materials = SchoolFacts(), Materials(task)
    schools, people = Schools(task, places, materials), People(task, places, materials, kinds)
    gradebook = Gradebook(task, places)
    takes: dict[str, Callable[[CsvTable], Found]] = {
        "orgs.csv": schools.organizations,
        "academicSessions.csv": schools.sessions,
        "resources.csv": schools.resources,
        "courseResources.csv": lambda table: materials.add(table, "course"),
        "courses.csv": schools.courses,
        "classResources.csv": lambda table: materials.add(table, "class"),
        "classes.csv": schools.classes,
        "userProfiles.csv": people.accounts,
        "userResources.csv": lambda table: materials.add(table, "user"),
        "demographics.csv": people.demographics,
        "roles.csv": people.roles,
        "users.csv": people.users,
        "enrollments.csv": people.enrollments,
        **gradebook.takes(),
    }
    for table in given:
        yield from takes[table.name](table)
    yield from schools.rest()
    yield from people.rest()
