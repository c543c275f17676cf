"""What a consumer is told has changed, applied to what it knew, is what there is now: over random histories."""

from __future__ import annotations

import pytest

from tests.gateway.histories import History

FEW, MANY = 40, 2_000
STEPS = 9


def run(folder, seeds):
    for seed in seeds:
        history = History(folder / str(seed), seed)
        try:
            history.run(STEPS)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error


def test_a_delta_by_any_address_ends_equal_to_a_full_read(tmp_path):
    run(tmp_path, range(FEW))


@pytest.mark.slow
def test_a_delta_by_any_address_ends_equal_to_a_full_read_in_many_histories(tmp_path):
    run(tmp_path, range(MANY))
