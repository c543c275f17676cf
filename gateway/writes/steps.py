"""The steps that writes of both standards share: find the record, check its condition, record, save or delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.contract import Tagged
    from gateway.writes.context import WriteContext

    Record = dict[str, Any]
    Match = Callable[[Record | None], None]

UNCONDITIONAL = "The agreement does not let this client read, so it can make no conditions."


def matched(
    context: WriteContext,
    identifier: str,
    match: Match | None,
    rendered: Callable[[WriteContext, int | None], Record | None],
    *,
    must_exist: bool = False,
) -> tuple[WriteContext, Tagged | None]:
    """Find the record with *identifier*, once *match* (If-Match) has accepted its present state.

    The condition is judged on a reading that is not older than the record's tag, so that it holds for the state with
    that tag or for none. *rendered* shows *match* the record as the consumer sees it now. None where there is none.

    Raises:
        Forbidden: a condition is made by who may not read.
        NoSuchRecord: the record *must exist*, and the district's system has it no longer; nothing is read anew then.
        PreconditionFailed: the record is not as the caller believes.
    """
    if match is not None and not context.reads:
        raise Forbidden(UNCONDITIONAL)
    row = context.row(identifier)
    before = None
    if row is not None:
        own = context.own_id(row)
        before = context.current(own) if must_exist else context.adapter.find_tagged(context.entity, own)
        if before is None or match is not None:
            context.wrote([own])
            context = context.refreshed() if context.identifier is None else context.for_record(own)
            row = context.row(identifier)
    if match is not None:
        match(rendered(context, row))
    return context, None if row is None else before


def create(context: WriteContext, record: Record) -> str:
    """Record that a new *record* is created, then create it in the district's source; return the source's id of it."""
    context.record("create", context.students_of([record]))
    return context.save(record, before=None)


def update(context: WriteContext, merged: Record, before: Tagged, *, rekeyed: bool = False) -> str:
    """Record a change about the students *before* and now, then save it; return the source's id of the record."""
    own: str = before.record["id"]
    context.record("update", (*context.students_in(context.row_of(own)), *context.students_of([merged])))
    return context.save(merged | {"id": own}, before=before, rekeyed=rekeyed)


def remove(context: WriteContext, before: Tagged) -> None:
    """Record that the record is deleted, then delete it in the district's source as it was *before*."""
    own: str = before.record["id"]
    context.record("delete", context.students_in(context.row_of(own)))
    context.remove(own, before)
