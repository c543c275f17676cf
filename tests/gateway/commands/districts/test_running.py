"""Orders about districts, answered by the running gateway."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.admin.districts.known import KnownDistricts
from gateway.admin.settings import OrganisationSettings
from gateway.commands.actor import actor
from tests.support.people.commands import crossing, last_act, listening
from tests.support.people.districts import connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import Clock, agreement, small_sites

UPLOADED = ("--adapter", "oneroster_csv", "--set", "source=uploaded:", "--cache", "1h")


@pytest.fixture
def region(tmp_path):
    sites, clock = {"maple": small_sites(tmp_path / "data")["maple"]}, Clock(datetime.now(UTC))
    with (
        people_region(tmp_path / "region", sites, [agreement("maple")], clock=clock) as region,
        listening(region),
    ):
        yield region


@pytest.fixture
def ana(region, tmp_path):
    """The only person of the connected district alder."""
    ana = region.actor("ana", ("alder", "district-admin"))
    connected(region, ana, "alder", zipped(tmp_path / "made"))
    return ana


def _did(region, more="actor"):
    act = last_act(region)
    return act["action"], act[more]


def served(region, name):
    return region.running.gateway.districts[name]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "roster.zip"
    path.write_bytes(zipped(tmp_path / "files"))
    return str(path)


def test_a_district_is_written_its_file_uploaded_and_then_served_and_removed(region, file):
    drafted = crossing(region, "districts", "connect", "birch", *UPLOADED, "--draft")
    assert "birch: written down\n" in drafted.stdout
    assert "birch: oneroster_csv, not connected, connected by people" in crossing(region, "districts", "list").stdout
    uploaded = crossing(region, "districts", "upload", "birch", file, "--reason", "the new year")
    assert "birch: the file is good, and served now\n" in uploaded.stdout
    assert "it can be connected as it is written" in crossing(region, "districts", "try", "birch").stdout
    assert "birch" not in region.running.gateway.districts
    assert "birch: served now\n" in crossing(region, "districts", "connect", "birch").stdout
    assert served(region, "birch").cached_snapshot().table("student").size == 60
    assert "birch: connected no longer\n" in crossing(region, "districts", "remove", "birch", "--yes").stdout
    assert "birch" not in region.running.gateway.districts
    assert _did(region) == ("district removed", actor())


@pytest.mark.usefixtures("ana")
def test_every_district_is_listed_with_its_state(region):
    lines = crossing(region, "districts", "list").stdout.splitlines()
    assert [line for line in lines if line.startswith("alder: ")] == [
        "alder: oneroster_csv, fresh, connected by people"
    ]
    assert any(line.startswith("maple: ") and line.endswith("declared in gateway.toml") for line in lines)


@pytest.mark.usefixtures("ana")
def test_the_status_tells_how_a_district_is_connected_and_served(region):
    told = crossing(region, "districts", "status", "alder").stdout
    assert "alder: oneroster_csv, fresh since " in told
    assert "  settings.source: uploaded:\n" in told
    assert "  uploaded: roster.zip, " in told
    assert "  agreements: none\n" in told
    assert "  agreements: conformance-maple" in crossing(region, "districts", "status", "maple").stdout


@pytest.mark.usefixtures("ana")
def test_what_came_of_each_file_is_listed(region, tmp_path):
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"no zip")
    refused = crossing(region, "districts", "upload", "alder", str(wrong), fails=1)
    assert "not taken: " in refused.output
    told = crossing(region, "districts", "files", "alder").stdout
    assert "upload wrong.zip (6 bytes, sha256 " in told
    assert f" by {actor()}: refused" in told
    assert "upload roster.zip (" in told
    assert served(region, "alder").latest.table("student").size == 60


@pytest.mark.usefixtures("ana")
def test_a_district_is_paused_and_neither_read_nor_served_for_longer_than_it_lasts_until_it_is_resumed(region):
    told = crossing(region, "districts", "pause", "alder", "--hours", "3", "--reason", "summer").stdout
    assert "paused until " in told
    assert served(region, "alder").pause.on
    assert _did(region, "reason") == ("district paused", "summer")
    assert "alder: oneroster_csv, paused" in crossing(region, "districts", "list").stdout
    assert "are paused. Resume them first." in crossing(region, "districts", "try", "alder", fails=1).stderr
    assert "alder: fresh" in crossing(region, "districts", "resume", "alder").stdout
    assert not served(region, "alder").pause.on
    assert "are not paused" in crossing(region, "districts", "resume", "alder", fails=1).stderr
    assert "alder: fresh" in crossing(region, "districts", "try", "alder").stdout


@pytest.mark.parametrize("end", [(), ("--until", "2031-01-01", "--hours", "3")])
def test_a_pause_needs_one_end(region, end):
    answer = crossing(region, "districts", "pause", "maple", *end, "--reason", "x", fails=2)
    assert "give either --until or --hours" in answer.stderr


@pytest.mark.parametrize("until", ["2020-01-01", "2099-01-01T08:00"])
def test_a_pause_ends_in_the_coming_days(region, until):
    answer = crossing(region, "districts", "pause", "maple", "--until", until, "--reason", "x", fails=1)
    assert "Choose an end in the future, 120 days from now at most." in answer.output
    assert not served(region, "maple").pause.on


@pytest.mark.parametrize("step", ["status", "files", "try", "resume", "remove", "connect", "approve"])
def test_a_district_that_is_not_there_is_told(region, step):
    more = ("--yes",) if step in {"remove", "approve"} else ()
    assert crossing(region, "districts", step, "nowhere", *more, fails=1).stderr == "There is no such district here.\n"


def test_what_the_file_of_the_gateway_declares_is_changed_there(region):
    for words in (("connect", "maple", *UPLOADED), ("connect", "maple"), ("remove", "maple", "--yes")):
        answer = crossing(region, "districts", *words, fails=1)
        assert "maple is declared in gateway.toml of the gateway" in answer.stderr
    assert "maple" in region.running.gateway.districts


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nothing_is_removed_unless_somebody_says_yes(region, answer):
    crossing(region, "districts", "remove", "alder", typed=answer, fails=1)
    assert "alder" in region.running.gateway.districts


def test_where_two_persons_are_wanted_it_waits_and_says_how_it_is_confirmed(region, ana):
    OrganisationSettings(region.administered).change(ana, "alder", {"two_persons": ["district.connect"]})
    answer = crossing(region, "districts", "remove", "alder", "--yes")
    assert "It waits for a second person: crossing admins confirm " in answer.stdout
    assert "alder" in region.running.gateway.districts


def test_a_setting_that_an_adapter_does_not_know_is_told_by_its_name(region):
    answer = crossing(region, "districts", "connect", "birch", *UPLOADED, "--set", "colour=red", fails=1)
    assert "colour" in answer.output
    assert "birch" not in crossing(region, "districts", "list").stdout


def test_a_credential_is_asked_for_and_never_shown(region):
    given = ("--set", "url=https://ods.example.org/api", "--set", "client_id=key", "--secret", "client_secret")
    answer = crossing(
        region, "districts", "connect", "birch", "--adapter", "edfi_ods", *given, "--draft", typed="hunter2-hunter2\n"
    )
    told = answer.output + crossing(region, "districts", "status", "birch").output
    kept = KnownDistricts(region.administered).found("birch")
    assert kept.secrets == {"client_secret": "hunter2-hunter2"}
    assert "settings.client_id: key" in told
    assert "hunter2" not in told


def test_settings_need_an_adapter_and_a_value(region):
    assert "need --adapter" in crossing(region, "districts", "connect", "birch", "--set", "a=b", fails=2).stderr
    lacking = crossing(region, "districts", "connect", "birch", "--adapter", "oneroster_csv", "--set", "a", fails=2)
    assert "write --set a=VALUE" in lacking.stderr
