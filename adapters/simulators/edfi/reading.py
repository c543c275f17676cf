"""Reads of the simulated ODS: one document, or a page of those that a query selects."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.edfi.shape import ValuePlace
from adapters.simulators.wire import EdFiReply
from standards.edfi.api.request import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from adapters.simulators.edfi.state import OdsState, StoredDocument
    from standards.edfi.model.model import Property, Resource

    Document = dict[str, Any]

PARAMETERS: Final = "bad-request:parameter-validation-failed"
DEFAULT_LIMIT, MAX_LIMIT, MAX_NUMBER, DEFAULT_PARTITIONS, MAX_PARTITIONS = 25, 500, 2**31 - 1, 10, 200
MAX_VERSION: Final = 2**63 - 1
TRUTHS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Manner:
    """The features of a system's answers: page tokens, links, empty arrays, numbers, at most *largest* documents."""

    cursors: bool = True
    links: bool = True
    empties: bool = False
    numbers: bool = False
    largest: int = MAX_LIMIT


def shown(state: OdsState, resource: Resource, row: StoredDocument, manner: Manner) -> Document:
    """Return a document as the API shows it."""
    document: Document = {"id": row.id}
    if resource.descriptor_id and manner.numbers:
        document[resource.descriptor_id] = row.number
    document |= _linked(state, resource.properties, row.document) if manner.links else row.document
    if manner.empties:
        empty: Document = {
            name: [] for name, known in resource.properties.items() if known.collection and name not in document
        }
        document |= empty
    document["_etag"] = row.etag
    document["_lastModifiedDate"] = moment(row.modified)
    return document


def moment(when: datetime) -> str:
    """Write a moment as the API does."""
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")


def page(state: OdsState, resource: Resource, query: Mapping[str, str], manner: Manner) -> EdFiReply:
    """Answer a page of the documents that *query* selects."""
    if not manner.cursors:
        query = {name: value for name, value in query.items() if name not in {"pagetoken", "pagesize"}}
    if "pagetoken" in query or "pagesize" in query:
        return _cursor_page(state, resource, query, manner)
    offset, limit = window(query, manner.largest)
    found = chosen(state, resource, query)
    rows = found[offset : offset + limit]
    reply = EdFiReply(200, [shown(state, resource, row, manner) for row in rows])
    if truth(query, "totalcount"):
        reply.headers["Total-Count"] = str(len(found))
    if manner.cursors and rows:
        reply.headers["Next-Page-Token"] = token(rows[-1].number + 1, MAX_NUMBER)
    return reply


