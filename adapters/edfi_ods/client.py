"""An Ed-Fi ODS/API over HTTP: where it says its parts are, how it is asked, and what its answers mean."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson

from adapters.edfi_ods.errors import Denied, kind, refuse_reading, refuse_writing
from adapters.edfi_ods.pages import Page
from adapters.transport.credentials import Granted
from adapters.transport.http import refuse
from standards.edfi.model.links import unlinked
from standards.edfi.model.model import ID
from standards.errors import SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.transport.http import Answer, Deadline, Http

    Parameters = Sequence[tuple[str, str]]
    Document = dict[str, Any]

DISCOVERY: Final = "discovery"
CHANGES: Final = "change versions"
METADATA: Final = "metadata"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
UNRELATED: Final = "security:authorization"
TOKEN_REST: Final = 60.0
PARTS: Final = {
    "dataManagementApi": "data/v3/", "oauth": "oauth/token", "changeQueries": "changeQueries/v1/",
    "openApiMetadata": "metadata/",
}  # fmt: skip
OWN: Final = frozenset({"_etag", "_lastModifiedDate"})


@dataclass(frozen=True, slots=True)
class Places:
    """Where an ODS has its parts; *changes* is empty where it tells no change versions."""

    data: str
    token: str
    changes: str
    metadata: str


class Service:
    """One district's ODS, asked with one token that all threads share."""

    def __init__(self, http: Http, settings: Mapping[str, Any]) -> None:
        self.http = http
        self._url: str = settings["url"].rstrip("/")
        self._client, self._secret = settings["client_id"], settings["client_secret"]
        self._token_url: str = settings["token_url"]
        self._snapshot: bool = settings["snapshot"]
        self._lock = threading.Lock()
        self._found: tuple[Places, Granted] | None = None
        self._patience = 0.0

    def places(self, deadline: Deadline) -> Places:
        """Where its parts are."""
        return self._parts(deadline)[0]

    def page(self, path: str, parameters: Parameters, deadline: Deadline) -> Page:
        """One page of the collection at *path* (``/ed-fi/students``, ``/ed-fi/students/deletes``)."""
        place = _place(path)
        answer = self._ask("GET", self._address(path, deadline), place, parameters, deadline)
        refuse_reading(answer, snapshot=self._snapshot)
        return Page(_documents(answer, place), _total(answer), answer.headers.get("next-page-token", ""))

    def one(self, path: str, identifier: str, deadline: Deadline) -> Document | None:
        """The document with an id; None where there is none, or none that has to do with the gateway's client."""
        answer = self._ask("GET", f"{self._address(path, deadline)}/{identifier}", _place(path), (), deadline)
        if answer.status == FORBIDDEN and kind(answer) == UNRELATED:
            return None
        try:
            refuse_reading(answer, snapshot=self._snapshot)
        except Denied:
            if answer.status == NOT_FOUND:
                return None
            raise
        body = answer.json()
        if not isinstance(body, dict) or normal(body.get("id")) != identifier:
            raise SourceBroken("The answer is not the document that was asked for.", answer.place)
        _refuse_deep(body, answer.place)
        return {**body, "id": identifier}

    def create(self, path: str, document: Document, deadline: Deadline) -> str:
        """Create a document; the id that it bears, empty where the ODS does not say."""
        answer = self._ask("POST", self._address(path, deadline), _place(path), (), deadline, orjson.dumps(document))
        refuse_writing(answer)
        return normal(urlsplit(answer.headers.get("location", "")).path.rpartition("/")[2]) or ""

    def replace(self, path: str, identifier: str, document: Document, etag: str, deadline: Deadline) -> None:
        """Replace a document that is still as its *etag* says."""
        address = f"{self._address(path, deadline)}/{identifier}"
        answer = self._ask("PUT", address, _place(path), (), deadline, orjson.dumps(document), _matching(etag))
        refuse_writing(answer)

    def delete(self, path: str, identifier: str, etag: str, deadline: Deadline) -> bool:
        """Delete a document that is still as its *etag* says; whether there was one."""
        address = f"{self._address(path, deadline)}/{identifier}"
        answer = self._ask("DELETE", address, _place(path), (), deadline, more=_matching(etag))
        if answer.status == NOT_FOUND:
            return False
        refuse_writing(answer)
        return True

    def versions(self, deadline: Deadline) -> tuple[int, int] | None:
        """The oldest and the newest change version; None where the ODS tells none."""
        base = self.places(deadline).changes
        if not base:
            return None
        answer = self._ask("GET", f"{base}/availableChangeVersions", CHANGES, (), deadline)
        try:
            refuse_reading(answer, snapshot=self._snapshot)
        except Denied:
            return None
        body = answer.json()
        said = {str(name).lower(): value for name, value in body.items()} if isinstance(body, dict) else {}
        oldest, newest = said.get("oldestchangeversion"), said.get("newestchangeversion")
        if type(oldest) is not int or type(newest) is not int:
            raise SourceBroken("The answer holds no oldest and newest change version.", CHANGES)
        return oldest, newest

    def descriptions(self, deadline: Deadline) -> list[Any]:
        """The documents in which the ODS describes its resources and its descriptors."""
        base = self.places(deadline).metadata
        found = []
        for section in ("resources", "descriptors"):
            answer = self.http.get(f"{base}/data/v3/{section}/swagger.json", METADATA, deadline)
            refuse(answer, kind(answer))
            found.append(answer.json())
        return found

    def _address(self, path: str, deadline: Deadline) -> str:
        return self.places(deadline).data + path

    def _ask(
        self,
        method: str,
        url: str,
        place: str,
        parameters: Parameters,
        deadline: Deadline,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a request; a token that has ended is renewed once, and not again and again."""
        whole = f"{url}?{urlencode(parameters, quote_via=quote)}" if parameters else url
        _, who = self._parts(deadline)
        answer, header = self._once(method, whole, place, who, deadline, body, more or {})
        if answer.status == UNAUTHORIZED and time.monotonic() >= self._patience and who.renew(header):
            answer, _ = self._once(method, whole, place, who, deadline, body, more or {})
            if answer.status == UNAUTHORIZED:
                self._patience = time.monotonic() + TOKEN_REST
        return answer

    def _once(
        self,
        method: str,
        url: str,
        place: str,
        who: Granted,
        deadline: Deadline,
        body: bytes | None,
        more: Mapping[str, str],
    ) -> tuple[Answer, str]:
        header = who.header(method, url, (), deadline)
        headers = {"Authorization": header, **more}
        if method == "GET":
            said = {"Use-Snapshot": "true"} if self._snapshot else {}
            return self.http.get(url, place, deadline, headers | said), header
        kind_of_body = {"Content-Type": "application/json"} if body is not None else {}
        return self.http.send(method, url, place, deadline, headers | kind_of_body, body), header

    def _parts(self, deadline: Deadline) -> tuple[Places, Granted]:
        with self._lock:
            if self._found is None:
                places = self._discover(deadline)
                self._found = places, Granted(self.http, places.token, self._client, self._secret, "", kind)
            return self._found

    def _discover(self, deadline: Deadline) -> Places:
        answer = self.http.get(f"{self._url}/", DISCOVERY, deadline)
        if answer.status != NOT_FOUND:  # an ODS behind a gateway may hide it; then its parts are where they always are
            refuse(answer, kind(answer))
        body = answer.json() if answer.status != NOT_FOUND else {}
        if not isinstance(body, dict):
            raise SourceBroken("The answer is no object.", DISCOVERY)
        urls = body.get("urls")
        said = urls if isinstance(urls, dict) else dict.fromkeys(PARTS, "")
        known = {part: self._part(part, said.get(part)) for part in PARTS}
        changes = known["changeQueries"] if "changeQueries" in said else ""
        return Places(known["dataManagementApi"], self._token_url or known["oauth"], changes, known["openApiMetadata"])

    def _part(self, part: str, said: Any) -> str:
        """The address of a part, which must be on the host that settings name, since it is told the secret."""
        if not isinstance(said, str) or not said:
            return f"{self._url}/{PARTS[part]}".rstrip("/")
        if "{" in said:
            raise SourceRefused("the source serves several tenants or years; url must name one.", DISCOVERY)
        try:
            own, found = urlsplit(self._url), urlsplit(said)
        except ValueError:
            raise SourceBroken(f"The address of {part} is none.", DISCOVERY) from None
        if found.hostname != own.hostname:
            if part == "oauth" and self._token_url:
                return self._token_url
            raise SourceRefused(f"the source says that {part} is on another host than settings name.", DISCOVERY)
        return f"{own.scheme}://{own.netloc}{found.path}".rstrip("/")


def normal(identifier: Any) -> str | None:
    """An id as the 32 digits that the ODS writes, or may write with dashes; None for what is no id."""
    if not isinstance(identifier, str):
        return None
    plain = identifier.replace("-", "").lower()
    return plain if ID.fullmatch(plain) else None


def bare(document: Mapping[str, Any]) -> Document:
    """A document as it is sent: without what only the ODS writes into it."""
    return {name: unlinked(value) for name, value in document.items() if name not in OWN}


def _matching(etag: str) -> dict[str, str]:
    """The header by which a change is made only of the state with an *etag*."""
    return {"If-Match": f'"{etag}"'} if etag else {}


def _place(path: str) -> str:
    """What messages call the collection at *path*."""
    return path.removeprefix("/ed-fi/").removeprefix("/")


def _documents(answer: Answer, place: str) -> list[Document]:
    found = answer.json()
    if not isinstance(found, list):
        raise SourceBroken("The answer is no list.", place)
    for number, document in enumerate(found):
        if not isinstance(document, dict):
            raise SourceBroken("The item is no object.", f"{place}[{number}]")
        identifier = normal(document.get("id"))
        if identifier is None:
            raise SourceBroken("The document has no id that can be one.", f"{place}[{number}].id")
        document["id"] = identifier
    _refuse_deep(found, place)
    return found


def _refuse_deep(told: Any, place: str) -> None:
    """Refuse what could not be said again, because nothing can be written that deep."""
    try:
        orjson.dumps([[[[told]]]])
    except TypeError:
        raise SourceBroken("A document is too deep.", place) from None


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("total-count", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):  # noqa: PLR2004  no district has so many
        raise SourceBroken("Total-Count is no number.", answer.place)
    return int(text)
