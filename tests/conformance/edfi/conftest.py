"""A district whose system is a simulated ODS with a document of every resource."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from tests.support.regions import Site, agreement, running, small_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.regions import Consumer, Region

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, changes, create, update, delete, bulk]"


@pytest.fixture(scope="package")
def ods() -> Ods:
    """The district's own system."""
    return Ods(ods_documents(small_district()), secret=SECRET)


@contextmanager
def site(ods: Ods, folder) -> Iterator[Site]:
    """How a gateway is told of the *ods*, which answers until the end of the block."""
    secret = folder / "secret"
    secret.write_text(SECRET)
    with run(ods) as main:
        yield Site("edfi_ods", {
            "url": main.url, "client_id": "crossing", "client_secret": f"file:{secret}", "allow_private": "true",
            "writable": "true",
        })  # fmt: skip


@pytest.fixture(scope="package")
def fir(tmp_path_factory, ods) -> Iterator[Region]:
    """The region of that district."""
    terms = [agreement("fir", operations=OPERATIONS)]
    with (
        site(ods, tmp_path_factory.mktemp("ods")) as place,
        running(tmp_path_factory.mktemp("region"), {"fir": place}, terms, MANY) as region,
    ):
        yield region


@pytest.fixture(scope="package")
def client(fir) -> Consumer:
    """The consumer to whom everything is released."""
    return fir.consumer()