def partitions(state: OdsState, resource: Resource, query: Mapping[str, str]) -> EdFiReply:
    """Answer tokens that divide the documents that *query* selects."""
    wanted = number(query, "number", DEFAULT_PARTITIONS, 1, MAX_PARTITIONS)
    found = chosen(state, resource, query)
    size = max(1, -(-len(found) // wanted))
    firsts = [found[place].number for place in range(0, len(found), size)]
    lasts = [*(first - 1 for first in firsts[1:]), MAX_NUMBER]
    return EdFiReply(200, {"pageTokens": [token(*ends) for ends in zip(firsts, lasts, strict=bool(firsts))]})


def chosen(state: OdsState, resource: Resource, query: Mapping[str, str]) -> list[StoredDocument]:
    """Select the documents that fit the filters and the window of change versions in *query*."""
    low, high = change_window(query)
    if low > high:
        raise ProblemRefusal(PARAMETERS, "minChangeVersion is greater than maxChangeVersion.")
    tests = list(_tests(state, resource, query))
    return [row for row in state.ordered(resource) if low <= row.version <= high and all(test(row) for test in tests)]


def window(query: Mapping[str, str], largest: int = MAX_LIMIT) -> tuple[int, int]:
    """Read the offset and the limit of *query*."""
    offset = number(query, "offset", 0, 0, MAX_NUMBER)
    return offset, number(query, "limit", min(DEFAULT_LIMIT, largest), 0, largest)


def change_window(query: Mapping[str, str]) -> tuple[int, int]:
    """Read the change versions that *query* asks for, both ends included."""
    low = number(query, "minchangeversion", 0, 0, MAX_VERSION)
    return low, number(query, "maxchangeversion", MAX_VERSION, 0, MAX_VERSION)


def number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """Read a whole number of a parameter, in its range."""
    text = query.get(name)
    if text is None:
        return default
    sound = text.lstrip("-").isascii() and text.lstrip("-").isdigit()
    if not sound or not low <= int(text) <= high:
        raise ProblemRefusal(PARAMETERS, f"{name} must be omitted or set to a numeric value between {low} and {high}.")
    return int(text)


def truth(query: Mapping[str, str], name: str) -> bool:
    """Tell whether a parameter is true."""
    found = TRUTHS.get(query.get(name, "false").lower())
    if found is None:
        raise ProblemRefusal(PARAMETERS, f"{name} must be true or false.")
    return found


def token(first: int, last: int) -> str:
    """Make the token of the documents whose numbers lie between two."""
    return base64.urlsafe_b64encode(f"{first},{last}".encode()).decode().rstrip("=")


def _cursor_page(state: OdsState, resource: Resource, query: Mapping[str, str], manner: Manner) -> EdFiReply:
    for fits, message in (
        ("pagetoken" in query, "PageToken is required when pageSize is specified."),
        ("offset" not in query, "Both offset and pageToken parameters were provided, but they cannot be combined."),
        ("limit" not in query, "Use pageSize instead of limit when using cursor paging with pageToken."),
        (not truth(query, "totalcount"), "totalCount cannot be used with pageToken."),
    ):
        if not fits:
            raise ProblemRefusal(PARAMETERS, message)
    first, last = _ends(query["pagetoken"])
    size = number(query, "pagesize", min(DEFAULT_LIMIT, manner.largest), 0, manner.largest)
    rows = [row for row in chosen(state, resource, query) if first <= row.number <= last][:size]
    headers = {"Next-Page-Token": token(rows[-1].number + 1, last)} if rows else {}
    return EdFiReply(200, [shown(state, resource, row, manner) for row in rows], headers)


def _ends(text: str) -> tuple[int, int]:
    try:
        first, _, last = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(",")
        return int(first), int(last)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ProblemRefusal(PARAMETERS, "The page token provided was invalid.") from None


def _tests(state: OdsState, resource: Resource, query: Mapping[str, str]) -> Iterator[Callable[[StoredDocument], bool]]:
    """Yield the filters in *query*; a name that is no member filters nothing."""
    known = (
        names(resource.collection)
        if resource.standard
        else {name.lower(): (path,) for name, path in own_names(resource, state.shape.flat(resource)).items()}
    )
    for name, value in query.items():
        if name == "id":
            yield _is(value.replace("-", "").lower())
        elif resource.descriptor_id and name == resource.descriptor_id.lower():
            yield _numbered(value)
        elif name in known:
            kind = _at(resource, known[name][0])
            yield _equal(known[name], _read(name, kind, value), folded=bool(kind.descriptor))


def _is(identifier: str) -> Callable[[StoredDocument], bool]:
    return lambda row: row.id == identifier


def _numbered(text: str) -> Callable[[StoredDocument], bool]:
    return lambda row: str(row.number) == text


def _equal(paths: Sequence[str], wanted: Any, *, folded: bool) -> Callable[[StoredDocument], bool]:
    def test(row: StoredDocument) -> bool:
        for path in paths:
            value: Any = row.document
            for part in path.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value == wanted or (folded and str(value).lower() == str(wanted).lower()):
                return True
        return False

    return test


def own_names(resource: Resource, keys: Mapping[str, str]) -> Mapping[str, str]:
    """Return the filters of a resource that the standard does not have; *keys* are the flat names of its key."""
    found = dict(keys)
    for known in resource.properties.values():
        if known.reference:
            found = {leaf: f"{known.name}.{leaf}" for leaf in known.properties} | found
        elif not known.collection and known.type != "object":
            found[known.name] = known.name
    return found


def _at(resource: Resource, path: str) -> Property:
    head, _, rest = path.partition(".")
    known = resource.properties[head]
    return known.properties[rest] if rest else known


def _read(name: str, kind: Property, text: str) -> Any:
    """Read a filter's value as the member has it."""
    try:
        if kind.type == "integer":
            return int(text)
        if kind.type == "number":
            return float(text)
        if kind.type == "boolean":
            return TRUTHS[text.lower()]
    except (ValueError, KeyError):
        raise ProblemRefusal(PARAMETERS, f"The value for parameter '{name}' is not valid.") from None
    return text


def _linked(state: OdsState, properties: Mapping[str, Property], document: Mapping[str, Any]) -> Document:
    """Return a document with links to the targets of its references."""
    found: Document = {}
    for name, value in document.items():
        known = properties.get(name)
        if known is None:
            found[name] = value
        elif known.reference:
            found[name] = value | _link(state, known, document)
        elif isinstance(value, list):
            found[name] = [_linked(state, known.properties, item) for item in value]
        elif isinstance(value, dict):
            found[name] = _linked(state, known.properties, value)
        else:
            found[name] = value
    return found


def _link(state: OdsState, known: Property, document: Mapping[str, Any]) -> Document:
    row = state.find(*state.shape.meant(ValuePlace(known, dict(document), known.name, "")))
    if row is None:
        return {}
    return {"link": {"rel": row.resource, "href": f"{state.shape.resources[row.resource].endpoint}/{row.id}"}}
