"""The command line registers, lists, renews and ends clients, and says every refusal in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import partial

import pytest
from click.testing import CliRunner

from gateway.auth.client_secrets import new_secret, proves
from gateway.auth.oauth1_secrets import new_shared_secret, open_shared_secret
from gateway.auth.scopes import ONEROSTER_1_1
from gateway.commands.cli import main
from gateway.config.settings import load
from gateway.storage.registry import open_store, utc_now

OLDER = ["clients", "add", "lms", "--org", "Lms", "--kind", "vendor", "--scope", f"{ONEROSTER_1_1}roster.readonly"]
ADD = ["clients", "add", "tutor", "--org", "Reading Partners", "--kind", "cbo", "--scope", "edfi:read"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text("")
    return path


@pytest.fixture
def crossing(file):
    def run(*words: str, settings: str):
        return CliRunner().invoke(main, [*words, "--settings", settings])

    return partial(run, settings=str(file))


@pytest.fixture
def find(file):
    def found(name: str):
        store = open_store(load(file).store_url)
        client = store.find_client(name)
        store.close()
        return client

    return found


def test_a_client_is_added_and_its_secret_shown_once(crossing, find):
    answer = crossing(*ADD, "--scope", "edfi:update edfi:read")
    assert answer.exit_code == 0, answer.output
    shown = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
    client = find("tutor")
    assert shown["client_id"].strip() == "tutor"
    assert proves(shown["client_secret"].strip(), client, utc_now())
    assert (client.org, client.kind, client.scopes) == ("Reading Partners", "cbo", ("edfi:read", "edfi:update"))
    assert client.created_by
    assert shown["client_secret"] not in crossing("clients", "list", "--json").output


def test_a_script_receives_the_secret_as_json(crossing, find):
    shown = json.loads(crossing(*ADD, "--json").stdout)
    assert shown.keys() == {"client_id", "client_secret"}
    assert proves(shown["client_secret"], find("tutor"), utc_now())


def test_members_that_are_not_there_are_ignored_for_a_client_or_refused_as_it_is_set(crossing, find):
    assert crossing(*ADD).exit_code == 0
    assert find("tutor").unknown_members == "ignore"
    answer = crossing("clients", "set", "tutor", "--unknown-members", "refuse")
    assert (answer.exit_code, answer.output) == (0, "tutor: unknown members: refuse.\n")
    assert find("tutor").unknown_members == "refuse"
    assert json.loads(crossing("clients", "list", "--json").output)[0]["unknown_members"] == "refuse"
    assert crossing("clients", "set", "tutor", "--unknown-members", "some").exit_code == 2
    assert crossing("clients", "set", "nobody", "--unknown-members", "ignore").exit_code == 1
    assert crossing(*ADD[:2], "strict", *ADD[3:], "--unknown-members", "refuse").exit_code == 0
    assert find("strict").unknown_members == "refuse"


def test_one_id_is_not_added_twice(crossing):
    crossing(*ADD)
    again = crossing(*ADD)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == "Error: There is a client 'tutor' already.\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([*ADD, "--scope", "edfi:raed"], "there is no scope 'edfi:raed' (did you mean edfi:read?)"),
        ([*ADD, "--scope", "https://purl.imsglobal.org/spec/or/v1p1/scope/assessment.delete"], "there is no scope"),
        ([*ADD[:-1], " "], "give at least one"),
        (["clients", "add", "two words", *ADD[3:]], "use letters, digits"),
        (["clients", "add", *ADD[3:], "--", "-tutor"], "no '-' in front"),
        ([*ADD[:6], "school", *ADD[7:]], "Invalid value for '--kind'"),
        (ADD[:-2], "Missing option '--scope'"),
    ],
)
def test_a_wrong_word_is_refused_with_a_hint(file, find, words, complaint):
    answer = CliRunner().invoke(main, ["clients", words[1], "--settings", str(file), *words[2:]])
    assert answer.exit_code == 2
    assert complaint in answer.stderr
    assert find("tutor") is None


def test_clients_are_listed_as_a_table_and_as_json(crossing):
    crossing(*ADD)
    crossing("clients", "add", "analytics", "--org", "Acme", "--kind", "vendor", "--scope", "edfi:read")
    crossing("clients", "end", "analytics")
    table = crossing("clients", "list").output
    assert table.index("analytics") < table.index("tutor")
    listed = json.loads(crossing("clients", "list", "--json").output)
    assert [(one["client_id"], one["status"], one["last_used"]) for one in listed] == [
        ("analytics", "ended", None),
        ("tutor", "enabled", None),
    ]


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_list_of_clients_shows_every_id_and_scope_whole(crossing, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    name, scope = (
        "reading-partners-of-the-north-and-of-the-south.production-2026_7",
        f"{ONEROSTER_1_1}roster-core.readonly",
    )
    assert len(name) == 64
    crossing("clients", "add", name, "--org", "Reading Partners", "--kind", "cbo", "--scope", scope)
    row = next(line for line in crossing("clients", "list").output.splitlines() if name in line)
    assert scope in row


def test_a_screen_that_is_too_narrow_cuts_no_id(crossing, monkeypatch):
    """On a terminal of 40 columns, where every cell but the ids may be folded."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")  # which makes a screen of whatever is written to
    name, org = "n" * 64, "Reading Partners of the North"
    crossing("clients", "add", name, "--org", org, "--kind", "cbo", "--scope", "edfi:read")
    shown = crossing("clients", "list").output
    assert name in shown
    assert org not in shown


