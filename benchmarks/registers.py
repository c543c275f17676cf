"""Registers of 12,000 students: what a page costs with 40 agreements, 30,000 consents and 60 restrictions, and without.

Run it with ``python -m benchmarks.registers``; it prints medians in milliseconds of the processor, which others on the
machine do not lengthen much, and fails where a page costs more than 1.1 times as much as without registers.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from adapters.registry import find
from benchmarks.delta import GRANT, KEYRING, RULES, TODAY_DATE
from gateway.change_log.ledger import Ledger
from gateway.demo.data import generate, write_oneroster_12
from gateway.districts.district import District
from gateway.engine.row_index import RowIndex, index
from gateway.engine.views import Views
from gateway.registers.effects.state import LOOK_UP_SECONDS, RegisterWatch
from gateway.registers.entries import Consent, RegisterState, Restriction
from gateway.registers.tags import ID, NAME, STATE_ID, RegisterKeys, spelt_name
from policies.grant import Registered
from standards import registry
from standards.pruning import prune
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.contract import Adapter
    from gateway.cache.snapshot import Table
    from policies.grant import Grant

KEYS = RegisterKeys(b"r" * 32)
AGREEMENTS, CONSENTS, RESTRICTIONS = 40, 30_000, 60
PAGE, PAGES, MOST = 100, 400, 1.1
NOW = 1_793_620_800.0
BEGIN = date(2026, 9, 1)
ELEMENTS = frozenset(RULES)


class Entries:
    """Registers that a benchmark changes."""

    def __init__(self) -> None:
        self.present = RegisterState("maple", 0)

    def state(self, district: str) -> RegisterState:
        """Return them as they are."""
        assert district == self.present.district
        return self.present


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=12_000)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "maple.zip"
        students = parser.parse_args().students
        write(place, students)
        adapter = find("oneroster_csv")("maple", {"source": str(place)})
        grants = [replace(GRANT, client=f"c{one}", agreement=f"a{one}", epoch=f"e{one}") for one in range(AGREEMENTS)]
        bound = [replace(one, registered=Registered(form="form")) for one in grants]
        entries, plain = Entries(), views(adapter, None)
        held = views(adapter, RegisterWatch(entries, KEYS, "maple"))
        table = plain.districts["maple"].cached_snapshot().table("student")
        held.districts["maple"].cached_snapshot()
        entries.present = state(table, 1)
        time.sleep(LOOK_UP_SECONDS)
        begun = time.process_time()
        held.districts["maple"].cached_snapshot()
        print(f"registers noticed, and read again with the fields they need: {milliseconds(begun):.0f} ms")
        begun = time.process_time()
        shown(held, bound[0])
        print(f"first agreement, with the tags of all students: {milliseconds(begun):.0f} ms")
        begun = time.process_time()
        for one in bound[1:]:
            shown(held, one)
        print(f"each of the others: {milliseconds(begun) / len(bound[1:]):.1f} ms")
        free, registered = pages((plain, grants), (held, bound))
        entries.present = replace(entries.present, version=2, consents=entries.present.consents[1:])
        time.sleep(LOOK_UP_SECONDS)
        begun = time.process_time()
        shown(held, bound[0])
        print(f"first page after a withdrawal: {milliseconds(begun):.1f} ms")
        print(f"a page: {free:.3f} ms without registers, {registered:.3f} ms with them, {registered / free:.3f} times")
        if registered > MOST * free:
            sys.exit(f"more than {MOST} times")


def write(place: Path, students: int) -> None:
    """Write the files of a fictional district."""
    write_oneroster_12(generate("maple", seed=1, students=students, school_year=2027, today=TODAY_DATE), place)


def views(adapter: Adapter, registers: RegisterWatch | None) -> Views:
    """Make the views over a district."""
    district = District(
        "maple", adapter, KEYRING, lambda: NOW, seconds=36_000, registers=registers,
        wanted=dict.fromkeys(adapter.manifest.entities),
    )  # fmt: skip
    return Views(
        districts={"maple": district}, keyring=KEYRING, ledger=Ledger(b"key"), clock=lambda: NOW, zones={},
        account=lambda _visibility: None, in_force=lambda _grant: True,
    )  # fmt: skip


def state(table: Table, version: int) -> RegisterState:
    """Return consents to all agreements and some restrictions, about students by chance."""
    random = Random(1)  # noqa: S311  made-up data
    rows = [random.sample(range(table.size), CONSENTS // AGREEMENTS) for _ in range(AGREEMENTS)]
    consents = [
        Consent(f"c{number}-{row}", "maple", f"a{number}", "form", "h", tags(table, row), "eligible-student", "paper",
                BEGIN, BEGIN, None, ELEMENTS)
        for number, some in enumerate(rows)
        for row in some
    ]  # fmt: skip
    restrictions = [
        Restriction(f"r{row}", "maple", "acp", tags(table, row), BEGIN, substitute={"street": "PO Box 257"})
        for row in random.sample(range(table.size), RESTRICTIONS)
    ]
    return RegisterState("maple", version, tuple(restrictions), tuple(consents))


def tags(table: Table, row: int) -> Mapping[str, str]:
    """Return the tags of one student."""
    name = spelt_name(*(str(table.columns[one][row]) for one in ("name.family", "name.given", "birthDate")))
    number = str(table.columns["identifier"][row])
    return {
        kind: KEYS.tag("maple", kind, text) for kind, text in ((ID, table.ids[row]), (NAME, name), (STATE_ID, number))
    }


def shown(views: Views, grant: Grant) -> int:
    """Find what a grant shows of all students; return how many they are."""
    view = prune(registry.views("oneroster")["students"], grant)
    assert view is not None
    return sum(len(one.rows) for one in views.shown(grant, view))


def pages(plain: tuple[Views, list[Grant]], held: tuple[Views, list[Grant]]) -> tuple[float, float]:
    """Return the median times of the same page without registers and with them, measured in turn."""
    view = prune(registry.views("oneroster")["students"], GRANT)
    assert view is not None
    times: tuple[list[float], list[float]] = [], []
    rows = [index(held[0].shown(grant, view), Query()).codes for grant in held[1]]
    if len(rows[0]) < 7 * PAGE:
        sys.exit(f"only {len(rows[0])} students consented, by what is shown")
    for number in range(PAGES):
        place, first = number % len(rows), number % 7 * PAGE
        for into, (every, grants) in zip(times, (plain, held), strict=True):
            begun = time.process_time()
            RowIndex(every.shown(grants[place], view), rows[place]).slice(first, PAGE, "")
            into.append(milliseconds(begun))
    return statistics.median(times[0]), statistics.median(times[1])


def milliseconds(begun: float) -> float:
    """Return the time of the processor since *begun*."""
    return (time.process_time() - begun) * 1e3


if __name__ == "__main__":
    main()
