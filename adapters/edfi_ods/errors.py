"""Errors of an Ed-Fi ODS/API in both dialects, mapped to the gateway's own without repeating anybody's values.

Since 7.2 an error is a problem document whose ``type`` comes from a closed vocabulary; before, it was a ``message`` in
prose, which may quote what was sent. Only the types are repeated; in the prose only known phrases are recognized.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adapters.transport.http import refuse
from standards.errors import (
    ConcurrentChange,
    Conflict,
    DependentItemExists,
    InvalidBody,
    KeyChangeUnsupported,
    NonUniqueIdentity,
    NoSuchRecord,
    PreconditionFailed,
    SourceBroken,
    SourceRefused,
    SourceUnavailable,
    UnresolvedReference,
)

if TYPE_CHECKING:
    from adapters.transport.http import SourceResponse

PREFIX: Final = "urn:ed-fi:api:"
OAUTH: Final = frozenset({"invalid_client", "invalid_request", "invalid_scope", "unsupported_grant_type"})
PLACE: Final = re.compile(r"\$?(\.?[A-Za-z_]\w{0,99}(\[\d{1,6}\])?){1,6}", re.ASCII)
KNOWN: Final = frozenset(
    {
        "bad-request", "bad-request:data-validation-failed",
        "bad-request:data-validation-failed:key-change-not-supported", "bad-request:parameter-validation-failed",
        "bad-request:data-policy-enforced", "profile:invalid-profile-usage", "profile:method-usage",
        "security:authentication", "security:authentication:too-many-tokens", "security:authorization",
        "security:authorization:access-denied:resource", "security:authorization:access-denied:action",
        "security:authorization:namespace:access-denied:namespace-mismatch",
        "security:authorization:namespace:access-denied:namespace-required",
        "security:authorization:namespace:invalid-client:no-namespaces",
        "security:authorization:ownership:access-denied:ownership-mismatch",
        "security:authorization:relationships:access-denied:element-required", "security:data-policy:incorrect-usage",
        "not-found", "method-not-allowed", "snapshots:method-not-allowed", "data-conflict",
        "data-conflict:unresolved-reference", "data-conflict:dependent-item-exists",
        "data-conflict:non-unique-identity", "data-conflict:non-unique-values", "data-conflict:multi-user-conflict",
        "optimistic-lock-failed", "unsupported-media-type", "system", "system:configuration",
        "system:configuration:security", "system:configuration:feature-disabled", "system:database-connection",
    }
)  # fmt: skip
CONFLICTS: Final = {
    "unresolved-reference": "The district's system knows no record that the document refers to.",
    "dependent-item-exists": "The district's system has records that depend on this one.",
    "non-unique-identity": "The district's system has another record with this key.",
    "non-unique-values": "The district's system has another record with values that only one may have.",
    "multi-user-conflict": "The record was changed in the district's system at the same time.",
}
PHRASES: Final = (
    ("could not be resolved", "unresolved-reference"),
    ("does not exist", "unresolved-reference"),
    ("depend", "dependent-item-exists"),
    ("in use by", "dependent-item-exists"),
    ("is referenced", "dependent-item-exists"),
    ("duplicate", "non-unique-identity"),
    ("same identifying", "non-unique-identity"),
    ("modified by another", "multi-user-conflict"),
)
BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, CHANGED = 400, 403, 404, 409, 412


class CollectionDenied(SourceRefused):
    """The ODS does not show a collection to the gateway, or has no such collection."""


def kind(answer: SourceResponse) -> str:
    """Return the known problem type (without its prefix) or OAuth error of an answer; empty where it has none."""
    body = _body(answer)
    found = body.get("type")
    if isinstance(found, str) and found.removeprefix(PREFIX) in KNOWN:
        return found.removeprefix(PREFIX)
    error = body.get("error")
    return error if isinstance(error, str) and error in OAUTH else ""


def refuse_reading(answer: SourceResponse, *, snapshot: bool = False) -> None:
    """Raise the error that an *answer* to a reading request is, if it is one.

    Raises:
        Denied: the collection is not there for the gateway.
        SourceRefused: the ODS refuses.
        SourceUnavailable: a later request may succeed.
    """
    if snapshot and answer.status == NOT_FOUND and "snapshot" in _prose(answer):
        raise SourceUnavailable("the source has no snapshot.", retry_after=300, place=answer.place)
    if answer.status in {FORBIDDEN, NOT_FOUND}:
        said = kind(answer)
        raise CollectionDenied(f"the source answers {answer.status}{f' ({said})' if said else ''}.", answer.place)
    refuse(answer, kind(answer))


def refuse_writing(answer: SourceResponse) -> None:
    """Raise the error that an *answer* to a change is, if it is one, naming what was at fault in our own words.

    Raises:
        InvalidBody: the document is not as the ODS wants it.
        NoSuchRecord: there is no such record.
        Conflict: other records, or their absence, stand against it.
        PreconditionFailed: the record has changed meanwhile.
        SourceRefused: the gateway is not allowed to.
        SourceUnavailable: it may be possible later.
    """
    match answer.status:
        case status if status == BAD_REQUEST:
            _refuse_body(answer)
        case status if status == NOT_FOUND:
            raise NoSuchRecord("The district's system has no such record.")
        case status if status == CONFLICT:
            said = _conflict(answer)
            _refuse_named(said)
            raise Conflict(CONFLICTS.get(said, "The district's system says that others stand against it."))
        case status if status == CHANGED:
            raise PreconditionFailed("The record has changed in the district's system since it was read.")
        case status if status == FORBIDDEN:
            said = kind(answer)
            raise SourceRefused(
                f"The district's system does not let the gateway do this{f' ({said})' if said else ''}."
            )
    refuse(answer, kind(answer))


def _refuse_named(said: str) -> None:
    """Raise the error class that a kind of conflict has for itself, if it has one."""
    if said == "unresolved-reference":
        raise UnresolvedReference
    kinds = {
        "dependent-item-exists": DependentItemExists,
        "non-unique-identity": NonUniqueIdentity,
        "multi-user-conflict": ConcurrentChange,
    }
    if said in kinds:
        raise kinds[said](CONFLICTS[said])


def _refuse_body(answer: SourceResponse) -> None:
    said = kind(answer)
    if said.endswith("key-change-not-supported"):
        raise KeyChangeUnsupported("The district's system does not let the key of this record change.")
    found = _body(answer).get("validationErrors")
    places = [place for place in found if PLACE.fullmatch(place)] if isinstance(found, dict) else []
    told = {place: ["The district's system does not accept this."] for place in places[:50]}
    raise InvalidBody("The district's system does not accept the document.", told)


def _conflict(answer: SourceResponse) -> str:
    said = kind(answer).rpartition(":")[2]
    if said in CONFLICTS:
        return said
    prose = _prose(answer)
    return next((word for phrase, word in PHRASES if phrase in prose), "")


def _prose(answer: SourceResponse) -> str:
    """Return the prose of an error, to look for known phrases in; it is never repeated."""
    body = _body(answer)
    return " ".join(text for name in ("detail", "message") if isinstance(text := body.get(name), str)).casefold()


def _body(answer: SourceResponse) -> dict[str, Any]:
    try:
        body = answer.json()
    except SourceBroken:
        return {}
    return body if isinstance(body, dict) else {}