def test_a_client_is_suspended_resumed_and_ended_and_each_is_said(crossing, find):
    crossing(*ADD)
    for words, state in (
        (["clients", "suspend", "tutor"], "suspended"),
        (["clients", "resume", "tutor"], "enabled"),
        (["clients", "end", "tutor"], "ended"),
    ):
        answer = crossing(*words)
        assert (answer.exit_code, answer.output) == (0, f"tutor is {state}.\n")
        assert find("tutor").status == state


@pytest.mark.parametrize(
    ("before", "words", "complaint"),
    [
        ((), ("resume",), "'lms' is enabled: there is nothing to resume."),
        (("suspend",), ("suspend",), "'lms' is suspended: there is nothing to suspend."),
        (("end",), ("suspend",), "'lms' is ended: there is nothing to suspend."),
        (("end",), ("resume",), "'lms' is ended: there is nothing to resume."),
        (("end",), ("end",), "'lms' is ended: there is nothing to end."),
        (("end",), ("rotate",), "'lms' is ended, which is for ever: register another client."),
        (("end",), ("oauth1",), "'lms' is ended, which is for ever: register another client."),
        (("end",), ("oauth1", "--off"), "'lms' is ended, which is for ever: register another client."),
    ],
)
def test_what_makes_no_sense_for_a_client_is_refused_and_prints_no_secret(crossing, before, words, complaint):
    crossing(*OLDER)
    for word in before:
        assert crossing("clients", word, "lms").exit_code == 0
    answer = crossing("clients", words[0], "lms", *words[1:])
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", f"Error: {complaint}\n")


def test_a_new_secret_to_sign_with_of_a_suspended_client_works_once_it_is_resumed(crossing, find):
    crossing(*OLDER)
    crossing("clients", "suspend", "lms")
    answer = crossing("clients", "oauth1", "lms")
    assert answer.exit_code == 0
    assert "lms is suspended: the secret works once it is resumed." in answer.stderr
    assert find("lms").status == "suspended"


@pytest.mark.parametrize("word", ["rotate", "link"])
def test_a_suspended_client_gets_no_secret_before_it_is_resumed(crossing, word):
    crossing(*OLDER)
    crossing("clients", "suspend", "lms")
    answer = crossing("clients", word, "lms")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "Error: 'lms' is suspended: resume it before it gets a secret.\n"


def test_a_copy_is_a_draft_with_the_same_scopes_and_no_secret(crossing, find):
    crossing(*ADD, "--unknown-members", "refuse")
    answer = crossing("clients", "copy", "tutor", "tutor-test")
    assert (answer.exit_code, answer.stdout) == (0, "tutor-test is draft.\n")
    assert "No agreement in force names it." in answer.stderr
    copied = find("tutor-test")
    assert (copied.status, copied.secrets, copied.unknown_members) == ("draft", (), "refuse")
    assert (copied.scopes, copied.org) == (find("tutor").scopes, "Reading Partners")
    assert crossing("clients", "rotate", "tutor-test").exit_code == 1


