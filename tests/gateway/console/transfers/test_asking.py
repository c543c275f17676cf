"""Asking: the request form, the list of what was asked for, and a requester who is told no more than it may know."""

from __future__ import annotations

import pytest

from tests.gateway.console.transfers.moving import moving, words

PLACE = "/console/transfers/cedar"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("asking")) as found:
        yield found


@pytest.fixture
def rosa(world):
    return world.browser("rosa")


def test_a_registrar_asks_and_finds_the_request_by_its_number(world, rosa):
    page = rosa.get(f"{PLACE}/ask")
    assert page.status_code == 200, words(page)
    transfer = world.asked(browser=rosa)
    shown = rosa.get(f"{PLACE}/sent/{transfer}")
    assert "asked" in words(shown)
