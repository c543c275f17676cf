"""A misstep of somebody who sees the console for the first time is told where it was made, and leads nowhere else."""

from __future__ import annotations

from io import BytesIO

import pytest

from gateway.admin.districts.uploading import DistrictFiles
from tests.support.people.clicking import Clicker
from tests.support.people.districts import connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

ADMINISTRATOR = ("maple", "district-admin"), ("alder", "district-admin")
OPERATOR = ("region", "region-operator")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 30)
    with people_region(tmp_path / "region", sites, [agreement("maple", TUTORING)]) as region:
        region.person("dana", *ADMINISTRATOR)
        region.person("root", OPERATOR)
        yield region


@pytest.fixture
def dana(region):
    return Clicker(region.browser("dana"))


@pytest.fixture
def alder(region, tmp_path):
    actor = region.actor("dana", *ADMINISTRATOR)
    connected(region, actor, "alder", zipped(tmp_path / "made", 60))
    return actor


def written(clicker, name):
    """Write down a district that is read from an uploaded file."""
    clicker.press("Districts")
    clicker.press("Connect a district")
    clicker.fill(name=name, adapter="oneroster_csv")
    clicker.press("Next")
    clicker.fill(set_source="uploaded:")
    clicker.press("Write it down")
    return clicker


def test_an_address_with_a_slash_at_its_end_leads_to_the_inbox(region):
    answer = region.browser("dana").get("/console/")
    assert (answer.status_code, answer.location) == (308, "/console")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Oak Valley", "Use small letters, digits and hyphens, and begin with a letter."),
        ("oak", "There is no such district here."),
        ("maple", "maple is declared in gateway.toml of the gateway, where its operator changes it."),
    ],
)
def test_a_district_that_cannot_be_connected_is_told_at_its_name(dana, name, told):
    dana.press("Districts")
    dana.press("Connect a district")
    dana.fill(name=name, adapter="oneroster_csv")
    dana.press("Next")
    assert dana.path == "/console/districts/connect"
    assert told in dana.text()


def test_a_setting_that_means_nothing_any_more_is_not_asked_for(dana):
    written(dana, "alder")
    assert "dangling" not in dana.browser.get("/console/districts/alder/connection").get_data(as_text=True)


def test_who_sends_no_file_is_asked_for_one_on_the_same_page(dana):
    written(dana, "alder")
    dana.fill(file=(BytesIO(b""), ""))
    dana.press("Upload it and connect the district")
    assert "Choose a file that is not empty." in dana.text()
    assert dana.path == "/console/districts/alder/review"


def test_an_operator_without_the_file_is_led_to_the_districts_people(region):
    root = written(Clicker(region.browser("root")), "oak")
    assert "Connect the district" not in root.text()
    root.press("The people of the district")
    assert "Nobody acts for this organisation yet." in root.text()


def test_a_mistake_is_found_among_the_files_after_the_night(region, dana, alder):
    DistrictFiles(region.administered).receive(alder, "alder", "torn.zip", b"no zip")
    dana.press("Districts")
    dana.press("alder")
    dana.press("Files")
    assert "torn.zipthis file is not as" in dana.text()


def test_a_draft_tells_a_wrong_name_at_its_field_and_offers_only_ones_own_districts(region):
    browser = region.browser("mia", ("maple", "district-admin"))
    shown = browser.get("/console/agreements/new").get_data(as_text=True)
    offered = shown.partition('<select class="form-select" id="district"')[2].partition("</select>")[0]
    assert 'value="maple"' in offered
    assert "cedar" not in offered
    form = {"district": "maple", "recipient": "Reading Partners", "kind": "cbo", "template": "tutoring"}
    refused = browser.post("/console/agreements/new", form)
    assert refused.status_code == 400
    assert "Recipient: This must be a name of letters, digits, dots and dashes." in refused.get_data(as_text=True)


def test_publishing_says_who_has_not_signed(dana):
    dana.press("Agreements")
    dana.press("Begin an agreement")
    dana.fill(
        district="maple",
        recipient="reading",
        kind="cbo",
        purpose="tutoring",
        template="tutoring",
        clients="reading-prod",
    )
    dana.fill(interest="Plan weekly reading support.", begin="2026-09-01", end="2027-08-31")
    dana.press("Begin")
    dana.press("Publish")
    assert "It releases data although these have not signed: maple, reading." in dana.text()
