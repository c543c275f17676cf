"""Writes of the simulated ODS: what it accepts, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.edfi.problems import ProblemRefusal
from adapters.simulators.wire import EdFiReply
from standards.edfi.model import model
from standards.edfi.model.cascading_keys import CASCADING_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.simulators.edfi.state import OdsState, StoredDocument
    from standards.edfi.model.model import Property, Resource

    Document = dict[str, Any]

INVALID: Final = "bad-request:data-validation-failed"
OWN: Final = frozenset({"link", "_etag", "_lastmodifieddate"})


def read_body(body: bytes) -> Document:
    """Read the document in a request."""
    if not body.strip():
        raise ProblemRefusal("bad-request", "A non-empty request body is required.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemRefusal(INVALID, places={"$": ["The body is no JSON."]}) from None
    if not isinstance(found, dict):
        raise ProblemRefusal(INVALID, places={"$": ["The body is no object."]})
    return found


def taken(resource: Resource, given: Mapping[str, Any]) -> Document:
    """Return what the system stores of a document: known members, under its own names."""
    return _taken(resource.properties, given)


def post(
    state: OdsState, resource: Resource, given: Document, if_match: str, *, lenient: bool
) -> tuple[StoredDocument, bool]:
    """Create a document or replace the one with its key; tell whether it is new."""
    if "id" in {name.lower() for name in given}:
        raise ProblemRefusal(INVALID, places={"$.id": ["The id is given by the system."]})
    document = checked(state, resource, given, lenient=lenient)
    row = state.find(resource.name, state.shape.key(resource, document))
    if row is None:
        return _added(state, resource, document), True
    require(row, if_match)
    return _changed(state, row, document), False


def put(
    state: OdsState,
    resource: Resource,
    identifier: str,
    given: Document,
    if_match: str,
    *,
    lenient: bool,
    creates: bool,
) -> tuple[StoredDocument, bool]:
    """Replace the document with an id; tell whether it is new."""
    document = checked(state, resource, given, lenient=lenient)
    row = state.rows[resource.name].get(identifier)
    other = state.find(resource.name, state.shape.key(resource, document))
    if row is None:
        if not creates:
            raise ProblemRefusal("not-found")
        if other is not None:
            raise ProblemRefusal("data-conflict:non-unique-identity")
        return _added(state, resource, document, identifier), True
    require(row, if_match)
    if state.shape.key(resource, document) != row.key:
        if resource.name not in CASCADING_KEYS:
            raise ProblemRefusal(f"{INVALID}:key-change-not-supported")
        if other is not None:
            raise ProblemRefusal("data-conflict:non-unique-identity")
    return _changed(state, row, document), False


def delete(state: OdsState, resource: Resource, identifier: str, if_match: str) -> EdFiReply:
    """Delete the document with an id."""
    row = state.rows[resource.name].get(identifier)
    if row is None:
        raise ProblemRefusal("not-found")
    require(row, if_match)
    user = next((user for user in state.users(row) if user.id != row.id), None)
    if user is not None:
        raise ProblemRefusal("data-conflict:dependent-item-exists", f"It is referenced by {user.resource}.")
    state.remove(row)
    return EdFiReply(204)


def require(row: StoredDocument, if_match: str) -> None:
    """Refuse a change of a document that no longer has the entity tag that was sent."""
    if if_match and row.etag not in tags(if_match) and if_match.strip() != "*":
        raise ProblemRefusal("optimistic-lock-failed")


def tags(header: str) -> set[str]:
    """Return the entity tags in a header, without quotes."""
    return {part.strip().removeprefix("W/").strip('"') for part in header.split(",")}


def checked(state: OdsState, resource: Resource, given: Mapping[str, Any], *, lenient: bool) -> Document:
    """Check *given* and return it as it is to be stored; raise a `ProblemRefusal` where it may not be."""
    document = taken(resource, given)
    problems: dict[str, list[str]] = {}
    for problem in model.validate(resource, document):
        path, _, text = problem.partition(": ")
        problems.setdefault(path, []).append(text)
    if problems:
        raise ProblemRefusal(INVALID, places=problems)
    missing = []
    for place in state.shape.places(resource, document):
        row = state.find(*state.shape.meant(place))
        if place.known.descriptor:
            if row is not None:
                place.owner[place.name] = f"{row.document['namespace']}#{row.document['codeValue']}"
            elif not lenient:
                problems.setdefault(place.path, []).append(f"{place.known.descriptor} value does not exist.")
        elif row is None and state.shape.meant(place) not in state.shape.identities(resource, document):
            missing.append(place.known.reference)
    if problems:
        raise ProblemRefusal(INVALID, places=problems)
    if missing:
        raise ProblemRefusal(
            "data-conflict:unresolved-reference", detail=f"The referenced {missing[0]} item does not exist."
        )
    return document


def _added(state: OdsState, resource: Resource, document: Document, identifier: str = "") -> StoredDocument:
    if any(state.find(*meant) for meant in state.shape.identities(resource, document)):
        raise ProblemRefusal("data-conflict:non-unique-identity")
    return state.add(resource, document, identifier)


def _changed(state: OdsState, row: StoredDocument, document: Document) -> StoredDocument:
    return row if document == row.document else state.change(row, document)


def _taken(properties: Mapping[str, Property], given: Mapping[str, Any]) -> Document:
    by_name = {name.lower(): known for name, known in properties.items()}
    found: Document = {}
    for name, value in given.items():
        known = by_name.get(name.lower())
        if known is None or value is None or value == []:
            continue
        if isinstance(value, dict) and known.type == "object":
            found[known.name] = _taken(known.properties, value)
        elif isinstance(value, list) and known.collection:
            found[known.name] = [_taken(known.properties, one) if isinstance(one, dict) else one for one in value]
        else:
            found[known.name] = value
    return found
