"""A reload serves a district under the facts that its settings declare now, and under its registers as before."""

from __future__ import annotations

import pytest

from gateway.demo.data import write_oneroster_12
from gateway.registers.entries import Restriction
from gateway.registers.tags import ID
from tests.gateway.registers.conftest import TODAY
from tests.gateway.registers.test_commands_take_effect import directory_agreement
from tests.support.regions import Site, small_district
from tests.support.reloading import reloadable

FACT = """
[[districts.maple.registers]]
kind = "directory"
element = "oneroster.users.metadata.optOut"
free = ["N"]
empty = "free"
"""


@pytest.fixture
def region(tmp_path):
    write_oneroster_12(small_district(12), tmp_path / "maple.zip")
    site = Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})
    with reloadable(tmp_path / "region", {"maple": site}, {"all": directory_agreement("maple")}) as one:
        yield one


def students(region):
    return {one["sourcedId"] for one in region.consumer().users("students")}


def test_a_reload_takes_declared_facts_over_and_forgets_no_entry(region):
    every = students(region)
    chosen = min(every)
    registers = region.running._parts.registers
    tags = {ID: registers.keys.tag("maple", ID, chosen)}
    registers.write("maple", [Restriction("", "maple", "directory", tags, TODAY)], "ana")
    region.clock.move(1)
    assert students(region) == every - {chosen}
    region.settle("[keys]", f"{FACT.strip()}\n[keys]")
    assert any("maple" in line for line in region.reload())
    assert students(region) == set()
    region.settle(FACT.strip(), "")
    region.reload()
    assert students(region) == every - {chosen}
