"""Members of every OneRoster class: its head, its references, its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.days import day_after
from standards.view import Children, Const, Follow, Href, Id, Links, List, Native, Reference, Stamp, Value

if TYPE_CHECKING:
    from standards.view import Items, Node

SERVICES = {
    "resources": "resources",
    **dict.fromkeys(
        ("categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"), "gradebook"
    ),
}
HEAD: tuple[Node, ...] = (Id("sourcedId"), Const("status", "active"), Stamp("dateLastModified"))


def service_of(collection: str) -> str:
    """Return the OneRoster service that a collection belongs to."""
    return SERVICES.get(collection, "rostering")


def guid(collection: str, kind: str) -> tuple[Node, ...]:
    """Show a GUIDRef: the address of the object, its sourcedId and its class."""
    address = f"{service_of(collection)}/v1p2/{collection}"
    return (Href("href", address), Id("sourcedId"), Const("type", kind))


def reference(name: str, ref: str, collection: str, kind: str) -> Reference:
    """Show a member that refers to one object."""
    return Reference(name, ref, guid(collection, kind))


def references(name: str, steps: tuple[Children | Follow | Links | Items, ...], collection: str, kind: str) -> List:
    """Show a member that refers to several objects, each once."""
    return List(name, steps, guid(collection, kind), distinct=True)


def until(field: str) -> Value:
    """Show the end of a stretch of time, which in OneRoster is the day after its last day."""
    return Value("endDate", (field,), day_after, "date")


def metadata(collection: str) -> Native:
    """Show the open object a class may carry; each of its members is released by name."""
    return Native("metadata", f"oneroster.{collection}.metadata")
