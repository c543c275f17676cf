"""A district behind a simulated OneRoster server with a gradebook, and everything of it released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.simulator import Sis, run
from gateway.region.oneroster_server import server_documents
from tests.regions import Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.simulator import Running
    from tests.regions import Consumer, Region

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, create, update, delete, bulk]"


@pytest.fixture(scope="package")
def system() -> Iterator[Running]:
    """The district's own system."""
    with run(Sis(server_documents(small_district()), secret=SECRET)) as one:
        yield one


@pytest.fixture(scope="package")
def birch(tmp_path_factory, system) -> Iterator[Region]:
    """The region of that district."""
    folder = tmp_path_factory.mktemp("birch")
    (folder / "secret").write_text(SECRET)
    settings = {
        "url": system.url, "token_url": system.token_url, "client_id": "crossing",
        "client_secret": f"file:{folder / 'secret'}", "allow_private": "true",
    }  # fmt: skip
    sites = {"birch": Site("oneroster_rest", settings)}
    with running(folder / "r", sites, [agreement("birch", operations=OPERATIONS)], MANY) as region:
        yield region


@pytest.fixture(scope="package")
def client(birch) -> Consumer:
    """The consumer to whom everything is released."""
    return birch.consumer()
