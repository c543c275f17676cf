"""One gateway over every kind of district, as operators run it, and the published clients pointed at each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.simulator.ods import Ods, run
from gateway.region.ods_server import ods_documents
from tests.clients.running import Clients
from tests.regions import Site, grand_bend_site, served, small_district, small_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters.simulator.ods.server import Running
    from tests.regions import Served

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, changes, create, update, delete]"
DISTRICTS = ("maple", "cedar", "gb", "fir")
WRITABLE = ("fir",)


def sites(folder: Path) -> dict[str, Site]:
    """``maple`` from OneRoster files, ``cedar`` from Ed-Fi interchange files, ``gb``: Grand Bend from the same."""
    return {**small_sites(folder), "gb": grand_bend_site()}


@pytest.fixture(scope="package")
def region(tmp_path_factory) -> Iterator[Served]:
    """The gateway; ``fir`` is a district whose system is an ODS with a document of every resource."""
    folder = tmp_path_factory.mktemp("clients")
    folder.joinpath("secret").write_text(SECRET)
    with (
        run(Ods(ods_documents(small_district()), secret=SECRET)) as system,
        served(folder / "region", {**sites(folder / "data"), "fir": _fir(system, folder)}, MANY, OPERATIONS) as one,
    ):
        yield one


@pytest.fixture(scope="package", params=DISTRICTS)
def clients(request, region, tmp_path_factory) -> Clients:
    """The published clients at one district."""
    return _at(region, request.param, tmp_path_factory)


@pytest.fixture(scope="package", params=WRITABLE)
def writers(request, region, tmp_path_factory) -> Clients:
    """The published clients at a district whose system can be written to."""
    return _at(region, request.param, tmp_path_factory)


@pytest.fixture(scope="package")
def counts(clients) -> dict[str, int]:
    """How many records each resource of the district has, by edfi-api-client."""
    return clients.edfi("counts")


@pytest.fixture(scope="package")
def filled(counts) -> list[str]:
    """The resources that have records."""
    return sorted(name for name, count in counts.items() if count)


def _fir(system: Running, folder: Path) -> Site:
    return Site("edfi_ods", {
        "url": system.url, "client_id": "crossing", "client_secret": f"file:{folder / 'secret'}",
        "allow_private": "true", "writable": "true",
    })  # fmt: skip


def _at(region: Served, district: str, tmp_path_factory) -> Clients:
    return Clients(f"{region.base}/{district}", "conformance", region.secret, tmp_path_factory.mktemp(district))
