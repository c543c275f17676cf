"""Meanwhile: what counts of a district's agreements until its source has been read for those that need more of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.agreement import reused, rivalling
from policies.comparison.widening import widens
from policies.documents.written import SCHEME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from policies.agreement import Agreement


def meanwhile(
    coming: Sequence[Agreement],
    served: Sequence[Agreement],
    known: Collection[Agreement],
    covered: Callable[[Agreement], bool],
    now: datetime,
) -> tuple[Agreement, ...]:
    """Return which agreements of one district count while not all that are *coming* are *covered* by its data.

    What is covered counts at once. A version that is not waits, and the one that is *served* stays as long as it
    releases nothing that the waiting one does not: whatever narrows takes effect at once, even where the rest waits.
    That holds for one whose file was overwritten by the waiting one, too, unless it is *known* for some reason to
    release nothing any more.
    """
    kept = [one for one in coming if one in served]
    fresh = [one for one in coming if one not in served and covered(one)]
    waiting = [one for one in coming if one not in kept and one not in fresh]
    gone = [one for one in served if one not in known and not one.file.startswith(SCHEME)]
    stays = [one for one in gone if any(_replaces(other, one) for other in waiting)]
    ended: dict[str, int] = {}
    for one in (*kept, *stays):
        if any(_replaces(other, one) and _narrows(other, one, now) for other in waiting):
            ended[one.id] = max(one.version, ended.get(one.id, 0))

    def counting(several: Sequence[Agreement]) -> tuple[Agreement, ...]:
        return tuple(one for one in several if one.version > ended.get(one.id, 0))

    mixed = counting((*kept, *fresh, *stays))
    if any(reused(mixed)) or any(rivalling(mixed)):
        return counting(kept)
    return mixed


def _replaces(one: Agreement, other: Agreement) -> bool:
    """Tell whether *one* is a later version of the *other*."""
    return one.id == other.id and one.version > other.version


def _narrows(one: Agreement, served: Agreement, now: datetime) -> bool:
    """Tell whether *one* has begun and takes away anything of what is *served*."""
    if one.begin > one.today(now):
        return False
    return bool(widens(replace(one, begin=min(one.begin, served.begin)), served))
