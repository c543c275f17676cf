"""Ed-Fi answers: errors as problem details, in the words that clients of the standard look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standards.errors import (
    ActionForbidden,
    CallerError,
    ConcurrentChange,
    Conflict,
    DependentItemExists,
    FeatureDisabled,
    Forbidden,
    GatewayError,
    InvalidBody,
    InvalidValue,
    KeyChangeUnsupported,
    MalformedQuery,
    MethodNotAllowed,
    NonUniqueIdentity,
    NoSuchRecord,
    NotAcceptable,
    NotFound,
    OutcomeUnknown,
    OutsidePopulation,
    Overloaded,
    PolicyEnforced,
    PreconditionFailed,
    ProfileMisused,
    SnapshotNotFound,
    SnapshotReadOnly,
    SourceError,
    SourceTimeout,
    SourceUnavailable,
    StoreUnavailable,
    TooManyRequests,
    Unauthenticated,
    UnknownName,
    UnknownProfile,
    UnresolvedReference,
    Unsupported,
    UnsupportedMedia,
    UnsupportedProfile,
    WalkInterrupted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "urn:ed-fi:api:"
PROFILE = "The request construction was invalid with respect to usage of a data policy."
INVALID = "Data validation failed. See 'validationErrors' for details."
UNASSIGNED = "The request data was constructed incorrectly."
UNPROCESSED = "The request could not be processed. See 'errors' for details."
INTERNAL = "The request could not be processed."


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of error is told: what follows the common prefix of its type, its title and its detail.

    *listed* puts the error's own message among ``errors``; otherwise nothing beyond *detail* is said. Where there is
    no *detail*, the message itself is the detail.
    """

    suffix: str
    title: str
    detail: str
    listed: bool = True


