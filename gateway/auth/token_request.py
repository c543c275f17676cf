"""Token requests: parsed strictly before any credentials are checked."""

from __future__ import annotations

import base64
import binascii
import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from werkzeug.exceptions import RequestEntityTooLarge

from standards.query_strings import read_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Request

MAX_BODY_BYTES = 16_384
MAX_ARGUMENTS = 200
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
NAMES = frozenset({
    "grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type",
    "token", "token_type_hint", "purpose",
})  # fmt: skip
"""The parameters that are read, in any case; any other is ignored (RFC 6749, 3.2)."""


class TokenRefusal(OAuth2Error):  # type: ignore[misc]
    """A refused token request, with an error of RFC 6749."""

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        retry_after: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error=error, description=description, status_code=status)
        self.retry_after, self.more = retry_after, more or {}

    def get_body(self) -> list[tuple[str, Any]]:
        """Return the members of the body."""
        return [*super().get_body(), *self.more.items()]

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers, among them WWW-Authenticate and Retry-After."""
        headers = [*super().get_headers()]
        if self.status_code == 401:  # noqa: PLR2004 -- HTTP's own number
            headers.append(("WWW-Authenticate", 'Basic realm="token", charset="UTF-8"'))
        if self.retry_after is not None:
            headers.append(("Retry-After", str(self.retry_after)))
        return headers


class TokenRequest(OAuth2Request):  # type: ignore[misc]
    """One request with one client's credentials, each parameter given at most once."""

    def __init__(self, parameters: Mapping[str, str], client_id: str, client_secret: str, address: str) -> None:
        # Authlib would raise an error of its own on plain http; whether that is allowed was settled before.
        super().__init__("POST", "https://checked.invalid/")
        self.payload = BasicOAuth2Payload(parameters)
        self.parameters = parameters
        self.claimed, self.secret, self.address = client_id, client_secret, address

    @property
    def form(self) -> Mapping[str, str]:
        """Return the parameters, form or JSON."""
        return self.parameters


def read_token_request(request: Request) -> TokenRequest:
    """Parse the request, if it can be answered at all."""
    _check_transport(request)
    _check_address(request.query_string)
    parameters = _parameters(request)
    client_id, client_secret = _credentials(request.headers.get("Authorization"), parameters)
    return TokenRequest(parameters, client_id, client_secret, request.remote_addr or "")


def _check_transport(request: Request) -> None:
    if not request.is_secure and not _is_loopback(request.remote_addr or ""):
        raise TokenRefusal("invalid_request", "Use https: a secret was sent in clear and should be replaced.")


def _check_address(query: bytes) -> None:
    """Refuse parameters of a token request in its address, where proxies and logs see them."""
    try:
        given = read_query(query, MAX_ARGUMENTS, encoding="latin-1", errors="replace")
    except ValueError:
        raise TokenRefusal("invalid_request", "The query string cannot be read.") from None
    if any(name.lower() in NAMES for name, _ in given):
        raise TokenRefusal("invalid_request", "Send parameters in the body, never in the address.")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _parameters(request: Request) -> dict[str, str]:
    request.max_content_length = MAX_BODY_BYTES
    try:
        if request.mimetype == JSON:
            return _known(_from_json(request.get_data()))
        if request.mimetype == FORM or not request.content_length:
            return _known(request.form.items(multi=True))
    except RequestEntityTooLarge:
        raise TokenRefusal("invalid_request", "The body is too large.") from None
    raise TokenRefusal("invalid_request", f"Send the body as {FORM} or {JSON}.")


def _known(given: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return the known parameters, by their names in lower case."""
    found: dict[str, str] = {}
    for name, value in given:
        known = name.lower()
        if known not in NAMES or value is None:
            continue
        if known in found:
            raise TokenRefusal("invalid_request", f"The parameter {known} is given twice.")
        if not isinstance(value, str) or not _is_text(value):
            raise TokenRefusal("invalid_request", f"The parameter {known} must be a string.")
        found[known] = value.lower() if known == "grant_type" else value
    return found


def _from_json(body: bytes) -> list[tuple[str, Any]]:
    try:
        read = json.loads(body, object_pairs_hook=_RepeatedMembers)
    except (ValueError, RecursionError):
        raise TokenRefusal("invalid_request", "The body is not JSON.") from None
    if not isinstance(read, _RepeatedMembers):
        raise TokenRefusal("invalid_request", "The body is not a JSON object.")
    return read


class _RepeatedMembers(list[tuple[str, Any]]):
    """The members of a JSON object, repetitions included."""


def _is_text(value: str) -> bool:
    """Tell whether a string can be written as UTF-8: JSON can spell half of a character, which nothing can hash."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _credentials(header: str | None, parameters: Mapping[str, str]) -> tuple[str, str]:
    client_id, client_secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if "client_assertion" in parameters or "client_assertion_type" in parameters:
        raise TokenRefusal("invalid_client", "Authenticate with the client's secret.")
    if header is not None:
        basic_id, basic_secret = _from_basic(header)
        if client_secret or client_id not in ("", basic_id):
            raise TokenRefusal("invalid_client", "Send credentials once: in the header or in the body.")
        return basic_id, basic_secret
    if not client_id and not client_secret:
        raise TokenRefusal("invalid_request", "The request carries no credentials.", 401)
    if not client_id or not client_secret:
        raise TokenRefusal("invalid_request", "The credentials are incomplete.")
    return client_id, client_secret


def _from_basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise TokenRefusal("invalid_client", "Use the Basic scheme, or send credentials in the body.", 401)
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise TokenRefusal("invalid_request", "The Authorization header cannot be read.") from None
    client_id, colon, client_secret = decoded.partition(":")
    if not client_id or not colon or not client_secret:
        raise TokenRefusal("invalid_request", "The credentials are incomplete.")
    return unquote_plus(client_id), unquote_plus(client_secret)
