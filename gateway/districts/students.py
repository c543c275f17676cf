"""Students of a district's source, read for a command that must know whom it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.districts import sources
from gateway.registers.matching import read_students

if TYPE_CHECKING:
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.registers.matching import Students
    from gateway.registers.tags import RegisterKeys


def known_students(spec: Spec, keys: RegisterKeys, *, contacts: bool = False) -> Students:
    """Read what the students of a district are known by, from its source.

    Raises:
        SourceError: the source cannot be read whole.
    """
    with sources.adapter_of(spec.name, spec) as adapter:
        return read_students(adapter, spec.name, keys, contacts=contacts)
