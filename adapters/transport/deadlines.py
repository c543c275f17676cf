"""Deadlines of HTTP answers: one for the whole answer, from the status line to the last byte.

A socket's own timeout begins anew with every byte, so that a system that sends one now and then would never be late.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Protocol

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer


class Raw(Protocol):
    """A source of bytes."""

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read into *buffer*; return the number of bytes."""

    def close(self) -> None:
        """Stop reading."""


_seconds: ContextVar[Callable[[], float] | None] = ContextVar("seconds", default=None)


@contextmanager
def paced(seconds: Callable[[], float]) -> Iterator[None]:
    """Limit each read of an answer that begins in the block to the time that *seconds* then returns, or raises."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


class _DeadlineReader(io.RawIOBase):
    """A reader of a socket's bytes, each read of which may take the time that is left."""

    def __init__(self, raw: Raw, sock: socket.socket, seconds: Callable[[], float]) -> None:
        self._raw, self._sock, self._seconds = raw, sock, seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        self._sock.settimeout(self._seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        super().__init__(sock, *rest, **more)
        seconds = _seconds.get()
        if seconds is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, seconds))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secured(HTTPSConnection):
    response_class = _Response


class HttpPool(urllib3.HTTPConnectionPool):
    """A connection pool whose answers have a deadline."""

    ConnectionCls = _Plain


class HttpsPool(urllib3.HTTPSConnectionPool):
    """A connection pool over TLS whose answers have a deadline."""

    ConnectionCls = _Secured
