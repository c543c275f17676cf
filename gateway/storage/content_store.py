"""The content store: each content kept once, in a file named by its hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.storage.durable_files import replace_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_NAMES = 65_536
BLOCK_BYTES = 4096
"""The least disk space of a file."""


class Contents:
    """Contents of one kind below one folder; a content never changes under its name."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder, self._suffix = folder, suffix
        self._kept: set[str] = set()

    @staticmethod
    def name(content: bytes) -> str:
        """Return the name of *content*: its SHA-256 hash."""
        return hashlib.sha256(content).hexdigest()

    def keep(self, content: bytes) -> str:
        """Store *content* durably and return its name."""
        name = self.name(content)
        if not self.has(name):
            self._write(self._path(name), content)
            self._remember(name)
        return name

    def has(self, name: str) -> bool:
        """Tell whether there is a content of that name."""
        if name in self._kept:
            return True
        if self._path(name).exists():
            self._remember(name)
            return True
        return False

    def read(self, name: str) -> bytes:
        """Read the content of that name, without checking its hash.

        Raises:
            OSError: there is none.
        """
        return self._path(name).read_bytes()

    def fault(self, name: str) -> str:
        """Describe what is wrong with the content of that name; "" when nothing is."""
        try:
            content = self.read(name)
        except (OSError, ValueError):
            return "is missing"
        return "" if self.name(content) == name else "was changed"

    def names(self) -> Iterator[str]:
        """Yield the name of every stored content."""
        for path in sorted(self._folder.glob(f"*/*{self._suffix}")):
            yield path.parent.name + path.name.removesuffix(self._suffix)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name[2:]}{self._suffix}"

    def _remember(self, name: str) -> None:
        if len(self._kept) >= MAX_NAMES:
            self._kept.clear()
        self._kept.add(name)

    def _write(self, path: Path, content: bytes) -> None:
        fresh = not path.parent.exists()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, content)
        if fresh:
            sync_folder(self._folder)
