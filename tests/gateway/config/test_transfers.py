"""The settings of transfers: without any, nobody takes part; times, limits and names are checked with their places."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from gateway.config.settings import read
from gateway.config.transfers import TransferSettings, strangers


def settings(tmp_path, text):
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    found, wrong = read(file)
    return found, [str(one).partition("gateway.toml:")[2] for one in wrong]


def test_without_a_table_nobody_takes_part_and_the_limits_are_the_usual_ones(tmp_path):
    found, wrong = settings(tmp_path, "")
    assert wrong == []
    assert found.transfers == TransferSettings()
    assert not found.transfers.takes_part("maple")
    assert found.transfers.batch_times == (time(10), time(14))
    usual = found.transfers
    assert (usual.requests_per_day, usual.requests_per_person, usual.open_requests) == (500, 100, 1000)
    assert (usual.misses_per_day, usual.near_matches, usual.package_days, usual.supplement_days) == (20, 5, 14, 60)


def test_every_setting_is_taken_and_the_times_are_in_order(tmp_path):
    text = (
        '[transfers]\ndistricts = ["maple", "fir"]\nbatch_times = ["14:30", "07:05", "11:00"]\nbatch_every = "5s"\n'
        "requests_per_day = 70\nrequests_per_person = 8\nopen_requests = 90\nmisses_per_day = 3\nnear_matches = 9\npackage_days = 7\nsupplement_days = 0\n"
    )
    found, wrong = settings(tmp_path, text)
    assert wrong == []
    times = (time(7, 5), time(11), time(14, 30))
    assert found.transfers == TransferSettings(("maple", "fir"), times, timedelta(seconds=5), 70, 8, 90, 3, 9, 7, 0)
    assert found.transfers.takes_part("fir")


def test_a_district_that_is_not_there_is_told_and_keeps_nobody_from_starting(tmp_path):
    found, _ = settings(tmp_path, '[transfers]\ndistricts = ["maple"]\n')
    assert found.warnings == ("transfers.districts: there is no district maple",)
    told = strangers(TransferSettings(("mapel", "fir")), {"maple": 1, "fir": 2})
    assert list(told) == ["transfers.districts: there is no district mapel (did you mean maple?)"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('districts = ["Maple"]', "2:14: transfers.districts.0: write a district as the settings call it"),
        ('districts = ["fir", "fir"]', "2:1: transfers.districts: fir is here twice"),
        ('districts = "fir"', "transfers.districts"),
        ("batch_times = []", "name at least one time"),
        ('batch_times = ["24:00"]', "write a time of day as 10:00"),
        ('batch_times = ["9:00"]', "write a time of day as 10:00"),
        ('batch_times = ["10:00", "10:00"]', "10:00 is here twice"),
        ('batch_every = "often"', "write a duration as"),
        ("requests_per_day = 0", "must be between 1 and 100000"),
        ("misses_per_day = 0", "must be between 1 and 1000"),
        ("near_matches = 51", "must be between 1 and 50"),
        ("package_days = 15", "must be between 1 and 14"),
        ("supplement_days = -1", "must be between 0 and 60"),
        ("packagedays = 3", "there is no such setting (did you mean package_days?)"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    found, wrong = settings(tmp_path, f"[transfers]\n{text}\n")
    assert found is None
    assert len(wrong) == 1
    assert told in wrong[0]
    assert wrong[0].startswith("2:")
