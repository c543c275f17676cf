"""OneRoster answers: the wrapper of a collection or a singleton, paging links, and status information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from standards.errors import (
    CallerError,
    Forbidden,
    GatewayError,
    MalformedQuery,
    NotFound,
    SourceUnavailable,
    StoreUnavailable,
    TooManyRequests,
    Unauthenticated,
    UnknownName,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLURALS = {
    "org": "orgs",
    "academicSession": "academicSessions",
    "course": "courses",
    "class": "classes",
    "user": "users",
    "enrollment": "enrollments",
    "demographics": "demographics",
    "resource": "resources",
    "category": "categories",
    "lineItem": "lineItems",
    "result": "results",
    "scoreScale": "scoreScales",
    "assessmentLineItem": "assessmentLineItems",
    "assessmentResult": "assessmentResults",
}


def links(address: str, arguments: Mapping[str, str], offset: int, limit: int, total: int) -> str:
    """The Link header of one page: first, prev, next and last, each an absolute percent-encoded URL."""
    last = max(0, (total - 1) // limit * limit) if total else 0
    places = [("first", 0)]
    if offset > 0:
        places.append(("prev", max(0, offset - limit)))
    if offset + limit < total:
        places.append(("next", offset + limit))
    places.append(("last", last))
    return ", ".join(f'<{_address(address, arguments, at, limit)}>; rel="{rel}"' for rel, at in places)


def _address(address: str, arguments: Mapping[str, str], offset: int, limit: int) -> str:
    carried = {name: value for name, value in arguments.items() if name in {"sort", "orderBy", "filter", "fields"}}
    query = {"limit": str(limit), "offset": str(offset), **carried}
    return address + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())


def collection(model: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a collection, under the plural of its class."""
    return {PLURALS[model]: records}


def singleton(model: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The body of one record, under its class."""
    return {model: record}


def status_info(error: GatewayError) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the imsx body (OneRoster 1.2) that say what *error* says."""
    status, minor = _code(error)
    field = error.parameter if isinstance(error, UnknownName | MalformedQuery) else "TargetEndSystem"
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": error.message,
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [{"imsx_codeMinorFieldName": field, "imsx_codeMinorFieldValue": minor}]
        },
    }
    return status, body


MINOR: tuple[tuple[type[GatewayError], int, str], ...] = (
    (UnknownName, 400, "invalid_selection_field"),
    (MalformedQuery, 422, "invaliddata"),
    (Unauthenticated, 401, "unauthorisedrequest"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "unknownobject"),
    (TooManyRequests, 429, "server_busy"),
    (SourceUnavailable, 503, "server_busy"),
    (StoreUnavailable, 503, "server_busy"),
)


def _code(error: GatewayError) -> tuple[int, str]:
    if isinstance(error, UnknownName | MalformedQuery) and error.parameter == "filter":
        return 400, "invalid_filter_field"
    for kind, status, minor in MINOR:
        if isinstance(error, kind):
            return status, minor
    return error.status, "invaliddata" if isinstance(error, CallerError) else "internal_server_error"
