"""Tasks of the operator: people who could not be told what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.tasks.task import OPERATOR, REGION, UNDELIVERED, computed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from gateway.storage.people.notices import Notice
    from gateway.tasks.task import PersonTask

KEPT_DAYS: Final = 14


def undelivered(given_up: Iterable[Notice], now: datetime) -> Iterator[PersonTask]:
    """Yield one task for each way, organisation and day of notices that were *given_up*."""
    found = {}
    for one in given_up:
        assert one.given_up is not None
        if (now - one.given_up).days < KEPT_DAYS:
            found[one.channel, one.org, one.given_up.date()] = one
    for (channel, org, day), one in sorted(found.items()):
        about = {"channel": channel, "for": org, "day": day.isoformat()}
        yield computed(UNDELIVERED, REGION, OPERATOR, about, opened=day, due=day, content={"why": one.error})
