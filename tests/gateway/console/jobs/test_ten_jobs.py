"""Each of an administrator's ten jobs takes at most five clicks from the inbox, without scripts."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.districts.uploading import DistrictFiles
from gateway.people.actor import operator
from tests.support.people.clicking import Clicker
from tests.support.people.districts import connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

MAX_CLICKS = 5
ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
STUDENTS = "/ims/oneroster/rostering/v1p2/students?filter=birthDate%3E%272010-01-01%27"


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 30)
    with people_region(tmp_path / "region", sites, [agreement("maple", TUTORING)]) as region:
        yield region


@pytest.fixture
def dana(region):
    region.person("dana", ("maple", "district-admin"), ("alder", "district-admin"))
    return lambda: Clicker(region.browser("dana"))


@pytest.fixture
def alder(region, dana, tmp_path):
    actor = region.actor("dana", ("alder", "district-admin"))
    connected(region, actor, "alder", zipped(tmp_path / "made", 60))
    return actor


@pytest.fixture
def client(region):
    """Make a client that an agreement names, with a secret."""
    root, region = operator("root"), region.administered
    Clients(region).register(root, NewClient("conformance", "conformance", "vendor", (ROSTER,), "maple"))
    return ClientSecrets(region)


def done(clicker, *words):
    shown = clicker.text()
    assert [one for one in words if one not in shown] == [], shown
    assert clicker.clicks <= MAX_CLICKS
    return clicker.clicks


def test_a_district_is_connected_from_a_file(dana, tmp_path):
    one = dana()
    one.press("Districts")
    one.press("Connect a district")
    one.fill(name="alder", adapter="oneroster_csv")
    one.press("Next")
    one.fill(set_source="uploaded:", cache="1h")
    one.press("Write it down")
    one.fill(file=(BytesIO(zipped(tmp_path / "made")), "roster.zip"))
    one.press("Upload it and connect the district")
    done(one, "The district is connected and served.", "fresh")


def test_a_failed_night_is_seen_with_its_mistakes(region, dana, alder):
    DistrictFiles(region.administered).receive(alder, "alder", "torn.zip", b"no zip")
    one = dana()
    one.press("Districts")
    one.press("alder")
    one.press("Files")
    assert done(one, "refused", "torn.zip") == 3


def test_a_large_change_is_approved(region, dana, alder, tmp_path):
    DistrictFiles(region.administered).receive(alder, "alder", "small.zip", zipped(tmp_path / "small", 20))
    one = dana()
    one.press("Districts")
    one.press("alder")
    one.press("Look at it and approve it")
    one.fill(reason="fewer students this year")
    one.press("Drop these rows")
    done(one, "It was read, and is served as it is now.")


def test_a_district_is_paused(region, dana, alder):
    one = dana()
    one.press("Districts")
    one.press("alder")
    one.fill(until=f"{region.clock() + timedelta(days=1):%Y-%m-%dT%H:%M}", reason="the summer")
    one.press("Pause")
    done(one, "Paused until")


def test_a_client_is_registered(dana):
    one = dana()
    one.press("Clients")
    one.press("Register a client")
    one.fill(name="conformance", org="conformance", kind="vendor", steward="maple")
    one.tick(scopes=ROSTER)
    one.press("Register")
    done(one, "Make a one-time link")


def test_a_client_is_copied(dana, client):
    one = dana()
    one.press("Clients")
    one.press("conformance")
    one.press("Copy")
    one.fill(name="conformance-test")
    one.press("Copy")
    done(one, "conformance-test", "draft")


def test_a_client_gets_a_new_secret(dana, client):
    one = dana()
    one.press("Clients")
    one.press("conformance")
    one.press("Make a new secret")
    one.press("Make a new secret")
    done(one, "client_secret")


def test_a_client_is_suspended(dana, client):
    client.rotate(operator("root"), "conformance", 0)
    one = dana()
    one.press("Clients")
    one.press("conformance")
    one.press("Suspend")
    one.fill(reason="a laptop was lost")
    one.press("Suspend")
    done(one, "suspended", "a laptop was lost")


def test_an_agreement_is_written_signed_and_published(region, dana):
    one = dana()
    one.press("Agreements")
    one.press("Begin an agreement")
    one.fill(
        district="maple",
        recipient="reading",
        kind="cbo",
        purpose="tutoring",
        template="tutoring",
        clients="reading-prod",
    )
    one.fill(interest="Plan weekly reading support.", begin="2026-09-01", end="2027-08-31")
    one.press("Begin")
    one.press("Ask both parties to sign")
    done(one, "Both parties are asked to sign.", "in review")
    signer = Clicker(region.browser("paul", ("maple", "approver")))
    signer.press("A version of an agreement waits for an approval")
    signer.press("Read and sign")
    signer.press("Sign")
    done(signer, "You have signed.")
    one = dana()
    one.press("Agreements")
    one.press("reading-maple@1")
    one.press("Publish")
    one.press("Publish")
    done(one, "It is published and served.")


def test_a_403_is_answered(dana, client):
    one = dana()
    one.press("Why refused")
    one.fill(client="conformance", address=STUDENTS)
    one.press("Ask why")
    assert done(one, "Refused at this step") == 2
