"""The operations of the table with real ids in their addresses, and what the flat collections say of them."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING, Any

from standards.oneroster.api import model
from standards.oneroster.api.routes import routes
from tests.support.regions import links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from standards.oneroster.api.routes import Route
    from tests.support.regions import Consumer

Flat = dict[str, dict[str, dict[str, Any]]]
EVERY = [(version, route) for version in model.VERSIONS for route in routes(version)]
READS = [(version, route) for version, route in EVERY if route.operation.method == "GET"]
FLAT = [(version, route) for version, route in READS if not route.parents and not route.single]
BELOW = [(version, route) for version, route in READS if route.parents]
SINGLE = [(version, route) for version, route in READS if route.single]


def name(value: Any) -> str:
    """How a test names what it is about."""
    return value.operation.name if hasattr(value, "operation") else str(value)


def address(route: Route, ids: Sequence[str] = ()) -> str:
    """The address of an operation with *ids* in place of its parameters."""
    given = iter(ids)
    path = re.sub(r"\{[^}]*\}", lambda _: next(given), route.operation.path)
    return model.edition(route.version).base_path(route.operation.service) + path


def records(answer: Any) -> list[dict[str, Any]]:
    """The records of a collection, under whichever name."""
    assert answer.status_code == 200, answer.text
    ((_, found),) = ((key, one) for key, one in answer.json.items() if key != "statusInfoSet")
    return found


def walk(consumer: Consumer, place: str, limit: int, most: int = 10**9) -> list[dict[str, Any]]:
    """The records of at most *most* pages, along the links."""
    found, answer = [], consumer.ask(place, limit=limit)
    for _ in range(most):
        found += records(answer)
        following = links(answer.headers["Link"]).get("next")
        if following is None:
            break
        answer = consumer.ask(following)
    return found


def flat(consumer: Consumer, version: str) -> Flat:
    """Every plain collection of a version by name, each record by its id."""
    found: Flat = defaultdict(dict)
    for at, route in FLAT:
        if at == version and consumer.ask(address(route), limit=1).status_code == 200:
            found[route.collection] = {one["sourcedId"]: one for one in walk(consumer, address(route), 10_000)}
    return found


def parents(route: Route, known: Flat) -> Iterator[tuple[str, ...]]:
    """Some ids for the records that an address stands below, those first to which something belongs."""
    every = list(product(*(_telling(name, known) for name in route.parents)))
    yield from islice((ids for ids in every if expected(route, ids, known)), 6)
    yield from every[:3]


def _telling(collection: str, known: Flat) -> list[str]:
    """The ids of a few records of a collection: those that the gradebook, resources or terms speak of come first."""
    results, items, scales = (known[name].values() for name in ("results", "lineItems", "scoreScales"))
    about = {
        "classes": [one["class"]["sourcedId"] for one in (*scales, *items)],
        "lineItems": [one["lineItem"]["sourcedId"] for one in results],
        "users": [one["user"]["sourcedId"] for one in known["enrollments"].values()],
        "students": [one["student"]["sourcedId"] for one in results],
    }.get(collection, [])
    owners = [key for key, one in known[collection].items() if one.get("resources")]
    return list(dict.fromkeys([*about[:8], *owners[:4], *sorted(known[collection])[:8]]))


def expected(route: Route, ids: Sequence[str], known: Flat) -> set[str]:
    """The ids of what belongs to *ids*, told from the flat collections alone; none where a parent is not in the other."""
    outer = list(zip(route.parents, ids, strict=True))
    for (one, one_id), (other, other_id) in pairwise(outer):
        if other_id not in BELONGS[one, other](known, one_id):
            return set()
    found = BELONGS[route.parents[-1], route.collection](known, ids[-1])
    if route.parents == ("classes", "students"):
        found &= BELONGS["classes", route.collection](known, ids[0])
    return found


def _at(record: Mapping[str, Any], member: str) -> set[str]:
    value = record.get(member, [])
    return {one["sourcedId"] for one in (value if isinstance(value, list) else [value])}


def _by(collection: str, member: str) -> Callable[[Flat, str], set[str]]:
    return lambda known, owner: {key for key, one in known[collection].items() if owner in _at(one, member)}


def _orgs(user: Mapping[str, Any]) -> set[str]:
    return _at(user, "orgs") | {role["org"]["sourcedId"] for role in user.get("roles", ()) if "org" in role}


def _enrolled(known: Flat, section: str, people: str) -> set[str]:
    inside = {one["user"]["sourcedId"] for one in known["enrollments"].values() if one["class"]["sourcedId"] == section}
    return inside & known[people].keys()


def _attended(known: Flat, user: str) -> set[str]:
    return {one["class"]["sourcedId"] for one in known["enrollments"].values() if one["user"]["sourcedId"] == user}


def _resources(collection: str) -> Callable[[Flat, str], set[str]]:
    return lambda known, owner: _at(known[collection].get(owner, {}), "resources")


def _school_terms(known: Flat, school: str) -> set[str]:
    named = {term for one in _by("classes", "school")(known, school) for term in _at(known["classes"][one], "terms")}
    above = {parent for one in named for parent in _at(known["academicSessions"].get(one, {}), "parent")}
    return (named | above) & known["terms"].keys()


def _school_courses(known: Flat, school: str) -> set[str]:
    taught = {next(iter(_at(known["classes"][one], "course"))) for one in _by("classes", "school")(known, school)}
    return taught | _by("courses", "org")(known, school)


def _school_teachers(known: Flat, school: str) -> set[str]:
    sections = _by("classes", "school")(known, school)
    taught = {person for one in sections for person in _enrolled(known, one, "teachers")}
    return taught | {key for key, one in known["teachers"].items() if school in _orgs(one)}


def _class_results(known: Flat, section: str) -> set[str]:
    items = _by("lineItems", "class")(known, section)
    return {key for key, one in known["results"].items() if _at(one, "lineItem") & items}


def unrelated(route: Route, known: Flat) -> tuple[str, str] | None:
    """The ids of two records that are there and do not belong to each other, for an address that names two."""
    outer, inner = route.parents
    return next(
        ((one, other) for one in sorted(known[outer]) for other in sorted(known[inner])
         if other not in BELONGS[outer, inner](known, one)),
        None,
    )  # fmt: skip


def _class_scales(known: Flat, section: str) -> set[str]:
    items = _by("lineItems", "class")(known, section)
    return _by("scoreScales", "class")(known, section) | {
        key for one in items for key in _at(known["lineItems"][one], "scoreScale")
    }


BELONGS: dict[tuple[str, str], Callable[[Flat, str], set[str]]] = {
    ("schools", "classes"): _by("classes", "school"),
    ("schools", "courses"): _school_courses,
    ("schools", "enrollments"): _by("enrollments", "school"),
    ("schools", "students"): lambda known, school: {k for k, one in known["students"].items() if school in _orgs(one)},
    ("schools", "teachers"): _school_teachers,
    ("schools", "terms"): _school_terms,
    ("schools", "scoreScales"): lambda known, school: {
        key for one in _by("classes", "school")(known, school) for key in _by("scoreScales", "class")(known, one)
    },
    ("classes", "students"): lambda known, section: _enrolled(known, section, "students"),
    ("classes", "teachers"): lambda known, section: _enrolled(known, section, "teachers"),
    ("classes", "enrollments"): _by("enrollments", "class"),
    ("classes", "lineItems"): _by("lineItems", "class"),
    ("classes", "results"): _class_results,
    ("classes", "categories"): lambda known, _: set(known["categories"]),
    ("classes", "scoreScales"): _class_scales,
    ("classes", "resources"): _resources("classes"),
    ("courses", "classes"): _by("classes", "course"),
    ("courses", "resources"): _resources("courses"),
    ("students", "classes"): _attended,
    ("teachers", "classes"): _attended,
    ("users", "classes"): _attended,
    ("users", "resources"): _resources("users"),
    ("terms", "classes"): _by("classes", "terms"),
    ("terms", "gradingPeriods"): _by("gradingPeriods", "parent"),
    ("students", "results"): _by("results", "student"),
    ("lineItems", "results"): _by("results", "lineItem"),
}
