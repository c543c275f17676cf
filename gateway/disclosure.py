"""The record of one disclosure: who got which facts about whom, without a single value."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gateway.rows import ROW_BITS, ROW_MASK
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.assembly import Gateway
    from gateway.callers import Caller
    from gateway.exchange import PageRequest
    from gateway.faces import Faces
    from gateway.rows import Part, RowIndex, Shown
    from standards.query import Query


def disclosure(
    gateway: Gateway, caller: Caller, request: PageRequest, rows: RowIndex | None, query: Query, span: tuple[int, int]
) -> Mapping[str, Any]:
    """The event to write before the page *span* of *rows* is sent."""
    subjects, first, last = _subjects(gateway, rows, span)
    return {
        **_who(gateway, caller, request),
        "operation": "read",
        "shape": "; ".join(filter(None, (*_places(request), query.shape))),
        "rows": span[1] - span[0],
        "fields": _fields(rows.shown if rows else ()),
        "status": 200 if rows is not None and span[1] >= span[0] else 404,
        "set": subjects,
        "from": first,
        "to": last,
        "trace": request.trace,
    }


def change(
    gateway: Gateway,
    caller: Caller,
    request: PageRequest,
    shown: Shown,
    operation: str,
    students: Sequence[int],
    rows: int = 1,
) -> Mapping[str, Any]:
    """The event to write before *rows* records about *students* (their rows) are created, updated or deleted."""
    tags = [gateway.tags(shown.faces)(row) for row in students]
    return {
        **_who(gateway, caller, request),
        "operation": operation,
        "shape": "; ".join(_places(request)),
        "rows": rows,
        "fields": _fields((shown,)),
        "status": 202,
        "set": gateway.record.subjects(tags) if tags else "",
        "from": 0,
        "to": len(tags),
        "trace": request.trace,
    }


def _places(request: PageRequest) -> tuple[str, ...]:
    return tuple(f"in {one.view.name}" for one in request.within)


def _who(gateway: Gateway, caller: Caller, request: PageRequest) -> dict[str, Any]:
    """Who asks, by what right, of what."""
    grants = gateway.grants.of(caller.client)
    return {
        "at": datetime.fromtimestamp(gateway.clock(), UTC).isoformat(timespec="milliseconds"),
        "client": caller.client,
        "org": caller.org,
        "agreements": sorted(f"{g.agreement}@{g.version}" for g in grants if request.district in {None, g.district}),
        "purpose": next((g.purpose for g in grants), ""),
        "basis": next((g.basis for g in grants), ""),
        "district": request.district or "*",
        "api": request.view.api,
        "view": request.view.name,
    }


def _fields(shown: Sequence[Part]) -> str:
    """A hash that names the set of members released."""
    names = "\n".join(part.members_released for part in shown)
    return sha256(names.encode()).hexdigest()[:32]


def _subjects(gateway: Gateway, rows: RowIndex | None, span: tuple[int, int]) -> tuple[str, int, int]:
    """The stored set of student tags the rows are about, and which part of it the span covers."""
    if rows is None or span[0] == span[1]:
        return "", 0, 0
    if rows.subjects is None:
        tags, offsets = _tags(gateway, rows)
        rows.subjects = (gateway.record.subjects(tags) if tags else "", offsets)
    digest, offsets = rows.subjects
    first, last = offsets[span[0]], offsets[span[1]]
    return (digest, first, last) if last > first else ("", 0, 0)


def _tags(gateway: Gateway, rows: RowIndex) -> tuple[list[bytes], Sequence[int]]:
    """The tags of the students each row is about, in row order, and where each row's begin."""
    about = [students(shown, gateway) for shown in rows.shown]
    tags: list[bytes] = []
    offsets = [0]
    for code in rows.codes:
        tags.extend(about[code >> ROW_BITS](code & ROW_MASK))
        offsets.append(len(tags))
    return tags, offsets


def students_of(shown: Shown, row: int) -> tuple[int, ...]:
    """The rows of the students that a *row* of a branch is about."""
    entity, table = shown.branch.entity, shown.faces.generation.table(shown.branch.entity)
    if entity == "student":
        return (row,)
    names = [name for name, field in fields_of(entity).items() if field.to == "student" and name in table.refs]
    return tuple(table.refs[name][row] for name in names[:1] if table.refs[name][row] >= 0)


def students(shown: Part, gateway: Gateway) -> Any:
    """How to tell which students a row of a branch is about: their tags."""
    gone = getattr(shown, "subjects", None)
    if gone is not None:
        return gone.__getitem__
    faces, entity = shown.faces, shown.branch.entity
    tag = gateway.tags(faces)
    if entity == "student":
        return lambda row: (tag(row),)
    for name, field in fields_of(entity).items():
        refs = faces.generation.table(entity).refs.get(name)
        if field.to == "student" and refs is not None:
            return lambda row, refs=refs: (tag(refs[row]),) if refs[row] >= 0 else ()
    if entity == "contact":
        return _wards(faces, tag)
    return lambda _row: ()


def _wards(faces: Faces, tag: Any) -> Any:
    kids = faces.generation.kids("guardianship", "contact", "contact")
    refs = faces.generation.table("guardianship").refs.get("student", ())
    seen = frozenset(faces.rows("guardianship"))
    return lambda row: tuple(tag(refs[kid]) for kid in kids[row] if kid in seen and refs[kid] >= 0)
