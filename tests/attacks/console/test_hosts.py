"""Links that people send on do not begin with a Host that whoever asked has chosen."""

from __future__ import annotations

import pytest

from gateway.admin.clients.clients import Clients, NewClient
from gateway.people.actor import operator
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

LISTENER = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8080"}
"""The address that the gateway listens on, which the Host of the browser is not."""


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture
def olga(region):
    return region.browser("olga", ("region", "region-operator"))


def test_a_link_to_a_secret_begins_with_the_address_listened_on(olga, region):
    Clients(region.administered).register(
        operator("root"), NewClient("conformance", "conformance", "vendor", ("edfi:read",))
    )
    olga.get("/console/clients/conformance/link")
    answer = olga.post("/console/clients/conformance/link", {"days": "0"}, environ_overrides=LISTENER)
    page = answer.get_data(as_text=True)
    assert "http://127.0.0.1:8080/once/" in page
    assert "crossing.example.org/once/" not in page


def test_an_invitation_begins_with_the_address_listened_on(olga):
    olga.get("/console/people/invite?org=maple")
    asked = {"mail": "dana@example.org", "name": "Dana", "org": "maple", "role": "district-admin"}
    answer = olga.post("/console/people/invite", asked, environ_overrides=LISTENER)
    page = answer.get_data(as_text=True)
    assert "http://127.0.0.1:8080/join/" in page or "http://127.0.0.1:8080/console/" in page, page[:3000]
    assert "https://crossing.example.org/" not in page
