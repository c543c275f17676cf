"""Sealed files: readable only with the region's keys, each written atomically."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway.storage.cipher import Cipher
from gateway.storage.durable_files import replace_file
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

Kept = TypeVar("Kept")


class Sealed:
    """A folder of sealed files; where *folder* is None nothing is stored."""

    def __init__(self, folder: Path | None, key: bytes) -> None:
        self._folder, self.cipher = folder, Cipher(key)

    def read(self, name: str) -> bytes | None:
        """Read the file *name*; None where it is missing or does not open."""
        if self._folder is None:
            return None
        try:
            return self.cipher.open((self._folder / name).read_bytes(), name.encode())
        except (OSError, ValueError):
            return None

    def touch(self, name: str, moment: float) -> None:
        """Set the time of the file's last use to *moment*."""
        if self._folder is not None:
            with suppress(OSError):
                os.utime(self._folder / name, (moment, moment))

    def forget(self, name: str, before: float) -> None:
        """Remove every folder whose file *name* was last used *before* that moment."""
        for folder in self._folder.iterdir() if self._folder and self._folder.is_dir() else ():
            with suppress(OSError):
                if (folder / name).stat().st_mtime < before:
                    shutil.rmtree(folder)

    def write(self, name: str, text: bytes) -> None:
        """Write *text* durably as the file *name*, in place of the old one.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        if self._folder is None:
            return
        place = self._folder / name
        try:
            self._make_folders(place)
            replace_file(place, self.cipher.seal(text, name.encode()), named=False)
        except OSError:
            raise StoreUnavailable("What consumers know cannot be written down.") from None

    def _make_folders(self, place: Path) -> None:
        """Make each folder above *place* for its owner alone: `parents=True` would leave the upper ones open."""
        assert self._folder is not None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in list(place.relative_to(self._folder).parents)[-2::-1]:
            (self._folder / folder).mkdir(mode=0o700, exist_ok=True)


def decoded(text: bytes | None, kind: type[Kept]) -> Kept | None:
    """Decode MessagePack to *kind*; None where it cannot be decoded."""
    if text is None:
        return None
    try:
        return msgspec.msgpack.decode(text, type=kind)
    except msgspec.DecodeError:
        return None
