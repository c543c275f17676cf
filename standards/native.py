"""Native entities and fields: what a standard has beyond the vocabulary, under its own names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from standards.edfi import catalogue
from standards.edfi.model import facts
from standards.oneroster import native as oneroster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.vocabulary import Entity, Field


@cache
def entities() -> Mapping[str, Entity]:
    """Return every resource that no entity of the vocabulary covers, by its native name (``edfi.calendars``)."""
    return catalogue.entities()


@cache
def remainder(entity: str) -> Mapping[str, Field]:
    """Return the members of mapped resources that have no vocabulary name, as extra fields of *entity*."""
    return {**catalogue.remainder(entity), **oneroster.remainder(entity)}


def instead(name: str) -> str:
    """Return the vocabulary name by which a native *name*, or all below it, is released; empty where there is none."""
    return facts.instead(name) if name.startswith("edfi.") else ""
