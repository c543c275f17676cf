"""What people did in the console holds after a crash: districts, files, agreements, pauses, acts by two persons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from gateway.config.settings import load
from gateway.storage.acts import Acts
from gateway.storage.registry import open_store
from tests.support.people.agreements import acts_of
from tests.support.people.districts import UPLOADED, zipped
from tests.support.people.outside import come_in
from tests.support.regions import agreement, served, small_sites, wait_until

ALDER = ("alder", "district-admin")
ROLES = {
    "ana": ALDER, "ben": ALDER, "olga": ("alder", "privacy-officer"), "mo": ("maple", "district-admin"),
}  # fmt: skip
STUDENTS = "/ims/oneroster/rostering/v1p2/students?limit=1"
CLIENT = {"name": "two-eyes", "vendorId": "conformance", "kind": "vendor"}


def students(gateway, district):
    """Ask for a district's students; return the status, and how many there are."""
    answer = gateway.get(f"/{district}{STUDENTS}")
    return answer.status_code, answer.headers.get("X-Total-Count")


def connect(gateway, people, data):
    """Connect alder from an uploaded file, and publish an agreement about it."""
    ana, olga = people["ana"], people["olga"]
    ana.ask(gateway, "POST", "/districts", {"name": "alder", **UPLOADED})
    assert ana.ask(gateway, "PUT", "/districts/alder/upload?name=roster.zip", data=data)["kept"]
    assert ana.ask(gateway, "POST", "/districts/alder/connect", {"reason": "we begin"})
    text = agreement(
        "alder", (("student.id", "allow"), ("student.identifier", "allow")), begin="2020-01-01", end="2099-12-31"
    )
    olga.ask(gateway, "POST", "/agreements", {"text": text})
    published = {"state": "published", "reason": ""}
    done = olga.ask(gateway, "POST", "/agreements/conformance-alder/versions/1/state", published)
    assert done["served"], done


def two_persons(gateway, people):
    """Let ben confirm what ana proposes; return the proposal."""
    ana, ben = people["ana"], people["ben"]
    ana.ask(gateway, "PUT", "/organisations/alder/settings", {"twoPersons": ["client.register"], "reason": "care"})
    ana.ask(gateway, "POST", "/apiclients", CLIENT)
    (proposal,) = ana.ask(gateway, "GET", "/proposals")
    ben.ask(gateway, "POST", f"/proposals/{proposal['id']}/confirm", {"reason": "seen"})
    return proposal["id"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "region"


def test_what_was_done_in_the_console_holds_after_a_crash(folder, tmp_path):
    sites, data = {"maple": small_sites(tmp_path / "data", 20)["maple"]}, zipped(tmp_path / "made", 20)
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    with served(folder, sites) as gateway:
        people = come_in(gateway, ROLES)
        connect(gateway, people, data)
        before = students(gateway, "alder")
        assert before[0] == 200
        people["mo"].ask(gateway, "POST", "/districts/maple/pause", {"until": until, "reason": "the summer"})
        proposal = two_persons(gateway, people)
        gateway.crash()
    with served(folder, sites) as gateway:
        wait_until(lambda: students(gateway, "alder") == before)
        paused = people["mo"].ask(gateway, "GET", "/districts/maple")
        assert paused["pausedUntil"]
        assert people["mo"].send(gateway, "POST", "/districts/maple/refresh").status_code == 409
        people["mo"].ask(gateway, "POST", "/districts/maple/resume")
        wait_until(lambda: students(gateway, "maple")[0] == 200)
        again = people["ben"].send(gateway, "POST", f"/proposals/{proposal}/confirm", {"reason": "again"})
        assert again.status_code == 409
        assert people["ana"].ask(gateway, "GET", f"/proposals/{proposal}")["outcome"] == "confirmed"
        store = open_store(load(folder / "gateway.toml").store_url)
        assert [one.action for one in store.list_events("two-eyes")] == ["added"]
        assert len(acts_of(store, "act confirmed")) == 1
        wait_until(lambda: not Acts(store).waiting())
        store.close()
        assert requests.get(f"{gateway.base}/health", timeout=30).status_code == 200
