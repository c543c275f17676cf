"""One record of each collection in each version, as a person has read it beside the facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from standards.oneroster.api import model
from tests.conformance.table import FLAT, address, name, records

GOLDEN = Path(__file__).with_name("golden")


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_a_record_is_as_it_was_read(client, version, route):
    file = GOLDEN / f"{version}-{route.collection}.json"
    golden = json.loads(file.read_text("utf-8"))
    (now,) = records(client.ask(address(route), filter=f"sourcedId='{golden['sourcedId']}'"))
    assert "dateLastModified" in now
    assert now | {"dateLastModified": golden["dateLastModified"]} == golden
    assert model.validate(version, route.model, golden) == []


def test_every_golden_file_is_asked_for():
    assert {file.stem for file in GOLDEN.iterdir()} == {f"{version}-{route.collection}" for version, route in FLAT}
