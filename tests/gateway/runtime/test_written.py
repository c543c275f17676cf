"""The running gateway follows what people write in the registry within a second, and tells of what it cannot serve."""

from __future__ import annotations

import time

from gateway.storage.database import transaction
from gateway.storage.people.written import note_written
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites, wait_until

TWO_LOOKS_SECONDS = 1.2


def note(region):
    with transaction(region.administered.store.engine, write=True) as connection:
        note_written(connection)


def test_a_change_in_the_registry_reloads_the_gateway(tmp_path):
    with people_region(tmp_path / "r", small_sites(tmp_path), [agreement("maple")]) as region:
        assert region.running.reloaded is None
        note(region)
        wait_until(lambda: region.running.reloaded is not None)
        assert region.running.reloaded.ok


def test_a_change_that_cannot_be_served_is_reported_once_and_tried_again_with_the_next(tmp_path):
    with people_region(tmp_path / "r", small_sites(tmp_path), [agreement("maple")]) as region:
        wrong = tmp_path / "r" / "agreements" / "wrong.yaml"
        wrong.write_text("id: [", encoding="utf-8")
        note(region)
        wait_until(lambda: region.running.refused is not None)
        first = region.running.refused
        wrong.unlink()
        time.sleep(TWO_LOOKS_SECONDS)
        assert region.running.refused is first
        note(region)
        wait_until(lambda: region.running.refused is None)
