"""The fields of a district that anybody may see, and so all that is ever asked of its system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards import native, vocabulary
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policies.grant import Grant


SERVICES = "edfi.staffSchoolAssociations"
"""At which schools members of staff work, which users are shown with."""


def may_be_held(entity: str) -> bool:
    """Whether a district may let the gateway hold *entity*: its roster and its descriptors, nothing else."""
    known = vocabulary.entities()
    return known[entity].held if entity in known else entity == SERVICES or entity.endswith("Descriptors")


def within(some: Collection[str] | None, asked: Collection[str] | None) -> bool:
    """Whether *some* fields are among those *asked* for, where None stands for every one."""
    return asked is None or (some is not None and frozenset(some) <= frozenset(asked))


def reads(entity: str, grants: Iterable[Grant]) -> frozenset[str]:
    """What may be asked of a source: released fields, references, and what row rules read."""
    fields = fields_of(entity)
    names = {name for name, field in fields.items() if field.type == "ref"}
    for grant in grants:
        names |= grant.reads(entity)
    return frozenset(names)


def wanted_by(grants: Iterable[Grant]) -> dict[str, frozenset[str] | None]:
    """The fields of every entity that any of *grants* needs."""
    every = tuple(grants)
    known = (*vocabulary.entities(), *native.entities())
    return {entity: reads(entity, every) for entity in known if may_be_held(entity)}