def test_a_link_is_printed_for_whoever_gets_the_secret_and_can_be_taken_back(crossing):
    crossing(*ADD)
    shown = crossing("clients", "link", "tutor")
    assert re.fullmatch(r"http://[^/]+/once/[A-Za-z0-9_-]{43}\n", shown.stdout)
    assert "It works once" in shown.stderr
    assert crossing("clients", "link", "tutor", "--take-back").output == "The link for tutor gives nothing any more.\n"
    again = crossing("clients", "link", "tutor", "--take-back")
    assert (again.exit_code, again.stderr) == (1, "Error: 'tutor' has no open link.\n")


def test_an_old_secret_is_ended_before_its_day(crossing, find):
    old = json.loads(crossing(*ADD, "--json").stdout)["client_secret"]
    crossing("clients", "rotate", "tutor", "--keep-old", "30")
    assert crossing("clients", "end-old-secret", "tutor").output == "tutor has one secret.\n"
    assert not proves(old, find("tutor"), utc_now())
    assert crossing("clients", "end-old-secret", "tutor").exit_code == 1


def test_scopes_are_listed_and_set_and_are_never_those_of_administration(crossing, find):
    crossing(*ADD)
    assert crossing("clients", "scopes", "tutor").stdout == "edfi:read\n"
    assert crossing("clients", "scopes", "tutor", "--set", "edfi:read edfi:update").exit_code == 0
    assert find("tutor").scopes == ("edfi:read", "edfi:update")
    for words in (("scopes", "tutor", "--set", "admin:auditor"), (*ADD[1:-2], "--scope", "admin:auditor")):
        answer = crossing("clients", *words)
        assert answer.exit_code == 2
        assert "scopes of administration are given by add-admin" in answer.stderr
    assert find("tutor").scopes == ("edfi:read", "edfi:update")


def test_a_program_that_administers_has_one_role_of_one_organisation(crossing, find):
    answer = crossing("clients", "add-admin", "robot", "--org", "region", "--role", "region-operator", "--json")
    assert answer.exit_code == 0, answer.output
    robot = find("robot")
    assert (robot.org, robot.scopes) == ("region", ("admin:region-operator",))
    assert proves(json.loads(answer.stdout)["client_secret"], robot, utc_now())
    answer = crossing("clients", "scopes", "robot", "--set", "edfi:read")
    assert (answer.exit_code, find("robot").scopes) == (1, ("admin:region-operator",))
    assert crossing("clients", "copy", "robot", "robot2").exit_code == 1


@pytest.mark.parametrize(
    ("org", "role"),
    [
        ("acme", "region-operator"),
        ("region", "vendor-contact"),
        ("nowhere", "district-admin"),
        ("region", "registrar"),
        ("region", "educator"),
    ],
)
def test_a_program_is_given_no_role_that_nobody_has_there(crossing, find, org, role):
    answer = crossing("clients", "add-admin", "robot", "--org", org, "--role", role)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert find("robot") is None


def test_no_secret_begins_with_a_dash(monkeypatch):
    """Tools read such a word as an option; what is drawn first here would begin so."""
    drawn = iter(["-" + "a" * 42, "--" + "b" * 41, "c-" + "d" * 41, "-" + "e" * 42, "f" * 43])
    monkeypatch.setattr("gateway.auth.client_secrets.secrets.token_urlsafe", lambda _: next(drawn))
    assert new_secret()[0] == "c-" + "d" * 41
    assert new_shared_secret(bytes(32), "lms", utc_now())[0] == "f" * 43


@pytest.mark.parametrize("word", ["suspend", "resume", "end", "rotate"])
def test_an_unknown_client_is_said_to_be_unknown(crossing, word):
    answer = crossing("clients", word, "nobody")
    assert (answer.exit_code, answer.stderr) == (1, "Error: There is no client 'nobody'.\n")


@pytest.mark.parametrize(("words", "old_works"), [([], False), (["--keep-old", "7"], True)])
def test_a_new_secret_replaces_the_old_one_now_or_later(crossing, find, words, old_works):
    old = json.loads(crossing(*ADD, "--json").stdout)["client_secret"]
    new = json.loads(crossing("clients", "rotate", "tutor", "--json", *words).stdout)["client_secret"]
    client = find("tutor")
    assert proves(new, client, utc_now())
    assert proves(old, client, utc_now()) is old_works


def opened(file, client):
    return open_shared_secret(load(file).open_keys().derive("oauth1"), client.client_id, client.oauth1)


