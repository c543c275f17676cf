"""Problem details (RFC 9457): every error of the administration API, and the errors that it alone has."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import request

from gateway import telemetry
from gateway.web.responses import correlation, failure
from standards.errors import BodyTooLarge, CallerError, Forbidden, GatewayError, InvalidBody, MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.exceptions import HTTPException

MEDIA: Final = "application/problem+json"
TYPE: Final = "urn:crossing-guard:problem:"
"""What every type begins with; the code of the error follows."""

MAX_BODY_BYTES: Final = 1 << 18


class PreconditionRequired(CallerError):
    """A write without If-Match would overwrite what somebody else has changed meanwhile (RFC 6585)."""

    status, code = 428, "precondition-required"


class KeyRequired(CallerError):
    """A write comes without an Idempotency-Key, where a write that is done twice would harm."""

    code = "idempotency-key-required"


class KeyReused(CallerError):
    """An Idempotency-Key comes with another request than the one it was first used for."""

    status, code = 422, "idempotency-key-reused"


class KeyInUse(CallerError):
    """The first request with this Idempotency-Key has not been answered, or not whole."""

    status, code = 409, "idempotency-key-in-use"


class TokenMissing(Forbidden):
    """A write in a session of the console comes without the session's own token."""

    code = "csrf-token"


def problem(error: GatewayError) -> Response:
    """Render an error; what is not the caller's to know has its fixed text."""
    body: dict[str, Any] = {
        "type": TYPE + error.code,
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.outward,
        "correlationId": correlation(),
    }
    if isinstance(error, InvalidBody) and error.places:
        body["errors"] = [
            {"pointer": f"#{place}", "detail": text} for place, texts in error.places.items() for text in texts
        ]
    return failure(error, error.status, body, MEDIA)


def http_problem(error: HTTPException) -> Response:
    """Render an error of the framework."""
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(BodyTooLarge(request.max_content_length or MAX_BODY_BYTES))
    if error.code == HTTPStatus.NOT_FOUND:
        return problem(NotFound("There is no such address."))
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        response = problem(MethodNotAllowed("This method is not allowed here."))
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
        return response
    return problem(CallerError("The request cannot be understood."))


def fault(error: Exception) -> Response:
    """Answer a fault of the program: nothing of it is sent, and the log names its kind only."""
    telemetry.fault(error)
    return problem(GatewayError("The gateway failed."))
