"""Whom an event is about: sets of student tags, each kept once under the hash of what it holds."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.chain import sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TAG_BYTES = 8
INLINE = 4
REMEMBERED = 4096


class Subjects:
    """The sets of one record. A tag is a keyed hash of a student: it names nobody without the key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: set[str] = set()
        self.read = lru_cache(maxsize=64)(self._read)

    def keep(self, tags: Sequence[bytes]) -> str:
        """The name of the set of *tags*, in this order; durable when it is returned. Few tags are their own name."""
        if any(len(tag) != TAG_BYTES for tag in tags):
            raise ValueError(f"a tag has {TAG_BYTES} bytes")
        joined = b"".join(tags)
        if len(tags) <= INLINE:
            return "=" + joined.hex()
        name = hashlib.sha256(joined).hexdigest()
        if name not in self._kept:
            self._write(self._path(name), joined)
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
            self._kept.add(name)
        return name

    def holds(self, name: str, tag: bytes, start: int, stop: int) -> bool:
        """Whether *tag* stands between *start* and *stop* in the set."""
        tags = self.read(name)
        at = tags.find(tag, start * TAG_BYTES, stop * TAG_BYTES)
        while at >= 0 and at % TAG_BYTES:
            at = tags.find(tag, at + 1, stop * TAG_BYTES)
        return at >= 0

    def fault(self, name: str, stop: int) -> str | None:
        """What is wrong with a set that an event names up to *stop*, if anything."""
        try:
            tags = self.read(name)
        except (OSError, ValueError):
            return "is missing"
        if not name.startswith("=") and hashlib.sha256(tags).hexdigest() != name:
            return "was changed"
        return "is too short" if stop * TAG_BYTES > len(tags) else None

    def _read(self, name: str) -> bytes:
        return bytes.fromhex(name[1:]) if name.startswith("=") else self._path(name).read_bytes()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name[2:]}.tags"

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.{id(content)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
        sync_folder(self._folder)
