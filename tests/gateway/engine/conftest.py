"""The districts over which the two engines are compared."""

from __future__ import annotations

import pytest

from adapters.edfi_xml.adapter import EdFiXml
from standards import registry
from standards.view import fields_of
from tests.gateway.engine import cases, worlds
from tests.support import needs

STUDENTS = 18
SECTIONS = 40
DESCRIPTORS = 5


def cut(records: list[tuple[str, worlds.Record]]) -> list[tuple[str, worlds.Record]]:
    """Some students of a district with all that is about them, and everything that is about nobody."""
    students = sorted(record["key"] for entity, record in records if entity == "student")
    kept: dict[str, set[tuple[str, ...]]] = {"student": set(students[:: max(1, len(students) // STUDENTS)])}
    theirs = [one for one in records if _about(one, kept)]
    kept["section"] = {record["section"] for entity, record in theirs if entity == "placement"}
    kept["section"] = set(sorted(kept["section"])[:SECTIONS])
    kept["contact"] = {record["contact"] for entity, record in theirs if entity == "guardianship"}
    kept["staff"] = {
        record["staff"] for entity, record in records if entity == "teaching" and record["section"] in kept["section"]
    }
    return [one for one in theirs if _about(one, kept)]


def _about(one: tuple[str, worlds.Record], kept: dict[str, set[tuple[str, ...]]]) -> bool:
    entity, record = one
    if entity in kept and record["key"] not in kept[entity]:
        return False
    owners = [field for field in fields_of(entity).values() if field.owner and field.to in kept]
    return all(record.get(owner.name) in kept[owner.to] for owner in owners if owner.name in record)


@pytest.fixture(scope="session")
def grand_bend() -> cases.District:
    """A slice of a real district, in which every resource that the district has still occurs."""
    place = needs.shared("data", "grand-bend")
    source = EdFiXml("gb", {"source": str(place / "xml"), "descriptors": str(place / "descriptors")})
    everything = dict.fromkeys(source.manifest.entities)
    return cases.District("Grand Bend", cut(list(source.read(everything))))


@pytest.fixture(scope="session")
def grand_bend_views(grand_bend):
    """The views of what the district has; of the many sets of descriptors, a few."""
    every = [*registry.views("oneroster").values(), *registry.views("edfi").values()]
    some = [view for view in every if any(branch.entity in grand_bend.entities for branch in view.branches)]
    lists = [view for view in some if view.name.endswith("Descriptors")]
    return [view for view in some if view not in lists[DESCRIPTORS:]]
