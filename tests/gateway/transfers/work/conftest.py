"""Regions between whose districts records move."""

from __future__ import annotations

import pytest

from tests.gateway.transfers.work.world import worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A region in which what a rule releases, and what a person approves, leaves at once."""
    yield from worlds(tmp_path_factory.mktemp("world"))
