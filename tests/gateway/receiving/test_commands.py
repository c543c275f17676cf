"""``crossing receive`` as a technician types it: each verb once, and what it prints."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from tests.gateway.receiving.houses import CANARY, HERE, TRANSFER, house, local, packed, sealed
from tests.gateway.transfers.sealing.sealed_packages import NOW


@pytest.fixture
def fir(tmp_path, quick_pages, monkeypatch):
    with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(local()))}) as made:
        monkeypatch.chdir(tmp_path / "fir")
        monkeypatch.setattr("gateway.receiving.agent.utc_now", lambda: NOW)
        yield made


def crossing(*words, ends=0):
    done = CliRunner().invoke(main, ["receive", *words])
    assert done.exit_code == ends, done.output
    return done.output


def test_without_settings_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "write them, or name their file with --settings" in crossing("list", ends=1)


def test_a_record_is_received_by_hand_from_the_list_to_the_undo(fir):
    assert crossing("list").splitlines()[-1] == "1 wait, 0 are here."
    assert crossing("fetch", TRANSFER) == f"{TRANSFER}: version 1 of maple is here, signed by maple.\n"
    shown = crossing("show", TRANSFER)
    assert "students[1].birthCity: here Kent · there Auburn" in shown
    assert "transcript: came; creditsEarned 1.00, gpa 3.12" in shown
    assert "courseTranscripts[1]" in shown
    assert "waits for an answer" in shown
    assert "NOTE       contact-restricted" in shown
    assert "left out: responsibleTeacherStaffReference" in shown
    asked = crossing("questions").splitlines()
    assert asked[-1] == "1 questions."
    identifier = asked[0].split()[0]
    assert "uri://maple.example/CourseAttemptResultDescriptor#OK of maple" in asked[0]
    assert crossing("answer", identifier, "Pass").endswith("from now on.\n")
    filed = crossing("file", TRANSFER, "--take", "students.birthCity")
    assert "  transcript: written\n" in filed
    assert "8 written, 1 kept, 1 taken, 2 document" in filed
    assert filed.endswith("; acknowledged.\n")
    assert crossing("list").splitlines()[-2] == f"{TRANSFER}: version 1 is here, finished"
    assert crossing("run", "--once") == ""
    assert crossing("undo", TRANSFER).splitlines()[-1] == "8 of 9 undone."


def test_what_is_printed_beside_the_table_tells_nothing_of_the_child(fir):
    told = crossing("run", "--once") + crossing("list") + crossing("questions") + crossing("undo", TRANSFER)
    for word in (CANARY, HERE, "M-7", "Auburn", "2010-05-07"):
        assert word not in told


def test_a_refusal_is_one_line(fir):
    assert crossing("file", "no-such-one", ends=1).startswith("Error: No package of this transfer")
    assert crossing("show", TRANSFER, ends=1).startswith("Error: No package of this transfer")
    (fir.folder / "transfers.toml").write_text('district = "fir"')
    assert crossing("list", ends=1) == "Error: transfers.toml: state: Missing data for required field.\n"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('district = "fir"', 'district = "../fir"', "district"),
        ('client_secret = "file:client.secret"', "", "client_secret"),
        ('client_secret = "file:client.secret"', 'client_secret = "hunter2"', "a secret is written env:NAME"),
        ("organization = 530002", "", "organization"),
        ('courses = "new"', 'courses = "guess"', "courses"),
        ('state = "state"', 'state = "state"\nstatus = 1', "status"),
        ("[gateway]", "[gateway", "no TOML"),
    ],
)
def test_settings_that_are_wrong_are_told_with_their_place(fir, before, after, told):
    path = fir.folder / "transfers.toml"
    path.write_text(path.read_text().replace(before, after))
    answer = crossing("list", ends=1)
    assert told in answer
    assert "hunter2" not in answer


def test_a_state_folder_that_others_can_read_is_refused(fir):
    (fir.folder / "state").mkdir(mode=0o755)
    (fir.folder / "state").chmod(0o755)
    assert "only its owner" in crossing("list", ends=1)


def test_a_journal_that_somebody_changed_is_refused(fir):
    crossing("fetch", TRANSFER)
    journal = fir.folder / "state" / "journals" / f"{TRANSFER}.log"
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([first[:-5] + b"AAA=\n", *rest]))
    assert "was changed" in crossing("show", TRANSFER, ends=1)
