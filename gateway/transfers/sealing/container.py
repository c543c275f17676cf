"""The container: a tar (POSIX ustar) of sealed parts in which nothing but names and sizes can differ.

Every header block is compared with the one that this program would have written: no link, device, sparse file, pax
record, owner or time can be in it. Parts come in a fixed order, so both sides stream.
"""

from __future__ import annotations

import re
import tarfile
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol

from gateway.transfers.sealing.errors import MalformedPackage, PackageTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK_BYTES: Final = tarfile.BLOCKSIZE
END: Final = bytes(2 * BLOCK_BYTES)
SIZE: Final = slice(124, 136)
"""Where a header block has the size of its file."""
OCTAL: Final = re.compile(rb"[0-7]{11}\0")
MODE: Final = 0o600
MAX_CONTAINER_BYTES: Final = 96 << 20
"""What 64 MiB are in base64, with a header for each of as many files as a package has."""

NO_CONTAINER = "The package is not one container of sealed parts, whole and with nothing else in it or after it."
TOO_LARGE = "The package, or a part of it, is larger than one can be."


class ByteStream(Protocol):
    """Anything that gives bytes on demand: a file, an answer that arrives, a range of it."""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes; none at the end."""


def part_names() -> Iterator[str]:
    """Yield the names of the parts in their order: none tells what is in it."""
    yield "manifest.jwe"
    yield "signature.jwe"
    for number in count(1):
        yield f"{number:06}.jwe"


def write_container(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a container of the sealed *parts*."""
    names = part_names()
    for part in parts:
        length = len(part)
        yield _header(next(names), length)
        yield part
        del part  # or it would be kept while the next is sealed
        yield bytes(-length % BLOCK_BYTES)
    yield END


class ContainerReader:
    """A container read from its beginning to its end, one part after the other, each no larger than is awaited."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._names = part_names()
        self._left = MAX_CONTAINER_BYTES

    def part(self, longest: int) -> bytes:
        """Return the next part.

        Raises:
            SealingError: there is none, or it is *longer* than it can be.
        """
        block = self._exactly(BLOCK_BYTES)
        size = block[SIZE]
        if not OCTAL.fullmatch(size):
            raise MalformedPackage(NO_CONTAINER)
        length = int(size[:-1], 8)
        if block != _header(next(self._names), length):
            raise MalformedPackage(NO_CONTAINER)
        if length > longest:
            raise PackageTooLarge(TOO_LARGE)
        part = self._exactly(length)
        if any(self._exactly(-length % BLOCK_BYTES)):
            raise MalformedPackage(NO_CONTAINER)
        return part

    def finish(self) -> None:
        """Check that the container ends here, and the stream with it.

        Raises:
            MalformedPackage: something follows.
        """
        if self._exactly(len(END)) != END or self._stream.read(1):
            raise MalformedPackage(NO_CONTAINER)

    def _exactly(self, length: int) -> bytes:
        """Read *length* bytes, however few the stream gives at a time."""
        self._left -= length
        if self._left < 0:
            raise PackageTooLarge(TOO_LARGE)
        read = self._stream.read(length) if length else b""
        if len(read) == length:
            return read
        found = bytearray(read)
        while len(found) < length and (more := self._stream.read(length - len(found))):
            found += more
        if len(found) != length:
            raise MalformedPackage(NO_CONTAINER)
        return bytes(found)


def _header(name: str, size: int) -> bytes:
    """Write the one header block for a part: mode 0600, owner 0, time 0."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, MODE
    return entry.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
