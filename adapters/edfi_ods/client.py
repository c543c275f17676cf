"""The HTTP client of an Ed-Fi ODS/API: its addresses, its requests, and the errors its answers mean."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from adapters.edfi_ods.errors import CollectionDenied, kind, refuse_reading, refuse_writing
from adapters.edfi_ods.pages import DIALECT
from adapters.transport.credentials import Granted
from adapters.transport.http import NO_HEADERS, refuse
from adapters.transport.rest_client import FORBIDDEN, NOT_FOUND, RestClient, RestRequest
from standards.edfi.model.links import unlinked
from standards.edfi.model.model import ID
from standards.errors import SourceBroken, SourceRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.transport.http import Deadline, Http, SourceResponse
    from adapters.transport.paging import Parameters, SourcePage

    Document = dict[str, Any]

DISCOVERY: Final = "discovery"
CHANGES: Final = "change versions"
METADATA: Final = "metadata"
UNRELATED: Final = "security:authorization"
PARTS: Final = {
    "dataManagementApi": "data/v3/", "oauth": "oauth/token", "changeQueries": "changeQueries/v1/",
    "openApiMetadata": "metadata/",
}  # fmt: skip
OWN: Final = frozenset({"_etag", "_lastModifiedDate"})


@dataclass(frozen=True, slots=True)
class OdsAddresses:
    """The addresses of an ODS's parts; *changes* is empty where it has no change queries."""

    data: str
    token: str
    changes: str
    metadata: str


