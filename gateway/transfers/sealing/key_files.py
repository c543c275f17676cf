"""Files of private keys: an encrypted PEM, or a JWK, in a file and a folder that only their owner can read."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.jwk import ECKey

from gateway.storage.durable_files import sync_folder
from gateway.transfers.sealing.errors import KeyFileRefused
from gateway.transfers.sealing.key_set import CURVE, NUMBER_BYTES
from gateway.transfers.sealing.strict_json import decode, read_object

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES: Final = 16_384
MIN_PASSPHRASE_BYTES: Final = 12
PRIVATE_MODE: Final = 0o600
OTHERS: Final = 0o077
"""The rights of everybody but the owner."""
MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "d"})
ENCRYPTED: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

NO_FOLDER = "The folder of a private key must be one that only its owner can enter and read (mode 0700)."
THERE_ALREADY = "There is a file of this name already, or it cannot be made: a private key overwrites nothing."
NOT_WRITTEN = "The private key could not be written whole; nothing of it is left."
SHORT = "A passphrase must have at least 12 bytes."
NOT_PRIVATE = "The file of a private key must be a plain one that only its owner can read (mode 0600)."
NO_KEY = "This is no private key of P-256 in an encrypted PEM file (with its passphrase) or a JWK (without one)."


def new_key() -> ECKey:
    """Make a pair of P-256."""
    return ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))


def write_private_key(path: Path, key: ECKey, passphrase: bytes | None = None) -> None:
    """Write a private key to a new file: encrypted under a *passphrase*, or as a JWK where there is none.

    Raises:
        KeyFileRefused: the file is there, or others can look into its folder.
    """
    content = _jwk(key) if passphrase is None else _pem(key, passphrase)
    _check_folder(path.parent)
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_MODE)
    except OSError:
        raise KeyFileRefused(THERE_ALREADY) from None
    try:
        with os.fdopen(opened, "wb") as file:
            os.fchmod(opened, PRIVATE_MODE)
            file.write(content)
            file.flush()
            os.fsync(opened)
        sync_folder(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise KeyFileRefused(NOT_WRITTEN) from None


def read_private_key(path: Path, passphrase: bytes | None = None) -> ECKey:
    """Read a private key from its file.

    Raises:
        KeyFileRefused: others can read it too, or it is none.
    """
    content = _content(path)
    try:
        return _read_pem(content, passphrase) if passphrase is not None else _read_jwk(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileRefused(NO_KEY) from None


def _check_folder(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError:
        raise KeyFileRefused(NO_FOLDER) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & OTHERS or found.st_uid != os.geteuid():
        raise KeyFileRefused(NO_FOLDER)


def _content(path: Path) -> bytes:
    """Read a small plain file that is its owner's alone; a link, a pipe or a device is none."""
    try:
        with open(path, "rb", opener=_open_plain) as file:
            found = os.fstat(file.fileno())
            content = file.read(MAX_FILE_BYTES + 1) if stat.S_ISREG(found.st_mode) else b""
    except OSError:
        raise KeyFileRefused(NOT_PRIVATE) from None
    if not stat.S_ISREG(found.st_mode) or found.st_mode & OTHERS:
        raise KeyFileRefused(NOT_PRIVATE)
    if len(content) > MAX_FILE_BYTES:
        raise KeyFileRefused(NO_KEY)
    return content


def _open_plain(path: str, flags: int) -> int:
    """Open a file through no link, and without waiting for who writes to a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _pem(key: ECKey, passphrase: bytes) -> bytes:
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise KeyFileRefused(SHORT)
    kept = BestAvailableEncryption(passphrase)
    return _private(key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept)


def _read_pem(content: bytes, passphrase: bytes) -> ECKey:
    if not content.startswith(ENCRYPTED):
        raise ValueError
    found = load_pem_private_key(content, passphrase)
    if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
        raise KeyFileRefused(NO_KEY)
    return ECKey.import_key(found)


def _jwk(key: ECKey) -> bytes:
    told = ECKey.import_key(_private(key)).as_dict(private=True)
    return json.dumps({name: told[name] for name in sorted(MEMBERS)}, indent=1).encode("ascii")


def _read_jwk(content: bytes) -> ECKey:
    """Read a JWK whose public part is that of its private one."""
    told = read_object(content)
    if told.keys() != MEMBERS or (told["kty"], told["crv"]) != ("EC", CURVE):
        raise ValueError
    raw = decode(str(told["d"]).encode())
    if len(raw) != NUMBER_BYTES:
        raise ValueError
    key = ECKey.import_key(ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()))
    if key.as_dict(private=True) != told:
        raise ValueError
    return key


def _private(key: ECKey) -> ec.EllipticCurvePrivateKey:
    if key.private_key is None or key.curve_name != CURVE:
        raise KeyFileRefused(NO_KEY)
    return key.private_key
