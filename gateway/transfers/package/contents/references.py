"""References in Ed-Fi documents: the natural keys of the records of one resource that other documents name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from standards.edfi.model.flat_key_names import flat_key_names
from standards.edfi.model.model import by_collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standards.edfi.model.model import Property

    Key = tuple[str, ...]

ORGANIZATION: Final = "EducationOrganization"
STUDENT: Final = "studentUniqueId"


@cache
def key_paths(collection: str) -> tuple[str, ...]:
    """Return the paths of the natural key of a *collection*, in the order of its keys here."""
    resource = by_collection(collection)
    assert resource is not None
    return resource.identity


def named_keys(documents: Iterable[tuple[str, Mapping[str, Any]]], collection: str) -> frozenset[Key]:
    """Return the keys of the records of *collection* that *documents*, each of its own collection, refer to."""
    target = by_collection(collection)
    assert target is not None
    members = tuple(flat_key_names(collection)[path] for path in target.identity)
    names = {target.name, ORGANIZATION} if "nameOfInstitution" in target.properties else {target.name}
    found = (
        tuple(_text(reference.get(_member(member, reference))) for member in members)
        for source, document in documents
        for reference in _references(document, _properties(source), frozenset(names))
    )
    return frozenset(key for key in found if "" not in key)


def without_links(value: Any) -> Any:
    """Copy a document without what belongs to the server that showed it: links, ids, ETags and times of change."""
    if isinstance(value, dict):
        return {name: without_links(one) for name, one in value.items() if name not in SERVERS_OWN}
    return [without_links(one) for one in value] if isinstance(value, list) else value


SERVERS_OWN: Final = frozenset({"id", "link", "_etag", "_lastModifiedDate"})


def students_named(value: Any) -> Iterator[str]:
    """Yield every student's unique id in a document, wherever it stands."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name == STUDENT:
                yield str(one)
            else:
                yield from students_named(one)
    elif isinstance(value, list):
        for one in value:
            yield from students_named(one)


def _references(
    document: Mapping[str, Any], properties: Mapping[str, Property], targets: frozenset[str]
) -> Iterator[Mapping[str, Any]]:
    for name, value in document.items():
        known = properties.get(name)
        if known is None:
            continue
        items = value if isinstance(value, list) else [value]
        if known.reference in targets:
            yield from (one for one in items if isinstance(one, dict))
        elif not known.reference and known.properties:
            for one in items:
                if isinstance(one, dict):
                    yield from _references(one, known.properties, targets)


def _member(member: str, reference: Mapping[str, Any]) -> str:
    """Return the name by which a reference has a member of a key: an organization's number may have its general one."""
    return "educationOrganizationId" if member not in reference and member.endswith("Id") else member


def _properties(collection: str) -> Mapping[str, Property]:
    resource = by_collection(collection)
    assert resource is not None
    return resource.properties


def _text(value: Any) -> str:
    return "" if value is None else str(value).casefold()


def texts(values: Iterable[Any]) -> Key:
    """Write the values of a key as texts that can be compared with those of references."""
    return tuple(map(_text, values))
