"""One region of two districts for the tests of each file."""

from __future__ import annotations

import pytest

from tests.gateway.admin.transfers.offices import offices


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Maple's and Cedar's people, who may move records between the two."""
    with offices(tmp_path_factory.mktemp("offices")) as found:
        yield found
