"""What belongs to what: the ways from a record in an address to the records that are asked for below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.oneroster.resources.classification import OTHER_CLASS_ROLES
from standards.view import Kids, Links, To, fields_of, follow, step_released

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.view import Releases, Step

Path = tuple["Step", ...]


# From a row of the first entity to the rows of the second, each path by itself.
WAYS: Mapping[tuple[str, str], tuple[Path, ...]] = {
    ("organization", "course"): (
        (Kids("course", "organization"),),
        (Kids("offering", "school"), To("course")),
    ),
    ("organization", "section"): ((Kids("section", "school"),),),
    ("organization", "session"): (
        (Kids("session", "school"),),
        (Kids("section", "school"), Links("terms")),
        (Kids("section", "school"), Links("terms"), To("parent")),
    ),
    ("organization", "student"): ((Kids("enrollment", "school"), To("student")),),
    ("organization", "staff"): (
        (Kids("employment", "organization"), To("staff")),
        (Kids("section", "school"), Kids("teaching", "section"), To("staff")),
    ),
    ("organization", "placement"): ((Kids("section", "school"), Kids("placement", "section")),),
    ("organization", "teaching"): ((Kids("section", "school"), Kids("teaching", "section")),),
    **{
        ("organization", entity): ((Kids("section", "school"), Kids(entity, "section")),)
        for entity in OTHER_CLASS_ROLES.values()
    },
    ("organization", "scoreScale"): ((Kids("section", "school"), Kids("scoreScale", "section")),),
    ("section", "student"): ((Kids("placement", "section"), To("student")),),
    ("section", "staff"): ((Kids("teaching", "section"), To("staff")),),
    ("section", "placement"): ((Kids("placement", "section"),),),
    ("section", "teaching"): ((Kids("teaching", "section"),),),
    **{("section", entity): ((Kids(entity, "section"),),) for entity in OTHER_CLASS_ROLES.values()},
    ("section", "lineItem"): ((Kids("lineItem", "section"),),),
    ("section", "result"): (
        (Kids("lineItem", "section"), Kids("result", "lineItem")),
        (Kids("result", "section"),),
    ),
    ("section", "gradebookCategory"): (),
    ("section", "scoreScale"): (
        (Kids("scoreScale", "section"),),
        (Kids("lineItem", "section"), To("scoreScale")),
    ),
    ("section", "resource"): ((Links("resources"),),),
    ("course", "section"): ((Kids("offering", "course"), Kids("section", "offering")),),
    ("course", "resource"): ((Links("resources"),),),
    ("student", "section"): ((Kids("placement", "student"), To("section")),),
    ("student", "result"): ((Kids("result", "student"),),),
    ("student", "resource"): ((Links("resources"),),),
    ("staff", "section"): ((Kids("teaching", "staff"), To("section")),),
    ("staff", "resource"): ((Links("resources"),),),
    ("contact", "resource"): ((Links("resources"),),),
    ("session", "section"): ((Kids("section", "terms"),),),
    ("session", "session"): ((Kids("session", "parent"),), (Links("gradingPeriods"),)),
    ("lineItem", "result"): ((Kids("result", "lineItem"),),),
}
# A kind of work belongs to no class: it can be used in every one.
EVERY = frozenset({("section", "gradebookCategory")})


def ways(entity: str, target: str, grant: Releases) -> tuple[Path, ...]:
    """The paths from *entity* to *target* all of whose steps *grant* releases, and which the vocabulary has."""
    return tuple(path for path in WAYS.get((entity, target), ()) if all(_released(path, entity, grant)))


def entities(paths: tuple[Path, ...], entity: str) -> frozenset[str]:
    """Every entity that is passed on the way."""
    found = set[str]()
    for path in paths:
        here = entity
        for step in path:
            here, _ = follow(step, here, "")
            found.add(here)
    return frozenset(found)


def _released(path: Path, entity: str, grant: Releases) -> Iterator[bool]:
    for step in path:
        yield _exists(step, entity) and step_released(step, entity, "", grant)
        entity, _ = follow(step, entity, "")


def _exists(step: Step, entity: str) -> bool:
    return (
        step.via in fields_of(step.entity) if isinstance(step, Kids) else getattr(step, "ref", "") in fields_of(entity)
    )
