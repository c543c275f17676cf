"""The disclosure event: who got which facts about whom, without a single value."""

from __future__ import annotations

from array import array
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.audit.subjects import MAX_INLINE_TAGS
from gateway.auth.request_steps import RECORD, begin
from gateway.engine import field_sets
from gateway.engine.data_subjects import students
from gateway.engine.rows import ROW_BITS, ROW_MASK
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.auth.authorization import Authorization
    from gateway.engine.row_index import RowIndex
    from gateway.engine.rows import Rows
    from gateway.gateway import Gateway
    from gateway.request import PageRequest
    from standards.query import Query


PAGES_PER_SET = 8
"""The pages of a walk that share a stored set of students."""


def disclosure(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    rows: RowIndex | None,
    query: Query,
    span: tuple[int, int],
) -> Mapping[str, Any]:
    """Build the event to write before the page *span* of *rows* is sent."""
    subjects, first, last = _subjects(gateway, authorization.client, rows, span, query.limit)
    return {
        **_who(gateway, authorization, request),
        "operation": "read",
        "shape": "; ".join(filter(None, (*_places(request), query.shape))),
        "rows": span[1] - span[0],
        "fields": _fields(gateway, authorization.client, rows.shown if rows else (), query.fields),
        "status": 404 if rows is None else 200,
        "set": subjects,
        "from": first,
        "to": last,
        "trace": request.trace,
    }


def change(
    gateway: Gateway,
    authorization: Authorization,
    request: PageRequest,
    shown: Rows,
    operation: str,
    tags: Sequence[bytes],
    rows: int = 1,
) -> Mapping[str, Any]:
    """Build the event to write before *rows* records about students (their *tags*) are created, updated or deleted."""
    return {
        **_who(gateway, authorization, request),
        "operation": operation,
        "shape": "; ".join(_places(request)),
        "rows": rows,
        "fields": _fields(gateway, authorization.client, (shown,)),
        "status": 202,
        "set": gateway.record.subjects(tags, authorization.client) if tags else "",
        "from": 0,
        "to": len(tags),
        "trace": request.trace,
    }


def _places(request: PageRequest) -> tuple[str, ...]:
    return tuple(f"in {one.view.name}" for one in request.within)


def _who(gateway: Gateway, authorization: Authorization, request: PageRequest) -> dict[str, Any]:
    """Return who asks, by which agreements and purpose, for what: the agreements are those of the response."""
    every = [one for grant in authorization.grants for one in grant.each]
    grants = sorted(every, key=lambda one: (one.agreement, one.version))
    return {
        "at": datetime.fromtimestamp(gateway.clock(), UTC).isoformat(timespec="milliseconds"),
        "client": authorization.client,
        "org": authorization.caller.org,
        "agreements": [f"{one.agreement}@{one.version}" for one in grants],
        "texts": [one.text for one in grants],
        "elements": [one.elements for one in grants],
        "purpose": next((one.purpose for one in grants), ""),
        "basis": ", ".join(sorted({one.basis for one in grants})),
        "district": request.district or "*",
        "api": request.view.api,
        "view": request.view.name,
    }


def _fields(gateway: Gateway, client: str, parts: Sequence[Rows], selected: tuple[str, ...] = ()) -> str:
    """Store the set of fields that *parts* show, or of the *selected* members of it; return its name."""
    return gateway.record.fields(field_sets.text(tuple(part.facts for part in parts), selected), client)


def _subjects(
    gateway: Gateway, client: str, rows: RowIndex | None, span: tuple[int, int], limit: int
) -> tuple[str, int, int]:
    """Store a set of student tags that has those of the *span* of *rows*; return its name and the part that they are.

    A full page of a walk refers to a stretch of so many pages, which is stored once for all of them; any
    other span is stored as it is, and a few students in the event itself. So no response makes more be stored than
    a few times what it sends.
    """
    if rows is None or span[0] == span[1]:
        return "", 0, 0
    first, last = span
    size = last - first
    start = first // (size * PAGES_PER_SET) * size * PAGES_PER_SET
    stop = min(start + size * PAGES_PER_SET, rows.total)
    if size != limit or size <= MAX_INLINE_TAGS or last > stop:
        start, stop = span
    if (start, stop) not in rows.subjects:
        rows.subjects[start, stop] = _stretch(gateway, client, rows, (start, stop))
    name, offsets = rows.subjects[start, stop]
    begin, end = offsets[first - start], offsets[last - start]
    return (name, begin, end) if end > begin else ("", 0, 0)


def _stretch(gateway: Gateway, client: str, rows: RowIndex, stretch: tuple[int, int]) -> tuple[str, Sequence[int]]:
    """Store the tags of the students that each row of a *stretch* is about; return the name and the rows' positions."""
    if rows.about is None:
        rows.about = [students(shown, gateway) for shown in rows.shown]
    tags: list[bytes] = []
    offsets = array("I", (0,))
    for code in rows.codes[stretch[0] : stretch[1]]:
        tags.extend(rows.about[code >> ROW_BITS](code & ROW_MASK))
        offsets.append(len(tags))
    return (gateway.record.subjects(tags, client) if tags else ""), offsets


def write_down(gateway: Gateway, event: Mapping[str, Any]) -> None:
    """Write an event, durably, before the data are sent or changed; an exception here sends and changes nothing."""
    begin(RECORD)
    try:
        gateway.record.append(event)
    except StoreUnavailable:
        with suppress(StoreUnavailable):
            gateway.record.reopen()
        raise
