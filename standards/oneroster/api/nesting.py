"""Nested addresses: the reference paths from a record in an address to the collection below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.fields import fields_of, follow
from standards.oneroster.resources.classification import OTHER_CLASS_ROLES
from standards.pruning import step_released
from standards.view import Children, Follow, Links

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standards.pruning import Releases
    from standards.view import Step

Path = tuple["Step", ...]


# From a row of the first entity to the rows of the second, each path by itself.
WAYS: Mapping[tuple[str, str], tuple[Path, ...]] = {
    ("organization", "course"): (
        (Children("course", "organization"),),
        (Children("offering", "school"), Follow("course")),
    ),
    ("organization", "section"): ((Children("section", "school"),),),
    ("organization", "session"): (
        (Children("session", "school"),),
        (Children("section", "school"), Links("terms")),
        (Children("section", "school"), Links("terms"), Follow("parent")),
    ),
    ("organization", "student"): ((Children("enrollment", "school"), Follow("student")),),
    ("organization", "staff"): (
        (Children("employment", "organization"), Follow("staff")),
        (Children("section", "school"), Children("teaching", "section"), Follow("staff")),
    ),
    ("organization", "placement"): ((Children("section", "school"), Children("placement", "section")),),
    ("organization", "teaching"): ((Children("section", "school"), Children("teaching", "section")),),
    **{
        ("organization", entity): ((Children("section", "school"), Children(entity, "section")),)
        for entity in OTHER_CLASS_ROLES.values()
    },
    ("organization", "scoreScale"): ((Children("section", "school"), Children("scoreScale", "section")),),
    ("section", "student"): ((Children("placement", "section"), Follow("student")),),
    ("section", "staff"): ((Children("teaching", "section"), Follow("staff")),),
    ("section", "placement"): ((Children("placement", "section"),),),
    ("section", "teaching"): ((Children("teaching", "section"),),),
    **{("section", entity): ((Children(entity, "section"),),) for entity in OTHER_CLASS_ROLES.values()},
    ("section", "lineItem"): ((Children("lineItem", "section"),),),
    ("section", "result"): (
        (Children("lineItem", "section"), Children("result", "lineItem")),
        (Children("result", "section"),),
    ),
    ("section", "gradebookCategory"): (),
    ("section", "scoreScale"): (
        (Children("scoreScale", "section"),),
        (Children("lineItem", "section"), Follow("scoreScale")),
    ),
    ("section", "resource"): ((Links("resources"),),),
    ("course", "section"): ((Children("offering", "course"), Children("section", "offering")),),
    ("course", "resource"): ((Links("resources"),),),
    ("student", "section"): ((Children("placement", "student"), Follow("section")),),
    ("student", "result"): ((Children("result", "student"),),),
    ("student", "resource"): ((Links("resources"),),),
    ("staff", "section"): ((Children("teaching", "staff"), Follow("section")),),
    ("staff", "resource"): ((Links("resources"),),),
    ("contact", "resource"): ((Links("resources"),),),
    ("session", "section"): ((Children("section", "terms"),),),
    ("session", "session"): ((Children("session", "parent"),), (Links("gradingPeriods"),)),
    ("lineItem", "result"): ((Children("result", "lineItem"),),),
}
# A kind of work belongs to no class: it can be used in every one.
EVERY = frozenset({("section", "gradebookCategory")})


def ways(entity: str, target: str, grant: Releases) -> tuple[Path, ...]:
    """Return the paths from *entity* to *target* that the vocabulary has and whose steps *grant* releases."""
    return tuple(path for path in WAYS.get((entity, target), ()) if all(_released(path, entity, grant)))


def entities(paths: tuple[Path, ...], entity: str) -> frozenset[str]:
    """Return every entity that is passed on the way."""
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
        step.via in fields_of(step.entity)
        if isinstance(step, Children)
        else getattr(step, "ref", "") in fields_of(entity)
    )
