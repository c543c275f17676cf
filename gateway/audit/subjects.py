"""The subjects of an event: sets of student tags, a few in the event itself, larger ones stored once by content."""

from __future__ import annotations

import math
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.storage.content_store import BLOCK_BYTES, Contents
from standards.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

TAG_BYTES = 8
MAX_INLINE_TAGS = 16
MAX_CLIENT_BYTES = 64 * 2**20
"""The bytes of new sets that one client may cause in an hour: eight million records that nobody was sent before."""
ALLOWANCE_SECONDS = 3600.0


class Subjects:
    """The sets of one audit log. A tag is a keyed hash of a student: it identifies nobody without the key."""

    def __init__(self, folder: Path, allowance: Allowance | None = None) -> None:
        self.contents, self._allowance = Contents(folder, ".tags"), allowance or Allowance()
        self.read = lru_cache(maxsize=64)(self._read)

    def keep(self, tags: Sequence[bytes], client: str = "") -> str:
        """Store the set of *tags*, in this order, durably; return its name. Few tags are their own name.

        Raises:
            TooManyRequests: the *client* has caused as many new sets as one may.
        """
        if any(len(tag) != TAG_BYTES for tag in tags):
            raise ValueError(f"a tag has {TAG_BYTES} bytes")
        joined = b"".join(tags)
        if len(tags) <= MAX_INLINE_TAGS:
            return "=" + joined.hex()
        return self._allowance.keep(self.contents, joined, client)

    def holds(self, name: str, tag: bytes, start: int, stop: int) -> bool:
        """Tell whether *tag* stands between *start* and *stop* in the set."""
        tags = self.read(name)
        at = tags.find(tag, start * TAG_BYTES, stop * TAG_BYTES)
        while at >= 0 and at % TAG_BYTES:
            at = tags.find(tag, at + 1, stop * TAG_BYTES)
        return at >= 0

    def fault(self, name: str, stop: int) -> str:
        """Return what is wrong with a set that an event names up to *stop*; empty when nothing is."""
        if not name.startswith("=") and (fault := self.contents.fault(name)):
            return fault
        return "is too short" if stop * TAG_BYTES > len(self._read(name)) else ""

    def _read(self, name: str) -> bytes:
        return bytes.fromhex(name[1:]) if name.startswith("=") else self.contents.read(name)


class Allowance:
    """The bytes that each client has caused within the present hour."""

    def __init__(self, most: int = MAX_CLIENT_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._most, self._lock = clock, most, threading.Lock()
        self._begun, self._spent = clock(), dict[str, int]()

    def keep(self, contents: Contents, content: bytes, client: str) -> str:
        """Store *content*, whose bytes count for the *client* where it was not stored before.

        Raises:
            TooManyRequests: the client has caused as many as one may.
        """
        if not contents.has(Contents.name(content)):
            self.spend(client, -(-len(content) // BLOCK_BYTES) * BLOCK_BYTES)
        return contents.keep(content)

    def spend(self, client: str, size: int) -> None:
        """Count *size* bytes for a *client*.

        Raises:
            TooManyRequests: they are more than it may cause.
        """
        now = self._clock()
        with self._lock:
            if now - self._begun >= ALLOWANCE_SECONDS:
                self._begun, self._spent = now, {}
            spent = self._spent.get(client, 0)
            if spent + size > self._most and spent:
                wait = math.ceil(self._begun + ALLOWANCE_SECONDS - now)
                raise TooManyRequests("Too many different records were asked for; wait before the next.", max(1, wait))
            self._spent[client] = spent + size
