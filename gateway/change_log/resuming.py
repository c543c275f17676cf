"""Resuming a change log after a restart: differences to the written log, and records in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.change_log.doubts import doubtful
from gateway.change_log.states import ANYWHERE, EDFI, LISTS_MASK, PENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.change_log.doubts import Doubts
    from gateway.change_log.findings import RenderedState
    from gateway.change_log.projection import Place, Projection
    from gateway.change_log.states import LogState, RemovedRecord, Tombstone
    from gateway.change_log.written import WrittenLog
    from gateway.engine.visibility import Visibility

ROWS_AT_ONCE = 1_000
"""Rows rendered before their hashes are compared."""


class Resumable(Protocol):
    """A change log that resumes from its written state."""

    projections: dict[str, Projection]
    render_state: Callable[[Visibility], RenderedState]
    doubts: Doubts
    gone: dict[Place, dict[str, Tombstone]]
    left: dict[tuple[str, str], dict[tuple[str, str], int]]
    pending: bool

    def bury(self, place: Place, identifier: str, one: RemovedRecord) -> None:
        """Keep the tombstone of a record that has left a branch."""
        ...

    def come_back(self, place: Place, identifier: str) -> None:
        """Drop the tombstone of a record that is back."""
        ...


def resume(
    log: Resumable, visibility: Visibility, fresh: LogState, projection: Projection, written: WrittenLog, *, same: bool
) -> None:
    """Find the records of one entity that differ from the written log: another hash, or none.

    Where all rows are the *same* as written, nothing is hashed.
    """
    entity, state, lacking = projection.entity, log.render_state(visibility), log.doubts.lacking(visibility)
    column = written.columns.get(entity)
    known = (column.known() if column else {}) | log.doubts.take(entity)
    here = {visibility.ids(entity)[row] for row in visibility.rows(entity)}
    _come_back(log, state, projection, here)
    stirred = _compare(log, visibility, fresh, projection, known, same=same)
    missing = known.keys() - here
    held = doubtful(visibility, entity, missing, lacking)
    log.doubts.records |= {(entity, own): known[own] for own in held}
    if lacking:
        log.doubts.records |= {(entity, own): known[own] for own in stirred}
    _lose(log, state, projection, dict.fromkeys(missing - held, False) | ({} if lacking else stirred))
    log.pending = log.pending or PENDING in fresh.times[entity] or bool(missing - held)


def decide(log: Resumable, visibility: Visibility) -> None:
    """Settle the records in doubt, once no row that was shown is set aside without an earlier record."""
    if log.doubts.records and not log.doubts.lacking(visibility):
        for entity, projection in log.projections.items():
            _lose(log, log.render_state(visibility), projection, dict.fromkeys(log.doubts.take(entity), True))
        log.pending = True


def _compare(
    log: Resumable,
    visibility: Visibility,
    fresh: LogState,
    projection: Projection,
    known: Mapping[str, tuple[int, int]],
    *,
    same: bool,
) -> dict[str, bool]:
    """Give rows with an unchanged hash their moment; return the changed records, True where lists may have changed."""
    entity, state, stirred = projection.entity, log.render_state(visibility), dict[str, bool]()
    times, hashes, ids, seen = (
        fresh.times[entity],
        fresh.hashes[entity],
        visibility.ids(entity),
        visibility.rows(entity),
    )
    for start in range(0, len(seen), ROWS_AT_ONCE):
        rows = list(seen[start : start + ROWS_AT_ONCE])
        digests = {} if same else state.digests(projection, rows)
        for row in rows:
            digest, at = known.get(ids[row], (0, 0))
            hashes[row] = now = digest if same else digests[row]
            times[row] = at if at and (same or now == digest) else PENDING
            if now != digest and ids[row] in known:
                stirred[ids[row]] = not digest or bool((digest ^ now) & LISTS_MASK)
    return stirred


def _come_back(log: Resumable, state: RenderedState, projection: Projection, here: set[str]) -> None:
    """Drop the tombstones of records that their branches show again."""
    gone = {own for place in projection.branches for own in log.gone.get(place, ())}
    rows = [row for own in sorted(gone & here) if (row := state.visibility.row(projection.entity, own)) is not None]
    for row, places in state.places(projection, rows).items() if rows else ():
        for place in places:
            log.come_back(place, state.visibility.ids(projection.entity)[row])


def _lose(log: Resumable, state: RenderedState, projection: Projection, lost: Mapping[str, bool]) -> None:
    """Bury records in the branches that do not show them; those that have *moved* may have left any list.

    The lists, and the record as it was shown, are not known any more.
    """
    for own, moved in lost.items():
        row = state.visibility.row(projection.entity, own)
        shown = frozenset() if row is None else state.places(projection, [row])[row]
        if row is not None and moved:
            log.left.setdefault(ANYWHERE, {})[projection.entity, own] = PENDING
        for place in projection.branches.keys() - shown:
            if place[0] != EDFI:
                log.bury(place, own, state.unknown(projection, place, own))
