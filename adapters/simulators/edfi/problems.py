"""Refusals of the simulated ODS: as problem details, or as a message where it is an older version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.simulators.wire import EdFiReply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX: Final = "urn:ed-fi:api:"
# Each kind: its status, its title and its detail.
KINDS: Final[Mapping[str, tuple[int, str, str]]] = {
    "bad-request": (400, "Bad Request", "The request construction was invalid."),
    "bad-request:data-validation-failed": (
        400, "Data Validation Failed", "Data validation failed. See 'validationErrors' for details."),
    "bad-request:data-validation-failed:key-change-not-supported": (
        400, "Key Change Not Supported", "The identifying values of this resource cannot be changed."),
    "bad-request:parameter-validation-failed": (
        400, "Parameter Validation Failed", "The request construction was invalid."),
    "security:authentication": (401, "Authentication Failed", "The caller could not be authenticated."),
    "security:authentication:too-many-tokens": (
        429, "Too Many Tokens", "The caller has too many live access tokens."),
    "security:authorization": (403, "Authorization Denied", "Access to the requested data could not be authorized."),
    "security:authorization:access-denied:resource": (
        403, "Authorization Denied", "Access to the resource could not be authorized."),
    "not-found": (404, "Not Found", "The specified data could not be found."),
    "system:configuration:feature-disabled": (404, "Feature Disabled", "The requested feature is disabled."),
    "method-not-allowed": (405, "Method Not Allowed", "The request construction was invalid."),
    "snapshots:method-not-allowed": (405, "Method Not Allowed with Snapshots", "Snapshots are read-only."),
    "data-conflict:unresolved-reference": (
        409, "Unresolved Reference", "A referenced item does not exist."),
    "data-conflict:dependent-item-exists": (
        409, "Dependent Item Exists", "The requested action cannot be performed because this item is referenced."),
    "data-conflict:non-unique-identity": (
        409, "Identifying Values Are Not Unique", "The identifying values are already used by another item."),
    "optimistic-lock-failed": (
        412, "Optimistic Lock Failed", "The item has been modified by another user."),
    "unsupported-media-type": (415, "Unsupported Media Type", "The request construction was invalid."),
    "security:too-many-requests": (429, "Too Many Requests", "Too many requests."),
    "system": (500, "System Error", "An unexpected problem has occurred."),
    "system:bad-gateway": (502, "Bad Gateway", "An unexpected problem has occurred."),
    "system:unavailable": (503, "Service Unavailable", "The service is not available now."),
}  # fmt: skip


class ProblemRefusal(Exception):
    """The system will not do what it was asked."""

    def __init__(
        self,
        kind: str,
        *errors: str,
        places: Mapping[str, Sequence[str]] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(kind)
        self.kind, self.errors, self.places, self.detail = kind, errors, places, detail

    def reply(self, *, older: bool = False, correlation: str = "") -> EdFiReply:
        """Return the refusal as an answer."""
        status, title, detail = KINDS[self.kind]
        said = self.detail or detail
        if older:
            more = [*self.errors, *(f"{path}: {text}" for path, all_ in (self.places or {}).items() for text in all_)]
            return EdFiReply(status, {"message": " ".join([said, *more])})
        body: dict[str, Any] = {"detail": said, "type": PREFIX + self.kind, "title": title, "status": status,
                                "correlationId": correlation or "00000000-0000-0000-0000-000000000000"}  # fmt: skip
        if self.places:
            body["validationErrors"] = {path: list(texts) for path, texts in self.places.items()}
        if self.errors:
            body["errors"] = list(self.errors)
        return EdFiReply(status, body)
