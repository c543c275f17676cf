"""The client of a gateway's transfers: what the agents in a district's house ask of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.transport.credentials import Granted
from adapters.transport.http import Bounds, Http
from gateway.receiving.errors import GatewayRefused, GatewayUnreachable
from standards.errors import SettingsError, SourceError, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.transport.http import Deadline, SourceResponse
    from gateway.receiving.settings import HouseSettings

SCOPE: Final = "transfer:receive"
MAX_ANSWER_BYTES: Final = 96 << 20
REASON: Final = re.compile(r"[a-z][a-z0-9-]{0,59}")
PROBLEM: Final = "urn:crossing-guard:problem:"
"""What the type of every problem begins with; its code follows."""

PASSING: Final = frozenset({"idempotency-key-in-use", "multi-user-conflict"})
"""The codes of refusals that are over as soon as somebody else is done."""

REFUSED: Final = "nothing can be asked of the gateway as [gateway] names it and the client: {}"
UNAUTHORIZED, BUSY, ERRORS = 401, 429, 500
JSON: Final = {"Content-Type": "application/json"}


class TransferClient:
    """The client of the gateway that *settings* name; it sends nothing but ids, figures, words and signatures."""

    def __init__(self, settings: HouseSettings) -> None:
        told = settings.gateway
        self._url: str = told["url"].rstrip("/")
        self._file = str(settings.file)
        ca_file = str(settings.file.parent / told["ca_file"]) if told["ca_file"] else ""
        self._http = Http(Bounds(body=MAX_ANSWER_BYTES), allow_private=told["allow_private"], ca_file=ca_file)
        secret = settings.secret(told["client_secret"])
        self._who = Granted(self._http, told["token_url"], told["client_id"], secret, SCOPE)

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
            SettingsError: the gateway gives this client no token, or is not the one that the settings name.
        """
        try:
            answer = self._once(method, path, body, headers or {})
        except SourceRefused as error:
            raise SettingsError(REFUSED.format(error.message), self._file) from None
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
