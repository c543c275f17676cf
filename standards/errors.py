"""Errors: a small tree ordered by who can mend them, each with a stable code and an HTTP status."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standards.losses import Loss


MIN_SIMILARITY = 0.8  # for a hint at a misspelt name: a slip of a letter or two


class GatewayError(Exception):
    """An error that the gateway answers; *status* is the HTTP status, *code* a stable name for it.

    *told* is the text that a consumer gets. It is empty where the fault is the caller's own: then the consumer gets the
    message, which contains nothing but what the caller sent or may know.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    told: ClassVar[str] = "The gateway failed; nothing was sent."

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def outward(self) -> str:
        """The text of the error for a consumer."""
        return self.told or self.message


class CallerError(GatewayError):
    """The request itself is at fault; sending it again unchanged will not help."""

    status, code, told = 400, "bad-request", ""


class MalformedQuery(CallerError):
    """A query parameter cannot be read; *parameter* names it."""

    code = "malformed-query"

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class InvalidValue(MalformedQuery):
    """A value in the address is none that the member it is for can have; *parameter* names the member."""

    code = "invalid-value"


class UnknownName(CallerError):
    """A request names something that does not exist for this caller; *parameter* says where it was named.

    *known* are names that do exist for it, from which one that was meant is guessed.
    """

    code = "unknown-name"

    def __init__(self, parameter: str, name: str, known: Iterable[str] = ()) -> None:
        super().__init__(
            f"{name[:80]!r} is not a field of this resource{suggestion(name[:80], known, MIN_SIMILARITY)}."
        )
        self.parameter = parameter
        self.name = name


