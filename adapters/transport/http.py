"""HTTP requests of adapters: pooled, bounded in every direction, and to checked addresses only."""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
import urllib3
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError

from adapters.transport import allowed_addresses
from adapters.transport.circuit_breaker import Breaker
from adapters.transport.deadlines import HttpPool, HttpsPool, paced
from standards.errors import SourceBroken, SourceRefused, SourceTimeout, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHUNK_BYTES: Final = 1 << 16
BUSY: Final = frozenset({429, 503})
MAX_RETRY_AFTER_SECONDS: Final = 3600
DNS_TTL_SECONDS: Final = 60.0
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
READABLE: Final = ("json", "text/plain", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of requests to one district's system (seconds, bytes, counts)."""

    deadline: float = 300.0
    answer: float = 60.0
    connect: float = 5.0
    read: float = 30.0
    in_flight: int = 4
    body: int = 64 << 20
    attempts: int = 3
    patience: float = 30.0
    failures: int = 5
    rest: float = 30.0


class Deadline:
    """The moment at which a whole task must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            SourceTimeout: none are.
        """
        if (left := self._end - time.monotonic()) <= 0:
            raise SourceTimeout("The source takes longer than its deadline allows.")
        return left

    def within(self, seconds: float) -> Deadline:
        """Return a deadline in so many seconds, or this one where it is earlier."""
        return Deadline(min(seconds, self.left()))

    def allows(self, seconds: float) -> bool:
        """Tell whether there is time to wait so long."""
        return self._end - time.monotonic() > seconds


@dataclass(frozen=True, slots=True)
class SourceResponse:
    """The answer of a source; *place* names in messages what was requested."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    place: str

    def json(self) -> Any:
        """Parse the body as JSON.

        Raises:
            SourceBroken: the body is no JSON.
        """
        kind = self.headers.get("content-type", "").lower()
        if kind and not any(word in kind for word in READABLE):
            raise SourceBroken("The answer is no JSON.", self.place)
        try:
            return orjson.loads(self.body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            raise SourceBroken("The answer is no JSON, or is cut off.", self.place) from None


class Http:
    """The connections to one district's system; to be shared by threads.

    Messages name the *place* of a request and never its address, its query or a body. No redirect is followed.
    """

    def __init__(self, bounds: Bounds, *, allow_private: bool = False, ca_file: str = "") -> None:
        self.bounds = bounds
        self._allow_private = allow_private
        self._ca_file = ca_file
        self._breaker = Breaker(bounds.failures, bounds.rest)
        self._seats = threading.BoundedSemaphore(bounds.in_flight)
        self._pools: dict[tuple[str, str, int], _Pool] = {}
        self._lock = threading.Lock()

    def deadline(self) -> Deadline:
        """Start a deadline for a task that begins now."""
        return Deadline(self.bounds.deadline)

    def get(self, url: str, place: str, deadline: Deadline, headers: Mapping[str, str] = NO_HEADERS) -> SourceResponse:
        """Send a GET, waiting and repeating it after a 429 or 503 with Retry-After while there is time."""
        for attempt in range(1, self.bounds.attempts + 1):
            last = attempt == self.bounds.attempts
            try:
                answer = self.send("GET", url, place, deadline, headers)
            except SourceUnavailable:
                if last or not deadline.allows(pause := 0.1 * 2**attempt):
                    raise
                time.sleep(pause)
                continue
            if answer.status not in BUSY or last:
                return answer
            pause = float(retry_after(answer.headers, default=0) or 0.1 * 2**attempt)
            if pause > self.bounds.patience or not deadline.allows(pause):
                return answer
            time.sleep(pause)
        raise AssertionError

    def send(
        self,
        method: str,
        url: str,
        place: str,
        deadline: Deadline,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
    ) -> SourceResponse:
        """Send one request, once.

        Raises:
            SourceUnavailable: there was no answer in time.
            SourceRefused: the address is not allowed, or the source redirects.
            SourceBroken: the answer is too large or cannot be decoded.
        """
        pool, target = self._pool(url), urlsplit(url)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        with self._seat(deadline), self._watched(place):
            answering = deadline.within(max(self.bounds.answer, self.bounds.read))
            given = {"Host": target.netloc, "Accept": "application/json", "Accept-Encoding": "gzip", **headers}
            with paced(lambda: min(self.bounds.read, answering.left())):
                response = pool.urlopen(
                    method, path, body=body, headers=given, redirect=False, retries=False,
                    preload_content=False, timeout=urllib3.Timeout(
                        connect=min(self.bounds.connect, answering.left()), read=self.bounds.read
                    ),
                )  # fmt: skip
            try:
                found = {name.lower(): value for name, value in response.headers.items()}
                answer = SourceResponse(response.status, found, self._body(response, place), place)
            except BaseException:
                response.close()
                raise
            response.release_conn()
            self._tell_breaker(answer.status)
        if 300 <= answer.status < 400:  # noqa: PLR2004  the redirects
            raise SourceRefused("the source sends elsewhere; settings must name where it is.", place)
        return answer

    def reachable(self) -> None:
        """Refuse at once, before a request is made, where the source is being left alone.

        Raises:
            SourceUnavailable: the source has failed several times and is left alone for a while.
        """
        self._breaker.check()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for pool in self._pools.values():
                pool.connections.close()
            self._pools.clear()

    @contextmanager
    def _seat(self, deadline: Deadline) -> Iterator[None]:
        if not self._seats.acquire(timeout=deadline.left()):
            raise SourceUnavailable("Too many requests to the source are under way.")
        try:
            yield
        finally:
            self._seats.release()

    @contextmanager
    def _watched(self, place: str) -> Iterator[None]:
        """Report the outcome to the circuit breaker, and turn the library's errors into ours without their texts."""
        self._breaker.admit()
        try:
            yield
        except SourceUnavailable:
            self._breaker.failed()
            raise
        except (DecodeError, ProtocolError, urllib3.exceptions.SSLError) as error:
            self._breaker.failed()
            raise _ours(error, place) from None
        except (HTTPError, OSError) as error:
            self._breaker.failed()
            raise _silent(error, place) from None
        except ValueError:  # an address or a header that the source itself has given
            self._breaker.abandoned()
            raise SourceBroken("The source has said something that no request can repeat.", place) from None
        except BaseException:
            self._breaker.abandoned()
            raise

    def _tell_breaker(self, status: int) -> None:
        """Count an answer that came whole as a success, unless its status says that the source does not work."""
        if status >= 500:  # noqa: PLR2004  the server errors
            self._breaker.failed()
        else:
            self._breaker.succeeded()

    def _body(self, response: urllib3.BaseHTTPResponse, place: str) -> bytes:
        """Read the decoded body, refused as soon as it grows too large."""
        body = bytearray()
        while chunk := response.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > self.bounds.body:
                raise SourceBroken(f"The answer is larger than {self.bounds.body:,} bytes.", place)
        return bytes(body)

    def _pool(self, url: str) -> Any:
        """Return the connections to the origin of *url*, made to an address that has been checked."""
        scheme, host, port = key = allowed_addresses.origin(url, allow_private=self._allow_private)
        with self._lock:
            known = self._pools.get(key)
        if known is not None and time.monotonic() < known.until:
            return known.connections
        found = allowed_addresses.resolve(host, port, allow_private=self._allow_private)
        if known is not None and known.address in found:
            fresh = _Pool(known.connections, known.address)
        else:
            fresh = _Pool(self._connections(scheme, host, port, found[0]), found[0])
        with self._lock:
            self._pools[key] = fresh
        return fresh.connections

    def _connections(self, scheme: str, host: str, port: int, address: str) -> Any:
        if scheme == "http":
            return HttpPool(address, port, maxsize=self.bounds.in_flight)
        context = ssl.create_default_context(cafile=self._ca_file or None)
        return HttpsPool(
            address,
            port,
            ssl_context=context,
            server_hostname=host,
            assert_hostname=host,
            maxsize=self.bounds.in_flight,
        )


@dataclass(frozen=True, slots=True)
class _Pool:
    """Connections to one checked address, good until the name must be looked up again."""

    connections: Any
    address: str
    until: float = field(default_factory=lambda: time.monotonic() + DNS_TTL_SECONDS)


def retry_after(headers: Mapping[str, str], default: int = 30) -> int:
    """Return the seconds after which a source asks to be asked again (Retry-After)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        told = headers.get("date", "")  # by the source's own clock, where the Date header states it
        now = parsedate_to_datetime(told).timestamp() if told else time.time()
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return default
    return min(max(0, round(seconds)), MAX_RETRY_AFTER_SECONDS)


def refuse(answer: SourceResponse, reason: str = "") -> None:
    """Raise the error that an *answer* is, if it is one; *reason* is a word of the standard, never the body.

    Raises:
        SourceUnavailable: a later attempt may succeed.
        SourceRefused: it will not.
    """
    said = f" ({reason})" if reason else ""
    if answer.status in BUSY or answer.status >= 500:  # noqa: PLR2004  likewise
        message = f"the source answers {answer.status}{said}."
        raise SourceUnavailable(message, retry_after(answer.headers), answer.place)
    if answer.status >= 400:  # noqa: PLR2004  the client errors
        raise SourceRefused(f"the source answers {answer.status}{said}.", answer.place)


def _silent(error: Exception, place: str) -> SourceUnavailable | SourceTimeout:
    """Make the error for no connection or no answer in time: the library calls a refused connection a timeout too."""
    late = isinstance(error, urllib3.exceptions.TimeoutError)
    if late and not isinstance(error, urllib3.exceptions.NewConnectionError):
        return SourceTimeout("the source does not answer in time.", place=place)
    return SourceUnavailable("the source cannot be reached.", place=place)


def _ours(error: HTTPError, place: str) -> SourceBroken | SourceUnavailable | SourceRefused:
    if isinstance(error, urllib3.exceptions.SSLError):
        return SourceRefused("the source cannot prove that it is the host that settings name.", place)
    if isinstance(error, DecodeError):
        return SourceBroken("The answer's compression cannot be undone.", place)
    return SourceUnavailable("the connection broke before the answer was whole.", place=place)
