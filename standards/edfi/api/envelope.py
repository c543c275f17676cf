"""Ed-Fi answers: errors as problem details (RFC 9457), in the words that clients of the standard look for."""

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
class ProblemType:
    """The form of one kind of error: what follows the common prefix of its type, its title and its detail.

    *listed* puts the error's own message among ``errors``; otherwise nothing beyond *detail* is sent. Where there is no
    *detail*, the message itself is the detail.
    """

    suffix: str
    title: str
    detail: str
    listed: bool = True


# In the order in which they are tried: the first class that matches decides the error's form.
PROBLEMS: tuple[tuple[type[GatewayError], ProblemType], ...] = (
    (UnknownName, ProblemType("bad-request:parameter-validation-failed", "Parameter Validation Failed",
                          "The request construction was invalid.")),
    (InvalidValue, ProblemType("bad-request:data-validation-failed", "Data Validation Failed", INVALID)),
    (MalformedQuery, ProblemType("bad-request:parameter-validation-failed", "Parameter Validation Failed",
                             "The request construction was invalid.")),
    (KeyChangeUnsupported, ProblemType("bad-request:data-validation-failed:key-change-not-supported",
                                   "Key Change Not Supported", "", listed=False)),
    (InvalidBody, ProblemType("bad-request:data-validation-failed", "Data Validation Failed", INVALID)),
    (PolicyEnforced, ProblemType("bad-request:data-policy-enforced", "Data Policy Enforced",
                             "The data cannot be saved because a data policy has been applied to the request.")),
    (UnsupportedProfile, ProblemType("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (UnsupportedMedia, ProblemType("unsupported-media-type", "Unsupported Media Type",
                               "The request construction was invalid.")),
    (Unauthenticated, ProblemType("security:authentication", "Authentication Failed",
                              "The caller could not be authenticated.")),
    (ActionForbidden, ProblemType("security:authorization:access-denied:action", "Authorization Denied",
                              "Access to the requested data could not be authorized. You do not have permissions to"
                              " perform the requested operation on the data.")),
    (OutsidePopulation, ProblemType("security:authorization", "Authorization Denied",
                                "Access to the requested data could not be authorized.")),
    (Forbidden, ProblemType("security:authorization:access-denied:resource", "Authorization Denied",
                        "Access to the requested data could not be authorized.")),
    (SnapshotNotFound, ProblemType("not-found", "Not Found", "Snapshot not found.")),
    (SnapshotReadOnly, ProblemType("snapshots:method-not-allowed", "Method Not Allowed with Snapshots",
                               "An attempt was made to modify data in a Snapshot, but this data is read-only.",
                               listed=False)),
    (UnknownProfile, ProblemType("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (ProfileMisused, ProblemType("profile:invalid-profile-usage", "Invalid Profile Usage", PROFILE)),
    (NotAcceptable, ProblemType("not-acceptable", "Not Acceptable",
                            "The answer exists in none of the media types that are accepted.")),
    (FeatureDisabled, ProblemType("system:configuration:feature-disabled", "Feature Disabled",
                              "The requested feature is not available for this resource.")),
    (NoSuchRecord, ProblemType("not-found", "Not Found", "The specified item could not be found.", listed=False)),
    (NotFound, ProblemType("not-found", "Not Found", "The specified data could not be found.", listed=False)),
    (MethodNotAllowed, ProblemType("method-not-allowed", "Method Not Allowed",
                               "The request construction was invalid.")),
    (Unsupported, ProblemType("method-not-allowed", "Not Supported",
                          "No district's system here can do this.", listed=False)),
    (PreconditionFailed, ProblemType("optimistic-lock-failed", "Optimistic Lock Failed",
                                 "The item has been modified by another user.")),
    (UnresolvedReference, ProblemType("data-conflict:unresolved-reference", "Unresolved Reference", "", listed=False)),
    (DependentItemExists, ProblemType("data-conflict:dependent-item-exists", "Dependent Item Exists",
                                  "The requested action cannot be performed because this item is referenced "
                                  "by another item.", listed=False)),
    (NonUniqueIdentity, ProblemType("data-conflict:non-unique-identity", "Identifying Values Are Not Unique",
                                "The identifying value(s) of the item are the same as another item that already "
                                "exists.", listed=False)),
    (ConcurrentChange, ProblemType("data-conflict:multi-user-conflict", "Multi-User Conflict",
                               "The item has been modified by another user.", listed=False)),
    (Conflict, ProblemType("data-conflict", "Data Conflict", "The request conflicts with other data.")),
    (WalkInterrupted, ProblemType("data-conflict:multi-user-conflict", "Walk Interrupted",
                              "What may be seen has changed since the first page.")),
    (TooManyRequests, ProblemType("security:too-many-requests", "Too Many Requests",
                              "More was asked than the caller may ask at a time.")),
    (CallerError, ProblemType("bad-request", "Bad Request", UNPROCESSED)),
    (OutcomeUnknown, ProblemType("system:upstream-timeout:outcome-unknown", "Outcome Unknown",
                             "The district's system did not answer. Whether the change was made is not known: read the"
                             " item before you try again.", listed=False)),
    (SourceTimeout, ProblemType("system:upstream-timeout", "Source Timeout",
                            "The district's system does not answer in time.", listed=False)),
    (SourceUnavailable, ProblemType("system:upstream-unavailable", "Source Unavailable",
                                "The district's system cannot be reached now.", listed=False)),
    (SourceError, ProblemType("system:upstream-failed", "Source Failed",
                          "The district's system did not give what was asked of it.", listed=False)),
    (Overloaded, ProblemType("system:overloaded", "System Overloaded",
                         "The gateway has too much to do now. Try again after a while.", listed=False)),
    (StoreUnavailable, ProblemType("system:database-connection", "System Unavailable", INTERNAL, listed=False)),
    (GatewayError, ProblemType("system", "System Error", INTERNAL, listed=False)),
)  # fmt: skip


def problem(error: GatewayError, correlation: str | None) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the problem details of *error*; *correlation* is the caller's own id."""
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