class InvalidBody(CallerError):
    """A request body breaks its schema; *places* maps a JSON path to what is wrong there."""

    code = "invalid-body"

    def __init__(self, message: str, places: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.places = places or {}


class Unauthenticated(CallerError):
    """The request carries no credential, or one that is not valid now."""

    status, code = 401, "unauthenticated"


class Forbidden(CallerError):
    """The caller is known, but its scopes or agreements do not cover the request."""

    status, code = 403, "forbidden"


class ActionForbidden(Forbidden):
    """The caller may do something with what it asks for, but not this."""

    code = "action-forbidden"


class OperationMissing(ActionForbidden):
    """The caller's agreement lacks the operation that the request needs; the message names it."""

    code = "operation-missing"

    def __init__(self, operations: Iterable[str]) -> None:
        named = " or ".join(f"'{name}'" for name in sorted(operations))
        super().__init__(f"The client's agreement lacks the operation {named}, which this request needs.")


class OutsidePopulation(Forbidden):
    """A write would touch, or make, a record that the caller's agreement does not let it see."""

    code = "outside-population"


class PolicyEnforced(CallerError):
    """A new record needs something that the agreement does not release to the caller as it is."""

    code = "data-policy-enforced"


class KeyChangeUnsupported(InvalidBody):
    """A write would give a record another natural key, which this resource does not allow."""

    code = "key-change-not-supported"


class UnsupportedMedia(CallerError):
    """The body is of a media type that is not read here."""

    status, code = 415, "unsupported-media-type"


class UnsupportedProfile(UnsupportedMedia):
    """The body's media type names a profile; there are none."""

    code = "unsupported-profile"


class NotFound(CallerError):
    """The address names nothing this caller can see."""

    status, code = 404, "not-found"


class NoSuchRecord(NotFound):
    """The id in the address is none of a record that this caller can see."""

    code = "record-not-found"


class SnapshotNotFound(NotFound):
    """The caller asks to read a snapshot; there are none."""

    code = "snapshot-not-found"


class MethodNotAllowed(CallerError):
    """The address exists, but not for this HTTP method; *allowed* are those it exists for."""

    status, code = 405, "method-not-allowed"

    def __init__(self, message: str, allowed: Iterable[str] = ("GET",)) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class SnapshotReadOnly(MethodNotAllowed):
    """The caller asks to change a snapshot, which nobody can."""

    code = "snapshot-read-only"


class ProfileMisused(CallerError):
    """The media type asked for names a profile in a way in which none can be used."""

    code = "profile-misused"


class NotAcceptable(CallerError):
    """The answer exists in none of the media types that the caller accepts."""

    status, code = 406, "not-acceptable"


class UnknownProfile(NotAcceptable):
    """The media type asked for names a profile; there are none."""

    code = "unknown-profile"


class Unsupported(CallerError):
    """The operation exists in the standard, but no district's system behind this address can do it."""

    status, code = 501, "unsupported"


class FeatureDisabled(CallerError):
    """The address exists in the standard, and what lies behind it here cannot offer it."""

    status, code = 404, "feature-disabled"


class Conflict(CallerError):
    """The record is not as the caller believes it to be, or others still depend on it."""

    status, code = 409, "conflict"


class UnresolvedReference(Conflict):
    """A record points to what does not exist for the caller; *names* are the kinds of things it points to."""

    code = "unresolved-reference"

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = tuple(dict.fromkeys(names))
        told = (f"The referenced '{name}' item does not exist." for name in self.names)
        super().__init__(" ".join(told) or "A referenced item does not exist.")


class DependentItemExists(Conflict):
    """A record cannot be deleted, or get another key, while others point to it."""

    code = "dependent-item-exists"


class NonUniqueIdentity(Conflict):
    """Another record has the natural key already."""

    code = "non-unique-identity"


class ConcurrentChange(Conflict):
    """Somebody else changed the record at the same moment."""

    code = "multi-user-conflict"


class PreconditionFailed(CallerError):
    """The record has changed since the caller read it (If-Match)."""

    status, code = 412, "precondition-failed"


class WalkInterrupted(CallerError):
    """The records visible to the caller changed while it was paging; it must start again from the first page."""

    status, code = 409, "walk-interrupted"


class RequestTimeout(CallerError):
    """The client takes longer to send its request than it may."""

    status, code = 408, "request-timeout"

    def __init__(self) -> None:
        super().__init__("The request did not arrive whole in time.")


class BodyTooLarge(CallerError):
    """The body is larger than a request's may be; *most* is the limit in bytes."""

    status, code = 413, "body-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(f"The body is larger than {most:,} bytes.")


class TooManyRequests(CallerError):
    """The caller must wait *retry_after* seconds."""

    status, code = 429, "too-many-requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(GatewayError):
    """More requests are in the gateway than it can hold; try again in *retry_after* seconds."""

    status, code = 503, "overloaded"

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__("More requests are waiting than the gateway can hold.")
        self.retry_after = retry_after


class SourceError(GatewayError):
    """A district's system did not deliver what was asked of it; *place* is file:line:column, or resource and field."""

    status, code, told = 502, "source", "The district's system did not give what was asked of it."

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class SourceUnavailable(SourceError):
    """The source cannot be reached now; try again in *retry_after* seconds."""

    status, code, told = 503, "source-unavailable", "The district's system cannot be reached now."

    def __init__(self, message: str, retry_after: int = 30, place: str = "") -> None:
        super().__init__(message, place)
        self.retry_after = retry_after


class LossRefused(SourceUnavailable):
    """The source has lost more rows than may be dropped without an operator's approval; *losses* lists them."""

    code = "loss-refused"

    def __init__(self, losses: Iterable[Loss], retry_after: int = 30) -> None:
        self.losses = tuple(losses)
        told = (f"{one.gone} of {one.held} rows of {one.entity}" for one in self.losses)
        super().__init__(f"a refresh would drop {', '.join(told)}", retry_after)


class SourceTimeout(SourceUnavailable):
    """The source does not answer in time; try again in *retry_after* seconds."""

    status, code, told = 504, "source-timeout", "The district's system does not answer in time."


class OutcomeUnknown(SourceUnavailable):
    """The source did not answer a change: only reading the record again shows whether it was made."""

    status, code = 504, "outcome-unknown"
    told = "The district's system did not answer, so it is not known whether the change was made: read the record."


class SourceRefused(SourceError):
    """The source answered, and refused."""

    code = "source-refused"


class ChangesLost(SourceError):
    """The source no longer knows everything that has changed since; all of it must be read again."""

    code = "source-changes-lost"


class SourceBroken(SourceError):
    """The source's data cannot be understood."""

    code = "source-broken"


class Incomplete(SourceBroken):
    """More of the source cannot be used than may be set aside; *lacks* lists what, and *places* where and why."""

    code = "source-incomplete"

    def __init__(self, lacks: Iterable[Loss], places: Iterable[tuple[str, str]] = ()) -> None:
        self.lacks, self.places = tuple(lacks), tuple(places)
        super().__init__("; ".join(map(str, self.lacks)), self.places[0][0] if self.places else self.lacks[0].entity)


class MappingError(SourceError):
    """A record cannot be expressed in the standard model; names the field and the code set, never the value."""

    code = "mapping"


class SettingsError(GatewayError):
    """A file the operator wrote is wrong; found at start only, and always with its place."""

    code = "settings"

    def __init__(self, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{file}:{line}:{column}: " if file and line else f"{file}: " if file else ""
        super().__init__(place + message)
        self.file, self.line, self.column = file, line, column

    @property
    def place(self) -> str:
        """The place in one word, without the folder."""
        return self.file.replace("\\", "/").rpartition("/")[2] + (f":{self.line}:{self.column}" if self.line else "")


class StoreUnavailable(GatewayError):
    """The registry, the shared memory or the record of disclosures cannot be used; nothing is sent."""

    status, code, told = 503, "store-unavailable", "The gateway cannot answer now; nothing was sent."


def suggestion(name: str, known: Iterable[str], alike: float = 0.6) -> str:
    """Return a hint `` (did you mean x?)`` for a misspelt *name*; empty where none is at least so much *alike*."""
    close = get_close_matches(name, list(known), n=1, cutoff=alike)
    return f" (did you mean {close[0]}?)" if close else ""
