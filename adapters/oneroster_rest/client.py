"""A OneRoster service over HTTP: where its collections are, how it is asked, and what its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from adapters.oneroster_rest.pages import Page
from adapters.oneroster_rest.profile import service_of
from adapters.transport.error_codes import word
from adapters.transport.http import refuse
from standards.errors import DependentItemExists, InvalidBody, SourceBroken, SourceRefused
from standards.oneroster.api import model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.oneroster_rest.profile import Profile
    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Answer, Deadline, Http

    Parameters = Sequence[tuple[str, str]]

TOTAL: Final = "x-total-count"
UNAUTHORIZED: Final = 401
NOT_FOUND: Final = 404
CONFLICT: Final = 409
IN_USE: Final = "deletefailure"
UNACCEPTED: Final = frozenset({400, 422})
SINGLE: Final = {"categories": "category", "classes": "class", "demographics": "demographics"}


class Service:
    """One district's OneRoster server, as its *profile* says it behaves."""

    def __init__(
        self, http: Http, url: str, version: str, profile: Profile, credentials: Credentials, headers: Mapping[str, str]
    ) -> None:
        self.http, self.profile, self.version = http, profile, version
        self._url, self._credentials, self._headers = url.rstrip("/"), credentials, headers

    def page(
        self, collection: str, parameters: Parameters, deadline: Deadline, following: str = ""
    ) -> tuple[Page, str]:
        """One page of a collection, and the address of the next one where the source names it."""
        answer = self._ask("GET", following or self.address(collection), collection, parameters, deadline)
        refuse(answer, word(answer))
        documents = _documents(answer, collection)
        return Page(documents, _total(answer), None), _next(answer)

    def one(self, collection: str, identifier: str, deadline: Deadline) -> dict[str, Any] | None:
        """The document with an id; None where there is none."""
        answer = self._ask("GET", self.address(collection, identifier), collection, (), deadline)
        if answer.status == NOT_FOUND:
            return None
        refuse(answer, word(answer))
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
        answer = self._ask("PUT", self.address(collection, identifier), collection, (), deadline, body)
        if answer.status in UNACCEPTED:
            raise InvalidBody("The district's system does not accept the record.")
        refuse(answer, word(answer))

    def delete(self, collection: str, identifier: str, deadline: Deadline) -> bool:
        """Delete the document with an id; whether there was one.

        Raises:
            DependentItemExists: the server says that others depend on it.
        """
        answer = self._ask("DELETE", self.address(collection, identifier), collection, (), deadline)
        if answer.status == NOT_FOUND:
            return False
        if answer.status == CONFLICT or word(answer) == IN_USE:
            raise DependentItemExists("The district's system has records that depend on this one.")
        refuse(answer, word(answer))
        return True

    def address(self, collection: str, identifier: str = "") -> str:
        """Where a collection, or one document of it, is."""
        base = f"{self._url}{self.profile.versions[self.version][service_of(collection)]}/{collection}"
        return f"{base}/{quote(identifier, safe='')}" if identifier else base

    def follows(self, following: str, collection: str) -> bool:
        """Whether an address that the source names as the next page's is still the same collection."""
        return urlsplit(following)[:3] == urlsplit(self.address(collection))[:3]

    def _ask(
        self,
        method: str,
        url: str,
        collection: str,
        parameters: Parameters,
        deadline: Deadline,
        body: bytes | None = None,
    ) -> Answer:
        """The answer to a request; a token that has ended is renewed once."""
        answer, header = self._once(method, url, collection, parameters, deadline, body)
        if answer.status == UNAUTHORIZED and self._credentials.renew(header):
            answer, _ = self._once(method, url, collection, parameters, deadline, body)
        return answer

    def _once(
        self, method: str, url: str, collection: str, parameters: Parameters, deadline: Deadline, body: bytes | None
    ) -> tuple[Answer, str]:
        header = self._credentials.header(method, url, parameters, deadline)
        headers = {"Authorization": header, **self._extra(collection)}
        whole = f"{url}?{urlencode(parameters, quote_via=quote)}" if parameters else url
        if method == "GET":
            return self.http.get(whole, collection, deadline, headers), header
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.http.send(method, whole, collection, deadline, headers, body), header

    def _extra(self, collection: str) -> dict[str, str]:
        """The headers that this vendor wants besides."""
        service = service_of(collection)
        wanted = {name for name, rule in self.profile.headers.items() if service in rule["services"]}
        return {name: value for name, value in self._headers.items() if name in wanted}


def single(collection: str) -> str:
    """What one document of a collection is wrapped in."""
    return SINGLE.get(collection) or model.collections().get(collection, collection.removesuffix("s"))


def _documents(answer: Answer, collection: str) -> list[dict[str, Any]]:
    body = answer.json()
    if not isinstance(body, dict):
        raise SourceBroken("The answer is no object.", collection)
    if collection not in body:
        if any(name in body for name in ("error", "statusInfoSet", "imsx_codeMajor", "imsx_StatusInfo")):
            raise SourceRefused("the source answers with an error instead of documents.", collection)
        raise SourceBroken(f"The answer holds no {collection}.", collection)
    found = body[collection]
    if found is None:
        return []
    if not isinstance(found, list):
        raise SourceBroken("The answer holds no list.", collection)
    for number, document in enumerate(found):
        if not isinstance(document, dict):
            raise SourceBroken("The item is no object.", f"{collection}[{number}]")
    return found


def _total(answer: Answer) -> int | None:
    text = answer.headers.get(TOTAL, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004  a thousand million is no roster
        raise SourceBroken("X-Total-Count is no number.", answer.place)
    return int(text)


def _next(answer: Answer) -> str:
    """The address of the next page in a Link header."""
    for part in answer.headers.get("link", "").split(", <"):
        address, _, rest = part.strip().removeprefix("<").partition(">")
        if 'rel="next"' in rest or "rel=next" in rest:
            return address
    return ""


def parameters_of(address: str) -> list[tuple[str, str]]:
    """The query parameters of an address."""
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
