"""What waits for the people of districts, as the deliveries say: late files, large changes, systems that fail."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Final

from gateway.storage.database import transaction
from gateway.storage.people.choices import choices_of
from gateway.storage.people.deliveries import Deliveries
from gateway.storage.people.district_orders import NONE, orders_of
from gateway.tasks.district_readings import ReadingState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, tzinfo

    from gateway.admin.administration import Administration
    from gateway.storage.people.deliveries import Delivery
    from gateway.storage.people.district_orders import Orders

NEW: Final = frozenset({"fresh", "approved"})
"""The verdicts on a delivery with which something new has come."""

RECENT: Final = timedelta(days=2)
FAILING: Final = timedelta(hours=1)
"""For so long a system may fail before people are asked to look: most failures are over by then."""


def is_late(expected: str, zone: tzinfo, now: datetime, recent: Iterable[Delivery]) -> bool:
    """Tell whether nothing new has come today though the hour by which it is *expected* has passed."""
    if not expected:
        return False
    here = now.astimezone(zone)
    if here.timetz().replace(tzinfo=None) < time.fromisoformat(expected):
        return False
    return all(one.at.astimezone(zone).date() != here.date() for one in recent if one.verdict in NEW)


def reading_states(region: Administration) -> Iterator[ReadingState]:
    """Yield of each district that is served what is wrong with its readings; nothing is while its people pause them."""
    expected, orders = region.store.calls.run(lambda: _chosen(region))
    deliveries, now = Deliveries(region.store), region.clock()
    for name, spec in region.settings().districts.items():
        pause = orders.get(name, NONE).pause
        if pause is not None and now < pause.until:
            continue
        late = is_late(expected[name], spec.timezone, now, deliveries.since(name, now - RECENT))
        last, since = deliveries.standing(name)
        waits = last is not None and last.verdict == "waiting"
        fails = last is not None and not waits and since is not None and now - since >= FAILING
        yield ReadingState(
            name, now.astimezone(spec.timezone).date(), expected[name] if late else None,
            since if waits else None, since if fails else None, str(last.counts.get("why", "")) if last else "",
        )  # fmt: skip


def _chosen(region: Administration) -> tuple[Mapping[str, str], Mapping[str, Orders]]:
    """Return by when each district expects its files, and what is ordered about each."""
    with transaction(region.store.engine) as connection:
        names = region.settings().districts
        return {name: choices_of(connection, name).expected_by for name in names}, orders_of(connection)
