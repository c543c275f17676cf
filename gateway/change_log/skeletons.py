"""Skeletons: records of which only the id is still known, with the members that OneRoster requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.oneroster import model
from standards.oneroster.api.routes import APIS

if TYPE_CHECKING:
    from standards.oneroster.model import Member
    from standards.view import View

BASE = "\ue000"
"""A placeholder for the base URL; a private-use character that no source has in a value."""
NEUTRAL: dict[str, Any] = {
    "boolString": "false", "bool": False, "bool|boolString": "false", "float": 0.0,
    "date": "1970-01-01", "year": "1970",
    "dateTime": "1970-01-01T00:00:00.000Z", "uri": "urn:unknown", "metadata": {},
}  # fmt: skip


def skeleton(view: View, identifier: str) -> dict[str, Any]:
    """Build a record of a *view* of which only the *identifier* is known."""
    version = next(version for version, api in APIS.items() if api == view.api)
    return _object(version, view.model) | {"sourcedId": identifier}


def _object(version: str, class_name: str) -> dict[str, Any]:
    members = model.classes(version)[class_name]
    return {name: _field(version, member) for name, member in members.items() if member.required}


def _field(version: str, member: Member) -> Any:
    if member.many:
        return [_value(version, member) for _ in range(member.minimum)]
    return _value(version, member)


def _value(version: str, member: Member) -> Any:
    match member.type:
        case "object":
            return _object(version, member.class_name)
        case "enum":
            return member.values[0]
        case "guidRef":
            return {"href": f"{BASE}/unknown", "sourcedId": "unknown", "type": member.ref}
        case _:
            return NEUTRAL.get(member.type, "")
