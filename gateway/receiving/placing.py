"""Files for a person or an importer: what a package holds beside records, in the folder that the district names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gateway.receiving.errors import StateBroken
from gateway.receiving.state import FOLDER_MODE, named, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.receiving.fetching import ReceivedPackage
    from gateway.receiving.state import Journal

PLACED, REMOVED = "placed", "removed"
NOT_MADE: Final = "The folder for documents cannot be written into."


def place(received: ReceivedPackage, folder: Path, journal: Journal) -> list[Path]:
    """Write every file of a package below *folder*, each readable by its owner alone; return those that are new."""
    root = folder / named(received.transfer) / f"v{received.version}"
    made = []
    try:
        for path, content in sorted(received.files.items()):
            target = root / path
            if target.exists() and _hash(target) == hashlib.sha256(content).hexdigest():
                continue
            _make_folder(target.parent)
            relative = target.relative_to(folder).as_posix()
            journal.add(PLACED, path=relative, sha256=hashlib.sha256(content).hexdigest())
            write_private(target, content)
            made.append(target)
    except OSError:
        raise StateBroken(NOT_MADE) from None
    return made


def remove(folder: Path, journal: Journal) -> Iterator[Path]:
    """Delete the files that were written for a transfer and that nobody has changed, and yield them."""
    latest = {one["path"]: one["sha256"] for one in journal.entries if one["step"] == PLACED}
    for relative, digest in sorted(latest.items()):
        target = folder / relative
        if target.is_file() and _hash(target) == digest:
            target.unlink()
            journal.add(REMOVED, path=relative)
            _remove_empty(target.parent, folder)
            yield target


def _make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner alone."""
    for one in (*reversed(path.parents), path):
        if not one.exists():
            one.mkdir(mode=FOLDER_MODE)


def _remove_empty(path: Path, top: Path) -> None:
    """Delete a folder that is empty, and those above it that are then, below *top*."""
    while path != top and not any(path.iterdir()):
        path.rmdir()
        path = path.parent


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
