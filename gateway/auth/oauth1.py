"""OAuth 1.0a without tokens (RFC 5849), for OneRoster 1.1 only: a signature authenticates a client, or nobody."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from adapters.transport.oauth1 import ALGORITHMS, VERSION, signature
from gateway.auth.callers import Caller, SignedRequest
from gateway.auth.oauth1_secrets import new_shared_secret, open_shared_secret
from gateway.auth.scopes import ONEROSTER_1_1, about_transfers, administers
from gateway.request_slots import once
from gateway.storage.registry import CLIENT_ID, ENABLED
from standards.errors import Unauthenticated
from standards.query_strings import read_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.auth.rate_limits import RateLimits
    from gateway.storage.registry import Client, Store
    from gateway.storage.shared_memory import Memory

WINDOW_SECONDS = 300
NONCE_TTL_SECONDS = 2 * WINDOW_SECONDS + 1
USE_NOTED_EVERY = timedelta(hours=1)
MAX_HEADER_CHARACTERS = 4096
MAX_PARAMETERS = 200

_ADDRESS = re.compile(r"(?:/[^/]+)?/ims/oneroster/v1p1/.*", re.DOTALL)
_SCHEME = re.compile(r"\s*oauth(?:\s+|$)", re.IGNORECASE)
_PARAMETER = re.compile(r'\s*([a-z_]+)\s*=\s*"((?:[^"%\\]|%[0-9A-Fa-f]{2})*)"\s*(?:,|$)')
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_REQUIRED = frozenset(
    ("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp")
)
_KNOWN = _REQUIRED | {"oauth_token", "oauth_version", "realm"}
_UNSIGNED = ("oauth_signature", "realm")
_PATH_CHARACTERS = "/!$&'()*+,;=:@"
_NOBODY = ""


def accepts(path: str, authorization: str | None) -> bool:
    """Tell whether a request that authenticates so, at this address, is one to verify here."""
    return bool(_ADDRESS.fullmatch(path) and authorization and _SCHEME.match(authorization))


class Verifier:
    """Verifies signatures of clients; it caches no result, so a revoked client is refused at once."""

    def __init__(
        self, store: Store, memory: Memory, limits: RateLimits, key: bytes, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._memory, self._limits, self._key, self._clock = store, memory, limits, key, clock
        _, self._nobody = new_shared_secret(key, _NOBODY, datetime.max.replace(tzinfo=UTC))

    def verify(self, asked: SignedRequest) -> Caller:
        """Return the caller who signed the request, just now and for the first time.

        Raises:
            Unauthenticated: the header is not one of OAuth 1.0a, or its signature is wrong.
            TooManyRequests: too many requests of this client from this address failed.
        """
        given = _header(asked.authorization)
        now = self._clock()
        if abs(now.timestamp() - int(given["oauth_timestamp"])) > WINDOW_SECONDS:
            raise Unauthenticated(f"The timestamp is more than {WINDOW_SECONDS} seconds away from the gateway's time.")
        signatures = _signed_text(asked, given)
        name = given["oauth_consumer_key"]
        self._limits.check_failures(name, asked.address)
        client, secret = self._find(name, now)
        if not _matches(given["oauth_signature"], signatures(secret)) or client is None:
            if not self._limits.crowded(asked.address):
                self._limits.count_failure(name, asked.address)
            raise Unauthenticated("The consumer key is unknown, or the signature is wrong.")
        self._spend(given)
        if client.last_used is None or now - client.last_used >= USE_NOTED_EVERY:
            self._store.touch_client(client.client_id)
        scopes = frozenset(scope for scope in client.scopes if scope.startswith(ONEROSTER_1_1))
        return Caller(client.client_id, client.org, scopes, client.epoch)

    def _find(self, name: str, now: datetime) -> tuple[Client | None, str]:
        """Find the client with its secret, or nobody with a secret that nobody knows: both take as long."""
        found = self._store.find_client(name) if CLIENT_ID.fullmatch(name) else None
        served = found and found.status == ENABLED and not (administers(found.scopes) or about_transfers(found.scopes))
        if found and served and found.oauth1 and now < found.oauth1.not_after:
            secret = open_shared_secret(self._key, found.client_id, found.oauth1)
            if secret is not None:
                return found, secret
        return None, open_shared_secret(self._key, _NOBODY, self._nobody) or _NOBODY

    def _spend(self, given: dict[str, str]) -> None:
        """Use up the nonce; it is remembered for as long as its timestamp is accepted."""
        words = (given["oauth_consumer_key"], given["oauth_timestamp"], given["oauth_nonce"])
        name = sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()
        if not once(name, lambda: self._memory.put_if_absent(f"oauth1:{name}", b"", NONCE_TTL_SECONDS)):
            raise Unauthenticated("The nonce was used before.")


def _header(authorization: str) -> dict[str, str]:
    """Parse the parameters of the header, each known, and given once."""
    scheme = _SCHEME.match(authorization)
    place = scheme.end() if scheme else 0
    given: dict[str, str] = {}
    while place < len(authorization) <= MAX_HEADER_CHARACTERS:
        found = _PARAMETER.match(authorization, place)
        if not found or found[1] not in _KNOWN or found[1] in given:
            raise Unauthenticated("The OAuth header cannot be read, or has a parameter twice or too many.")
        given[found[1]] = _decoded(found[2])
        place = found.end()
    if any(not given.get(name) for name in _REQUIRED):
        raise Unauthenticated(f"The OAuth header needs {', '.join(sorted(_REQUIRED))}.")
    _check(given)
    return given


def _check(given: dict[str, str]) -> None:
    """Refuse methods and versions that this gateway does not support."""
    if given.get("oauth_token"):
        raise Unauthenticated("There are no OAuth 1.0a tokens here: sign with the consumer's secret alone.")
    if given.get("oauth_version", VERSION) != VERSION:
        raise Unauthenticated(f"The OAuth version must be {VERSION}.")
    if given["oauth_signature_method"] not in ALGORITHMS:
        raise Unauthenticated(f"The signature method must be one of {', '.join(ALGORITHMS)}.")
    if not _TIMESTAMP.fullmatch(given["oauth_timestamp"]):
        raise Unauthenticated("The timestamp must be a number of seconds.")


def _decoded(value: str) -> str:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Unauthenticated("The OAuth header is not UTF-8.") from None


def _signed_text(asked: SignedRequest, given: dict[str, str]) -> Callable[[str], list[str]]:
    """Return the function from a secret to the signatures that would be right.

    The server has decoded the path; a client may have encoded more of it than it had to, and signed it so.
    """
    try:
        pairs = read_query(asked.query, MAX_PARAMETERS, encoding="utf-8")
    except ValueError:
        raise Unauthenticated("The query cannot be read, so its signature cannot be checked.") from None
    if any(name.startswith("oauth_") for name, _ in pairs):
        raise Unauthenticated("Send the parameters of OAuth in the Authorization header only.")
    pairs += [(name, value) for name, value in given.items() if name not in _UNSIGNED]
    addresses = dict.fromkeys(asked.root + quote(asked.path, safe=safe) for safe in (_PATH_CHARACTERS, "/"))

    def signatures(secret: str) -> list[str]:
        try:
            algorithm = given["oauth_signature_method"]
            return [signature(asked.method, address, pairs, secret, algorithm) for address in addresses]
        except ValueError:
            raise Unauthenticated("The address cannot be read, so its signature cannot be checked.") from None

    return signatures


def _matches(given: str, expected: list[str]) -> bool:
    """Tell whether *given* is one of the signatures; the time taken does not tell how much of it is right."""
    sent = given.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(sent, one.encode()) for one in expected)
