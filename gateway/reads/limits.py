"""Limits of agreements at a read: records sent in a day, and totals too small to be told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gateway.auth.request_steps import DAY, begin
from gateway.engine.rows import ROW_BITS
from policies.small_cells import tellable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.engine.row_index import RowIndex
    from gateway.gateway import Gateway
    from policies.grant import Grant


def spend(gateway: Gateway, *sent: tuple[RowIndex | None, tuple[int, int]]) -> None:
    """Count the spans of rows that one answer is about to send, under each agreement that limits them.

    Raises:
        TooManyRequests: they are more than an agreement lets the client have today.
        StoreUnavailable: what was sent today cannot be looked up.
    """
    begin(DAY)
    numbers: Counter[str] = Counter()
    grants: dict[str, Grant] = {}
    what: list[tuple[str, str, int, int]] = []
    for rows, (first, last) in sent:
        theirs = [part.visibility.grant for part in rows.shown] if rows else []
        if rows and any(part.limits.rows_per_day for grant in theirs for part in grant.each):
            numbers.update(theirs[code >> ROW_BITS].epoch for code in rows.codes[first:last])
            grants |= {grant.epoch: grant for grant in theirs}
            what.append((rows.shown[0].view.api, rows.shown[0].view.name, first, last))
    for epoch, number in sorted(numbers.items()):
        gateway.daily_rows.spend(grants[epoch], number, tuple(what))


def told_total(rows: RowIndex, unfiltered: Callable[[], int] | None) -> int | None:
    """Return the total to tell; None where it is small, or would tell a small one with that of all records.

    *unfiltered* counts the records that there are without the request's filter; None where it has none.
    """
    limit = max((part.visibility.grant.limits.small_cell for part in rows.shown), default=0)
    if not limit:
        return rows.total
    return rows.total if tellable(rows.total, None if unfiltered is None else unfiltered(), limit) else None
