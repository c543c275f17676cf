"""Documents of OneRoster 1.2 as a server of 1.1 shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    Document = dict[str, Any]

ADMINISTRATORS: Final = frozenset(
    {"counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"}
)
BASES: Final = ("/rostering/v1p2/", "/gradebook/v1p2/", "/resources/v1p2/")


def older(class_name: str, document: Mapping[str, Any]) -> Document:
    """Convert a document of 1.2 to 1.1."""
    given = dict(document)
    if class_name == "user":
        roles = given.get("roles") or []
        stated = next((role for role in roles if role.get("roleType") == "primary"), roles[0] if roles else {})
        role = stated.get("role", "student")
        given["role"] = "administrator" if role in ADMINISTRATORS else role
        given["orgs"] = [role["org"] for role in roles]
        given.setdefault("username", "")
    if class_name == "lineItem" and "academicSession" in given:
        given.setdefault("gradingPeriod", given["academicSession"])
        given.setdefault("resultValueMin", 0)
        given.setdefault("resultValueMax", 100)
    if class_name == "result":
        given.setdefault("score", 0)
    known = model.classes("1.1").get(class_name, {})
    return {name: _moved(value) for name, value in given.items() if name in known}


def newer(class_name: str, document: Mapping[str, Any], before: Mapping[str, Any]) -> Document:
    """Convert a 1.1 client's document to 1.2, with what 1.1 cannot state as it was *before*."""
    known = model.classes("1.1").get(class_name, {})
    kept = {name: value for name, value in before.items() if name not in known}
    if class_name == "lineItem":
        kept["academicSession"] = document.get("gradingPeriod", kept.get("academicSession"))
    return {name: value for name, value in {**kept, **document}.items() if value is not None}


def _moved(value: Any) -> Any:
    """Return a value whose addresses are those of 1.1."""
    if isinstance(value, list):
        return [_moved(item) for item in value]
    if isinstance(value, dict) and isinstance(value.get("href"), str):
        href = value["href"]
        for base in BASES:
            href = href.replace(base, "/v1p1/")
        return {**value, "href": href}
    return value
