"""Uncached reads: the records of one request, read from the source and judged as in a load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cache import district_log, point_lookups
from gateway.cache.load_checks import judge_live
from gateway.cache.snapshot import LINKED, build_snapshot
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.contract import Adapter, Hints, Wanted
    from gateway.cache.point_lookups import PointLookups
    from gateway.cache.snapshot import Snapshot
    from gateway.config.load_limits import Shares
    from standards.keys import Keyring

MAX_LIVE_VALUES = 2_000_000


def with_targets(live: frozenset[str], there: frozenset[str]) -> frozenset[str]:
    """Add to *live* the entities, of those *there*, that its rows refer to and that have no keys in a snapshot."""
    targets = {field.to for entity in live for field in fields_of(entity).values() if field.type == "ref"}
    return live | (targets - LINKED) & there


@dataclass(frozen=True, slots=True)
class UncachedReads:
    """A reader of one district's source, whose records may lack what the *shares* let them."""

    name: str
    adapter: Adapter
    keyring: Keyring
    clock: Callable[[], float]
    shares: Shares

    def read(self, wanted: Wanted, base: Snapshot | None, hints: Hints, lookups: PointLookups) -> Snapshot:
        """Read what one request needs, over the cached *base*.

        Raises:
            SourceError: the source cannot be read, or is not as it should be.
        """
        adapter = self.adapter
        records = adapter.read(wanted, hints) if not lookups else point_lookups.read(adapter, wanted, hints, lookups)
        made = build_snapshot(
            records, self.name, self.keyring,
            number=base.number if base else 0, loaded=self.clock(), base=base, budget=MAX_LIVE_VALUES,
        )  # fmt: skip
        district_log.tell_dropped(self.name, adapter.notes.counts, made.dropped, quiet=True)
        whole = wanted.keys() - hints.keys() - lookups.keys()
        district_log.tell_aside(self.name, adapter.notes.page.asides)
        by_id = {entity for entity, asked in hints.items() if any(one.field == "id" for one in asked)}
        judge_live(made, adapter.notes.page, whole, self.shares, by_id | lookups.keys())
        return made
