"""The client of a gateway's transfers: what the agents in a district's house ask of it."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson
from joserfc import jwt

from adapters.transport.credentials import FORM, Granted
from adapters.transport.http import Bounds, Http
from gateway.receiving.errors import GatewayRefused, GatewayUnreachable
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joserfc.jwk import ECKey

    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Deadline, SourceResponse
    from gateway.receiving.settings import HouseSettings

SCOPE: Final = "transfer:receive"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 120
LIFE_SECONDS: Final = 240
MAX_ANSWER_BYTES: Final = 96 << 20
REASON: Final = re.compile(r"[a-z][a-z0-9-]{0,59}")
PROBLEM: Final = "urn:crossing-guard:problem:"
"""What the type of every problem begins with; its code follows."""

PASSING: Final = frozenset({"idempotency-key-in-use", "multi-user-conflict"})
"""The codes of refusals that are over as soon as somebody else is done."""

CLOCK: Final = "the clock of this machine is {} minutes from the gateway's. Set it; then it is tried again."
UNAUTHORIZED, BUSY, ERRORS = 401, 429, 500
JSON: Final = {"Content-Type": "application/json"}


class TransferClient:
    """The client of the gateway that *settings* name; it sends nothing but ids, figures, words and signatures."""

    def __init__(self, settings: HouseSettings) -> None:
        told = settings.gateway
        self._url: str = told["url"].rstrip("/")
        ca_file = str(settings.file.parent / told["ca_file"]) if told["ca_file"] else ""
        self._http = Http(Bounds(body=MAX_ANSWER_BYTES), allow_private=told["allow_private"], ca_file=ca_file)
        self._who = _credentials(self._http, settings)

    def list_of(self, path: str) -> list[dict[str, Any]]:
        """Return the list of objects at *path*."""
        found = self._json(self.ask("GET", path))
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise GatewayUnreachable("The gateway's answer is not the list that was asked for.")
        return found

    def content(self, path: str) -> bytes:
        """Return the bytes at *path*."""
        return self.ask("GET", path).body

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Send *body* to *path* under a key of idempotency that follows from both: twice is no second act."""
        content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        key = hashlib.sha256(path.encode() + b"\n" + content).hexdigest()[:32]
        self.ask("POST", path, content, JSON | {"Idempotency-Key": f'"{key}"'})

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> SourceResponse:
        """Send a request, with a fresh token where the last one is no longer good.

        Raises:
            GatewayUnreachable: a later attempt may succeed.
            GatewayRefused: it will not.
        """
        try:
            answer = self._once(method, path, body, headers or {})
        except SourceError as error:
            raise GatewayUnreachable(f"The gateway did not answer as it should: {error.message}") from None
        if answer.status == BUSY or answer.status >= ERRORS:
            raise GatewayUnreachable(f"The gateway answers {answer.status} to {_place(path)}; try again later.")
        if answer.status >= 400:  # noqa: PLR2004  the client errors
            refused = GatewayRefused(_place(path), answer.status, _reason(answer))
            raise GatewayUnreachable(f"{refused.message} Try again later.") if refused.reason in PASSING else refused
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> SourceResponse:
        deadline = self._http.deadline()
        answer, header = self._sent(method, path, body, headers, deadline)
        if answer.status == UNAUTHORIZED and self._who.renew(header):
            answer, _ = self._sent(method, path, body, headers, deadline)
        return answer

    def _sent(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], deadline: Deadline
    ) -> tuple[SourceResponse, str]:
        url, place = f"{self._url}{path}", _place(path)
        header = self._who.header(method, url, (), deadline)
        given = {"Authorization": header, "Accept-Encoding": "identity", **headers}
        if method == "GET":
            return self._http.get(url, place, deadline, given), header
        return self._http.send(method, url, place, deadline, given, body), header

    @staticmethod
    def _json(answer: SourceResponse) -> Any:
        try:
            return answer.json()
        except SourceError:
            raise GatewayUnreachable("The gateway's answer is no JSON, or is cut off.") from None


class KeyedGrant:
    """A token for a client that proves itself by a private key (RFC 7523) and has no secret."""

    def __init__(self, http: Http, token_url: str, client: str, key: ECKey) -> None:
        self._http, self._url, self._client, self._key = http, token_url, client, key
        self._header, self._until = "", 0.0
        self._lock = threading.Lock()

    def header(self, method: str, url: str, parameters: Sequence[tuple[str, str]], deadline: Deadline) -> str:  # noqa: ARG002  a token is for every request
        """Return the Authorization header of a request."""
        with self._lock:
            if not self._header or time.monotonic() >= self._until:
                self._fetch(deadline)
            return self._header

    def renew(self, refused: str) -> bool:
        """Discard the token that was *refused*; the next request asks for another."""
        with self._lock:
            if self._header == refused:
                self._header = ""
        return True

    def _fetch(self, deadline: Deadline) -> None:
        asked = {
            "grant_type": "client_credentials", "scope": SCOPE, "client_id": self._client,
            "client_assertion_type": ASSERTION, "client_assertion": self._assertion(),
        }  # fmt: skip
        answer = self._http.send("POST", self._url, "token", deadline, FORM, urlencode(asked).encode())
        if answer.status in {400, UNAUTHORIZED} and (apart := _apart(answer)) > ASSERTION_SECONDS:
            raise GatewayUnreachable(f"The gateway takes no proof by this client: {CLOCK.format(apart // 60)}")
        if answer.status != 200:  # noqa: PLR2004  anything else is no token
            raise GatewayRefused("token", answer.status, _reason(answer))
        told = answer.json()
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token):
            raise GatewayUnreachable("The gateway's answer holds no token.")
        self._header, self._until = f"Bearer {token}", time.monotonic() + LIFE_SECONDS

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._client, "sub": self._client, "aud": self._url, "jti": secrets.token_hex(16), "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": self._key.thumbprint()}, claims, self._key)


def _credentials(http: Http, settings: HouseSettings) -> Credentials:
    told = settings.gateway
    if told["client_key"]:
        return KeyedGrant(http, told["token_url"], told["client_id"], settings.private_key(told["client_key"]))
    return Granted(http, told["token_url"], told["client_id"], settings.secret(told["client_secret"]), SCOPE)


def _apart(answer: SourceResponse) -> int:
    """Return by how many seconds the clock here is apart from the one that dated an answer; 0 where none did."""
    try:
        dated = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return 0
    return abs(int(time.time() - dated.timestamp()))


def _place(path: str) -> str:
    """Return what a path is about, without the ids in it."""
    words = [one for one in path.partition("?")[0].split("/") if one]
    return words[-1] if words and words[0] != "keys" and REASON.fullmatch(words[-1]) else words[0] if words else ""


def _reason(answer: SourceResponse) -> str:
    """Return the code at the end of a problem's type, or OAuth's word for it; empty where neither can be repeated."""
    try:
        found = answer.json()
    except SourceError:
        return ""
    told = found if isinstance(found, dict) else {}
    kind, error = str(told.get("type")), str(told.get("error")).replace("_", "-")
    code = kind.removeprefix(PROBLEM) if kind.startswith(PROBLEM) else error if "error" in told else ""
    return code if REASON.fullmatch(code) else ""
