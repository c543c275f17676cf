"""Secrets by reference (``env:``, ``file:``), and the keys that are derived from the master key."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from standards.errors import SettingsError
from standards.keys import KEY_BYTES, derive_key

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "master.key"


@dataclass(frozen=True, slots=True)
class Keys:
    """The region's master key; every purpose has its own key, from which no other can be computed."""

    master: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Derive the key for *purpose*, the same after every restart."""
        return derive_key(self.master, b"crossingguard/" + purpose.encode())


def derive_subkey(key: bytes, purpose: bytes) -> bytes:
    """Derive a key for one *purpose* within what *key* is for; neither *key* nor another subkey follows from it."""
    return blake2b(purpose, digest_size=KEY_BYTES, key=key).digest()


def open_keys(reference: str | None, state: Path, folder: Path) -> Keys:
    """Read the master key that *reference* names, or that of a file created in *state* when there is none."""
    if reference:
        return Keys(_key(resolve(reference, folder)))
    path = state / KEY_FILE
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_key_file(path)
        return Keys(_key(path.read_text("ascii")))
    except (OSError, ValueError):
        raise SettingsError("the key file cannot be read or made", str(path)) from None


def resolve(reference: str, folder: Path) -> str:
    """Return the secret behind ``env:NAME`` or ``file:PATH``; its text never appears in an error."""
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        value = os.environ.get(name)
        if not value:
            raise SettingsError(f"the environment variable {name} is not set")
        return value
    if scheme == "file" and name:
        try:
            return (folder / name).read_text("utf-8").strip()
        except (OSError, ValueError):
            raise SettingsError(f"the file {name} cannot be read") from None
    raise SettingsError("a secret is written env:NAME or file:PATH")


def check_key(reference: str, folder: Path) -> None:
    """Refuse a *reference* without a usable master key."""
    _key(resolve(reference, folder))


def _key(text: str) -> bytes:
    for decode in (bytes.fromhex, _from_base64):
        try:
            key = decode(text.strip())
        except (ValueError, binascii.Error):
            continue
        if len(key) >= KEY_BYTES:
            return key
    raise SettingsError(f"the master key must be at least {KEY_BYTES} bytes, in hex or base64")


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def _make_key_file(path: Path) -> None:
    """Create the key file atomically, by linking a finished file, so that no other worker's is overwritten."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