class OdsClient(RestClient):
    """A client of one district's ODS, with one token that all threads share."""

    dialect = DIALECT
    max_total_digits = 11
    token_rest_seconds = 60.0

    def __init__(self, http: Http, settings: Mapping[str, Any]) -> None:
        super().__init__(http, settings["url"])
        self._client, self._secret = settings["client_id"], settings["client_secret"]
        self._token_url: str = settings["token_url"]
        self._snapshot: bool = settings["snapshot"]
        self._reading = {"Use-Snapshot": "true"} if self._snapshot else NO_HEADERS
        self._lock = threading.Lock()
        self._found: tuple[OdsAddresses, Granted] | None = None

    def places(self, deadline: Deadline) -> OdsAddresses:
        """Return the addresses of the ODS's parts, read from its root once."""
        return self._parts(deadline)[0]

    def credentials(self, deadline: Deadline) -> Granted:
        """Return the token that authenticates requests."""
        return self._parts(deadline)[1]

    def refuse_reading(self, answer: SourceResponse) -> None:
        """Raise the error that an *answer* to a reading request is, if it is one."""
        refuse_reading(answer, snapshot=self._snapshot)

    def page(self, path: str, parameters: Parameters, deadline: Deadline) -> SourcePage:
        """Fetch one page of the collection at *path* (``/ed-fi/students``, ``/ed-fi/students/deletes``)."""
        return self.ask_page(self._request("GET", path, deadline, parameters=parameters), deadline)

    def one(self, path: str, identifier: str, deadline: Deadline) -> Document | None:
        """Fetch the document with an id; None where there is none, or none that the gateway's client may see."""
        answer = self.ask(self._request("GET", path, deadline, identifier), deadline)
        if answer.status == FORBIDDEN and kind(answer) == UNRELATED:
            return None
        try:
            self.refuse_reading(answer)
        except CollectionDenied:
            if answer.status == NOT_FOUND:
                return None
            raise
        body = answer.json()
        if not isinstance(body, dict) or normal(body.get("id")) != identifier:
            raise SourceBroken("The answer is not the document that was asked for.", answer.place)
        _refuse_deep(body, answer.place)
        return {**body, "id": identifier}

    def create(self, path: str, document: Document, deadline: Deadline) -> str:
        """Create a document; return the id that it bears, empty where the ODS does not state it."""
        answer = self.ask(self._request("POST", path, deadline, body=orjson.dumps(document)), deadline)
        refuse_writing(answer)
        return normal(urlsplit(answer.headers.get("location", "")).path.rpartition("/")[2]) or ""

    def replace(self, path: str, identifier: str, document: Document, etag: str, deadline: Deadline) -> None:
        """Replace a document that still has this *etag*."""
        body = orjson.dumps(document)
        answer = self.ask(self._request("PUT", path, deadline, identifier, body=body, etag=etag), deadline)
        refuse_writing(answer)

    def delete(self, path: str, identifier: str, etag: str, deadline: Deadline) -> bool:
        """Delete a document that still has this *etag*; tell whether there was one."""
        answer = self.ask(self._request("DELETE", path, deadline, identifier, etag=etag), deadline)
        if answer.status == NOT_FOUND:
            return False
        refuse_writing(answer)
        return True

    def versions(self, deadline: Deadline) -> tuple[int, int] | None:
        """Return the oldest and the newest change version; None where the ODS has no change queries."""
        base = self.places(deadline).changes
        if not base:
            return None
        answer = self.ask(
            RestRequest("GET", f"{base}/availableChangeVersions", CHANGES, headers=self._reading), deadline
        )
        try:
            self.refuse_reading(answer)
        except CollectionDenied:
            return None
        body = answer.json()
        said = {str(name).lower(): value for name, value in body.items()} if isinstance(body, dict) else {}
        oldest, newest = said.get("oldestchangeversion"), said.get("newestchangeversion")
        if type(oldest) is not int or type(newest) is not int:
            raise SourceBroken("The answer holds no oldest and newest change version.", CHANGES)
        return oldest, newest

    def descriptions(self, deadline: Deadline) -> list[Any]:
        """Fetch the OpenAPI documents in which the ODS describes its resources and descriptors."""
        base = self.places(deadline).metadata
        found = []
        for section in ("resources", "descriptors"):
            answer = self.http.get(f"{base}/data/v3/{section}/swagger.json", METADATA, deadline)
            refuse(answer, kind(answer))
            found.append(answer.json())
        return found

    def unwrapped(self, body: Any, place: str) -> list[Any]:
        """Return the list of documents that the *body* of a page is."""
        if not isinstance(body, list):
            raise SourceBroken("The answer is no list.", place)
        return body

    def following(self, answer: SourceResponse) -> str:
        """Return the token of the next page."""
        return answer.headers.get("next-page-token", "")

    def documents(self, answer: SourceResponse, place: str) -> list[Document]:
        """Return the documents of a page, their ids as 32 digits."""
        found = super().documents(answer, place)
        for number, document in enumerate(found):
            identifier = normal(document.get("id"))
            if identifier is None:
                raise SourceBroken("The document has no id that can be one.", f"{place}[{number}].id")
            document["id"] = identifier
        _refuse_deep(found, place)
        return found

    def _request(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        identifier: str = "",
        parameters: Parameters = (),
        body: bytes | None = None,
        etag: str = "",
    ) -> RestRequest:
        """Make a request for a collection or a document of it; a change carries the *etag* that must still match."""
        url = self.places(deadline).data + path + (f"/{identifier}" if identifier else "")
        headers = self._reading if method == "GET" else {"If-Match": f'"{etag}"'} if etag else NO_HEADERS
        return RestRequest(method, url, _place(path), parameters, body, headers)

    def _parts(self, deadline: Deadline) -> tuple[OdsAddresses, Granted]:
        with self._lock:
            if self._found is None:
                places = self._discover(deadline)
                self._found = places, Granted(self.http, places.token, self._client, self._secret, "", kind)
            return self._found

    def _discover(self, deadline: Deadline) -> OdsAddresses:
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
        return OdsAddresses(
            known["dataManagementApi"], self._token_url or known["oauth"], changes, known["openApiMetadata"]
        )

    def _part(self, part: str, said: Any) -> str:
        """Check the address of a part, which must be on the host that settings name, since it is sent the secret."""
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
    """Return an id as the 32 digits that the ODS writes, possibly with dashes; None for what is no id."""
    if not isinstance(identifier, str):
        return None
    plain = identifier.replace("-", "").lower()
    return plain if ID.fullmatch(plain) else None


def bare(document: Mapping[str, Any]) -> Document:
    """Strip from a document what only the ODS writes into it."""
    return {name: unlinked(value) for name, value in document.items() if name not in OWN}


def _place(path: str) -> str:
    """Return the name that messages give the collection at *path*."""
    return path.removeprefix("/ed-fi/").removeprefix("/")


def _refuse_deep(told: Any, place: str) -> None:
    """Refuse a document nested too deep to be written again."""
    try:
        orjson.dumps([[[[told]]]])
    except TypeError:
        raise SourceBroken("A document is too deep.", place) from None
