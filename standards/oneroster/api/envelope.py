"""OneRoster answers: the wrapper of a collection or a singleton, paging links, and status information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards.errors import (
    CallerError,
    DependentItemExists,
    Forbidden,
    GatewayError,
    InvalidBody,
    MalformedQuery,
    NotFound,
    Overloaded,
    SourceUnavailable,
    StoreUnavailable,
    TooManyRequests,
    Unauthenticated,
    UnknownName,
    Unsupported,
)
from standards.query_strings import with_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standards.query import Query

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


REPEATED: Final = ("filter", "fields", "sort", "orderBy")
"""The query parameters that the links of a page repeat."""


def links(address: str, arguments: Mapping[str, str], offset: int, limit: int, total: int, *, told: bool = True) -> str:
    """Write the Link header of one page: first, prev, next and last, each an absolute percent-encoded URL.

    Beyond the end, prev is the last page. Where the total may not be *told*, no link leads to the last page.
    """
    last = max(0, (total - 1) // limit * limit) if total else 0
    places = [("first", 0)]
    if offset > 0:
        places.append(("prev", max(0, offset - limit) if offset < total or not told else last))
    if offset + limit < total:
        places.append(("next", offset + limit))
    if told:
        places.append(("last", last))
    return ", ".join(f'<{_address(address, arguments, at, limit)}>; rel="{rel}"' for rel, at in places)


def _address(address: str, arguments: Mapping[str, str], offset: int, limit: int) -> str:
    repeated = [(name, value) for name, value in arguments.items() if name in REPEATED]
    return with_query(address, [("limit", str(limit)), ("offset", str(offset)), *repeated])


def collection(model: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wrap records as the body of a collection, under the plural of its class."""
    return {PLURALS[model]: records}


def singleton(model: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap one record as a body, under its class."""
    return {model: record}


def status_info(error: GatewayError) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the imsx body (OneRoster 1.2) of *error*."""
    status, minor = _code(error)
    field = error.parameter if isinstance(error, UnknownName | MalformedQuery) else "TargetEndSystem"
    body: dict[str, Any] = {
        "imsx_codeMajor": "unsupported" if isinstance(error, Unsupported) else "failure",
        "imsx_severity": "error",
        "imsx_description": _described(error),
    }
    if minor:
        body["imsx_CodeMinor"] = {
            "imsx_codeMinorField": [{"imsx_codeMinorFieldName": field, "imsx_codeMinorFieldValue": minor}]
        }
    return status, body


def status_info_set(error: GatewayError, operation: str) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the statusInfoSet (OneRoster 1.1) of *error* in an *operation*."""
    status, minor = _code(error)
    minor = MINOR_OF_1_1.get(minor, minor) or "unsupportedoperation"
    return status, {"statusInfoSet": [_info("failure", "error", operation, _described(error), minor)]}


def warnings(query: Query, operation: str) -> list[dict[str, str]]:
    """Write the warnings that OneRoster 1.1 sends beside an answer for unknown names."""
    return [
        _info("success", "warning", operation, f"{name[:80]!r} is not a field of this resource.", WARNINGS[parameter])
        for parameter, name in query.warnings
    ]


def _info(major: str, severity: str, operation: str, description: str, minor: str) -> dict[str, str]:
    return {
        "imsx_codeMajor": major,
        "imsx_severity": severity,
        "imsx_operationRefIdentifier": operation,
        "imsx_description": description,
        "imsx_codeMinor": minor,
    }


def _described(error: GatewayError) -> str:
    """Describe the error in a sentence, with the places in a body that are wrong."""
    places = error.places if isinstance(error, InvalidBody) else {}
    return " ".join((error.outward, *(f"{path}: {', '.join(wrong)}." for path, wrong in places.items())))


WARNINGS = {"sort": "invalid_sort_field", "fields": "invalid_selection_field"}
# 1.1 writes its codes in words (1EdTech support article 48001171025); those it lacks are as in 1.2.
MINOR_OF_1_1 = {
    "unknownobject": "unknown object",
    "invaliddata": "invalid data",
    "unauthorisedrequest": "unauthorized",
    "fullsuccess": "full success",
}
MINOR: tuple[tuple[type[GatewayError], int, str], ...] = (
    (UnknownName, 400, "invalid_selection_field"),
    (MalformedQuery, 400, "invaliddata"),
    (InvalidBody, 422, "invaliddata"),
    (Unauthenticated, 401, "unauthorisedrequest"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "unknownobject"),
    (DependentItemExists, 422, "deletefailure"),
    (TooManyRequests, 429, "server_busy"),
    (Unsupported, 501, ""),
    (SourceUnavailable, 503, "server_busy"),
    (Overloaded, 503, "server_busy"),
    (StoreUnavailable, 503, "server_busy"),
)


def _code(error: GatewayError) -> tuple[int, str]:
    """Return the HTTP status, and the minor code in the words of 1.2; empty where it has none."""
    if isinstance(error, UnknownName | MalformedQuery) and error.parameter == "filter":
        return 400, "invalid_filter_field"
    for kind, status, minor in MINOR:
        if isinstance(error, kind):
            return status, minor
    return error.status, "invaliddata" if isinstance(error, CallerError) else "internal_server_error"
