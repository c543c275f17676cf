"""A district behind a simulated OneRoster server with a gradebook, and everything of it released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.simulators.oneroster import Sis, run
from gateway.demo.data.oneroster.server import server_documents
from tests.support.regions import Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.simulators.oneroster import RunningSis
    from tests.support.regions import Consumer, Region

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, create, update, delete, bulk]"


@pytest.fixture(scope="package")
def system() -> Iterator[RunningSis]:
    """The district's own system."""
    with run(Sis(server_documents(small_district()), secret=SECRET)) as one:
        yield one


@pytest.fixture(scope="package")
def site(tmp_path_factory, system) -> Site:
    """How the gateway is told of that system."""
    secret = tmp_path_factory.mktemp("birch") / "secret"
    secret.write_text(SECRET)
    return Site("oneroster_rest", {
        "url": system.url, "token_url": system.token_url, "client_id": "crossing",
        "client_secret": f"file:{secret}", "allow_private": "true",
    })  # fmt: skip


@pytest.fixture(scope="package")
def birch(tmp_path_factory, site) -> Iterator[Region]:
    """The region of that district."""
    terms = [agreement("birch", operations=OPERATIONS)]
    with running(tmp_path_factory.mktemp("region"), {"birch": site}, terms, MANY) as region:
        yield region


@pytest.fixture(scope="package")
def client(birch) -> Consumer:
    """The consumer to whom everything is released."""
    return birch.consumer()
