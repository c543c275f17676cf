"""What the Ed-Fi model says beyond the vocabulary: whole resources, and single members of mapped ones.

The resources are imported when first asked for: they declare views, and views know this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standards.vocabulary import Entity, Field


def entities() -> Mapping[str, Entity]:
    """Every native entity by its name, such as ``edfi.calendars``."""
    from standards.edfi.model import catalogue  # noqa: PLC0415  see above

    return catalogue.entities()


def remainder(entity: str) -> Mapping[str, Field]:
    """What mapped resources say of *entity* beyond the vocabulary, as extra fields of it."""
    from standards.edfi.model import catalogue  # noqa: PLC0415  see above

    return catalogue.remainder(entity)
