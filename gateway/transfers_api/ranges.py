"""Ranges of a package (RFC 9110, 14): one part of it, so that a transfer that was cut off goes on where it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from standards.errors import CallerError

ONE_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(CallerError):
    """The part of a package that is asked for lies behind its end; *size* says where that is."""

    status, code = 416, "range-not-satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The package has {size} bytes, and the range that is asked for has none of them.")
        self.size = size


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from *first* on, *length* of them, of a package of *size*."""

    first: int
    length: int
    size: int

    @property
    def told(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.first}-{self.first + self.length - 1}/{self.size}"


def read_range(header: str | None, size: int) -> ByteRange | None:
    """Read a Range header; None where all is sent: there is none, it is of another kind, or asks for several parts.

    Raises:
        RangeNotSatisfiable: it asks for bytes that are not there.
    """
    found = ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return _last(int(found[2]), size)
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None  # not a range at all
    if first >= size:
        raise RangeNotSatisfiable(size)
    return ByteRange(first, min(last, size - 1) - first + 1, size)


def _last(count: int, size: int) -> ByteRange:
    """Return the range of the last *count* bytes."""
    if not count or not size:
        raise RangeNotSatisfiable(size)
    length = min(count, size)
    return ByteRange(size - length, length, size)


def may_continue(if_range: str | None, sha256: str) -> bool:
    """Tell whether If-Range, if there is one, names the very package that is here; a date never does."""
    return if_range is None or if_range.strip() == f'"{sha256}"'
