"""The HTTP client of a OneRoster service: its addresses, its requests, and the errors its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from adapters.oneroster_rest.pages import DIALECT
from adapters.oneroster_rest.profile import service_of
from adapters.transport.error_codes import word
from adapters.transport.http import refuse
from adapters.transport.rest_client import CONFLICT, NOT_FOUND, RestClient, RestRequest
from standards.errors import DependentItemExists, InvalidBody, SourceBroken, SourceRefused
from standards.oneroster import model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.oneroster_rest.profile import Profile
    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Deadline, Http, SourceResponse
    from adapters.transport.paging import Parameters, SourcePage

IN_USE: Final = "deletefailure"
UNACCEPTED: Final = frozenset({400, 422})
SINGLE: Final = {"categories": "category", "classes": "class", "demographics": "demographics"}


class OneRosterClient(RestClient):
    """A client of one district's OneRoster server, with the behaviour that its *profile* describes."""

    dialect = DIALECT
    max_total_digits = 9

    def __init__(
        self, http: Http, url: str, version: str, profile: Profile, credentials: Credentials, headers: Mapping[str, str]
    ) -> None:
        super().__init__(http, url)
        self.profile, self.version = profile, version
        self._credentials, self._headers = credentials, headers

    def credentials(self, deadline: Deadline) -> Credentials:  # noqa: ARG002  they are made from settings alone
        """Return the credentials that authenticate requests."""
        return self._credentials

    def refuse_reading(self, answer: SourceResponse) -> None:
        """Raise the error that an *answer* is, if it is one."""
        refuse(answer, word(answer))

    def page(self, collection: str, parameters: Parameters, deadline: Deadline) -> SourcePage:
        """Fetch one page of a collection."""
        return self.ask_page(self._request("GET", collection, parameters=parameters), deadline)

    def one(self, collection: str, identifier: str, deadline: Deadline) -> dict[str, Any] | None:
        """Fetch the document with an id; None where there is none."""
        answer = self.ask(self._request("GET", collection, identifier), deadline)
        if answer.status == NOT_FOUND:
            return None
        self.refuse_reading(answer)
        body = answer.json()
        found = body.get(single(collection)) if isinstance(body, dict) else None
        if not isinstance(found, dict):
            raise SourceBroken(f"The answer holds no {single(collection)}.", collection)
        return found

    def put(self, collection: str, identifier: str, document: Mapping[str, Any], deadline: Deadline) -> None:
        """Create the document with an id, or replace it.

        Raises:
            InvalidBody: the server does not accept the document.
        """
        body = orjson.dumps({single(collection): document})
        answer = self.ask(self._request("PUT", collection, identifier, body=body), deadline)
        if answer.status in UNACCEPTED:
            raise InvalidBody("The district's system does not accept the record.")
        refuse(answer, word(answer))

    def delete(self, collection: str, identifier: str, deadline: Deadline) -> bool:
        """Delete the document with an id; tell whether there was one.

        Raises:
            DependentItemExists: the server says that others depend on it.
        """
        answer = self.ask(self._request("DELETE", collection, identifier), deadline)
        if answer.status == NOT_FOUND:
            return False
        if answer.status == CONFLICT or word(answer) == IN_USE:
            raise DependentItemExists("The district's system has records that depend on this one.")
        refuse(answer, word(answer))
        return True

    def address(self, collection: str, identifier: str = "") -> str:
        """Return the address of a collection, or of one document of it."""
        base = f"{self._url}{self.profile.versions[self.version][service_of(collection)]}/{collection}"
        return f"{base}/{quote(identifier, safe='')}" if identifier else base

    def unwrapped(self, body: Any, place: str) -> list[Any]:
        """Return the list of documents in the *body* of a page of the collection at *place*."""
        if not isinstance(body, dict):
            raise SourceBroken("The answer is no object.", place)
        if place not in body:
            if any(name in body for name in ("error", "statusInfoSet", "imsx_codeMajor", "imsx_StatusInfo")):
                raise SourceRefused("the source answers with an error instead of documents.", place)
            raise SourceBroken(f"The answer holds no {place}.", place)
        found = body[place]
        if found is None:
            return []
        if not isinstance(found, list):
            raise SourceBroken("The answer holds no list.", place)
        return found

    def following(self, answer: SourceResponse) -> str:
        """Return the address of the next page in a Link header."""
        for part in answer.headers.get("link", "").split(", <"):
            address, _, rest = part.strip().removeprefix("<").partition(">")
            if 'rel="next"' in rest or "rel=next" in rest:
                return address
        return ""

    def _request(
        self, method: str, collection: str, identifier: str = "", parameters: Parameters = (), body: bytes | None = None
    ) -> RestRequest:
        """Make a request for a collection or a document of it, with the extra headers that this vendor wants."""
        service = service_of(collection)
        wanted = {name for name, rule in self.profile.headers.items() if service in rule["services"]}
        headers = {name: value for name, value in self._headers.items() if name in wanted}
        return RestRequest(method, self.address(collection, identifier), collection, parameters, body, headers)


def single(collection: str) -> str:
    """Return the name that wraps one document of a collection."""
    return SINGLE.get(collection) or model.collections().get(collection, collection.removesuffix("s"))
