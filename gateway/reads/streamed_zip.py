"""A streamed zip: deterministic bytes for the same content, and no end unless all of it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EPOCH = (1980, 1, 1, 0, 0, 0)
PIECE_BYTES = 1 << 16
UNIX = 3
MODE = 0o600 << 16


def pack(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the zip of *files* in pieces; an exception on the way ends it before its central directory is sent."""
    sink = _Sink()
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # all it asks of a stream is to take bytes
        for name, chunks in files:
            with archive.open(_entry(name), "w") as member:
                for chunk in chunks:
                    member.write(chunk)
                    if sink.size >= PIECE_BYTES:
                        yield sink.take()
    yield sink.take()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system, entry.external_attr = UNIX, MODE
    return entry


class _Sink:
    """A buffer that a zip writes to and cannot seek in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        """Buffer *piece*."""
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: nothing is buffered elsewhere."""

    def take(self) -> bytes:
        """Return everything buffered, and empty the buffer."""
        held = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return held
