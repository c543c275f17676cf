"""The token endpoints (OAuth 2.0): a client authenticates and receives a short-lived access token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Blueprint, Response, json, request

from gateway.auth import tokens
from gateway.auth.client_secrets import meant, proves
from gateway.auth.scopes import EDFI, admin_roles, administers, known_scopes, mixes_transfers, transfer_scopes
from gateway.auth.token_request import TokenRefusal, TokenRequest, read_token_request
from gateway.storage.registry import CLIENT_ID, ENABLED
from gateway.telemetry import about
from gateway.web.responses import CORRELATION, LAST_REFUSALS, base_url, correlation, note_refusal
from gateway.web.url_prefixes import PREFIXES
from standards.errors import NotFound, StoreUnavailable, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.audit.last_refusals import LastRefusals
    from gateway.auth.rate_limits import RateLimits
    from gateway.config.settings import Settings
    from gateway.storage.registry import Client, Store
    from gateway.storage.shared_memory import Memory
    from policies.compiler import Grants

METHOD = "client_secret"
# Said only to a client that has proved itself. RFC 6749, 5.2: `invalid_client` says that authentication failed, which
# it has not; `unauthorized_client` says that an authenticated client may not have a token in this way.
UNKNOWN_PURPOSE = "No agreement in force gives this client anything for that purpose."
MISDIRECTED = "An agreement names this client, and another organisation as its recipient: ask the region's operator."
# Ed-Fi's own token endpoint takes the number of an education organization as the scope. Here an agreement says which
# organizations a client sees; the number asks for the operations of Ed-Fi, and the answer says which were given.
MIXED = "The client has scopes of data and of administration, and can have a token for neither: ask the operator."
MIXED_TRANSFERS = "The client has scopes of transfers and others, and can have a token for neither: ask the operator."
PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
ORGANIZATION = re.compile(r"[0-9]{1,19}")
TOO_MANY = "urn:ed-fi:api:security:authentication:too-many-tokens"


def blueprint(
    store: Store,
    memory: Memory,
    clock: Callable[[], datetime],
    settings: Settings,
    limits: RateLimits,
    grants: Grants,
    last_refusals: LastRefusals,
) -> Blueprint:
    """Build the token, revocation and introspection endpoints, and the metadata document that describes them."""
    server = TokenServer(store, memory, clock, settings, limits, grants)
    oauth = Blueprint("oauth", __name__)
    oauth.before_request(lambda: request.environ.update({LAST_REFUSALS: last_refusals}))

    def issue(district: str | None = None) -> Response:
        """Issue a token to a client that authenticates; it is the same under every district's name."""
        _known(settings, district)
        return server.answer(server.create_token_response)

    def revoke(district: str | None = None) -> Response:
        """Revoke one of the client's tokens."""
        _known(settings, district)
        return server.answer(lambda asked: server.create_endpoint_response("revocation", asked))

    def introspect(district: str | None = None) -> Response:
        """Introspect one of the client's tokens."""
        _known(settings, district)
        return server.answer(lambda asked: server.create_endpoint_response("introspection", asked))

    for prefix in PREFIXES:
        for name, endpoint in (("token", issue), ("revoke", revoke), ("introspect", introspect)):
            oauth.add_url_rule(f"{prefix}/oauth/{name}", f"{endpoint.__name__}{prefix}", endpoint, methods=("POST",))

    @oauth.get("/.well-known/oauth-authorization-server")
    def describe() -> Response:
        """Describe the endpoints and what they support."""
        return server.handle_response(200, _metadata(settings.server.public_url or base_url()), ())

    return oauth


def _known(settings: Settings, district: str | None) -> None:
    if district is not None and district not in settings.districts:
        raise NotFound("There is no such address.")


@dataclass(frozen=True, slots=True)
class RegisteredClient(ClientMixin):  # type: ignore[misc]
    """A client in the shape that Authlib expects."""

    client: Client

    def get_client_id(self) -> str:
        """Return the client's id."""
        return self.client.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what of the requested *scope* the client may have; an empty request means everything it may have."""
        asked = (scope or "").split()
        if asked and all(map(ORGANIZATION.fullmatch, asked)):
            asked = list(EDFI)
        allowed = [name for name in dict.fromkeys(self.client.scopes) if name in asked or not asked]
        if not allowed:
            raise TokenRefusal("invalid_scope", "The client may have none of the scopes it asks for.")
        return " ".join(allowed)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 -- Authlib's signature
        """Accept the client's secret at every endpoint."""
        return method == METHOD

    def check_grant_type(self, grant_type: str) -> bool:
        """Accept client credentials only: clients act for themselves, never for a person."""
        return grant_type == "client_credentials"


