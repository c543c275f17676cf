"""The privacy officer's commands, on a whole region: what differs, what would change, who can see what of whom."""

from __future__ import annotations

import json
from contextlib import closing
from importlib.resources import files

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.runtime.control.control_socket import NAME, Control
from gateway.runtime.startup import run
from tests.support.regions import Site, agreement, running, small_district

ALWAYS = {"begin": "2020-01-01", "end": "2099-12-31"}
LINES = [
    ("student.id", "pseudonym"), ("student.name.given", "allow"), ("student.birthDate", "year"),
    ("enrollment", "allow"), ("organization", "allow"),
]  # fmt: skip
WIDER = [*LINES[:2], ("student.birthDate", "allow"), ("student.sex", "allow"), *LINES[3:]]
THIRD = '{all: [{grade: {in: ["03"]}}]}'
HIDDEN = "student.birthDate: not in agreement\n"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """A region whose one client has read the students of grade 03; a wider version lies outside the folder."""
    folder = tmp_path_factory.mktemp("region")
    write_oneroster_12(small_district(120), folder / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}
    with running(folder / "r", sites, [agreement("maple", LINES, client="tutor", population=THIRD, **ALWAYS)]) as one:
        tutor = one.consumer("tutor")
        assert tutor.edfi("students").json
        (grant,) = one.gateway.grants.every("maple")
        visibility = one.gateway.views.held(grant)
        ids, inside = visibility.snapshot.table("student").ids, set(visibility.rows("student"))
    (folder / "wider.yaml").write_text(agreement("maple", WIDER, client="tutor", version=2, **ALWAYS), "utf-8")
    return folder, ids[min(inside)], ids[min(set(range(len(ids))) - inside)]


def ask(region, *words: str, typed: str = "") -> Result:
    settings = ["--settings", str(region[0] / "r" / "gateway.toml")]
    found = CliRunner().invoke(main, [*words, *settings], input=f"{typed}\n")
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def told(region, *words: str, typed: str = "") -> str:
    found = ask(region, *words, typed=typed)
    assert found.exit_code == 0, found.output
    return found.stdout


def document(region, name: str, *words: str, typed: str = ""):
    """What a command prints as JSON, in its published shape."""
    found = json.loads(told(region, "agreements", name, *words, "--json", typed=typed))
    schema = json.loads(files("gateway.reasoning").joinpath("output.schema.json").read_text("utf-8"))
    Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"}).validate(found)
    return found


def test_a_version_of_the_folder_is_compared_with_a_file(region):
    text = told(region, "agreements", "diff", "tutor-maple@1", str(region[0] / "wider.yaml"))
    assert text.startswith("tutor-maple version 1 -> tutor-maple version 2\nThis widens the agreement in ")
    assert "+ student.birthDate leaves as it is, was as the first day of its year (demographic)" in text
    assert document(region, "diff", "tutor-maple@1", str(region[0] / "wider.yaml"))["widens"]


def test_a_text_on_record_is_compared_when_its_file_is_gone(region):
    file = region[0] / "r" / "agreements" / "0.yaml"
    text = file.read_text("utf-8")
    file.unlink()
    try:
        found = told(region, "agreements", "diff", "tutor-maple@1", str(region[0] / "wider.yaml"))
    finally:
        file.write_text(text, "utf-8")
    assert found == told(region, "agreements", "diff", "tutor-maple@1", str(region[0] / "wider.yaml"))


def test_an_agreement_that_is_nowhere_is_refused(region):
    found = ask(region, "agreements", "diff", "tutor-maple@1", "tutor-maple@7")
    assert found.exit_code == 1
    assert "(there is tutor-maple@1)" in found.output
    assert "no agreement ID@VERSION of that name" in found.output


def test_a_simulation_reads_the_live_district(region):
    found = document(region, "simulate", str(region[0] / "wider.yaml"))
    (client,) = found["clients"]
    assert client["students"]["then"] == 120 or client["students"]["then"] is None
    assert found["replaces"] == "version 1"
    assert {one["element"]: one["extent"] for one in found["coverage"]}["student.sex"] == "all"
    text = told(region, "agreements", "simulate", str(region[0] / "wider.yaml"))
    assert "Students that tutor sees" in text
    assert region[1] not in text


def test_who_can_see_a_fact_is_told_with_where_and_when_it_was_last_read(region):
    (found,) = document(region, "who-can-see", "student.birthDate")
    assert (found["client"], found["action"], found["until"]) == ("tutor", "year", "2099-12-31")
    assert "Ed-Fi students: birthDate" in found["fields"]
    assert found["last_read"].startswith("2026-11-02T")
    assert "last read: 2026-11-02T" in told(region, "agreements", "who-can-see", "student.birthDate")


def test_a_fact_that_was_never_sent_was_never_read(region):
    assert {one["last_read"] for one in document(region, "who-can-see", "enrollment.grade")} == {""}


def test_who_can_see_nothing_of_what_no_agreement_releases(region):
    assert told(region, "agreements", "who-can-see", "student.email") == (
        "nobody, under the agreements that are in force\n"
    )


def test_two_facts_of_one_student_meet_or_do_not(region):
    assert document(region, "can", "tutor", "student.birthDate", "enrollment.grade")["answer"] == "yes"
    assert told(region, "agreements", "can", "tutor", "student.birthDate", "student.email").startswith("no\n")


def test_of_one_child_it_is_told_whether_it_is_shown_and_never_what(region):
    words = ["--student", "maple"]
    (shown,) = document(region, "who-can-see", "student.birthDate", *words, typed=region[1])
    (hidden,) = document(region, "who-can-see", "student.birthDate", *words, typed=region[2])
    assert shown["child"] == "shown"
    assert hidden["child"] == "not shown: the child is not in the population"


def test_an_explanation_of_one_child_goes_clause_by_clause(region):
    inside = told(region, "explain", "tutor", "student.birthDate", "--student", "maple", typed=region[1])
    outside = told(region, "explain", "tutor", "student.birthDate", "--student", "maple", typed=region[2])
    assert "yes  this child: true: its enrollment: enrollment.grade is 03" in inside
    assert inside.endswith("=>   released as the first day of its year\n")
    assert "no   this child: false: its enrollment: enrollment.grade is 03" in outside
    assert outside.endswith("=>   not in agreement\n")


def test_a_recipient_learns_the_same_of_a_child_outside_as_of_a_fact_that_is_not_released(region):
    words = ("--student", "maple", "--recipient")
    assert told(region, "explain", "tutor", "student.birthDate", *words, typed=region[2]) == HIDDEN
    other = told(region, "explain", "tutor", "student.email", *words, typed=region[1])
    assert other == HIDDEN.replace("birthDate", "email")


def test_a_child_that_is_not_there_is_refused_without_its_id(region):
    found = ask(region, "explain", "tutor", "student.birthDate", "--student", "maple", typed="canary-7")
    assert found.exit_code == 1
    assert found.stderr.endswith("Error: maple has no student with this id.\n")


def test_the_running_gateway_answers_as_the_command_does_alone(region):
    words = ["agreements", "who-can-see", "student.birthDate", "--student", "maple"]
    alone = told(region, *words, typed=region[1])
    settings = load(region[0] / "r" / "gateway.toml")
    serving = run(settings)
    with closing(serving.state.gateway), closing(Control(settings.state / NAME, serving.handlers())):
        assert told(region, *words, typed=region[1]) == alone
        missing = ask(region, *words, typed="canary-7")
    assert missing.exit_code == 1
    assert "maple has no student with this id." in missing.output
