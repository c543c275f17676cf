"""Bytes of a package that were handed over, in whatever parts: it is delivered once none is left.

What was handed over is kept in memory, so that a package is read in parts over hours, or anew. Where
the memory is lost meanwhile, the right figures of an acknowledgment show as well that all of it came.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import orjson

from gateway.storage.transfers.packages import PackageGone
from standards.errors import InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.admin.transfers.receiving import TransferReceiving, WaitingPackage
    from gateway.storage.shared_memory import Memory
    from gateway.transfers_api.ranges import ByteRange

LIFE_SECONDS: Final = 14 * 24 * 3600
MAX_SPANS: Final = 512
"""The gaps that are kept track of; a reader that leaves more must read again what is lost."""

Span = tuple[int, int]
_WRITING: Final = threading.Lock()


def with_span(spans: Iterable[Span], begin: int, end: int) -> list[Span]:
    """Return *spans* of bytes and the one from *begin* to before *end*, in order, those that touch joined."""
    found: list[Span] = []
    for one in sorted([*spans, (begin, end)]):
        if found and one[0] <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], one[1])
        else:
            found.append(one)
    return found[:MAX_SPANS]


def note_handed_over(memory: Memory, package: WaitingPackage, part: ByteRange) -> bool:
    """Note that a *part* of a package was handed over; tell whether all of it was by now."""
    key = f"package:{package.transfer}:{package.version}:{package.sha256}"
    with _WRITING:
        kept = memory.find(key)
        known = [(begin, end) for begin, end in orjson.loads(kept)] if kept else []
        spans = with_span(known, part.first, part.first + part.length)
        memory.put(key, orjson.dumps(spans), LIFE_SECONDS)
    return spans == [(0, package.size)]


def handing_over(
    service: TransferReceiving, memory: Memory, package: WaitingPackage, part: ByteRange, chunks: Iterator[bytes]
) -> Iterator[bytes]:
    """Yield the *chunks* of a part; behind the last one it is noted, and the package delivered if it was the last."""
    left = part.length
    for chunk in chunks:
        left -= len(chunk)
        yield chunk
        if left <= 0:
            break  # reading on would deliver, whatever else of the package was read
    if left <= 0 and note_handed_over(memory, package, part):
        deliver(service, package)


def deliver(service: TransferReceiving, package: WaitingPackage) -> None:
    """Deliver a package of which all was handed over: its end is read. One that was taken back meanwhile is not."""
    with suppress(PackageGone, InvalidBody):
        opened = service.package(package.transfer, package.version, package.size, 0)
        if opened.package.sha256 == package.sha256:
            for _ in opened.chunks:
                pass
