"""The front: receives requests and sends responses in one event loop, so that no slow client blocks a thread."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway import telemetry
from gateway.request_slots import DistrictBusy, Interrupted, Slots, Ticket, under
from gateway.server.environ import announced_of, environ_of
from gateway.server.request_bodies import Bodies
from gateway.server.threads import RequestPlaces, Threads
from gateway.web.app import MAX_BODY_BYTES, REFUSED
from standards.errors import BodyTooLarge, GatewayError, Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
    from wsgiref.types import WSGIApplication

    from gateway.config.settings import Server

    Scope = Mapping[str, Any]
    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Environ = dict[str, Any]
    Standing = Callable[[], tuple[int, bytes]]

PIECE_BYTES: Final = 1 << 18
"""The bytes above which a response is sent in pieces, each of which the client must take in time."""

MAX_REFUSALS: Final = 1024
"""The refusals that may wait to be written; connections beyond that are closed without a response."""

FILE_SECONDS: Final = 600.0
"""The seconds in which an uploaded file must have come whole."""

ENVELOPE_BYTES: Final = 65_536
"""What a form may have beside the file in it."""

FILES: Final = 2
"""How many of the largest files may be in memory at once, while they come in."""

DRAIN_SECONDS: Final = 30.0
"""The seconds for which a client may go on sending a body that is refused, before it is told so."""

PAUSE_SECONDS: Final = 0.5
"""The seconds after which a client that sends no more is told so."""

BODILESS: Final = frozenset({204, 304})


class Gate(Protocol):
    """What decides before the body of an uploaded file is read whether it may come."""

    def district_of(self, environ: Environ) -> str:
        """Return the district that the request uploads a file for; empty where it is another request."""

    def admit(self, environ: Environ) -> None:
        """Let an upload in, or raise why not."""

    def leave(self, environ: Environ) -> None:
        """Say that an upload that was let in is over."""


class Front:
    """An ASGI application over a WSGI one, which it calls in threads.

    *standing* are responses that need no thread: by path, a function to a status and a JSON body that never blocks.
    Files are uploaded by those alone whom the *gate* lets in.
    """

    def __init__(
        self, app: WSGIApplication, server: Server, standing: Mapping[str, Standing], gate: Gate | None = None
    ) -> None:
        self._app, self._standing, self._gate = app, standing, gate
        self._wait = server.wait.total_seconds()
        self._patience = server.client_timeout.total_seconds()
        self._bodies = Bodies(self._patience, MAX_BODY_BYTES)
        self._files = Bodies(FILE_SECONDS, server.upload_bytes + ENVELOPE_BYTES, FILES * server.upload_bytes)
        self._slots = Slots(server.threads_per_district)
        self._places, self._threads = RequestPlaces(server.threads), Threads()
        self._refusing, self._refusals = asyncio.Lock(), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["path"] in self._standing and scope["method"] in {"GET", "HEAD"}:
            await self._stand(scope["path"], send)
        else:
            await self._serve(scope, receive, send)

    async def _stand(self, path: str, send: Send) -> None:
        status, body = self._standing[path]()
        telemetry.answered(path[1:], status)
        await _send(AppResponse(status, [("Content-Type", "application/json")], body=body), send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        environ[telemetry.STARTED] = time.perf_counter()
        announced = announced_of(environ)
        if self._gate is not None and self._gate.district_of(environ):
            await self._take_file(self._gate, environ, receive, send)
            return
        if announced == 0:
            await self._pass(environ, b"", receive, send)
            return
        await self._receive(self._bodies, environ, receive, send)

    async def _take_file(self, gate: Gate, environ: Environ, receive: Receive, send: Send) -> None:
        """Receive an uploaded file, of those whom the *gate* lets in before any of it is read."""
        refusal = await self._threads.run(partial(_asked, gate, environ))
        if refusal is not None:
            await _drain(environ, receive)
            await self._refuse(environ, refusal, send)
            return
        try:
            await self._receive(self._files, environ, receive, send)
        finally:
            gate.leave(environ)

    async def _receive(self, bodies: Bodies, environ: Environ, receive: Receive, send: Send) -> None:
        """Receive the body among others, and run the application with it."""
        try:
            body = await bodies.read(announced_of(environ), receive)
        except GatewayError as refusal:
            if isinstance(refusal, BodyTooLarge):
                await _drain(environ, receive)
            await self._refuse(environ, refusal, send)
            return
        try:
            await self._pass(environ, body, receive, send)
        finally:
            bodies.go(body)

    async def _pass(self, environ: Environ, body: bytes, receive: Receive, send: Send) -> None:
        """Run the application, and send its response."""
        answer = await self._answer(environ, body)
        if isinstance(answer, GatewayError):
            await self._refuse(environ, answer, send)
        else:
            await self._deliver(answer, receive, send)

    async def _answer(self, environ: Environ, body: bytes) -> AppResponse | GatewayError:
        """Return the application's response; where it needs a slot that is not free, once it has one."""
        if self._places.crowded:
            return Overloaded()
        loop = asyncio.get_running_loop()
        place, until = self._places.place(), 0.0
        ticket = Ticket(self._slots, _in(loop, place.free))
        try:
            while True:
                if not ticket.held:
                    await place.take()
                outcome = await self._threads.run(partial(self._run, environ, body, ticket))
                place.free()
                if isinstance(outcome, AppResponse):
                    return outcome
                self._slots.leave(ticket)
                until = until or loop.time() + self._wait
                if not await self._slot(ticket, outcome.district, until):
                    return DistrictBusy()
        finally:
            place.free()
            self._slots.leave(ticket)

    async def _slot(self, ticket: Ticket, district: str, until: float) -> bool:
        """Wait for a slot of *district*, without a thread; return whether one came in time."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        if self._slots.queue(ticket, district, _in(loop, woken.set)):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await woken.wait()
        return district in ticket.held

    def _run(self, environ: Environ, body: bytes, ticket: Ticket) -> AppResponse | Interrupted:
        """Call the application, in a thread; a streamed response is made as far as its first piece.

        The rest of it needs no source, and could not be begun again.
        """
        started = Start()
        try:
            with under(ticket):
                pieces = self._app(environ | {"wsgi.input": BytesIO(body)}, started)
                if not started.whole and REFUSED not in environ:
                    return AppResponse(started.status, started.headers, pieces)
                try:
                    return AppResponse(started.status, started.headers, body=b"".join(pieces))
                finally:
                    _close(pieces)
        except Interrupted as interrupted:
            return interrupted

    async def _refuse(self, environ: Environ, error: GatewayError, send: Send) -> None:
        """Answer with an *error* of the front as the application renders it, one such response at a time.

        Nothing more is received: a client that expects 100 Continue would get it, and send a body that nobody reads.
        """
        if self._refusals >= MAX_REFUSALS:
            telemetry.answered("-", Overloaded.status)
            await _send(AppResponse(Overloaded.status, [("Retry-After", str(Overloaded().retry_after))]), send)
            return
        self._refusals += 1
        try:
            async with self._refusing:
                ticket = Ticket(self._slots, lambda: None, stays=True)
                answer = await self._threads.run(partial(self._run, environ | {REFUSED: error}, b"", ticket))
        finally:
            self._refusals -= 1
        if isinstance(answer, AppResponse):
            answer.headers = [*answer.headers, ("Connection", "close")]  # the rest of the body is not read
            await _send(answer, send)

    async def _deliver(self, answer: AppResponse, receive: Receive, send: Send) -> None:
        """Send a *response*; a large one in pieces, of which a client that does not take them gets no more."""
        if answer.pieces is None and len(answer.body) <= PIECE_BYTES:
            await _send(answer, send)
            return
        left = asyncio.ensure_future(_disconnected(receive))
        try:
            await send(answer.start())
            async for piece in self._pieces(answer):
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                if left.done():
                    return
            await send({"type": "http.response.body", "body": b""})
        except Exception as error:  # noqa: BLE001  whoever reads sees that the end is missing
            if not isinstance(error, TimeoutError):
                telemetry.fault(error)
        finally:
            left.cancel()
            if answer.pieces is not None:
                await self._threads.run(answer.close)

    async def _pieces(self, answer: AppResponse) -> AsyncIterator[bytes]:
        """Yield the body of a *response* in pieces; streamed ones are made in a thread, one at a time."""
        if answer.pieces is None:
            for start in range(0, len(answer.body), PIECE_BYTES):
                yield answer.body[start : start + PIECE_BYTES]
            return
        while True:
            place = self._places.place()
            await place.take()
            try:
                piece = await self._threads.run(answer.next)
            finally:
                place.free()
            if not piece:
                return
            yield piece


def _asked(gate: Gate, environ: Environ) -> GatewayError | None:
    """Ask the *gate*; return why it lets nobody in, or None."""
    try:
        gate.admit(environ)
    except GatewayError as error:
        return error
    return None


class Start:
    """The status and headers of a WSGI application's response (``start_response``)."""

    def __init__(self) -> None:
        self.status, self.headers = 500, list[tuple[str, str]]()

    def __call__(
        self, status: str, headers: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        """Take the status and the headers."""
        self.status, self.headers = int(status.split(" ", 1)[0]), headers
        return _write

    @property
    def whole(self) -> bool:
        """Tell whether the body is complete, and not made while it is sent."""
        return self.status in BODILESS or any(name.lower() == "content-length" for name, _ in self.headers)


class AppResponse:
    """A response of the application: a complete *body*, or the *pieces* of one that is made while it is sent.

    The first of the pieces is made at once, so that a failure there can still become another response.
    """

    def __init__(
        self, status: int, headers: list[tuple[str, str]], pieces: Iterable[bytes] | None = None, body: bytes = b""
    ) -> None:
        self.status, self.headers, self.body, self.pieces = status, headers, body, pieces
        self._following = iter(pieces or ())
        self._first = self._made() if pieces is not None else b""

    def start(self) -> Message:
        """Return the ASGI message that begins it."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    def next(self) -> bytes:
        """Return the next piece; empty at the end."""
        piece, self._first = self._first, b""
        return piece or self._made()

    def close(self) -> None:
        """Release what the pieces were made from."""
        _close(self.pieces)

    def _made(self) -> bytes:
        return next(filter(None, self._following), b"")


def _in(loop: asyncio.AbstractEventLoop, do: Callable[[], object]) -> Callable[[], None]:
    """Return a function that makes the loop *do* something, from any thread."""

    def ask() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(do)

    return ask


async def _drain(environ: Environ, receive: Receive) -> None:
    """Take and forget what a client goes on sending of a body that is refused, while it does and for a while.

    Who is still sending when a connection is closed is told of that, and not why (RFC 9112, 9.6). A client that waits
    for 100 Continue sends nothing before it has the response.
    """
    if "HTTP_EXPECT" in environ:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await asyncio.wait_for(receive(), PAUSE_SECONDS)).get("more_body"):
                pass


async def _send(answer: AppResponse, send: Send) -> None:
    await send(answer.start())
    await send({"type": "http.response.body", "body": answer.body})


async def _disconnected(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _live(receive: Receive, send: Send) -> None:
    """Answer the server's ASGI lifespan messages: startup and shutdown."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})


def _close(pieces: object) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()


def _write(_piece: bytes) -> object:
    raise NotImplementedError
