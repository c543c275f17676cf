"""Folders and zips of a district's files, opened so that nothing in them can harm the reader."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Literal, Self, cast

from adapters.uploads import DeliveredFile, UploadedFile
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed import WriteableBuffer

UNCHECKED_RATIO_BYTES = 1 << 20  # below this size a high compression ratio is harmless
MAX_DIRECTORY_BYTES = 4 << 20
HASHED_BYTES = 1 << 20
END = b"PK\x05\x06"
END_BYTES = 22
LOCATOR_64 = b"PK\x06\x07"
LOCATOR_64_BYTES = 20
END_64 = b"PK\x06\x06"
END_64_BYTES = 56
MAC_FOLDER = "__MACOSX"
"""The folder in which a Mac keeps its own data beside the packed files."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of a source's size; what is below a *nested* folder is refused or ignored."""

    members: int = 200
    folder_bytes: int = 2 << 30
    zip_bytes: int = 512 << 20
    ratio: int = 200
    nested: Literal["refuse", "ignore"] = "refuse"


class Source(ABC):
    """The files of a folder or a zip; closing it invalidates every file opened from it."""

    def __init__(self, path: Path, caps: Caps) -> None:
        self.path = path
        self.caps = caps
        self._read: dict[str, int] = {}
        self._total = 0

    @abstractmethod
    def names(self) -> list[str]:
        """List the names of the files, sorted."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Open the file *name*; reading raises `SourceBroken` when its bytes are too many or damaged."""

    @abstractmethod
    def stamp(self) -> str:
        """Return a text that changes whenever the files may have changed."""

    @abstractmethod
    def delivered(self) -> DeliveredFile:
        """Describe the files as whoever delivered them knows them."""

    def close(self) -> None:
        """Close the open files."""
        return

    def count(self, name: str, size: int, cap: int) -> None:
        """Count *size* bytes read of *name*; refuse when the source as a whole exceeds *cap*."""
        more = size - self._read.get(name, 0)
        if more > 0:
            self._read[name] = size
            self._total += more
            if self._total > cap:
                raise SourceBroken(f"The files hold more than {cap:,} bytes.", name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(path: Path | UploadedFile, *, caps: Caps | None = None) -> Source:
    """Open the files at *path*, a folder or a zip, or those of an uploaded zip in memory."""
    caps = caps or Caps()
    if isinstance(path, UploadedFile):
        return UploadedZip(path, caps)
    if path.is_dir():
        return Folder(path, caps)
    if path.is_file():
        return Zip(path, caps)
    raise SourceBroken("There is no such folder or zip file.", path.name)


class Folder(Source):
    """The regular files directly inside a folder."""

    def __init__(self, path: Path, caps: Caps) -> None:
        super().__init__(path.resolve(), caps)
        self._files: dict[str, tuple[Path, os.stat_result]] = {}
        try:
            for entry in sorted(self.path.iterdir()):
                self._admit(entry)
        except (OSError, RuntimeError) as error:  # a RuntimeError is a link that leads to itself
            reason = getattr(error, "strerror", None) or "a link leads to itself"
            raise SourceBroken(f"The folder cannot be listed: {reason}.", path.name) from None

    def names(self) -> list[str]:
        """List the names of the files, sorted."""
        return list(self._files)

    def open(self, name: str) -> BinaryIO:
        """Open the file *name*."""
        if name not in self._files:
            raise SourceBroken("There is no such file.", name)
        path, before = self._files[name]
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise SourceBroken(f"The file cannot be opened: {error.strerror}.", name) from None
        raw = io.FileIO(handle)
        if _identity(os.fstat(handle)) != _identity(before):
            raw.close()
            raise SourceBroken("The file was changed while the source was read.", name)
        return io.BufferedReader(_FileReader(raw, self, name, before), 1 << 16)

    def stamp(self) -> str:
        """Return a text that changes whenever the files may have changed."""
        return _digest("".join(f"{name}\0{_identity(found)}\n" for name, (_, found) in self._files.items()))

    def delivered(self) -> DeliveredFile:
        """Describe the folder, by the size of its files."""
        return DeliveredFile(self.path.name, sum(found.st_size for _, found in self._files.values()))

    def _admit(self, entry: Path) -> None:
        if entry.name.startswith(".") or entry.name == MAC_FOLDER:
            return
        path = entry.resolve()
        if not path.is_relative_to(self.path):
            raise SourceBroken("The link leads out of the folder.", entry.name)
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            if self.caps.nested == "refuse":
                text = f"The folder holds another one, {entry.name}, which is not allowed: it would not be read."
                raise SourceBroken(text, entry.name)
            return
        if not stat.S_ISREG(found.st_mode):
            raise SourceBroken("This is not a regular file.", entry.name)
        if len(self._files) == self.caps.members:
            raise SourceBroken(f"There are more than {self.caps.members} files.", self.path.name)
        self._files[entry.name] = (path, found)


class Zip(Source):
    """The files at the root of a zip archive."""

    def __init__(self, path: Path, caps: Caps) -> None:
        super().__init__(path, caps)
        self._file, self._size = self._opened()
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            _refuse_large_directory(self._file, self._size, path.name)
            self._archive = zipfile.ZipFile(self._file)
            folded: set[str] = set()
            for member in self._archive.infolist():
                self._admit(member, folded)
            self._refuse_overlap()
        except (zipfile.BadZipFile, struct.error, UnicodeDecodeError, NotImplementedError, ValueError):
            self._file.close()
            raise SourceBroken("This is not a readable zip archive.", path.name) from None
        except BaseException:
            self._file.close()
            raise

    def _opened(self) -> tuple[BinaryIO, int]:
        """Open the archive; return it with its size."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise SourceBroken(f"The file cannot be opened: {error.strerror}.", self.path.name) from None
        self._found = os.fstat(file.fileno())
        return file, self._found.st_size

    def names(self) -> list[str]:
        """List the names of the files, sorted."""
        return sorted(self._members)

    def open(self, name: str) -> BinaryIO:
        """Open the file *name*."""
        if name not in self._members:
            raise SourceBroken("There is no such file.", name)
        try:
            inner = cast("zipfile.ZipExtFile", self._archive.open(self._members[name]))
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
            raise SourceBroken("The member of the archive is damaged.", name) from None
        return io.BufferedReader(_ZipReader(inner, self, name, self._members[name].compress_size), 1 << 16)

    def stamp(self) -> str:
        """Return a text that changes whenever the files may have changed."""
        return _digest(str(_identity(self._found)))

    def delivered(self) -> DeliveredFile:
        """Describe the archive."""
        found = sha256()
        self._file.seek(0)
        while piece := self._file.read(HASHED_BYTES):
            found.update(piece)
        return DeliveredFile(self.path.name, self._size, found.hexdigest())

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()
        self._file.close()

    def _refuse_overlap(self) -> None:
        if sum(member.compress_size for member in self._members.values()) > self._size:
            raise SourceBroken("Members of the archive overlap.", self.path.name)

    def _admit(self, member: zipfile.ZipInfo, folded: set[str]) -> None:
        name = member.filename
        parts = PurePosixPath(name).parts
        if set(member.orig_filename) & {"\\", "\0", ":"} or name.startswith("/") or ".." in parts or not parts:
            raise SourceBroken("A member's name leads out of the archive.", self.path.name)
        if parts[0] == MAC_FOLDER or parts[-1].startswith("."):
            return
        if len(parts) > 1 or member.is_dir():
            if self.caps.nested == "refuse":
                text = f"The archive holds the folder {parts[0]}, which is not allowed: the files must be at its root."
                raise SourceBroken(text, self.path.name)
            return
        name = parts[0]
        _refuse_strange(member)
        if name.casefold() in folded:
            raise SourceBroken("The archive holds this file twice.", name)
        folded.add(name.casefold())
        if len(self._members) == self.caps.members:
            raise SourceBroken(f"There are more than {self.caps.members} files.", self.path.name)
        self._members[name] = member


class UploadedZip(Zip):
    """The files at the root of an uploaded zip archive, in memory."""

    def __init__(self, uploaded: UploadedFile, caps: Caps) -> None:
        self._uploaded = uploaded
        super().__init__(Path(uploaded.name), caps)

    def _opened(self) -> tuple[BinaryIO, int]:
        return io.BytesIO(self._uploaded.read()), self._uploaded.size

    def stamp(self) -> str:
        """Return a text that changes with the uploaded file."""
        return stamp_of(self._uploaded)

    def delivered(self) -> DeliveredFile:
        """Describe the archive as it was uploaded."""
        return self._uploaded.delivered


def stamp_of(uploaded: UploadedFile) -> str:
    """Return the stamp of an uploaded archive, without its bytes."""
    return _digest(uploaded.sha256)


class _CappedReader(io.RawIOBase):
    """A reader of *inner* that counts, so that no more comes out than the caps allow."""

    def __init__(self, inner: io.RawIOBase | zipfile.ZipExtFile, source: Source, name: str) -> None:
        super().__init__()
        self._inner = inner
        self._source = source
        self._name = name
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill *buffer* with the next bytes."""
        view = memoryview(buffer).cast("B")
        data = self._next(len(view))
        view[: len(data)] = data
        self._size += len(data)
        self._check(ended=not data)
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()

    def _next(self, size: int) -> bytes:
        return self._inner.read(size) or b""

    @abstractmethod
    def _check(self, *, ended: bool) -> None:
        """Refuse when too much has been read so far."""


class _FileReader(_CappedReader):
    def __init__(self, inner: io.FileIO, source: Source, name: str, before: os.stat_result) -> None:
        super().__init__(inner, source, name)
        self._handle = inner.fileno()
        self._before = before

    def _next(self, size: int) -> bytes:
        try:
            return super()._next(size)
        except OSError as error:
            raise SourceBroken(f"The file cannot be read: {error.strerror}.", self._name) from None

    def _check(self, *, ended: bool) -> None:
        self._source.count(self._name, self._size, self._source.caps.folder_bytes)
        if ended and _identity(os.fstat(self._handle)) != _identity(self._before):
            raise SourceBroken("The file was changed while the source was read.", self._name)


class _ZipReader(_CappedReader):
    def __init__(self, inner: zipfile.ZipExtFile, source: Source, name: str, compressed: int) -> None:
        super().__init__(inner, source, name)
        self._compressed = compressed

    def _next(self, size: int) -> bytes:
        try:
            return super()._next(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise SourceBroken("The member of the archive is damaged.", self._name) from None

    def _check(self, *, ended: bool) -> None:
        caps = self._source.caps
        self._source.count(self._name, self._size, caps.zip_bytes)
        if not ended and self._size > max(UNCHECKED_RATIO_BYTES, self._compressed * caps.ratio):
            raise SourceBroken(f"The file expands more than {caps.ratio} times.", self._name)


def _refuse_strange(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise SourceBroken("The file is encrypted.", member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise SourceBroken("The file is a link.", member.filename)
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SourceBroken("The file is neither stored nor deflated.", member.filename)


def _refuse_large_directory(file: BinaryIO, size: int, place: str) -> None:
    """Refuse an archive whose central directory alone would fill the reader's memory."""
    file.seek(max(0, size - (1 << 16) - END_BYTES))
    tail = file.read()
    file.seek(0)
    at = len(tail) - END_BYTES
    if at < 0 or tail[at : at + 4] != END:
        at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise SourceBroken("This is not a readable zip archive.", place)
    (directory,) = struct.unpack_from("<I", tail, at + 12)
    locator = tail[max(0, at - LOCATOR_64_BYTES) : at]
    if locator.startswith(LOCATOR_64) and len(locator) == LOCATOR_64_BYTES:
        directory = _large_directory(file, min(size, struct.unpack_from("<Q", locator, 8)[0]), place)
    if directory > MAX_DIRECTORY_BYTES:
        raise SourceBroken("The archive lists more than a district's export needs.", place)


def _large_directory(file: BinaryIO, at: int, place: str) -> int:
    """Return the size of the central directory, by the end record of a zip64 archive, which begins *at*."""
    file.seek(at)
    record = file.read(END_64_BYTES)
    file.seek(0)
    if len(record) < END_64_BYTES or not record.startswith(END_64):
        raise SourceBroken("This is not a readable zip archive.", place)
    return int(struct.unpack_from("<Q", record, 40)[0])


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
