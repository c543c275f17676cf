"""``crossing export``: the file of one client, whole or not at all, private, recorded, and never over another by accident."""

from __future__ import annotations

import stat
import zipfile

import pytest
from click.testing import CliRunner

import gateway.runtime.startup
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from gateway.reads.export import Export
from standards.errors import SourceBroken
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import TUTORING, Clock, Site, agreement, running, small_district

BULK = "[read, search, bulk]"


@pytest.fixture
def region(tmp_path, monkeypatch):
    """A region that is down, and what its consumers got by HTTP while it was up."""
    write_oneroster_12(small_district(30), tmp_path / "maple.zip")
    write_edfi_xml(small_district(30), tmp_path / "cedar")
    sites = {
        "maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")}),
        "cedar": Site("edfi_xml", {"source": str(tmp_path / "cedar")}),
    }
    agreements = [agreement(name, operations=BULK) for name in sites]
    agreements.append(agreement("maple", TUTORING, client="tutor", purpose="tutoring", operations=BULK))
    agreements.append(agreement("maple", client="reader", purpose="reading"))
    clock, plain, got = Clock(), gateway.runtime.startup.start, {}
    with running(tmp_path / "region", sites, agreements, clock=clock) as up:
        up.register("reader", ["edfi:read"])
        for client in ("conformance", "tutor"):
            for version in ("1.1", "1.2"):
                path = f"/maple/ims/oneroster/bulk/v{version.replace('.', 'p')}/csv"
                got[client, version] = up.consumer(client).ask(path).data
    monkeypatch.setattr(gateway.runtime.startup, "start", lambda settings: plain(settings, clock))
    monkeypatch.chdir(tmp_path / "region")
    return tmp_path / "region", got


def crossing(*words):
    return CliRunner().invoke(main, ["export", *words])


def events(folder):
    return [
        event
        for event in read_disclosures(load(folder / "gateway.toml").audit.folder)
        if event["trace"] == "crossing export"
    ]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("client", ["conformance", "tutor"])
def test_the_file_is_what_the_client_would_get_by_http(region, client, version):
    folder, got = region
    answer = crossing(client, "--version", version, "--district", "maple", "--out", "out.zip")
    assert answer.exit_code == 0, answer.output
    assert (folder / "out.zip").read_bytes() == got[client, version]
    assert stat.S_IMODE((folder / "out.zip").stat().st_mode) == 0o600
    assert "--since 2026-11-02T19:00:00.000Z" in answer.stdout
    assert {event["client"] for event in events(folder)} == {client}
    assert {event["operation"] for event in events(folder)} == {"bulk"}


def test_without_a_district_it_is_about_all_of_them(region):
    folder, _ = region
    assert crossing("conformance", "--out", "out.zip").exit_code == 0
    with zipfile.ZipFile(folder / "out.zip") as made:
        assert len(made.read("demographics.csv").splitlines()) == 1 + 30 + 30


def test_a_file_that_is_there_is_not_written_over_unless_that_is_asked_for(region):
    folder, got = region
    (folder / "out.zip").write_text("mine")
    words = ("conformance", "--district", "maple", "--out", "out.zip")
    answer = crossing(*words)
    assert answer.exit_code == 1
    assert answer.output == "Error: out.zip: the file is there already; --force writes over it\n"
    assert (folder / "out.zip").read_text() == "mine"
    assert events(folder) == []
    assert crossing(*words, "--force").exit_code == 0
    assert (folder / "out.zip").read_bytes() == got["conformance", "1.2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "there is no enabled client nobody"),
        (("reader",), "The token has no scope for any of the files."),
        (("conformance", "--district", "oak"), "there is no district oak"),
        (("conformance", "--since", "yesterday"), "is not a date or a date and time"),
        (("conformance", "--out", "no/such/folder.zip"), "no/such/folder.zip: the file cannot be written: No such file or directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line_and_leaves_no_file(region, words, said):
    folder, _ = region
    before = sorted(folder.iterdir())
    answer = crossing(*words, *(() if "--out" in words else ("--out", "out.zip")))
    assert answer.exit_code == 1
    assert said in answer.output
    assert len(answer.output.splitlines()) == 1
    assert sorted(folder.iterdir()) == before


def test_a_failure_on_the_way_leaves_no_file_and_what_was_there(region, monkeypatch):
    folder, _ = region
    plain = Export._file

    def failing(self, part, progress):
        for number, piece in enumerate(plain(self, part, progress)):
            if part.told.file.name == "roles.csv" and number:
                raise SourceBroken("it fell over")
            yield piece

    monkeypatch.setattr(Export, "_file", failing)
    (folder / "out.zip").write_text("mine")
    before = sorted(folder.iterdir())
    answer = crossing("conformance", "--out", "out.zip", "--force")
    assert answer.exit_code == 1
    assert answer.output == "Error: it fell over\n"
    assert (folder / "out.zip").read_text() == "mine"
    assert sorted(folder.iterdir()) == before


def test_while_the_gateway_runs_it_says_that_the_record_is_in_use(region):
    folder, _ = region
    _, up = gateway.runtime.startup.start(load(folder / "gateway.toml"))
    try:
        answer = crossing("conformance", "--out", "out.zip")
    finally:
        up.close()
    assert answer.output == "Error: Another process is writing this record of disclosures.\n"
    assert not (folder / "out.zip").exists()
