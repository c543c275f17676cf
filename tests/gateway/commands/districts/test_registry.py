"""Orders about districts while no gateway runs: the registry answers some, and the others are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.commands.districts import NOT_RUNNING
from gateway.config.settings import load
from tests.support.people.commands import crossing
from tests.support.people.districts import zipped
from tests.support.people.region import people_region
from tests.support.regions import Clock, agreement, small_sites

UPLOADED = ("--adapter", "oneroster_csv", "--set", "source=uploaded:")


@pytest.fixture
def region(tmp_path):
    sites, clock = {"maple": small_sites(tmp_path / "data")["maple"]}, Clock(datetime.now(UTC))
    with people_region(tmp_path / "region", sites, [agreement("maple")], clock=clock) as region:
        yield region


def test_what_is_connected_meanwhile_is_served_by_a_gateway_that_starts_then(region, tmp_path):
    (tmp_path / "roster.zip").write_bytes(zipped(tmp_path / "files"))
    crossing(region, "districts", "connect", "birch", *UPLOADED, "--draft")
    kept = crossing(region, "districts", "upload", "birch", str(tmp_path / "roster.zip"))
    assert "birch: the file is good, and kept; a running gateway serves it within a second\n" in kept.stdout
    done = crossing(region, "districts", "connect", "birch")
    assert "birch: connected; a gateway that starts now serves it\n" in done.stdout
    assert load(region.folder / "gateway.toml").districts["birch"].uploads.newest().name == "roster.zip"
    assert "birch: oneroster_csv, state not known, connected by people" in crossing(region, "districts", "list").stdout
    assert "upload roster.zip (" in crossing(region, "districts", "files", "birch").stdout
    status = crossing(region, "districts", "status", "birch")
    assert "birch: oneroster_csv, state not known\n" in status.stdout
    assert status.stderr == f"{NOT_RUNNING}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("try", "maple"), ("pause", "maple", "--hours", "1", "--reason", "x"), ("resume", "maple"),
        ("remove", "maple", "--yes"), ("approve", "maple", "--yes"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_only_a_running_gateway_can_do_is_refused(region, words):
    answer = crossing(region, "districts", *words, fails=1)
    assert answer.stderr.startswith("Error: No gateway is running with the state folder ")
    assert answer.stdout == ""


def test_a_file_that_is_not_there_is_refused(region, tmp_path):
    crossing(region, "districts", "upload", "maple", str(tmp_path / "none.zip"), fails=2)


def test_a_district_that_is_not_there_is_told(region):
    for step in ("status", "files", "connect"):
        assert "There is no such district here." in crossing(region, "districts", step, "nowhere", fails=1).stderr
