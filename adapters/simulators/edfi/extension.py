"""Extensions of the simulated ODS: resources that a state adds, and members it adds to the standard's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards.edfi.model import model
from standards.edfi.model.model import Property, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENSIONS = "_ext"


@dataclass(frozen=True, slots=True)
class Extension:
    """A model beside the standard's own, in the form of the facts.

    *schema* is the step of its addresses (``tpdm``), *name* its key in ``_ext`` (``TPDM``). *resources* are facts as
    the standard's own; *members* are the facts of properties, for each resource that gains some.
    """

    schema: str
    name: str
    resources: Mapping[str, Mapping[str, Any]]
    members: Mapping[str, Mapping[str, Any]]
    version: str = "1.0.0"


def extended(extension: Extension | None) -> dict[str, Resource]:
    """Return the resources of an *extension*, and those of the standard that it changes."""
    if extension is None:
        return {}
    found = {name: model.resource(name, facts) for name, facts in extension.resources.items()}
    for name, facts in extension.members.items():
        known = model.resources()[name]
        own = Property(extension.name, "object", properties=model.properties(facts))
        whole = Property(EXTENSIONS, "object", properties=MappingProxyType({extension.name: own}))
        found[name] = replace(known, properties=MappingProxyType({**known.properties, EXTENSIONS: whole}))
    return found
