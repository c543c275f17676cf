"""Suggestions: whom the own record says to have been elsewhere is shown to registrars, asked for by one click, or dismissed."""

from __future__ import annotations

import re

import pytest

from tests.gateway.admin.transfers.offices import offices
from tests.gateway.admin.transfers.test_suggestions import CAME, with_former_schools
from tests.gateway.console.transfers.moving import text, words
from tests.support.regions import small_sites

PLACE = "/console/transfers/maple"
TITLE = "These students may have a record elsewhere"
HANDLE = re.compile(r'name="handle" value="([^"]+)"')


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suggested-pages")
    sites = small_sites(folder / "data")
    with_former_schools(folder / "data" / "maple.zip")
    with offices(folder, sites=sites) as found:
        yield found


@pytest.fixture
def mona(office):
    return office.region.browser("mona", ("maple", "registrar"))


def handles(page):
    return list(dict.fromkeys(HANDLE.findall(text(page))))


def test_one_click_asks_and_another_dismisses(mona):
    page = mona.get(f"{PLACE}/sent")
    assert TITLE in words(page)
    assert "from cedar" in words(page)
    found = handles(page)
    assert len(found) == len(CAME)
    made = mona.post(f"{PLACE}/suggestions/ask", {"handle": found[0], "key": "one click"})
    assert made.status_code == 303
    assert "The record is asked for" in words(mona.get(made.headers["Location"]))
    assert mona.post(f"{PLACE}/suggestions/dismiss", {"handle": found[1]}).status_code == 303
    assert len(handles(mona.get(f"{PLACE}/sent"))) == len(CAME) - 2


def test_a_suggestion_that_was_taken_is_none_any_more(mona):
    handle = handles(mona.get(f"{PLACE}/sent"))[0]
    mona.post(f"{PLACE}/suggestions/dismiss", {"handle": handle})
    assert mona.post(f"{PLACE}/suggestions/ask", {"handle": handle, "key": "late"}).status_code == 303


def test_nobody_but_a_registrar_is_shown_any(office, mona):
    assert TITLE in words(mona.get(f"{PLACE}/sent"))
    for name, role in (("alma", "approver"), ("otto", "auditor")):
        assert TITLE not in words(office.region.browser(name, ("maple", role)).get(f"{PLACE}/sent"))
    olga = office.region.browser("olga", ("region", "region-operator"))
    assert TITLE not in words(olga.get(f"{PLACE}/sent"))
