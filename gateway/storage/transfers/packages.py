"""Sealed packages: files that only the receiving district can open, each noted in the registry, for 14 days at most.

A file is whole and on the disk before the registry names it, and deleted before the registry says so: what a crash
leaves over is a file that nothing names, which `sweep` deletes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, delete, insert, or_, select, update

from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.durable_files import sync_folder, write_all
from gateway.storage.transfers.tables import sealed_packages, transfers
from standards.errors import BodyTooLarge, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from gateway.storage.acts import SqlRegistry

FOLDER: Final = "sealed"
LIFE: Final = timedelta(days=14)
MAX_BYTES: Final = 96 << 20
"""What 64 MiB are in base64, with the headers of all of their parts."""

CHUNK_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 512
USTAR: Final = b"ustar"
USTAR_AT: Final = slice(257, 262)
"""Where the header of a tar says that it is one."""

MAX_HEADER_BYTES: Final = 4096
TOKEN_BYTES: Final = 8
ID: Final = re.compile(r"[0-9a-f]{16,32}")
UNREAD: Final = "packed"
NEEDED_IN: Final = (UNREAD, "delivered")
"""The states of a transfer in which its receiver may still fetch the package."""

MAX_WAITING: Final = 100
"""The packages of one district that are listed at once: the others follow as these are acknowledged."""
LEFT_OVER: Final = timedelta(hours=1)
"""A file that nothing names for so long is none that is still being written."""


@dataclass(frozen=True, slots=True)
class SealedPackage:
    """A sealed package of a *version*: its file, size and hash, and the *kid* of the key that opens it."""

    transfer: str
    version: int
    file: str
    size: int
    sha256: str
    receiver: str
    kid: str
    at: datetime
    expires: datetime
    deleted: datetime | None = None


class UnsealedPackage(StoreUnavailable):
    """What is to be kept is not sealed; nothing of it stays."""

    code = "package-not-sealed"


class PackageGone(NotFound):
    """There is no such package, or no more: it has lapsed, or its receiver has acknowledged it."""

    code = "package-gone"

    def __init__(self) -> None:
        super().__init__("There is no such package here, or it is not kept any more.")


class SealedPackages:
    """The sealed packages below the folder *state*."""

    def __init__(self, store: SqlRegistry, state: Path, clock: Callable[[], datetime]) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock
        self._folder = state / FOLDER

    def write(self, transfer: str, version: int, content: Iterable[bytes], receiver: str, kid: str) -> SealedPackage:
        """Write the *content* of a package to its file; `note_package` makes it one, `discard` nothing.

        Raises:
            UnsealedPackage: it does not begin as something sealed does.
            BodyTooLarge: it is larger than a package can be.
            StoreUnavailable: it cannot be written.
        """
        if not ID.fullmatch(transfer):
            raise PackageGone
        name = f"{transfer}-{version}-{secrets.token_hex(TOKEN_BYTES)}.jwe"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            size, digest = self._write(name, content)
        except BaseException as error:
            with suppress(OSError):
                self._unlink(name)
            if isinstance(error, OSError):
                raise StoreUnavailable("A sealed package cannot be written.") from None
            raise
        at = self._clock()
        return SealedPackage(transfer, version, name, size, digest, receiver, kid, at, at + LIFE)

    def read(self, package: SealedPackage, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a package from *offset* on, *length* of them or all.

        Raises:
            PackageGone: it is not there any more.
        """
        if package.deleted is not None or self._clock() >= package.expires:
            raise PackageGone
        try:
            descriptor = os.open(self._folder / package.file, os.O_RDONLY)
        except OSError:
            raise PackageGone from None
        chunks = _chunks(descriptor, offset, package.size - offset if length is None else length)
        next(chunks)  # from here on whoever lets go of it closes the file, though nothing was read
        return chunks

    @timely
    def find(self, transfer: str, version: int) -> SealedPackage:
        """Find the package of a version, one that is deleted too.

        Raises:
            PackageGone: there is none.
        """
        wanted = _of(select(sealed_packages), transfer, version)
        with transaction(self._engine) as connection:
            row = connection.execute(wanted).first()
        if row is None:
            raise PackageGone
        return _package(row)

    @timely
    def of_receiver(self, receiver: str, senders: Collection[str]) -> tuple[tuple[SealedPackage, str], ...]:
        """List the packages of these *senders* that lie ready for a district, each with its sender.

        Those that nobody has read come first, then those that are not acknowledged yet, the oldest first.
        """
        there = sealed_packages.c.deleted.is_(None), sealed_packages.c.expires > self._clock()
        newest = transfers.c.version == sealed_packages.c.version, transfers.c.state.in_(NEEDED_IN)
        joined = select(sealed_packages, transfers.c.sender).join(
            transfers, transfers.c.id == sealed_packages.c.transfer
        )
        mine = sealed_packages.c.receiver == receiver, transfers.c.sender.in_(sorted(senders))
        read = case((transfers.c.state == UNREAD, 0), else_=1)
        order = read, sealed_packages.c.at, sealed_packages.c.transfer
        wanted = joined.where(*mine, *there, *newest).order_by(*order)
        with transaction(self._engine) as connection:
            rows = connection.execute(wanted.limit(MAX_WAITING)).all()
        return tuple((_package(row), row.sender) for row in rows)

    def discard(self, package: SealedPackage) -> None:
        """Delete the file of a package that the registry does not name."""
        self._unlink(package.file)

    def delete(self, package: SealedPackage) -> None:
        """Delete a package: first its bytes, then what says that they are there."""
        self._unlink(package.file)
        self._note_deleted(package)

    def expire(self) -> int:
        """Delete the packages that were kept for as long as they may be, or are not needed; return how many.

        One is needed while its version is packed, or delivered and not acknowledged yet.
        """
        expired = self._expired()
        for package in expired:
            self.delete(package)
        return len(expired)

    def sweep(self) -> int:
        """Delete the files that nothing names, and that nobody is writing any more; return how many."""
        old = self._clock().timestamp() - LEFT_OVER.total_seconds()
        known, found = self._named(), self._folder.iterdir() if self._folder.is_dir() else ()
        left = [path.name for path in found if path.name not in known and path.stat().st_mtime < old]
        for name in left:
            self._unlink(name)
        return len(left)

    @timely
    def _expired(self) -> list[SealedPackage]:
        needless = or_(transfers.c.state.not_in(NEEDED_IN), transfers.c.version != sealed_packages.c.version)
        over = or_(sealed_packages.c.expires <= self._clock(), needless)
        joined = select(sealed_packages).join(transfers, transfers.c.id == sealed_packages.c.transfer)
        with transaction(self._engine) as connection:
            rows = connection.execute(joined.where(sealed_packages.c.deleted.is_(None), over)).all()
        return [_package(row) for row in rows]

    @timely
    def _named(self) -> frozenset[str]:
        there = select(sealed_packages.c.file).where(sealed_packages.c.deleted.is_(None))
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(there).scalars())

    @timely
    def _note_deleted(self, package: SealedPackage) -> None:
        mine = _of(update(sealed_packages), package.transfer, package.version)
        mine = mine.where(sealed_packages.c.file == package.file)
        with transaction(self._engine, write=True) as connection:
            connection.execute(mine.where(sealed_packages.c.deleted.is_(None)).values(deleted=self._clock()))

    def _write(self, name: str, content: Iterable[bytes]) -> tuple[int, str]:
        """Write a file durably; return its size and hash."""
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for chunk in _from_sealed(content):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise BodyTooLarge(MAX_BYTES)
                digest.update(chunk)
                write_all(descriptor, chunk)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(self._folder)
        return size, digest.hexdigest()

    def _unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            (self._folder / name).unlink()
            sync_folder(self._folder)


