"""Settings and acts by two persons in the browser: proposed by one, confirmed or declined by another, in both languages."""

from __future__ import annotations

import pytest

from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ADMIN = ("maple", "district-admin")
GIVEN = {"org": "maple", "digest_at": "06:30", "webhook": "", "expected_by": "05:00"}


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


def save(browser, version, **more):
    browser.get("/console/settings")
    return browser.post("/console/settings", GIVEN | {"version": str(version)} | more)


def propose(region):
    """Let ana want two persons and then want none; return where the proposal is."""
    ana = region.browser("ana", ADMIN)
    assert save(ana, 0, two_persons="client.end").status_code == 303
    answer = save(ana, 1, reason="too slow")
    assert answer.status_code == 303
    return ana, answer.headers["Location"]


def test_settings_are_saved_and_shown(region):
    ana = region.browser("ana", ADMIN)
    assert save(ana, 0).headers["Location"].endswith("/console/settings?org=maple")
    assert 'value="06:30"' in ana.get("/console/settings").text
    stale = save(ana, 0, digest_at="08:00")
    assert stale.status_code == 409
    assert save(ana, 1, digest_at="late").status_code == 400


def test_what_one_proposes_another_one_confirms(region):
    ana, place = propose(region)
    ben = region.browser("ben", ADMIN)
    own = ana.get(place).text
    assert "Take it back" in own
    assert "Confirm: it is done now" not in own
    assert place in ben.get("/console/proposals").text
    assert "Confirm: it is done now" in ben.get(place).text
    assert ben.post(f"{place}/confirm").status_code == 303
    assert "confirmed" in ben.get(place).text
    assert ben.post(f"{place}/confirm").status_code == 409


def test_nobody_confirms_an_own_proposal_by_a_form_of_ones_own(region):
    ana, place = propose(region)
    assert ana.post(f"{place}/confirm").status_code == 403
    assert ana.post(f"{place}/decline", {"reason": "a slip"}).status_code == 303


def test_a_page_says_that_nobody_else_is_there_and_who_invites_one(region):
    ana, place = propose(region)
    text = ana.get(place).text
    assert "Nobody else can confirm this" in text
    assert "These people can invite one: ana@example.org" in text


def test_people_of_other_organisations_find_no_proposal(region):
    _, place = propose(region)
    eve = region.browser("eve", ("oak", "district-admin"))
    assert eve.get(place).status_code == eve.get("/console/proposals/0000000000000000").status_code == 404
    assert eve.post(f"{place}/confirm").status_code == 404
    assert (
        eve.get("/console/settings?org=maple").status_code
        == eve.get("/console/settings?org=nowhere").status_code
        == 404
    )


def test_the_secret_of_a_webhook_is_shown_once(region):
    ana = region.browser("ana", ADMIN)
    ana.get("/console/settings")
    shown = ana.post("/console/settings/secret", {"org": "maple"})
    assert "whsec_" in shown.text
    assert "whsec_" not in ana.get("/console/settings").text


def test_the_pages_speak_spanish(region):
    ana, place = propose(region)
    ana.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    assert "Ajustes: maple" in ana.get("/console/settings").text
    assert "Segundas confirmaciones" in ana.get("/console/proposals").text
    assert "Retirarlo" in ana.get(place).text


def test_proposals_are_there_as_csv(region):
    ana, _ = propose(region)
    text = ana.get("/console/proposals?proposals-csv=1").get_data().decode("utf-8-sig")
    assert text.startswith('"What","About"')
    assert '"settings","maple","ana@example.org"' in text


def test_a_secret_that_two_made_is_shown_to_the_second_one_this_once(region):
    ana, ben = region.browser("ana", ADMIN), region.browser("ben", ADMIN)
    assert save(ana, 0, two_persons="settings.change").status_code == 303
    ana.get("/console/settings")
    place = ana.post("/console/settings/secret", {"org": "maple"}).headers["Location"]
    ben.get(place)
    assert "whsec_" in ben.post(f"{place}/confirm").text
    assert "whsec_" not in ben.get(place).text
    assert "whsec_" not in ana.get(place).text
