"""OpenID Connect: people go to a provider and come back with a code (PKCE, nonce, state); it tells who they are."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.transport.http import Bounds, Http
from gateway.people.challenges import TTL_SECONDS
from gateway.people.joining import Identity
from gateway.people.persons import normal_mail
from standards.errors import CallerError, SourceError, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.config.sign_in import OpenIdProvider
    from gateway.people.challenges import Challenges

ALGORITHMS: Final = ("RS256", "ES256")
SCOPE: Final = "openid email profile"
PURPOSE: Final = "openid"
AGAIN: Final = "prove"
"""The purpose for which the provider must ask the person anew."""

BOUNDS: Final = Bounds(deadline=10.0, answer=5.0, connect=3.0, read=5.0, body=1 << 20, attempts=1)
LEEWAY_SECONDS: Final = 60
TOKEN_BYTES: Final = 32
MAX_SUBJECT_CHARACTERS: Final = 255
REFUSED: Final = "The sign-in at the provider was not accepted. Begin again."
UNREACHABLE: Final = "The provider cannot be reached now, or does not answer as OpenID Connect asks."


@dataclass(frozen=True, slots=True)
class _Metadata:
    """The addresses of a provider."""

    authorization: str
    token: str
    keys: str
    names_itself: bool
    only_basic: bool


class OpenId:
    """The exchange with OpenID providers."""

    def __init__(self, challenges: Challenges, clock: Callable[[], datetime]) -> None:
        self._challenges, self._clock = challenges, clock

    def begin(self, provider: OpenIdProvider, browser: str, back: str, purpose: Mapping[str, str]) -> str:
        """Return the address at the *provider* to send a browser to; it comes *back* for that *purpose*.

        Raises:
            CallerError: the provider cannot be reached.
        """
        with _ProviderConnection(provider) as connection:
            metadata = connection.metadata()
        state, nonce, verifier = (secrets.token_urlsafe(TOKEN_BYTES) for _ in range(3))
        kept = {"provider": provider.name, "state": state, "nonce": nonce, "verifier": verifier, "back": back}
        self._challenges.put(PURPOSE, browser, kept | {"purpose": dict(purpose)})
        again = {"prompt": "login", "max_age": "0"} if purpose.get("for") == AGAIN else {}
        return str(
            prepare_grant_uri(
                metadata.authorization, provider.client_id, "code", redirect_uri=back, scope=SCOPE, state=state,
                nonce=nonce, code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256",
                **again,
            )
        )  # fmt: skip

    def finish(
        self, provider: OpenIdProvider, browser: str, answer: Mapping[str, str]
    ) -> tuple[Identity, dict[str, str]]:
        """Return who came back from the *provider* by its *answer*, and what for; each beginning is answered once.

        Raises:
            Unauthenticated: the answer is not one to what this browser was sent for, or its token does not hold.
            CallerError: the provider cannot be reached.
        """
        asked = self._challenges.take(PURPOSE, browser)
        if asked is None or asked["provider"] != provider.name or not _same(asked["state"], answer.get("state", "")):
            raise Unauthenticated(REFUSED)
        if not answer.get("code") or "error" in answer:
            raise Unauthenticated(REFUSED)
        with _ProviderConnection(provider) as connection:
            metadata = connection.metadata()
            if answer.get("iss", provider.issuer) != provider.issuer or (metadata.names_itself and "iss" not in answer):
                raise Unauthenticated(REFUSED)  # RFC 9207: another provider's answer
            token = connection.redeem(metadata, answer["code"], asked["back"], asked["verifier"])
            claims = self._claims(provider, connection.keys(metadata), token, asked["nonce"])
        if asked["purpose"].get("for") == AGAIN:
            self._check_time(claims.get("auth_time"))
        return _identity(provider, claims), asked["purpose"]

    def _check_time(self, at: object) -> None:
        """Refuse a proof that the provider took from a session of long ago."""
        if not isinstance(at, int) or self._clock().timestamp() - at > TTL_SECONDS + LEEWAY_SECONDS:
            raise Unauthenticated(REFUSED)

    def _claims(self, provider: OpenIdProvider, keys: KeySet, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is for us alone, for this sign-in, and valid (OIDC Core, 3.1.3.7)."""
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            sub={"essential": True},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            registry.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated(REFUSED) from None
        claims: dict[str, Any] = read.claims
        ours = claims["aud"] in (provider.client_id, [provider.client_id])
        if not ours or claims.get("azp", provider.client_id) != provider.client_id:
            raise Unauthenticated(REFUSED)
        if not _same(nonce, claims.get("nonce")):
            raise Unauthenticated(REFUSED)
        return claims


