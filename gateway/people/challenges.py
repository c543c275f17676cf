"""Challenges: what a browser was asked or is about to do, kept in the shared memory for one answer of that browser."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from gateway.storage.shared_memory import Memory

TTL_SECONDS: Final = 600.0


class Challenges:
    """What waits for an answer, by what it is for and by the secret name of the browser that was asked."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def put(self, purpose: str, browser: str, content: dict[str, Any]) -> None:
        """Keep what a browser was asked for a *purpose*, in place of what it was asked before."""
        self._memory.put(_key(purpose, browser), msgspec.json.encode(content), TTL_SECONDS)

    def take(self, purpose: str, browser: str) -> dict[str, Any] | None:
        """Return what a browser was asked for a *purpose*, once; None where nothing is known of it."""
        kept = self._memory.take(_key(purpose, browser)) if browser else None
        return msgspec.json.decode(kept) if kept is not None else None

    def find(self, purpose: str, browser: str) -> dict[str, Any] | None:
        """Return the same, and keep it."""
        kept = self._memory.find(_key(purpose, browser)) if browser else None
        return msgspec.json.decode(kept) if kept is not None else None


def _key(purpose: str, browser: str) -> str:
    return f"people:{purpose}:{hashlib.sha256(browser.encode()).hexdigest()}"
