"""The reading plan of a OneRoster server: which collections the wanted entities need, and which members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.oneroster.people import PERSONS
from adapters.oneroster_rest.records import FILES, member_of
from standards.edfi.resources.lists import RACES
from standards.oneroster import rest_lenses
from standards.oneroster.csv import specification
from standards.oneroster.csv.roster_lenses import BY_PLACE, DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.contract import Hint
    from adapters.oneroster.records import Task
    from standards.lenses.lens import Lens

ORDER: Final = ("orgs", "academicSessions", "resources", "courses", "classes", "demographics", "users", "enrollments")
LINKED: Final = {"course": "courses", "section": "classes", "student": "users", "staff": "users", "contact": "users"}
ALONE: Final = {
    "organization": "orgs",
    "session": "academicSessions",
    "course": "courses",
    "section": "classes",
    "resource": "resources",
}
ALWAYS: Final = {"sourcedId", "status"}


def collections(task: Task) -> tuple[str, ...]:
    """Return the collections of the roster that the wanted entities are made of, in the order of reading."""
    files = set(task.files())
    if not task.asks("profile", "race") and not any(_demographic(task, entity) for entity in PERSONS):
        files.discard("demographics.csv")
    return tuple(name for name in ORDER if FILES[name] in files)


def members(task: Task, collection: str, roles: str) -> frozenset[str] | None:
    """Return the members of a collection's documents that are needed; None where all are; *roles* as in a profile."""
    file = FILES[collection]
    found = set(ALWAYS)
    for entity, fields in task.wanted.items():
        if (DIALECTS[task.version], file, entity) not in BY_PLACE:
            continue
        narrow = task.lens(file, entity)
        if narrow is None:
            continue
        if fields is None:
            return None
        found |= {member_of(column) for column in narrow.local_paths if not column.endswith("*")}
        if any(pair.word == "opened" for pair in narrow.pairs):
            found.add("metadata")
        if LINKED.get(entity) == collection and task.asks(entity, "resources"):
            found.add("resources")
    return frozenset(found | _machinery(task, collection, roles))


def gradebook_members(version: str, entity: str, fields: frozenset[str] | None) -> frozenset[str] | None:
    """Return the members of an entity's documents that the wanted *fields* need."""
    lens = rest_lenses.lens(version, entity)
    if fields is None or lens is None:
        return None
    heads = {name.partition(".")[0] for name in fields} | fields
    pairs = [pair for pair in lens.pairs if heads.intersection(pair.fields)]
    return frozenset(ALWAYS | {place.partition(".")[0] for pair in pairs for place in pair.local_paths})


def clause(lens: Lens, hints: Iterable[Hint]) -> str:
    """Write the hints that a server can apply to the documents of *lens* as a OneRoster filter: two at most."""
    found = [
        f"{place}='{_doubled(hint.value)}'"
        for hint in hints
        if hint.operator == "=" and (place := lens.local_path_of.get(hint.field))
    ]
    return " AND ".join(found[:2])


def _doubled(text: str) -> str:
    return text.replace("'", "''")


def _machinery(task: Task, collection: str, roles: str) -> set[str]:
    """Return what else is read of a collection, so that others can be put together."""
    derived = ("employment", "placement", "teaching")
    enrolled = task.asks_for("enrollment") or any(task.asks(entity, "derivedBegin") for entity in derived)
    offered, kept = "offering" in task.wanted, "schoolSession" in task.wanted
    sessions = {"startDate"} if enrolled else set[str]()
    sessions |= {"type", "parent"} if kept else set()
    sessions |= {"schoolYear"} if task.asks_for("edfi.schoolYearTypes") else set()
    rooms = {"location"} if task.asks_for("edfi.locations") else set[str]()
    return {
        "orgs": {"type"} | ({"identifier"} if rooms else set()),
        "academicSessions": sessions,
        "courses": {"courseCode"} if offered else set(),
        "classes": {"school", "course", "terms"} | rooms,
        "users": _of_users(task, roles),
        "demographics": set(RACES) if task.asks("profile", "race") else set(),
        "enrollments": {"user", "class", "school", "role"} | ({"beginDate"} if enrolled else set()),
    }.get(collection, set())


def _of_users(task: Task, roles: str) -> set[str]:
    old = roles == "role" or (roles == "version" and task.version == "1.1")
    found = {"role", "orgs"} if old else {"roles"}
    if "guardianship" in task.wanted:
        found.add("agents")
    if task.asks("enrollment", "grade"):
        found.add("grades")
    if task.version == "1.2" and any(
        (lens := task.lens("userProfiles.csv", entity)) is not None and len(lens.pairs) > 0 for entity in PERSONS
    ):
        found.add("userProfiles")
    return found


def _demographic(task: Task, entity: str) -> bool:
    narrow = task.lens("demographics.csv", entity)
    return narrow is not None and any(specification.ID not in pair.local_paths for pair in narrow.pairs)
