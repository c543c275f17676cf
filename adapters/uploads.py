"""Files of a district that people upload, instead of a path: an adapter opens them from memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Callable

UPLOADED: Final = "uploaded:"
"""The value of a setting that names files, where they are the ones uploaded last."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """The files that a source consists of, as the operator knows them; without *sha256* they are a folder."""

    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """An archive by its *name*, *size* in bytes and *sha256*; *read* returns its bytes, which nobody keeps."""

    name: str
    size: int
    sha256: str
    read: Callable[[], bytes] = field(repr=False, compare=False)

    @property
    def delivered(self) -> DeliveredFile:
        """The file as whoever sent it knows it."""
        return DeliveredFile(self.name, self.size, self.sha256)


def nothing_uploaded() -> UploadedFile:
    """Refuse to open what nobody has uploaded.

    Raises:
        SourceBroken: always.
    """
    raise SourceBroken("No file has been uploaded yet.", "source")
