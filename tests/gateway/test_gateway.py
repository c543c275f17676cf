"""What was shown over one snapshot is compared with the next, for everyone who saw it and is still served."""

from __future__ import annotations

import threading
from pathlib import Path
from zipfile import ZipFile

import pytest

from gateway.change_log.grant_log import ChangeLog
from standards.errors import StoreUnavailable
from tests.gateway.changes.test_tombstones import AN_HOUR, changed, now, without
from tests.support.regions import Site, agreement, running, small_sites

HALF_AN_HOUR = 1900


@pytest.fixture
def files(tmp_path):
    """The files of a district, in a folder in which rows can be taken away."""
    small_sites(tmp_path / "data")
    with ZipFile(tmp_path / "data" / "maple.zip") as packed:
        packed.extractall(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def region(tmp_path, files):
    sites = {"maple": Site("oneroster_csv", {"source": str(files)})}
    lines = (("*", "allow"), ("student.phone", "deny"))
    brief = agreement("maple", lines, client="brief", end="2026-11-02")
    with running(tmp_path / "r", sites, [agreement("maple"), brief], '[tokens]\nlife = "3d"\n') as one:
        yield one


def settle():
    """Wait until nothing is renewed in the background."""
    for thread in threading.enumerate():
        if thread.name == "refresh-maple":
            thread.join(30)


def during(district, hook, what):
    """Let *what* happen once, right after the gateway has been told of a refresh by *hook*."""
    kept = getattr(district, hook)

    def told(before, fresh):
        kept(before, fresh)
        setattr(district, hook, kept)
        what()

    setattr(district, hook, told)


def test_what_is_first_shown_while_a_renewal_is_carried_gets_its_tombstone_too(region, files):
    consumer, seen = region.consumer(), []
    consumer.users("orgs")
    during(region.gateway.districts["maple"], "refreshed", lambda: seen.extend(consumer.users("enrollments")))
    gone, moment = first_of(files, "enrollments.csv"), now(region)
    without(files, "enrollments.csv", gone)
    region.clock.move(HALF_AN_HOUR)
    consumer.users("orgs")
    settle()
    assert gone in {one["sourcedId"] for one in seen}
    assert gone not in {one["sourcedId"] for one in consumer.users("enrollments")}
    assert [one["sourcedId"] for one in changed(consumer, moment)] == [gone]


def first_of(files, name):
    return (files / name).read_text("utf-8").splitlines()[1].split(",")[0].strip('"')


def test_what_changed_in_a_renewal_that_was_loading_is_later_than_who_asked_meanwhile(region, files):
    consumer, asked = region.consumer(), []
    kept = consumer.users("enrollments")

    def ask():
        region.clock.move(30)
        asked.append((now(region), consumer.users("enrollments")))
        region.clock.move(30)

    during(region.gateway.districts["maple"], "coming", ask)
    gone = kept[0]["sourcedId"]
    without(files, "enrollments.csv", gone)
    region.clock.move(HALF_AN_HOUR)
    consumer.users("orgs")
    settle()
    ((moment, seen),) = asked
    assert seen == kept
    assert [one["sourcedId"] for one in changed(consumer, moment)] == [gone]


def test_an_agreement_that_has_ended_is_not_worked_out_again(region, files):
    brief, consumer = region.consumer("brief"), region.consumer()
    shown = brief.users("enrollments")
    without(files, "enrollments.csv", shown[0]["sourcedId"])
    consumer.users("enrollments")
    region.clock.move(86_400)
    consumer.users("orgs")
    number = region.gateway.districts["maple"].cached_snapshot().number
    clients = {key[3] for key in region.gateway.views._shown if key[1] == number}
    assert clients == {"conformance"}
    assert {log.visibility.grant.client for log in region.gateway.logs.followers("maple")} == {"conformance"}


def test_a_fault_in_one_log_keeps_no_other_from_going_on_and_the_hold_from_being_served(region, files, monkeypatch):
    consumer, other = region.consumer(), region.consumer("brief")
    seen, _ = consumer.users("enrollments"), other.users("users")
    follow = ChangeLog.follow

    def faulty(log, visibility):
        if log.visibility is not None and visibility.grant.client == "brief":
            raise RuntimeError("a fault")
        follow(log, visibility)

    monkeypatch.setattr(ChangeLog, "follow", faulty)
    without(files, "enrollments.csv", seen[0]["sourcedId"])
    region.clock.move(AN_HOUR)
    assert len(consumer.users("enrollments")) == len(seen) - 1
    assert len(consumer.roster("enrollments", filter="status='tobedeleted'").json["enrollments"]) == 1
    assert other.roster("users").status_code == 500
    monkeypatch.undo()
    assert other.users("users")


def test_a_gateway_that_is_closed_leaves_no_database_open(tmp_path):
    """Python 3.13 warns of what nobody closed, long after; here the system is asked."""
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    with running(tmp_path / "r", sites, [agreement("maple")]) as one:
        one.consumer().users("orgs")
        assert opened(one.folder)
    assert opened(one.folder) == []


def test_a_gateway_that_cannot_start_leaves_no_database_open(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    (tmp_path / "r" / "state").mkdir(parents=True)
    (tmp_path / "r" / "state" / "audit").write_text("no folder")
    with pytest.raises(StoreUnavailable), running(tmp_path / "r", sites, [agreement("maple")]):
        pass
    assert opened(tmp_path / "r") == []


def opened(folder: Path) -> list[str]:
    """The files of *folder* that this process has open."""
    found = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.exists()]
    return [str(one) for one in found if one.is_relative_to(folder)]
