"""The rows of OneRoster 1.2 files as the documents that an API would show for them."""

from __future__ import annotations

import csv as cells
import io
from typing import TYPE_CHECKING, Any, Final

from standards.oneroster import model
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, str]
    Document = dict[str, Any]
    Documents = dict[str, dict[str, Document]]

VERSION: Final = "1.2"
BASE: Final = "https://sis.example.org/ims/oneroster"
STAMP: Final = "2026-08-01T00:00:00.000Z"
PROFILE: Final = "urn:oneroster:userProfile:"
COLLECTIONS: Final = {
    "academicSession": "academicSessions", "assessmentLineItem": "assessmentLineItems",
    "assessmentResult": "assessmentResults", "category": "categories", "class": "classes", "course": "courses",
    "demographics": "demographics", "enrollment": "enrollments", "lineItem": "lineItems", "org": "orgs",
    "resource": "resources", "result": "results", "scoreScale": "scoreScales", "user": "users",
}  # fmt: skip
SERVICES: Final = {"resources": "resources"} | dict.fromkeys(
    ("categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"), "gradebook"
)
OWNERS: Final = {"courseResources": ("courses", "course"), "classResources": ("classes", "class"),
                 "userResources": ("users", "user")}  # fmt: skip
SCALES: Final = {"lineItemScoreScales": ("lineItems", "lineItem"), "resultScoreScales": ("results", "result")}
MOMENT: Final = "T00:00:00.000Z"
DATE_CHARACTERS: Final = 10


def documents(tables: Mapping[str, Iterable[Row]]) -> Documents:
    """Return every collection by name, its documents by id; *tables* has the rows of each file, without ``.csv``."""
    rows = {name: list(found) for name, found in tables.items()}
    found: Documents = {name: {} for name in COLLECTIONS.values()}
    for class_name, collection in COLLECTIONS.items():
        for row in rows.get(collection, ()):
            found[collection][row["sourcedId"]] = _document(class_name, collection, row)
    _people(found, rows)
    for table, (collection, column) in OWNERS.items():
        for row in rows.get(table, ()):
            if owner := found[collection].get(row[f"{column}SourcedId"]):
                link = reference("resource", row["resourceSourcedId"])
                if link not in owner.setdefault("resources", []):
                    owner["resources"].append(link)
    for table, (collection, column) in SCALES.items():
        for row in rows.get(table, ()):
            found[collection][row[f"{column}SourcedId"]]["scoreScale"] = reference(
                "scoreScale", row["scoreScaleSourcedId"]
            )
    return found


def reference(class_name: str, identifier: str) -> Document:
    """Make a reference to the object of a class with an id."""
    collection = COLLECTIONS[class_name]
    service = SERVICES.get(collection, "rostering")
    return {"href": f"{BASE}/{service}/v1p2/{collection}/{identifier}", "sourcedId": identifier, "type": class_name}


def _people(found: Documents, rows: Mapping[str, list[Row]]) -> None:
    """Give users their roles and profiles."""
    for row in rows.get("userProfiles", ()):
        profile = _kept(
            profileId=PROFILE + row["sourcedId"], profileType=row.get("profileType"), vendorId=row.get("vendorId"),
            applicationId=row.get("applicationId"), description=row.get("description"),
        )  # fmt: skip
        if row.get("credentialType"):
            profile["credentials"] = [_kept(type=row["credentialType"], username=row.get("username"))]
        found["users"][row["userSourcedId"]].setdefault("userProfiles", []).append(profile)
    for row in rows.get("roles", ()):
        account = row.get("userProfileSourcedId")
        role = _kept(
            roleType=row["roleType"], role=row["role"], org=reference("org", row["orgSourcedId"]),
            userProfile=PROFILE + account if account else "", beginDate=row.get("beginDate"),
            endDate=row.get("endDate"),
        )  # fmt: skip
        found["users"][row["userSourcedId"]].setdefault("roles", []).append(role)


def _document(class_name: str, collection: str, row: Row) -> Document:
    document: Document = {"sourcedId": row["sourcedId"], "status": "active", "dateLastModified": STAMP}
    columns = specification.files(VERSION)[f"{collection}.csv"].columns
    metadata = {
        name.removeprefix(specification.METADATA): cell
        for name, cell in row.items()
        if name.startswith(specification.METADATA) and cell
    }
    if metadata:
        document["metadata"] = metadata
    for name, cell in row.items():
        if cell and name in columns and name not in {*document, "password"}:
            member, value = _member(class_name, columns[name], cell)
            if member:
                document[member] = value
    return document


def _member(class_name: str, column: specification.Column, cell: str) -> tuple[str, Any]:
    """Convert a cell to a member of a document."""
    member, known = specification.member_of(column.name), model.classes(VERSION)[class_name]
    if column.name.endswith("SourcedIds"):
        return member, [reference(known[member].ref, part) for part in _parts(cell)]
    if column.name.endswith("SourcedId"):
        return (member, reference(known[member].ref, cell)) if member in known else ("", None)
    if column.kind == "pairs":
        return member, _pairs(class_name, cell)
    if member not in known:
        return "", None
    if known[member].many:
        return member, _parts(cell)
    return member, _typed(known[member].type, cell)


def _typed(kind: str, cell: str) -> Any:
    match kind:
        case "float":
            return float(cell) if "." in cell else int(cell)
        case "dateTime":
            return cell + MOMENT if len(cell) == DATE_CHARACTERS else cell
        case "boolString" | "bool|boolString":
            return cell.lower()
        case _:
            return cell


def _pairs(class_name: str, cell: str) -> list[Document]:
    pairs = [part.strip("{}").partition(":")[::2] for part in cell.split("},{")]
    left, right = ("type", "identifier") if class_name == "user" else ("itemValueLHS", "itemValueRHS")
    return [{left: kind, right: value} for kind, value in pairs]


def _parts(cell: str) -> list[str]:
    return [
        part.strip() for row in cells.reader(io.StringIO(cell), skipinitialspace=True) for part in row if part.strip()
    ]


def _kept(**members: Any) -> Document:
    return {name: value for name, value in members.items() if value}
