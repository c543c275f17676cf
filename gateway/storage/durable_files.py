"""Durable files: what is written is on the disk when a function returns."""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path


def lock(folder: Path) -> int:
    """Lock the record of disclosures for this process, until the returned descriptor is closed.

    Raises:
        StoreUnavailable: another process has it.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreUnavailable("Another process is writing this record of disclosures.") from None
    return descriptor


def cut(path: Path, promised: int | None) -> int:
    """Truncate a segment after its last *promised* byte, or its last complete line; return the size that is left."""
    with path.open("r+b") as file:
        content = file.read(promised) if promised is not None else file.read()
        size = content.rfind(b"\n") + 1
        if size != file.seek(0, os.SEEK_END):
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())
    return size


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte of *content*."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(path: Path, content: bytes, *, named: bool = True) -> None:
    """Replace a file atomically and durably, for its owner alone; a new name is durable where it is *named*."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    if named:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
