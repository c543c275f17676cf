"""Programs see districts and their deliveries, pause and resume them, and upload files in a session."""

from __future__ import annotations

import pytest

from tests.support.people.api import in_session
from tests.support.people.districts import connected, zipped
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("districts-api")
    sites = {"maple": small_sites(folder / "data")["maple"]}
    with people_region(folder / "region", sites, [agreement("maple")]) as region:
        connected(region, region.actor("ana", ("alder", "district-admin")), "alder", zipped(folder / "made"))
        yield region


def test_a_district_is_seen_by_its_own_people_alone(region):
    own, other = in_session(region, "ana"), in_session(region, "eve", ("maple", "district-admin"))
    assert [one["name"] for one in own.get("/districts").json] == ["alder"]
    assert own.get("/districts/alder").json["state"] == "fresh"
    assert own.get("/districts/alder/deliveries").json[-1]["kind"] == "upload"
    hidden, missing = (other.get(f"/districts/{name}").json for name in ("alder", "no-such"))
    assert hidden["detail"] == missing["detail"]


def test_a_district_is_paused_and_resumed(region):
    own = in_session(region, "ana")
    body = {"until": "2026-11-03T00:00:00+00:00", "reason": "rollover"}
    assert own.post("/districts/alder/pause", body).json["state"] == "paused"
    assert own.post("/districts/alder/resume", {}).json["state"] == "fresh"


def test_a_file_is_uploaded_as_its_bytes(region, tmp_path):
    own = in_session(region, "ana")
    answer = own.wsgi.put(
        "/admin/v1/districts/alder/upload?name=new.zip", base_url=BASE, data=zipped(tmp_path / "new", 61),
        content_type="application/octet-stream", headers=own.headers,
    )  # fmt: skip
    assert answer.json == {"kept": True, "mistakes": [], "refreshed": ""}
