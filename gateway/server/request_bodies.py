"""Request bodies being received: limited in number, in bytes and in time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from standards.errors import BodyTooLarge, CallerError, Overloaded, RequestTimeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Receive = Callable[[], Awaitable[dict[str, Any]]]

MAX_BODIES: Final = 256
"""The most bodies that may be received at once."""

MAX_KEPT_BYTES: Final = 64 << 20
"""The bytes of bodies in memory at most, of those being received and of requests that are not answered yet."""

LETTING_GO_SECONDS: Final = 0.25
"""The seconds given to granian to stop reading an abandoned body: a request that is answered before keeps its
connection open until the client closes it."""


@dataclass(slots=True, eq=False)
class Body:
    """A body as far as it is received; *deadline* is when the client must have sent all of it."""

    deadline: asyncio.Timeout
    size: int = 0


class Bodies:
    """All bodies in memory. Where they become too many, the one that has been received for longest is abandoned."""

    def __init__(self, seconds: float, largest: int, kept: int = MAX_KEPT_BYTES) -> None:
        self._seconds, self._largest, self._kept = seconds, largest, max(kept, largest)
        self._coming: dict[Body, None] = {}
        self._bytes = 0

    async def read(self, announced: int | None, receive: Receive) -> bytes:
        """Read the whole body of a request, whose bytes count until they are released with `go`.

        Raises:
            BodyTooLarge: it is larger than any request may have; nothing more of it is read.
            RequestTimeout: it did not come in time.
            Overloaded: there is no room for it.
            CallerError: the client broke off.
        """
        if announced is not None and announced > self._largest:
            raise BodyTooLarge(self._largest)
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                body = self._begin(deadline)
                try:
                    whole = await self._received(body, receive)
                except BaseException:
                    self._forget(body)
                    raise
                del self._coming[body]
                return whole
        except TimeoutError:
            await asyncio.sleep(LETTING_GO_SECONDS)
            raise RequestTimeout from None

    def go(self, body: bytes) -> None:
        """Release the bytes of a body."""
        self._bytes -= len(body)

    async def _received(self, body: Body, receive: Receive) -> bytes:
        pieces = []
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise CallerError("The body is not complete.")
            piece: bytes = message.get("body", b"")
            if body.size + len(piece) > self._largest:
                raise BodyTooLarge(self._largest)
            pieces.append(piece)
            self._grow(body, len(piece))
            if not message.get("more_body"):
                if body not in self._coming:  # it was abandoned just when it was whole
                    raise RequestTimeout
                return b"".join(pieces)

    def _begin(self, deadline: asyncio.Timeout) -> Body:
        if len(self._coming) >= MAX_BODIES:
            self._give_up(next(iter(self._coming)))
        body = Body(deadline)
        self._coming[body] = None
        return body

    def _grow(self, body: Body, by: int) -> None:
        body.size += by
        self._bytes += by
        while self._bytes > self._kept:
            oldest = next((one for one in self._coming if one is not body), None)
            if oldest is None:
                raise Overloaded
            self._give_up(oldest)

    def _give_up(self, body: Body) -> None:
        """Abandon *body*, whose client is answered that it was too slow."""
        self._forget(body)
        if not body.deadline.expired():
            body.deadline.reschedule(0)

    def _forget(self, body: Body) -> None:
        self._coming.pop(body, None)
        self._bytes -= body.size
        body.size = 0
