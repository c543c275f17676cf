"""The privacy desk tells a district all that was sent of it and must be destroyed, and nothing of other districts."""

from __future__ import annotations

import pytest

from gateway.admin.desk import PrivacyDesk
from gateway.auth.scopes import known_scopes
from gateway.storage.registry import Client, Secret
from tests.support.people.region import people_region
from tests.support.regions import agreement, quick_secret, small_sites

ENDED = "retention: {deleteWithin: P60D, after: [expiry], certificate: required}\n"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    sites = small_sites(folder / "data")
    shared = [agreement(name, client="tutor") for name in sites]
    summer = agreement("maple", client="summer", begin="2026-06-01", end="2026-08-31") + ENDED
    with people_region(folder / "region", sites, [*shared, summer]) as region:
        yield region


@pytest.fixture(scope="module")
def read(region):
    """The region, after the tutor has read the students of both districts in one request."""
    secret, kept = quick_secret()
    every = tuple(sorted(known_scopes()))
    region.administered.store.add_client(
        Client("tutor", "tutor", "vendor", every, (Secret(kept),), region.clock(), "ana")
    )
    web = region.stranger().wsgi
    given = {"data": {"grant_type": "client_credentials"}, "auth": ("tutor", secret)}
    token = web.post("/oauth/token", base_url="https://localhost", **given).json["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    answer = web.get("/ims/oneroster/rostering/v1p2/students", base_url="https://localhost", headers=head)
    assert answer.status_code == 200
    return region


@pytest.fixture
def desk(region):
    return PrivacyDesk(region.administered)


def officer(region, district):
    return region.actor(f"officer-{district}", (district, "privacy-officer"))


def test_what_was_of_several_districts_is_told_to_each_of_them(read, desk):
    for district in ("maple", "cedar"):
        ada = officer(read, district)
        assert desk.exposed(ada, "tutor")[1]
        assert desk.recipient(ada, "tutor")
        assert desk.element(ada, "student.name.family")


def test_what_was_of_several_districts_is_told_to_no_other(read, desk):
    eve = officer(read, "oak")
    assert desk.exposed(eve, "tutor")[1] == []
    assert desk.recipient(eve, "tutor") == []
    assert desk.element(eve, "student.name.family") == []


def test_children_of_several_districts_are_counted_for_nobody_who_answers_for_one(read, desk):
    (one,) = desk.exposed(officer(read, "maple"), "tutor")[1]
    assert (one.district, one.counts()) == ("*", {})
    both = read.actor("both", ("maple", "privacy-officer"), ("cedar", "privacy-officer"))
    (every,) = desk.exposed(both, "tutor")[1]
    assert sum(every.counts().values()) > 0


def test_names_to_ask_about_are_those_of_the_own_agreements(region, desk):
    assert desk.recipients(officer(region, "maple")) == ("summer", "tutor")
    assert desk.recipients(officer(region, "cedar")) == ("tutor",)
    assert desk.recipients(officer(region, "oak")) == ()


def test_a_district_is_told_what_its_recipients_must_destroy(region, desk):
    (due,) = desk.obligations(officer(region, "maple"))
    assert (due.kind, due.org, due.content["agreement"]) == ("destroy-and-certify", "summer", "summer-maple")
    assert desk.obligations(officer(region, "cedar")) == ()