def note_package(connection: Connection, package: SealedPackage) -> None:
    """Note a written package, in the transaction of the event that says that it is packed.

    It stands in place of an earlier one of its version, which was taken back before anybody had it.
    """
    connection.execute(_of(delete(sealed_packages), package.transfer, package.version))
    values = {name: getattr(package, name) for name in SealedPackage.__slots__}
    connection.execute(insert(sealed_packages).values(values))


def is_sealed(head: bytes) -> bool:
    """Tell whether a file that begins so is a JWE in compact form, or a tar of such."""
    text = head[BLOCK_BYTES:] if head[USTAR_AT] == USTAR else head
    header, dot, _ = text.partition(b".")
    if not dot:
        return False
    try:
        told = json.loads(base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(told, dict) and {"alg", "enc"} <= set(told) and "zip" not in told


def _from_sealed(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield *content*, from the first bytes on that show that it is sealed; before that nothing is written."""
    head, checked = b"", False
    for chunk in content:
        if checked:
            yield chunk
            continue
        head += chunk
        if checked := is_sealed(head):
            yield head
        elif len(head) > MAX_HEADER_BYTES:
            break
    if not checked:
        raise UnsealedPackage("A package that is not sealed is not kept.")


def _chunks(descriptor: int, offset: int, length: int) -> Iterator[bytes]:
    """Yield nothing once the file is held, then its bytes."""
    with os.fdopen(descriptor, "rb") as file:
        yield b""
        file.seek(offset)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk


def _of(statement: Any, transfer: str, version: int) -> Any:
    return statement.where(sealed_packages.c.transfer == transfer, sealed_packages.c.version == version)


def _package(row: Row[Any]) -> SealedPackage:
    return SealedPackage(**{name: getattr(row, name) for name in SealedPackage.__slots__})