@dataclass(frozen=True, slots=True)
class LivingToken:
    """A valid token in the shape that Authlib expects."""

    text: str
    token: tokens.Token

    def is_expired(self) -> bool:
        """Return false: an expired token is not found at all."""
        return False

    def is_revoked(self) -> bool:
        """Return false: a revoked token is not found at all."""
        return False


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server on the gateway's registry and shared memory."""

    def __init__(
        self,
        store: Store,
        memory: Memory,
        clock: Callable[[], datetime],
        settings: Settings,
        limits: RateLimits,
        grants: Grants,
    ) -> None:
        super().__init__()
        self.grants = grants
        self.store, self.memory, self.clock = store, memory, clock
        self.tokens, self.limits = settings.tokens, limits
        self.register_grant(_Grant)
        self.register_endpoint(_Revocation(self))
        self.register_endpoint(_Introspection(self))
        self.register_client_auth_method(METHOD, lambda _query, asked: self.prove(asked))
        self.register_token_generator("default", self.make)

    def answer(self, endpoint: Callable[[TokenRequest], Response]) -> Response:
        """Answer the present request by *endpoint*, or by its OAuth error."""
        try:
            return endpoint(read_token_request(request))
        except OAuth2Error as error:
            return self.handle_response(*error())
        except TooManyRequests as error:
            refusal = TokenRefusal("temporarily_unavailable", error.message, 429, error.retry_after)
            return self.handle_response(*refusal())
        except StoreUnavailable:
            refusal = TokenRefusal("temporarily_unavailable", "Tokens cannot be handled now.", 503, 5)
            return self.handle_response(*refusal())

    def prove(self, asked: TokenRequest) -> RegisteredClient:
        """Authenticate the client by its secret; every failure looks and lasts the same, whoever is named."""
        self.limits.check_failures(asked.claimed, asked.address)
        crowded = self.limits.crowded(asked.address)
        found = self.store.find_client(asked.claimed) if CLIENT_ID.fullmatch(asked.claimed) else None
        client = found if found and found.status == ENABLED else None
        hopeless = crowded and meant(asked.secret, client, self.clock()) is None
        if hopeless or not proves(asked.secret, client, self.clock()) or client is None:
            if not hopeless:
                self.limits.count_failure(asked.claimed, asked.address)
            raise TokenRefusal("invalid_client", "The client is unknown or its secret is wrong.", 401)
        about(client=client.client_id)
        return RegisteredClient(client)

    def make(self, client: RegisteredClient, scope: str | None, **_: Any) -> dict[str, Any]:
        """Make a token for the scopes the client may have of those it requests."""
        known = client.client
        if administers(known.scopes) and not admin_roles(known.scopes):
            raise TokenRefusal("unauthorized_client", MIXED)
        if mixes_transfers(known.scopes):
            raise TokenRefusal("unauthorized_client", MIXED_TRANSFERS)
        if any(one.org != known.org for one in self.grants.active(known.client_id)):
            raise TokenRefusal("unauthorized_client", MISDIRECTED)
        life = int(self.tokens.life.total_seconds())
        allowed = client.get_allowed_scope(scope)
        return {"access_token": tokens.new_token(), "token_type": "bearer", "expires_in": life, "scope": allowed}

    def save_token(self, token: dict[str, Any], request: TokenRequest) -> None:
        """Store a token, which is valid from now on."""
        client = request.client.client
        scopes, purpose = tuple(token["scope"].split()), self._purpose(request, client)
        try:
            tokens.keep(self.memory, token["access_token"], client, scopes, self.clock(), self.tokens, purpose)
        except TooManyRequests as error:
            problem = {"type": TOO_MANY, "title": "Too Many Tokens", "status": 429, "detail": error.message}
            message = "The client has too many living tokens."
            raise TokenRefusal("temporarily_unavailable", message, 429, error.retry_after, problem) from None
        token |= {"purpose": purpose} if purpose else {}
        self.store.touch_client(client.client_id)

    def _purpose(self, request: TokenRequest, client: Client) -> str:
        """Return the purpose that the token is asked for, one of those of the client's agreements; empty for none."""
        purpose = request.form.get("purpose", "")
        if purpose and not PURPOSE.fullmatch(purpose):
            raise TokenRefusal("invalid_request", "The parameter purpose is no name of a purpose.")
        if purpose and purpose not in self.grants.purposes(client.client_id):
            raise TokenRefusal("invalid_scope", UNKNOWN_PURPOSE)
        return purpose

    def find_token(self, text: str, client: RegisteredClient) -> LivingToken | None:
        """Find one of *client*'s own valid tokens; those of others do not exist for it."""
        found = tokens.find(self.memory, text, self.clock())
        own = found is not None and (found.client, found.epoch) == (client.client.client_id, client.client.epoch)
        return LivingToken(text, found) if found and own else None

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        """Return the request as it is; it was parsed strictly already."""
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        """Build a response that no cache may store."""
        response = Response(json.dumps(body or {}), status, dict(headers), mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        if status >= 400:  # noqa: PLR2004  the errors
            code = str((body or {}).get("error", "-"))
            about(code=code)
            note_refusal(status, code)
            response.headers[CORRELATION] = correlation()
        return response

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: no signal has a receiver."""


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = (METHOD,)

    def authenticate_token(self, request: TokenRequest, client: RegisteredClient) -> LivingToken | None:
        self.check_params(request, client)
        found: LivingToken | None = self.server.find_token(request.form["token"], client)
        return found

    def revoke_token(self, token: LivingToken, request: TokenRequest) -> None:  # noqa: ARG002 -- Authlib's signature
        tokens.revoke(self.server.memory, token.text, token.token)


class _Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = (METHOD,)

    def authenticate_token(self, request: TokenRequest, client: RegisteredClient) -> LivingToken | None:
        self.check_params(request, client)
        found: LivingToken | None = self.server.find_token(request.form["token"], client)
        return found

    def introspect_token(self, token: LivingToken) -> dict[str, Any]:
        known = token.token
        return {
            "active": True,
            "client_id": known.client,
            "token_type": "bearer",
            "scope": " ".join(known.scopes),
            "iat": known.issued,
            "exp": known.expires,
        } | ({"purpose": known.purpose} if known.purpose else {})


def _metadata(base: str) -> dict[str, Any]:
    """Build the metadata of RFC 8414 for a server without an authorization endpoint."""
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": base,
        "token_endpoint": f"{base}/oauth/token",
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": f"{base}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": f"{base}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": methods,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": sorted(known_scopes() | transfer_scopes()),
    }
