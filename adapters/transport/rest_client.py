"""The REST client: requests to one district's system with its credentials; each standard interprets the answers."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from adapters.transport.paging import SourcePage
from standards.errors import SourceBroken
from standards.query_strings import with_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.transport.credentials import Credentials
    from adapters.transport.http import Deadline, Http, SourceResponse
    from adapters.transport.paging import PageDialect, Parameters

    Document = dict[str, Any]

JSON: Final = {"Content-Type": "application/json"}
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One request; *place* names in messages what is requested, *headers* are those beside the credentials."""

    method: str
    url: str
    place: str
    parameters: Parameters = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RestClient(ABC):
    """The REST client of an adapter, below a base *url*.

    *max_total_digits* bounds what counts as a number of documents. After a fresh token was refused, none is requested
    in place of a refused one for *token_rest_seconds*.
    """

    dialect: ClassVar[PageDialect]
    max_total_digits: ClassVar[int]
    token_rest_seconds: ClassVar[float] = 0.0

    def __init__(self, http: Http, url: str) -> None:
        self.http = http
        self._url = url.rstrip("/")
        self._renewable_from = 0.0

    @abstractmethod
    def credentials(self, deadline: Deadline) -> Credentials:
        """Return the credentials that authenticate requests."""

    @abstractmethod
    def refuse_reading(self, answer: SourceResponse) -> None:
        """Raise the error that an *answer* to a reading request is, if it is one."""

    @abstractmethod
    def unwrapped(self, body: Any, place: str) -> list[Any]:
        """Return the list of documents in the *body* of a page of the collection at *place*, or refuse it."""

    @abstractmethod
    def following(self, answer: SourceResponse) -> str:
        """Return the address or the token of the page after the one in *answer*; empty where it names none."""

    def ask(self, request: RestRequest, deadline: Deadline) -> SourceResponse:
        """Send a request, renewing an expired token once."""
        who = self.credentials(deadline)
        answer, header = self._once(request, who, deadline)
        if answer.status == UNAUTHORIZED and time.monotonic() >= self._renewable_from and who.renew(header):
            answer, _ = self._once(request, who, deadline)
            if answer.status == UNAUTHORIZED:
                self._renewable_from = time.monotonic() + self.token_rest_seconds
        return answer

    def ask_page(self, request: RestRequest, deadline: Deadline) -> SourcePage:
        """Fetch one page of a collection."""
        answer = self.ask(request, deadline)
        self.refuse_reading(answer)
        documents = self.documents(answer, request.place)
        return SourcePage(documents, self._total(answer), self.following(answer))

    def documents(self, answer: SourceResponse, place: str) -> list[Document]:
        """Return the documents of the page in *answer*."""
        found = self.unwrapped(answer.json(), place)
        for number, document in enumerate(found):
            if not isinstance(document, dict):
                raise SourceBroken("The item is no object.", f"{place}[{number}]")
        return found

    def _once(self, request: RestRequest, who: Credentials, deadline: Deadline) -> tuple[SourceResponse, str]:
        """Send a request once; return the answer and the Authorization header that it had."""
        method, place = request.method, request.place
        header = who.header(method, request.url, request.parameters, deadline)
        headers = {"Authorization": header, **request.headers}
        url = with_query(request.url, request.parameters)
        if method == "GET":
            return self.http.get(url, place, deadline, headers), header
        if request.body is not None:
            headers |= JSON
        return self.http.send(method, url, place, deadline, headers, request.body), header

    def _total(self, answer: SourceResponse) -> int | None:
        """Return the number of documents that the header states; None where it is missing."""
        name = self.dialect.total_header
        text = answer.headers.get(name.lower(), "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= self.max_total_digits):
            raise SourceBroken(f"{name} is no number.", answer.place)
        return int(text)
