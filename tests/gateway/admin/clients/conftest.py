"""A region with two districts and agreements, its registry in SQLite and in PostgreSQL."""

from __future__ import annotations

import pytest

from gateway.admin.organisations import Organisations
from gateway.people.actor import operator
from tests.support import servers
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

MAPLE_CLIENTS = tuple(f"tutor-{number}" for number in range(400))
"""The clients that an agreement of maple alone names, for the organisation `tutor`."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def region(request, tmp_path_factory):
    """A running region: agreements of maple and cedar name `conformance`, one of maple alone `tutor-…`."""
    folder = tmp_path_factory.mktemp("clients")
    sites = small_sites(folder / "data")
    tutoring = agreement("maple", client="tutor", purpose="tutoring")
    written = [agreement(name) for name in sites]
    for first in range(0, len(MAPLE_CLIENTS), 20):
        some = ", ".join(MAPLE_CLIENTS[first : first + 20])
        more = tutoring.replace("clients: [tutor]", f"clients: [{some}]")
        written.append(more.replace("id: tutor-maple", f"id: tutor-maple-{first}"))
    if request.param == "sqlite":
        with people_region(folder / "region", sites, written) as region:
            yield with_acme(region)
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        settings = f'[store]\nurl = "{fresh.replace("postgresql+psycopg:", "postgresql:")}"\n'
        with people_region(folder / "region", sites, written, settings) as region:
            store = region.administered.store
            yield with_acme(region)
        store.close()


def with_acme(region):
    """Add the vendor `acme`, which no agreement names."""
    Organisations(region.administered).add(operator("tests"), "acme", "vendor", "Acme")
    return region
