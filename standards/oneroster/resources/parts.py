"""What every OneRoster class has: its head, its references, its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.days import day_after
from standards.view import Const, Hop, Href, Id, Kids, Links, Many, Native, Stamp, To, Val

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
    """The OneRoster service that a collection belongs to."""
    return SERVICES.get(collection, "rostering")


def guid(collection: str, kind: str) -> tuple[Node, ...]:
    """A GUIDRef: where the object is, its sourcedId and its class."""
    address = f"{service_of(collection)}/v1p2/{collection}"
    return (Href("href", address), Id("sourcedId"), Const("type", kind))


def reference(name: str, ref: str, collection: str, kind: str) -> Hop:
    """A member that refers to one object."""
    return Hop(name, ref, guid(collection, kind))


def references(name: str, steps: tuple[Kids | To | Links | Items, ...], collection: str, kind: str) -> Many:
    """A member that refers to several objects, each once."""
    return Many(name, steps, guid(collection, kind), distinct=True)


def until(field: str) -> Val:
    """The end of a stretch of time, which in OneRoster is the day after its last day."""
    return Val("endDate", (field,), day_after, "date")


def metadata(collection: str) -> Native:
    """The open object a class may carry; each of its members is released by name."""
    return Native("metadata", f"oneroster.{collection}.metadata")
