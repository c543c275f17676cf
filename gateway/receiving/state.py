"""The agent's own folder: sealed packages, a sealed journal for each transfer, and the answers about codes.

Nothing in it tells anything of a child to whoever has the folder alone and not the key: names of files are ids of
transfers, packages are as they came, and every line of a journal is encrypted.
"""

from __future__ import annotations

import base64
import binascii
import errno
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.receiving.errors import StateBroken
from gateway.transfers.sealing.manifest import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Entry = dict[str, Any]

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS: Final = 0o077

NOT_PRIVATE = "The state folder must be one that only its owner can enter and read (mode 0700)."
IN_USE = "Another agent is at work in this state folder."
NO_KEY = "The key of the state folder must be 32 bytes in hex."
CHANGED = "A journal in the state folder was changed, or is sealed by another key."
NOT_WRITTEN = "The state folder cannot be written into: is the disk full? Nothing is lost: mend that, and start again."
NO_NAME = "An id that the gateway gave is none that a file can have."


class StateFolder:
    """The folder at *path*, made if it is missing; *key* (hex) seals what is in it, else one that is kept there."""

    def __init__(self, path: Path, key: str | None = None) -> None:
        self.path = path
        try:
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            found = path.stat()
            if found.st_mode & OTHERS or found.st_uid != os.geteuid():
                raise StateBroken(NOT_PRIVATE)
            for name in ("packages", "journals", "keys"):
                (path / name).mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError:
            raise StateBroken(NOT_PRIVATE) from None
        self.key = _key(key) if key else _kept_key(path / "key")
        self._journals: dict[str, Journal] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other agent out until the end of the block.

        Raises:
            StateBroken: one is at work.
        """
        opened = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            raise StateBroken(IN_USE) from None
        try:
            yield
        finally:
            os.close(opened)

    def package(self, transfer: str, version: int) -> Path:
        """Return where the sealed package of a version is."""
        return self.path / "packages" / f"{named(transfer)}.{version}.sealed"

    def journal(self, transfer: str) -> Journal:
        """Open the journal of a *transfer*, once."""
        if transfer not in self._journals:
            path = self.path / "journals" / f"{named(transfer)}.log"
            self._journals[transfer] = Journal(path, transfer, self.key)
        return self._journals[transfer]

    def transfers(self) -> list[str]:
        """Return the ids of the transfers that have a journal."""
        return sorted(one.name.removesuffix(".log") for one in (self.path / "journals").glob("*.log"))

    def read(self, name: str) -> dict[str, Any]:
        """Read the JSON object in a file of the folder; empty where there is none.

        Raises:
            StateBroken: it is none.
        """
        try:
            found = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise StateBroken(f"The file {name} of the state folder cannot be read.") from None
        if not isinstance(found, dict):
            raise StateBroken(f"The file {name} of the state folder cannot be read.")
        return found

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON object to a file of the folder: whole, or not at all."""
        with plainly():
            write_private(self.path / name, json.dumps(value, indent=1, sort_keys=True).encode())

    def forget(self, transfer: str) -> None:
        """Delete all that is kept of a transfer."""
        self._journals.pop(transfer, None)
        for path in (self.path / "packages").glob(f"{named(transfer)}.*"):
            path.unlink(missing_ok=True)
        (self.path / "journals" / f"{named(transfer)}.log").unlink(missing_ok=True)


class Journal:
    """What was done about one transfer, in order: each entry is on the disk before the next step is taken."""

    def __init__(self, path: Path, transfer: str, key: bytes) -> None:
        self._path, self._transfer, self._key = path, transfer, key
        self._aead, self._is_mended = AESGCM(key), False
        self.entries: list[Entry] = list(self._read())

    def tag(self, version: int, resource: str, key: tuple[str, ...]) -> str:
        """Return the key of idempotency of a record, ``transfer:version:resource:naturalKey``, as a keyed tag."""
        text = json.dumps([self._transfer, version, resource, *key])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def add(self, step: str, **told: Any) -> None:
        """Add an entry, and wait until the disk has it; what it does not take whole is taken back.

        Raises:
            StateBroken: the disk is full.
        """
        entry = {"step": step, **told}
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, json.dumps(entry).encode(), self._about(len(self.entries)))
        with plainly():
            opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
            try:
                self._mend(opened)
                _append(opened, base64.b64encode(sealed) + b"\n")
            finally:
                os.close(opened)
        self.entries.append(entry)

    def last(self, step: str, **told: Any) -> Entry | None:
        """Return the newest entry of a *step* that says so."""
        return next(
            (one for one in reversed(self.entries) if one["step"] == step and told.items() <= one.items()), None
        )

    def _mend(self, opened: int) -> None:
        """Cut off a line that was not written whole, before the first one is added to it."""
        if not self._is_mended:
            os.ftruncate(opened, len(self._whole()))
            self._is_mended = True

    def _whole(self) -> bytes:
        with suppress(FileNotFoundError):
            content = self._path.read_bytes()
            return content[: content.rfind(b"\n") + 1]
        return b""

    def _read(self) -> Iterator[Entry]:
        for number, line in enumerate(self._whole().splitlines()):
            try:
                sealed = base64.b64decode(line, validate=True)
                entry = json.loads(self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._about(number)))
            except (InvalidTag, ValueError, binascii.Error):
                raise StateBroken(CHANGED) from None
            yield entry

    def _about(self, number: int) -> bytes:
        return f"{self._transfer}:{number}".encode()


@contextmanager
def plainly() -> Iterator[None]:
    """Tell plainly that the disk does not take what is written in the block.

    Raises:
        StateBroken: it does not.
    """
    try:
        yield
    except OSError:
        raise StateBroken(NOT_WRITTEN) from None


def _append(opened: int, line: bytes) -> None:
    """Write a line behind all others, whole or not at all."""
    size = os.fstat(opened).st_size
    try:
        is_whole = os.write(opened, line) == len(line)
        os.fsync(opened)
    except OSError:
        os.ftruncate(opened, size)
        raise
    if not is_whole:
        os.ftruncate(opened, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def named(text: str) -> str:
    """Return an id that can be the name of a file.

    Raises:
        StateBroken: it cannot.
    """
    if not NAME.fullmatch(text):
        raise StateBroken(NO_NAME)
    return text


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read: whole, or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    opened = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _kept_key(path: Path) -> bytes:
    """Read the key that is kept in the folder, or make one; of two who start at once, one does."""
    with plainly():
        opened = os.open(path.with_name("key.lock"), os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            if not path.exists():
                write_private(path, secrets.token_hex(KEY_BYTES).encode())
        finally:
            os.close(opened)
    if stat.S_IMODE(path.stat().st_mode) & OTHERS:
        raise StateBroken(NOT_PRIVATE)
    return _key(path.read_text("ascii"))


def _key(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.strip())
    except ValueError:
        raise StateBroken(NO_KEY) from None
    if len(found) != KEY_BYTES:
        raise StateBroken(NO_KEY)
    return found
