"""Files that nobody can read without the region's keys, each written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

NONCE = 12


class Sealed:
    """A folder of sealed files, or what stands for one in memory where *folder* is None."""

    def __init__(self, folder: Path | None, key: bytes) -> None:
        self._folder, self._cipher = folder, AESGCM(key)

    def close(self, text: bytes, about: bytes = b"") -> bytes:
        """*text*, sealed; it opens only for who says the same *about* it."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, text, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """The text that was sealed.

        Raises:
            InvalidTag: it was sealed under another key, about something else, or has been changed.
        """
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about)

    def read(self, name: str) -> bytes | None:
        """What was written under *name*; None where there is nothing, or nothing that opens."""
        if self._folder is None:
            return None
        try:
            return self.open((self._folder / name).read_bytes(), name.encode())
        except (OSError, InvalidTag, ValueError):
            return None

    def touch(self, name: str, moment: float) -> None:
        """Let the file *name* count as used at *moment*."""
        if self._folder is not None:
            with suppress(OSError):
                os.utime(self._folder / name, (moment, moment))

    def forget(self, name: str, before: float) -> None:
        """Remove every folder whose file *name* was last used before that moment."""
        for folder in self._folder.iterdir() if self._folder and self._folder.is_dir() else ():
            with suppress(OSError):
                if (folder / name).stat().st_mtime < before:
                    shutil.rmtree(folder)

    def write(self, name: str, text: bytes) -> None:
        """Write *text* durably under *name*, in place of what was there.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        if self._folder is None:
            return
        place = self._folder / name
        draft = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._make_folders(place)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(self.close(text, name.encode()))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise StoreUnavailable("What consumers know cannot be written down.") from None

    def _make_folders(self, place: Path) -> None:
        """Make each folder above *place* by itself, for its owner alone: `parents` would leave those above open."""
        assert self._folder is not None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in list(place.relative_to(self._folder).parents)[-2::-1]:
            (self._folder / folder).mkdir(mode=0o700, exist_ok=True)
