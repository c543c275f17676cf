"""A region between whose districts records move, and those who ask it."""

from __future__ import annotations

import pytest

from tests.support.people.moving import moving_region


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    with moving_region(tmp_path_factory.mktemp("moving")) as found:
        yield found


@pytest.fixture(scope="module")
def rita(moving):
    """The registrar of Cedar, where students arrive."""
    return moving.person("rita", ("cedar", "registrar"))


@pytest.fixture(scope="module")
def mia(moving):
    """The approver of Maple, which students leave; registrar beside."""
    return moving.person("mia", ("maple", "approver"), ("maple", "registrar"))


@pytest.fixture(scope="module")
def agent(moving):
    """The program of Cedar, in both scopes."""
    return moving.program("cedar-agent", "cedar")