def test_a_client_is_given_a_secret_to_sign_with_until_a_day(crossing, find, file):
    crossing(*OLDER)
    answer = crossing("clients", "oauth1", "lms", "--until", "2099-06-30")
    assert answer.exit_code == 0, answer.output
    shown = dict(line.split(": ", 1) for line in answer.stdout.splitlines())
    client = find("lms")
    assert shown["consumer_key"].strip() == "lms"
    assert shown["consumer_secret"].strip() == opened(file, client)
    assert client.oauth1.not_after.isoformat() == "2099-07-01T00:00:00+00:00"
    assert "until 2099-07-01, midnight, UTC" in answer.stderr
    (listed,) = json.loads(crossing("clients", "list", "--json").output)
    assert listed["oauth1_until"] == "2099-06-30"
    assert shown["consumer_secret"].strip() not in str(listed)
    assert "2099-" in crossing("clients", "list").output


def test_a_secret_to_sign_with_ends_after_a_year_or_when_it_is_taken_back(crossing, find, file):
    crossing(*OLDER)
    first = json.loads(crossing("clients", "oauth1", "lms", "--json").stdout)["consumer_secret"]
    assert 364 <= (find("lms").oauth1.not_after - utc_now()).days <= 366
    second = json.loads(crossing("clients", "oauth1", "lms", "--json").stdout)["consumer_secret"]
    assert first != second == opened(file, find("lms"))
    assert crossing("clients", "oauth1", "lms", "--off").output == "lms cannot sign requests any more.\n"
    assert find("lms").oauth1 is None


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["nobody"], 1, "There is no client 'nobody'."),
        (["nobody", "--off"], 1, "There is no client 'nobody'."),
        (["tutor"], 1, "'tutor' has no scope of OneRoster 1.1"),
        (["lms", "--until", "2001-01-01"], 2, "'--until': this day is over"),
        (["lms", "--until", "soon"], 2, "'--until'"),
        (["lms", "--until", "2099-01-01", "--off"], 2, "do not go together"),
    ],
)
def test_a_secret_to_sign_with_that_makes_no_sense_is_refused(crossing, find, words, code, complaint):
    crossing(*ADD)
    crossing(*OLDER)
    answer = crossing("clients", "oauth1", *words)
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert complaint in answer.stderr
    assert find("lms").oauth1 is None


def test_settings_that_are_wrong_are_named_with_their_place(crossing, file):
    file.write_text("[server]\nprot = 1\n")
    answer = crossing("clients", "list")
    assert answer.exit_code == 1
    assert answer.stderr == f"Error: {file}:2:1: server.prot: there is no such setting (did you mean port?)\n"


def test_the_page_about_settings_can_be_printed():
    printed = CliRunner().invoke(main, ["check", "--document-settings"]).output
    assert "| `per_client` | number | `15` |" in printed


def test_check_names_every_mistake_of_settings_and_agreements(file):
    file.write_text("[server]\nprot = 1\nport = 'x'\n")
    answer = CliRunner().invoke(main, ["check", str(file)])
    assert answer.exit_code == 1
    assert [line.split(": ")[0] for line in answer.stdout.splitlines()] == [f"{file}:2:1", f"{file}:3:1"]


def test_check_says_when_there_are_no_agreements(file, tmp_path):
    answer = CliRunner().invoke(main, ["check", str(file)])
    assert (answer.exit_code, answer.stdout) == (1, f"{tmp_path}/agreements: this is not a folder\n")
    (tmp_path / "agreements").mkdir()
    answer = CliRunner().invoke(main, ["check", str(file)])
    assert (answer.exit_code, answer.stdout) == (0, f"{file}: no mistake found.\n")


def test_help_loads_no_library_but_click():
    program = "import sys, gateway.commands.cli; print(sorted({'flask', 'sqlalchemy', 'marshmallow', 'authlib', 'lxml', 'rich'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


def test_the_version_is_told_also_by_a_checkout_that_is_not_installed():
    answer = CliRunner().invoke(main, ["--version"])
    assert answer.exit_code == 0
    assert answer.output.startswith("crossing")


def test_every_command_explains_itself():
    def walk(command, words):
        answer = CliRunner().invoke(main, [*words, "--help"])
        assert answer.exit_code == 0
        assert command.help
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, [*words, name])

    walk(main, [])
    assert {"serve", "check", "explain", "adapters", "demo", "clients"} <= main.commands.keys()