# In the order in which they are tried: the first class that fits tells the error.
PROBLEMS: tuple[tuple[type[GatewayError], Problem], ...] = (
    (UnknownName, Problem("bad-request:parameter-validation-failed", "Parameter Validation Failed",
                          "The request construction was invalid.")),
    (InvalidValue, Problem("bad-request:data-validation-failed", "Data Validation Failed", INVALID)),
    (MalformedQuery, Problem("bad-request:parameter-validation-failed", "Parameter Validation Failed",
                             "The request construction was invalid.")),
    (KeyChangeUnsupported, Problem("bad-request:data-validation-failed:key-change-not-supported",
                                   "Key Change Not Supported", "", listed=False)),
    (InvalidBody, Problem("bad-request:data-validation-failed", "Data Validation Failed", INVALID)),
    (PolicyEnforced, Problem("bad-request:data-policy-enforced", "Data Policy Enforced",
                             "The data cannot be saved because a data policy has been applied to the request.")),
    (UnsupportedProfile, Problem("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (UnsupportedMedia, Problem("unsupported-media-type", "Unsupported Media Type",
                               "The request construction was invalid.")),
    (Unauthenticated, Problem("security:authentication", "Authentication Failed",
                              "The caller could not be authenticated.")),
    (ActionForbidden, Problem("security:authorization:access-denied:action", "Authorization Denied",
                              "Access to the requested data could not be authorized. You do not have permissions to"
                              " perform the requested operation on the data.")),
    (OutsidePopulation, Problem("security:authorization", "Authorization Denied",
                                "Access to the requested data could not be authorized.")),
    (Forbidden, Problem("security:authorization:access-denied:resource", "Authorization Denied",
                        "Access to the requested data could not be authorized.")),
    (SnapshotNotFound, Problem("not-found", "Not Found", "Snapshot not found.")),
    (SnapshotReadOnly, Problem("snapshots:method-not-allowed", "Method Not Allowed with Snapshots",
                               "An attempt was made to modify data in a Snapshot, but this data is read-only.",
                               listed=False)),
    (UnknownProfile, Problem("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (ProfileMisused, Problem("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (NotAcceptable, Problem("not-acceptable", "Not Acceptable",
                            "The answer exists in none of the media types that are accepted.")),
    (FeatureDisabled, Problem("system:configuration:feature-disabled", "Feature Disabled",
                              "The requested feature is not available for this resource.")),
    (NoSuchRecord, Problem("not-found", "Not Found", "The specified item could not be found.", listed=False)),
    (NotFound, Problem("not-found", "Not Found", "The specified data could not be found.", listed=False)),
    (MethodNotAllowed, Problem("method-not-allowed", "Method Not Allowed",
                               "The request construction was invalid.")),
    (Unsupported, Problem("method-not-allowed", "Not Supported",
                          "No district's system here can do this.", listed=False)),
    (PreconditionFailed, Problem("optimistic-lock-failed", "Optimistic Lock Failed",
                                 "The item has been modified by another user.")),
    (UnresolvedReference, Problem("data-conflict:unresolved-reference", "Unresolved Reference", "", listed=False)),
    (DependentItemExists, Problem("data-conflict:dependent-item-exists", "Dependent Item Exists",
                                  "The requested action cannot be performed because this item is referenced "
                                  "by another item.", listed=False)),
    (NonUniqueIdentity, Problem("data-conflict:non-unique-identity", "Identifying Values Are Not Unique",
                                "The identifying value(s) of the item are the same as another item that already "
                                "exists.", listed=False)),
    (ConcurrentChange, Problem("data-conflict:multi-user-conflict", "Multi-User Conflict",
                               "The item has been modified by another user.", listed=False)),
    (Conflict, Problem("data-conflict", "Data Conflict", "The request conflicts with other data.")),
    (WalkInterrupted, Problem("data-conflict:multi-user-conflict", "Walk Interrupted",
                              "What may be seen has changed since the first page.")),
    (TooManyRequests, Problem("security:too-many-requests", "Too Many Requests",
                              "More was asked than the caller may ask at a time.")),
    (CallerError, Problem("bad-request", "Bad Request", UNPROCESSED)),
    (OutcomeUnknown, Problem("system:upstream-timeout:outcome-unknown", "Outcome Unknown",
                             "The district's system did not answer. Whether the change was made is not known: read the"
                             " item before you try again.", listed=False)),
    (SourceTimeout, Problem("system:upstream-timeout", "Source Timeout",
                            "The district's system does not answer in time.", listed=False)),
    (SourceUnavailable, Problem("system:upstream-unavailable", "Source Unavailable",
                                "The district's system cannot be reached now.", listed=False)),
    (SourceError, Problem("system:upstream-failed", "Source Failed",
                          "The district's system did not give what was asked of it.", listed=False)),
    (Overloaded, Problem("system:overloaded", "System Overloaded",
                         "The gateway has too much to do now. Try again after a while.", listed=False)),
    (StoreUnavailable, Problem("system:database-connection", "System Unavailable", INTERNAL, listed=False)),
    (GatewayError, Problem("system", "System Error", INTERNAL, listed=False)),
)  # fmt: skip


def problem(error: GatewayError, correlation: str | None) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the problem details that say what *error* says; *correlation* is the caller's own id."""
    told = next(known for kind, known in PROBLEMS if isinstance(error, kind))
    body: dict[str, Any] = {
        "detail": told.detail or error.outward,
        "type": PREFIX + told.suffix,
        "title": told.title,
        "status": error.status,
        "correlationId": correlation,
    }
    if isinstance(error, InvalidBody) and error.places:
        body["validationErrors"] = _places(error.places)
    elif isinstance(error, InvalidValue):
        body["validationErrors"] = _places({error.parameter: [error.outward]})
    elif told.listed:
        body["errors"] = [error.outward]
        if told.detail == INVALID:  # of the body as a whole: there are no places to see
            body["detail"] = UNASSIGNED
    return error.status, {name: value for name, value in body.items() if value is not None}


def _places(places: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {path if path.startswith("$") else f"$.{path}": messages for path, messages in places.items()}
