"""Pages that a privacy officer and a vendor rely on: no slip looks like good news, and nothing leads to a refusal."""

from __future__ import annotations

import re

import pytest

from gateway.console.wording import COOKIE as LANGUAGE
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

OFFICER = ("maple", "privacy-officer")
RETENTION = "retention: {deleteWithin: P60D, after: [expiry], certificate: required}\n"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    sites = small_sites(folder / "data")
    summer = agreement("maple", client="summer", begin="2026-06-01", end="2026-08-31") + RETENTION
    with people_region(folder / "region", sites, [*(agreement(name) for name in sites), summer]) as region:
        yield region


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("question", ["exposure?client=", "recipient?name="])
def test_a_name_that_nobody_has_is_not_taken_for_one_that_got_nothing(region, question):
    ada = region.browser("ada", OFFICER)
    misspelt = text(ada.get(f"/console/desk/{question}conformanse"))
    assert "check how it is spelt" in misspelt
    assert 'aria-invalid="true"' in misspelt
    known = text(ada.get(f"/console/desk/{question}conformance"))
    assert "check how it is spelt" not in known
    assert '<option value="conformance">' in known


def test_a_district_sees_what_a_recipient_must_destroy_in_words(region):
    page = text(region.browser("ada", OFFICER).get("/console/desk/obligations"))
    assert "because: the agreement has ended; last day: Aug 31, 2026; certificate of destruction: is required" in page
    assert "digest after" not in page
    assert "/console/tasks/" not in page


def test_the_words_of_what_must_be_destroyed_are_spanish_too(region):
    ada = region.browser("ada", OFFICER)
    ada.wsgi.set_cookie(LANGUAGE, "es", domain="crossing.example.org", secure=True, path="/")
    assert "porque: el acuerdo terminó" in text(ada.get("/console/desk/obligations"))


@pytest.mark.parametrize(
    "role", [("conformance", "vendor-contact"), ("maple", "approver"), ("maple", "registrar"), OFFICER]
)
def test_every_tile_leads_to_a_page_that_who_looks_may_see(region, role):
    browser = region.browser("-".join(role), role)
    inbox = text(browser.get("/console"))
    tiles = re.findall(r'<li class="tile[^"]*">(.*?)</li>', inbox)
    assert tiles
    for href in re.findall(r'href="([^"]+)"', " ".join(tiles)):
        assert browser.get(href).status_code == 200, href


def test_whoever_may_not_confirm_is_not_told_that_nothing_waits_at_all(region):
    page = text(region.browser("ada", OFFICER).get("/console/proposals"))
    assert "Nothing that you could confirm, or have proposed, waits for a second person." in page
