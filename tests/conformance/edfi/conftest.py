"""A district whose system is a simulated ODS with a document of every resource, and a gradebook beside it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.simulator import Sis
from adapters.simulator import run as run_gradebook
from adapters.simulator.ods import Ods, run
from gateway.region.ods_server import gradebook_documents, ods_documents
from tests.regions import Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.regions import Consumer, Region

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, changes, create, update, delete, bulk]"


@pytest.fixture(scope="package")
def ods() -> Ods:
    """The district's own system."""
    return Ods(ods_documents(small_district()), secret=SECRET)


@contextmanager
def site(ods: Ods, folder, *, beside: bool) -> Iterator[Site]:
    """How a gateway is told of the *ods* that answers until the end of the block, with or without a gradebook beside."""
    secret = folder / "secret"
    secret.write_text(SECRET)
    gradebook = Sis(gradebook_documents(small_district(), ods), secret=SECRET)
    with run(ods) as main, run_gradebook(gradebook) as other:
        kept = {"gradebook_url": other.url, "gradebook_token_url": other.token_url,
                "gradebook_client_id": "crossing", "gradebook_client_secret": f"file:{secret}"}  # fmt: skip
        yield Site("edfi_ods", {
            "url": main.url, "client_id": "crossing", "client_secret": f"file:{secret}", "allow_private": "true",
            "writable": "true", **(kept if beside else {}),
        })  # fmt: skip


@pytest.fixture(scope="package")
def fir(tmp_path_factory, ods) -> Iterator[Region]:
    """The region of that district, without the gradebook beside it."""
    terms = [agreement("fir", operations=OPERATIONS)]
    with (
        site(ods, tmp_path_factory.mktemp("ods"), beside=False) as place,
        running(tmp_path_factory.mktemp("region"), {"fir": place}, terms, MANY) as region,
    ):
        yield region


@pytest.fixture(scope="package")
def client(fir) -> Consumer:
    """The consumer to whom everything is released."""
    return fir.consumer()
