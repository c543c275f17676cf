"""Resuming a change log after a restart: what differs from what was written down, and what is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.change_log.doubts import doubtful
from gateway.change_log.findings import ANYWHERE, EDFI, LISTS_MASK, PENDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.change_log.files import Written
    from gateway.change_log.findings import Sight
    from gateway.change_log.grant_log import ChangeLog, State
    from gateway.change_log.projection import Projection
    from gateway.engine.visibility import Faces

ROWS_AT_ONCE = 1_000
"""How many rows are rendered before their hashes are compared."""


def resume(log: ChangeLog, faces: Faces, fresh: State, projection: Projection, written: Written) -> None:
    """Find what differs of one entity from what was written down: what has another hash, or had none."""
    entity, sight, lacking = projection.entity, log.sight(faces), log.doubts.lacking(faces)
    column = written.columns.get(entity)
    known = (column.known() if column else {}) | log.doubts.take(entity)
    here = {faces.ids(entity)[row] for row in faces.rows(entity)}
    _come_back(log, sight, projection, here)
    stirred = _compare(log, faces, fresh, projection, known, same=log.keeper.same(faces, written))
    missing = known.keys() - here
    held = doubtful(faces, entity, missing, lacking)
    log.doubts.records |= {(entity, own): known[own] for own in held}
    if lacking:
        log.doubts.records |= {(entity, own): known[own] for own in stirred}
    _lose(log, sight, projection, dict.fromkeys(missing - held, False) | ({} if lacking else stirred))
    log.pending = log.pending or PENDING in fresh.times[entity] or bool(missing - held)


def decide(log: ChangeLog, faces: Faces) -> None:
    """Decide what was in doubt, once nothing that was shown is set aside of which nobody knows what it was."""
    if log.doubts.records and not log.doubts.lacking(faces):
        for entity, projection in log.projections.items():
            _lose(log, log.sight(faces), projection, dict.fromkeys(log.doubts.take(entity), True))
        log.pending = True


def _compare(
    log: ChangeLog,
    faces: Faces,
    fresh: State,
    projection: Projection,
    known: Mapping[str, tuple[int, int]],
    *,
    same: bool,
) -> dict[str, bool]:
    """Give each row the moment it had where it has the hash it had; what has another, and may be in other lists."""
    entity, sight, stirred = projection.entity, log.sight(faces), dict[str, bool]()
    times, hashes, ids, seen = fresh.times[entity], fresh.hashes[entity], faces.ids(entity), faces.rows(entity)
    for start in range(0, len(seen), ROWS_AT_ONCE):
        rows = list(seen[start : start + ROWS_AT_ONCE])
        digests = {} if same else sight.digests(projection, rows)
        for row in rows:
            digest, at = known.get(ids[row], (0, 0))
            hashes[row] = now = digest if same else digests[row]
            times[row] = at if at and (same or now == digest) else PENDING
            if now != digest and ids[row] in known:
                stirred[ids[row]] = not digest or bool((digest ^ now) & LISTS_MASK)
    return stirred


def _come_back(log: ChangeLog, sight: Sight, projection: Projection, here: set[str]) -> None:
    """Note the branches that show again what was gone from them, be it that something else still showed it."""
    gone = {own for place in projection.branches for own in log.gone.get(place, ())}
    rows = [row for own in sorted(gone & here) if (row := sight.faces.row(projection.entity, own)) is not None]
    for row, places in sight.places(projection, rows).items() if rows else ():
        for place in places:
            log.come_back(place, sight.faces.ids(projection.entity)[row])


def _lose(log: ChangeLog, sight: Sight, projection: Projection, lost: Mapping[str, bool]) -> None:
    """Note that records have left the branches that do not show them; those that have *moved* may have left any list.

    Which lists, and what it was that was shown, is not known any more.
    """
    for own, moved in lost.items():
        row = sight.faces.row(projection.entity, own)
        shown = frozenset() if row is None else sight.places(projection, [row])[row]
        if row is not None and moved:
            log.left.setdefault(ANYWHERE, {})[projection.entity, own] = PENDING
        for place in projection.branches.keys() - shown:
            if place[0] != EDFI:
                log.bury(place, own, sight.unknown(projection, place, own))
