"""Repeated rows: of those that one key would tell, the one that a consumer is shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.engine.row_index import Shown

REF_BITS: Final = 32
ABOVE_DANGLING: Final = 2
"""What lifts every number of a row, and the marks of references that lead nowhere, to 0 and more."""


def shown_once(shown: Shown, rows: list[int]) -> list[int]:
    """*rows* without those whose key another one of them shows as well; decided by what is shown of them alone."""
    doubtful = _doubtful(shown, rows)
    best: dict[tuple[Any, ...], tuple[bool, str, int]] = {}
    for row, key, last in zip(doubtful, _keys(shown, doubtful), _lasts(shown, doubtful), strict=True):
        mine = (last is None, str(last), row)
        known = best.get(key)
        if known is None or mine[:2] > known[:2] or (mine[:2] == known[:2] and shown.ids[row] < shown.ids[known[2]]):
            best[key] = mine
    gone = set(doubtful) - {row for _, _, row in best.values()}
    return [row for row in rows if row not in gone] if gone else rows


def _doubtful(shown: Shown, rows: Sequence[int]) -> list[int]:
    """The rows that lead to the same records as another one does; most often none."""
    table, once = shown.faces.generation.table(shown.branch.entity), shown.branch.once
    codes = [0] * len(rows)
    for name in once.refs if once else ():
        refs = table.refs.get(name)
        if refs is None:
            return []
        codes = [code << REF_BITS | (refs[row] + ABOVE_DANGLING) for code, row in zip(codes, rows, strict=True)]
    if len(set(codes)) == len(codes):
        return []
    times = Counter(codes)
    return [row for row, code in zip(rows, codes, strict=True) if times[code] > 1]


def _keys(shown: Shown, rows: Sequence[int]) -> list[tuple[Any, ...]]:
    """What makes the key of each of the *rows* as it is shown."""
    once, table = shown.branch.once, shown.faces.generation.table(shown.branch.entity)
    assert once is not None
    refs = [[table.refs[name][row] for row in rows] for name in once.refs]
    members = [shown.values(rows, name) for name in once.members]
    return list(zip(*refs, *members, strict=True))


def _lasts(shown: Shown, rows: Sequence[int]) -> list[Any]:
    once = shown.branch.once
    assert once is not None
    return shown.values(rows, once.last) if once.last in shown.chains else [None] * len(rows)
