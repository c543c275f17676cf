"""What a standard says beyond the vocabulary: whole resources and single members, under their own names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import standards.edfi.model.native as edfi
import standards.oneroster.api.native as oneroster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.vocabulary import Entity, Field


@cache
def entities() -> Mapping[str, Entity]:
    """Every resource that no entity of the vocabulary covers, by its native name (``edfi.calendars``)."""
    return edfi.entities()


@cache
def remainder(entity: str) -> Mapping[str, Field]:
    """The members of mapped resources that have no vocabulary name, as extra fields of *entity*."""
    return {**edfi.remainder(entity), **oneroster.remainder(entity)}


def instead(name: str) -> str:
    """The name in the vocabulary by which a native *name*, or all below it, is released; empty where there is none."""
    from standards.edfi.model import facts  # noqa: PLC0415  see above

    return facts.instead(name) if name.startswith("edfi.") else ""
