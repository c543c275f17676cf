"""The demonstration as people and programs meet it: a transcript that is true, a region that can be used and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from gateway.auth.scopes import known_scopes
from gateway.demo.data import generate, school_year_of

ROOT = Path(__file__).parents[3]
STUDENTS = 40
COMMAND = [sys.executable, "-c", "from gateway.commands.cli import main; main()", "demo", "--students", str(STUDENTS)]
ONEROSTER = "ims/oneroster/rostering/v1p2"
EDFI = "data/v3/ed-fi"
PATIENCE = 180


def start(folder, *more):
    """The command, with a folder of its own for what is temporary."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    return subprocess.Popen(
        [*COMMAND, *more], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(what, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come about: {process.communicate()}")


def left_over(folder):
    return [path.name for path in (folder / "temporary").iterdir()]


@contextmanager
def region(folder, *more):
    """A region that is being served, and its facts."""
    file = folder / "facts.json"
    process = start(folder, "--serve", "--facts", str(file), *more)
    try:
        wait_for(file.exists, process)
        yield process, json.loads(file.read_text("utf-8"))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run to the end: what it printed, what it said of its progress, and what it left in the temporary folder."""
    folder = tmp_path_factory.mktemp("told")
    process = start(folder)
    printed, progress = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, progress
    return printed, progress, left_over(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with region(tmp_path_factory.mktemp("served")) as (_, facts):
        yield facts


def test_each_link_into_the_console_lets_one_person_in(served):
    console = served["console"]
    assert console["url"] == f"{served['base'].replace('127.0.0.1', 'localhost')}/console"
    assert len({(one["org"], one["role"]) for one in console["links"]}) == len(console["links"]) >= 8
    for one in console["links"]:
        assert one["link"].startswith(f"{console['url']}/join/")
        assert requests.get(one["link"], timeout=30).status_code == 200
    assert requests.get(f"{console['url']}/join/{'A' * 43}", timeout=30).status_code == 404


def test_no_client_whose_secret_is_told_administers_anything_or_asks_for_records(served):
    scopes = {scope for one in served["clients"].values() for scope in one["scopes"]}
    assert scopes
    assert [scope for scope in scopes if scope.startswith(("admin", "transfer"))] == []


def ask(facts, client, path, method="GET", **more):
    account = facts["clients"][client]
    with requests.Session() as web:
        granted = web.post(
            facts["token_url"],
            data={"grant_type": "client_credentials"},
            auth=(account["client_id"], account["client_secret"]),
            timeout=30,
        )
        token = granted.json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        return web.request(method, f"{facts['base']}/{path}", headers=bearer, timeout=30, **more)


def test_the_transcript_is_plain_text_that_fits_a_page(told):
    printed, _, _ = told
    lines = printed.splitlines()
    assert "\x1b" not in printed
    assert len(lines) <= 190
    assert max(map(len, lines)) <= 110


def test_the_transcript_says_what_the_gateway_does_and_leaves_nothing_behind(told):
    printed, progress, left = told
    assert left == []
    assert "the gateway answers" in progress
    assert "The two answers of each pair are the same to the last byte" in printed
    assert "Verified: nothing was changed, removed or moved." in printed
    assert re.search(r"after a figure was changed in a copy: record-000001\.jsonl:\d+: entry \d+ was changed", printed)
    assert "DIFFERENT" not in printed


def test_the_child_in_the_transcript_is_shown_to_each_consumer_as_its_agreement_says(told):
    section = told[0].partition("2. One child")[2].partition("The tutor's answer")[0]
    rows = {line[2:15].strip(): line[15:].split() for line in section.splitlines() if line.startswith("  ")}
    assert rows["first name"][:1] == rows["first name"][1:2] == rows["first name"][2:3]
    assert rows["first name"][3] == "-"
    own, *tutor, analytics = rows["birth date"]
    assert tutor == [f"{own[:4]}-01-01"] * 2
    assert analytics == f"{own[:4]}-01-01"
    own, *tutor, analytics = rows["family name"]
    assert tutor == [own[0]] * 2
    assert analytics == "-"
    own, *tutor, analytics = rows["id"]
    assert tutor == [own] * 2
    assert re.fullmatch("[0-9a-f]{32}", analytics)
    assert rows["sex"][1:3] == ["-", "-"]


def moved(printed):
    return printed.partition("8. A child moves")[2].partition("That is all")[0]


def test_a_record_moves_and_the_receiving_district_sees_nothing_of_how_before_it_is_delivered(told):
    rows = [line.rstrip() for line in moved(told[0]).splitlines() if re.search("asked, due|delivered, version", line)]
    seen = [re.sub(r"\d{4}-\d\d-\d\d", "D", row.rpartition("  ")[2]) for row in rows]
    assert seen == ["asked, due D"] * 4 + ["delivered, version 1"] * 3 + ["delivered, version 2"]
    assert len({row[-10:] for row in rows[:4]}) == 1
    assert "Fir's 4 answers are the same to the last byte" in told[0]


def test_a_record_that_moved_is_in_the_other_system_and_in_the_paper_and_nowhere_in_the_gateway(told):
    section = " ".join(moved(told[0]).split())
    assert re.search(r"sex - → (Male|Female); born in - → \w", section)
    assert "1. fir (school district) was sent the whole record, or parts of it" in section
    assert "When: 2 times" in section
    assert "Allowed by: 34 CFR 99.31(a)(2)" in section
    size, files = re.search(r"at the end ([\d,]+) bytes in (\d+) files", section).groups()
    assert int(files) > 30
    assert int(size.replace(",", "")) > 1_000_000
    assert "none of them was there." in section
    assert int(re.search(r"In (\d+) files of Fir's records the same search", section)[1]) > 3


def test_counting_the_children_of_a_consumer_shows_it_none_of_them(told):
    assert re.search(r"tutoring +tutoring +99\.31\(a\)\(1\) +(\d+) times", told[0])[1] == "4"
    assert "Anotaciones: 1. Divulgaciones registradas: 4." in told[0]


def test_every_answer_in_the_transcript_keeps_what_is_withheld_to_itself(told):
    printed = told[0]
    answers = printed[printed.index("The tutor's answer from GET /maple/ims") : printed.index("3. What was withheld")]
    own = next(line for line in printed.splitlines() if line.startswith("  telephone"))
    day = next(line for line in printed.splitlines() if line.startswith("  birth date")).split()[2]
    assert own[15:31].strip() not in answers
    assert day not in answers
    assert "middleName" not in answers


def test_the_facts_tell_how_to_use_the_region(served):
    assert set(served) == {"base", "token_url", "settings", "districts", "children", "clients", "console"}
    assert served["token_url"] == f"{served['base']}/oauth/token"
    assert [tuple(one.items()) for one in served["districts"]] == [
        (("name", "maple"), ("adapter", "oneroster_csv")),
        (("name", "cedar"), ("adapter", "edfi_xml")),
        (("name", "alder"), ("adapter", "oneroster_csv")),
        (("name", "birch"), ("adapter", "oneroster_rest")),
        (("name", "fir"), ("adapter", "edfi_ods")),
    ]
    own = {"conformance", "conformance-edfi", "conformance-oneroster"}
    assert set(served["clients"]) == {"rostering", "tutoring", "analytics", "mentoring", *own}
    for account in served["clients"].values():
        assert set(account) == {"client_id", "client_secret", "scopes", "agreement"}
    assert set(served["clients"]["conformance"]["scopes"]) == known_scopes()


@pytest.mark.parametrize(("client", "districts"), [("rostering", 2), ("analytics", 1), ("conformance", 1)])
def test_a_consumer_sees_the_students_of_its_districts(served, client, districts):
    answer = ask(served, client, f"{ONEROSTER}/students?limit=1")
    assert answer.headers["X-Total-Count"] == str(districts * STUDENTS)


def test_the_tutor_sees_only_children_of_the_agreed_schools_and_grades(served):
    answer = ask(served, "tutoring", f"{ONEROSTER}/students")
    users = answer.json()["users"]
    assert 0 < len(users) < STUDENTS
    assert {grade for user in users for grade in user["grades"]} <= {"03", "04", "05"}


def test_conformance_has_one_district_and_needs_no_district_in_its_addresses(served):
    plain, named = (ask(served, "conformance", f"{place}{ONEROSTER}/orgs") for place in ("", "fir/"))
    ids = [[org["sourcedId"] for org in answer.json()["orgs"]] for answer in (plain, named)]
    assert ids[0] == ids[1] != []
    students = ask(served, "conformance", f"{EDFI}/students?totalCount=true&limit=1")
    assert students.headers["Total-Count"] == str(STUDENTS)
    for other in ("maple", "cedar", "alder", "birch"):
        assert ask(served, "conformance", f"{other}/{ONEROSTER}/orgs").status_code == 403


@pytest.mark.parametrize("client", ["conformance", "conformance-oneroster"])
def test_conformance_creates_changes_and_deletes_in_the_gradebook_of_a_real_system(served, client):
    book = f"{ONEROSTER.replace('rostering', 'gradebook')}/lineItems"
    item = ask(served, client, f"{book}?limit=1").json()["lineItems"][0]
    new = {name: item[name] for name in ("title", "assignDate", "dueDate", "class", "category")}
    place, renamed = f"{book}/made-by-a-test", new | {"title": "Renamed"}
    answers = [ask(served, client, place, "PUT", json={"lineItem": one}) for one in (new, renamed)]
    assert ask(served, client, place).json()["lineItem"]["title"] == "Renamed"
    answers += [ask(served, client, place, verb) for verb in ("DELETE", "GET")]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [201, 201, 204, 404]


def test_conformance_writes_in_ed_fi_what_it_then_reads_in_both_standards(served):
    student = ask(served, "conformance", f"{EDFI}/students?limit=1").json()[0]
    place = f"{EDFI}/students/{student['id']}"
    for name in ("Lee-Park", student["lastSurname"]):
        answer = ask(served, "conformance", place, "PUT", json=student | {"lastSurname": name})
        assert answer.status_code == 204
        assert ask(served, "conformance", place).json()["lastSurname"] == name
        user = ask(served, "conformance", f"{ONEROSTER}/users/{student['id']}").json()["user"]
        assert user["familyName"] == name


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_the_facts_are_for_their_owner_only_and_an_end_is_clean(tmp_path, number):
    with region(tmp_path) as (process, facts):
        file = tmp_path / "facts.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        port = int(facts["base"].rpartition(":")[2])
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert left_over(tmp_path) == []
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_an_end_in_the_middle_of_the_set_up_leaves_nothing_behind(tmp_path):
    process = start(tmp_path)
    wait_for(lambda: left_over(tmp_path), process)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert left_over(tmp_path) == []


def test_an_end_while_the_folder_is_made_leaves_nothing_behind(tmp_path):
    """It came between the making of the folder and the promise to remove it, once in some hundred ends."""
    ended_at_once = (
        "import os, signal, tempfile; from gateway.demo import run; made = tempfile.mkdtemp\n"
        "def ending(*a, **k):\n"
        "    folder = made(*a, **k)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return folder\n"
        "tempfile.mkdtemp = ending; run.run(10)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", ended_at_once], env=environment, capture_output=True, check=False)
    assert ended.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path, "--port", str(port))
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"The port {port} cannot be used" in said
    assert "Traceback" not in said
    assert left_over(tmp_path) == []


def test_facts_that_cannot_be_written_are_refused_at_once(tmp_path):
    process = start(tmp_path, "--serve", "--facts", str(tmp_path / "nowhere" / "facts.json"))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "facts.json" in said
    assert "writing the files" not in said


def test_the_child_that_is_followed_is_in_the_tutors_population():
    from datetime import date

    for today in (date(2026, 8, 31), date(2026, 9, 2), date(2027, 9, 1), date(2028, 2, 29)):
        district = generate("maple", seed=2026, students=5, school_year=school_year_of(today), today=today)
        child = district.spotlight
        assert child.grade in {"03", "04", "05"}
        assert child.school in district.spotlight_schools
