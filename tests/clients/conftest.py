"""One gateway over every kind of district, as operators run it, and the published clients pointed at each.

What takes long is marked slow (`slow_for`, tests/clients/test_whole_ods.py) and runs in ``tox -e slow``: lightbeam at
``cedar`` and ``gb``, the walks through the change versions of ``gb``, and every resource of ``fir``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from gateway.demo.data.schools.descriptors import SPOKEN, shown
from tests.clients.running import Clients
from tests.support.regions import Site, grand_bend_site, served, small_district, small_sites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.simulators.edfi.server import RunningOds
    from tests.support.regions import Served

SECRET = "a secret of the tests"
MANY = "[tokens]\nper_client = 1000\n"
OPERATIONS = "[read, search, changes, create, update, delete]"
DECLARED = "session.instructionalDays = {semester = 90, term = 60, gradingPeriod = 45}\n"
DISTRICTS = ("maple", "cedar", "gb", "fir")
WRITABLE = ("fir",)
ROSTER = {"schools", "sections", "students", "staffs", "studentSchoolAssociations", "studentSectionAssociations"}


def slow_for(*districts: str) -> pytest.MarkDecorator:
    """Marks a test that takes long at these *districts*: there it runs among the slow ones only."""
    marks = {name: (pytest.mark.slow,) if name in districts else () for name in DISTRICTS}
    every = [pytest.param(name, marks=marks[name]) for name in DISTRICTS]
    return pytest.mark.parametrize("clients", every, indirect=True, scope="package")


def sites(folder: Path) -> dict[str, Site]:
    """``maple`` from OneRoster files, ``cedar`` from Ed-Fi interchange files, ``gb``: Grand Bend from the same."""
    small = small_sites(folder)
    maple = replace(small["maple"], defaults=DECLARED, descriptors=SPOKEN)
    cedar = replace(small["cedar"], descriptors=shown(Path(small["cedar"].settings["source"])))
    return {"maple": maple, "cedar": cedar, "gb": grand_bend_site()}


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


@pytest.fixture(scope="package")
def followed(clients, filled) -> list[str]:
    """The resources for what costs more than a walk; all of ``fir``'s three hundred are in `test_whole_ods`."""
    return filled if clients.district not in WRITABLE else sorted({*filled[::12], *ROSTER})


def _fir(system: RunningOds, folder: Path) -> Site:
    return Site("edfi_ods", {
        "url": system.url, "client_id": "crossing", "client_secret": f"file:{folder / 'secret'}",
        "allow_private": "true", "writable": "true",
    })  # fmt: skip


def _at(region: Served, district: str, tmp_path_factory) -> Clients:
    return Clients(f"{region.base}/{district}", "conformance", region.secret, tmp_path_factory.mktemp(district))
