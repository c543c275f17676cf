"""Needed fields: those of a district that any consumer may see; nothing else is ever requested from its system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards import native, vocabulary
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policies.grant import Grant


SERVICES = "edfi.staffSchoolAssociations"
"""The schools at which members of staff work; OneRoster users show them."""


def may_be_held(entity: str) -> bool:
    """Tell whether the gateway may cache *entity*: rostering data and descriptors, nothing else."""
    known = vocabulary.entities()
    return known[entity].held if entity in known else entity == SERVICES or entity.endswith("Descriptors")


def within(some: Collection[str] | None, asked: Collection[str] | None) -> bool:
    """Tell whether *some* fields are among those *asked* for, where None stands for every field."""
    return asked is None or (some is not None and frozenset(some) <= frozenset(asked))


def joined(some: Collection[str] | None, more: Collection[str] | None) -> frozenset[str] | None:
    """Join *some* fields, where None stands for every field, and *more*, where None stands for none."""
    return None if some is None else frozenset(some) | frozenset(more or ())


def reads(entity: str, grants: Iterable[Grant]) -> frozenset[str]:
    """Collect the fields to request from a source: released fields, references, and what row rules read."""
    fields = fields_of(entity)
    names = {name for name, field in fields.items() if field.type == "ref"}
    for grant in grants:
        names |= grant.reads(entity)
    return frozenset(names)


def programs_of(grants: Iterable[Grant]) -> frozenset[str]:
    """Collect the programs whose members any of *grants* needs to know."""
    return frozenset[str]().union(*(grant.programs for grant in grants))


def wanted_by(grants: Iterable[Grant]) -> dict[str, frozenset[str] | None]:
    """Collect the fields of every cacheable entity that any of *grants* needs.

    Clients of the same agreements need the same.
    """
    every = tuple({tuple((part.agreement, part.version) for part in one.each): one for one in grants}.values())
    known = (*vocabulary.entities(), *native.entities())
    return {entity: reads(entity, every) for entity in known if may_be_held(entity)}
