"""The snapshot of 12,000 students: a patch against reading the source again, and the first page after either.

Run it with ``python -m benchmarks.delta``; it prints medians of *times* runs, each over a snapshot that was used
before, in milliseconds of the processor, which others on the machine do not lengthen much.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.contract import Change
from adapters.registry import find
from gateway.cache.needed_fields import may_be_held
from gateway.cache.patch import patched
from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.demo.data import generate, write_oneroster_12
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from standards import registry, vocabulary
from standards.fields import fields_of
from standards.keys import Keyring
from standards.pruning import prune
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.cache.snapshot import Snapshot

KEYRING = Keyring(b"k" * 32)
TODAY = "2026-11-02"
KINDS = ("student", "enrollment", "placement")


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=12_000)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "maple.zip"
        write_oneroster_12(
            generate("maple", seed=1, students=asked.students, school_year=2027, today=TODAY_DATE), place
        )
        adapter = find("oneroster_csv")("maple", {"source": str(place)})
        wanted = {name: None for name in adapter.manifest.entities if may_be_held(name)}
        records = list(adapter.read(wanted))

        def whole() -> Snapshot:
            return build_snapshot(adapter.read(wanted), "maple", KEYRING, entities=wanted)

        held = whole()
        print(f"a hold of {sum(table.size for table in held.tables.values())} rows")
        _report("read whole", whole, held, asked.times)
        for entity in asked.kinds:
            for count in (1, 100):
                for what, changes in _changes(held, records, entity, count).items():
                    _report(
                        f"{count} {entity} {what}",
                        lambda changes=changes: patched(held, changes, KEYRING, entities=wanted),
                        held,
                        asked.times,
                    )


TODAY_DATE = date.fromisoformat(TODAY)


def _changes(held: Snapshot, records: list[tuple[str, Any]], entity: str, count: int) -> dict[str, list[Change]]:
    rows = [record for name, record in records if name == entity]
    some = rows[:: len(rows) // count][:count]
    ids = [one.get("id") or KEYRING.outward_ids(held.district, entity, [one["key"]])[0] for one in some]
    changed = [one | {"modified": "2026-11-02T10:00:00Z"} for one in some]
    return {
        "changed": [Change(entity, own, one) for own, one in zip(ids, changed, strict=True)],
        "deleted": [Change(entity, own, None) for own in ids],
    }


def _report(name: str, make: Callable[[], Snapshot], before: Snapshot, times: int) -> None:
    made, pages = [], []
    _page(before)
    for _ in range(times):
        begun = time.process_time()
        fresh = make()
        made.append(time.process_time() - begun)
        begun = time.process_time()
        _page(fresh)
        pages.append(time.process_time() - begun)
    print(
        f"{name:24} {statistics.median(made) * 1e3:8.1f} ms, first page {statistics.median(pages) * 1e3:7.1f} ms",
        flush=True,
    )


def _page(snapshot: Snapshot) -> None:
    """Ask for a first page of 100 users, from nothing but the snapshot."""
    view = prune(registry.views("oneroster")["users"], GRANT)
    assert view is not None
    visibility, ledger = Visibility(snapshot, GRANT, KEYRING, TODAY), Ledger(b"key")
    index(tuple(ViewRows(branch, view, visibility, ledger) for branch in view.branches), Query()).slice(0, 100, "")


RULES = {
    field.release: Rule("allow")
    for entity in vocabulary.entities()
    for field in fields_of(entity).values()
    if field.sensitivity != "never"
}
GRANT = Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), RULES, {}, "e")

if __name__ == "__main__":
    main()
