"""Names of the console: nothing that people read is an id of the program."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.admin import organisations
from gateway.admin.clients import clients
from gateway.console.app import create_console
from gateway.console.parts import names
from gateway.console.parts.moments import day, moment
from gateway.people.invitations import LIVES
from policies.roles import roles
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


def test_every_role_has_a_name():
    assert names.ROLES.keys() == roles().keys()


def test_every_kind_of_organisation_has_a_name():
    assert {*organisations.KINDS, *clients.KINDS, "region"} == names.KINDS.keys()


def test_every_kind_of_link_has_a_name():
    assert names.LINKS.keys() == LIVES.keys()


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.mark.parametrize(
    ("language", "said", "that_day"),
    [("en", "Nov 2, 2026, 7:05 PM UTC", "Nov 2, 2026"), ("es", "2 nov 2026, 19:05 UTC", "2 nov 2026")],
)
def test_moments_are_said_as_people_write_them(region, language, said, that_day):
    with create_console(region.administered).test_request_context(headers={"Accept-Language": language}):
        at = datetime(2026, 11, 2, 19, 5, tzinfo=UTC)
        assert (moment(at), moment("2026-11-02T19:05"), day(at)) == (said, said, that_day)
        assert (moment("2026-11-02"), moment("soon"), moment(None)) == (that_day, "soon", "")


def test_no_page_shows_the_id_of_a_role(region):
    browser = region.browser("ada", ("maple", "privacy-officer"), ("maple", "district-admin"))
    for path in ("/console", "/console/account", "/console/people?org=maple", "/console/people/invite?org=maple"):
        page = browser.get(path).get_data(as_text=True)
        shown = page.replace('value="district-admin"', "").replace('value="privacy-officer"', "")
        assert ">privacy-officer<" not in shown
        assert "district-admin" not in shown