def allows(provider: OpenIdProvider, mail: str, org: str) -> bool:
    """Tell whether a provider is believed for a verified address, where it is used for an invitation of *org*."""
    if not provider.domains:
        return True
    bound = provider.domains.get(mail.rpartition("@")[2])
    return bound is not None and bound in {"", org}


def _identity(provider: OpenIdProvider, claims: Mapping[str, Any]) -> Identity:
    """Return the identity of claims; its mail is empty where the provider has not verified one."""
    subject, mail = claims["sub"], claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS:
        raise Unauthenticated(REFUSED)
    verified = claims.get("email_verified") is True and isinstance(mail, str)
    try:
        return Identity(provider.issuer, subject, normal_mail(str(mail)) if verified else "")
    except CallerError:
        return Identity(provider.issuer, subject, "")


def _same(known: str, shown: object) -> bool:
    return isinstance(shown, str) and hmac.compare_digest(known.encode(), shown.encode("utf-8", "replace"))


class _ProviderConnection:
    """Requests to one provider, to allowed addresses alone, without redirects, bounded in size and time."""

    def __init__(self, provider: OpenIdProvider) -> None:
        self._provider = provider
        self._http = Http(BOUNDS, allow_private=provider.allow_private)
        self._deadline = self._http.deadline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def metadata(self) -> _Metadata:
        """Read the provider's addresses, from the document that must name it as it is named in the settings."""
        found = self._read(f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            addresses = found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"]
        except KeyError:
            raise CallerError(UNREACHABLE) from None
        if found.get("issuer") != self._provider.issuer or not all(map(self._plausible, addresses)):
            raise CallerError(UNREACHABLE)
        names_itself = found.get("authorization_response_iss_parameter_supported") is True
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Metadata(*addresses, names_itself, "client_secret_post" not in methods)

    def keys(self, metadata: _Metadata) -> KeySet:
        """Read the provider's keys."""
        try:
            return KeySet.import_key_set(self._read(metadata.keys))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError):
            raise CallerError(UNREACHABLE) from None

    def redeem(self, metadata: _Metadata, code: str, back: str, verifier: str) -> str:
        """Redeem a code for an ID token."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if metadata.only_basic:
            named = f"{quote(self._provider.client_id, safe='')}:{quote(self._provider.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(named.encode()).decode()}"
        else:
            fields |= {"client_id": self._provider.client_id, "client_secret": self._provider.client_secret}
        answer = self._ask("POST", metadata.token, headers, urlencode(fields).encode())
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unauthenticated(REFUSED)
        return token

    def _read(self, url: str) -> dict[str, Any]:
        return self._ask("GET", url, {}, None)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        try:
            answer = self._http.send(method, url, "the OpenID provider", self._deadline, headers, body)
            found = answer.json() if answer.status == 200 else None  # noqa: PLR2004
        except SourceError:
            raise CallerError(UNREACHABLE) from None
        if not isinstance(found, dict):
            raise Unauthenticated(REFUSED) if body else CallerError(UNREACHABLE)
        return found

    def _plausible(self, address: object) -> bool:
        """Tell whether an address of the document is one that a browser or a request may be sent to."""
        schemes = ("https://", "http://") if self._provider.allow_private else ("https://",)
        return isinstance(address, str) and address.startswith(schemes)
