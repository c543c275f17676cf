"""Orders about districts while no gateway runs: the registry answers some, and the others are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from gateway.commands.districts import NOT_RUNNING
from gateway.config.districts.options import OPTIONS
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


OPTIONS_TYPED = {
    "school_years": ("2027",), "loss": ("enrollment=0.5", "default=0.1"), "set_aside": ("placement=0.001",),
    "unresolved": ("section.terms=1",), "descriptors": ("uri://maple.example.org/SexDescriptor#X",),
    "default_category": ("cat-1",), "record_years": ("7",), "defaults": ("session.instructionalDays=90",),
}  # fmt: skip


def test_each_option_of_a_district_is_one_of_the_command_and_is_told_by_its_status(region):
    assert OPTIONS_TYPED.keys() == OPTIONS.keys()
    words = [
        word
        for name, values in OPTIONS_TYPED.items()
        for value in values
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    crossing(region, "districts", "connect", "birch", *UPLOADED, "--draft", *words)
    told = crossing(region, "districts", "status", "birch").stdout
    for name, values in OPTIONS_TYPED.items():
        for value in values:
            assert f"  {name}: {value.replace('=', ' = ')}\n" in told


def test_a_wrong_option_is_told_by_its_place_and_nothing_is_written(region):
    typed = ("--loss", "enrolment=0.5", "--school-years", "1066", "--draft")
    answer = crossing(region, "districts", "connect", "birch", *UPLOADED, *typed, fails=1)
    assert "loss.enrolment: no entity of this name is cached (did you mean enrollment?)\n" in answer.stdout
    assert "school_years.0: write a school year as 2027\n" in answer.stdout
    torn = crossing(region, "districts", "connect", "birch", *UPLOADED, "--loss", "0.5", fails=1)
    assert "loss: write each as NAME = VALUE\n" in torn.stdout
    assert "There is no such district here." in crossing(region, "districts", "status", "birch", fails=1).stderr


@pytest.mark.parametrize("typed", [("--loss", "default=1"), ("--cache", "2h"), ("--record-years", "7")], ids=" ".join)
def test_an_option_that_would_change_nothing_is_refused(region, typed):
    crossing(region, "districts", "connect", "birch", *UPLOADED, "--draft")
    answer = crossing(region, "districts", "connect", "birch", *typed, fails=2)
    assert "need --adapter" in answer.stderr


def test_the_help_of_the_command_says_what_each_option_means(region):
    told = " ".join(CliRunner().invoke(main, ["districts", "connect", "--help"]).output.split())
    for one in OPTIONS.values():
        assert one.plain in told
