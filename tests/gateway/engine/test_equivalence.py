"""The compiled engine answers, byte for byte, what a plain interpreter of the same declarations answers."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.cache.group_references import DANGLING
from gateway.cache.snapshot import NO_ROW
from tests.gateway.engine import cases, worlds

WORLDS = 3
ON_HOSTILE, ON_GRAND_BEND = 2_500, 3_000
"""How many cases there must be at least; one in three must have rows after filtering."""


def check(tally: cases.Tally, least: int, record_property, name: str) -> None:
    print(f"\n{name}: {tally}")
    record_property(name, str(tally))
    assert tally.cases >= least
    assert tally.found * 3 >= tally.cases
    assert set(tally.modes) == set(cases.MODES)


def test_on_hostile_text_both_engines_answer_alike(record_property):
    total = cases.Tally()
    for seed in range(WORLDS):
        district = cases.District(f"hostile {seed}", worlds.hostile(seed))
        total += cases.compare(district, worlds.views(), seed, count=15, most=12, each=6)
    check(total, ON_HOSTILE, record_property, "hostile text")
    assert len(total.views) == len(worlds.views())


def test_on_a_real_district_both_engines_answer_alike(grand_bend, grand_bend_views, record_property):
    total = cases.compare(grand_bend, grand_bend_views, 7, count=24, most=25, each=8)
    check(total, ON_GRAND_BEND, record_property, "Grand Bend")
    assert set(total.views) == {f"{view.api}/{view.name}" for view in grand_bend_views}


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_hostile_world_holds_what_is_hard(seed):
    district = cases.District("hostile", worlds.hostile(seed))
    texts = {value for _, record in district.records for value in record.values() if isinstance(value, str)}
    assert texts.issuperset(worlds.TEXTS)
    assert set(Counter(entity for entity, _ in district.records)) == worlds.ROOTED
    refs = [refs for table in district.all.tables.values() for refs in table.refs.values()]
    assert any(DANGLING in some for some in refs)
    assert any(NO_ROW in some for some in refs)
