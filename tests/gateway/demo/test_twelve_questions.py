"""The twelve questions of a privacy officer: each command of the README, typed in its order, and what it answers."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from tests.gateway.demo.test_run import ROOT, ask, region

STUDENTS = "20"
SECTION = "## Twelve questions of a privacy officer"
ROW = re.compile(r"^\| (.+?) \| `crossing ([^`]+)` \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "README.md").read_text("utf-8").partition(SECTION)[2].partition("\n## ")[0])
EFFECT_SECONDS = 1.0
BOX = "street: PO Box 257\ncity: Olympia\nstate: WA\npostalCode: 98507\n"
STUDENTS_OF_MAPLE = "maple/data/v3/ed-fi/students"
EDFI = "cedar/data/v3/ed-fi"
SIGNED = (
    "consents add --district cedar --agreement mentoring-cedar --signer parent --method paper --form-text form.txt"
    " --signed"
)


@dataclass(frozen=True)
class Answer:
    """What a command printed, and what it said beside that."""

    printed: str
    said: str


class Officer:
    """Somebody who types commands in a folder of her own, with a child's id in a file."""

    def __init__(self, folder, facts):
        self.folder, self.facts = folder, facts
        self.seen, self.answers = {}, {}
        self.today = datetime.now(ZoneInfo("America/Los_Angeles")).date()

    def type(self, command):
        """Run a command as the README spells it; what follows ``<`` is its standard input."""
        command, _, source = command.partition(" < ")
        words = shlex.split(command)
        if source:
            (child,) = (one for name, one in self.facts["children"].items() if name in words)
            (self.folder / source).write_text(f"{child}\n")
        environment = {"CROSSING_SETTINGS": self.facts["settings"], "COLUMNS": "200"}
        with contextlib.chdir(self.folder):
            given = Path(source).read_text("utf-8") if source else ""
            done = CliRunner().invoke(main, words, given, environment, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return Answer(done.stdout, done.stderr)

    def look(self, moment):
        """Ask as consumers do once what was typed counts, and keep what they see."""
        time.sleep(EFFECT_SECONDS)
        place = f"studentEducationOrganizationAssociations?studentUniqueId={self.facts['children']['cedar']}"
        self.seen[moment] = (
            [one["studentUniqueId"] for one in ask(self.facts, "mentoring", f"{EDFI}/students").json()],
            json.dumps(ask(self.facts, "conformance-edfi", f"{EDFI}/{place}").json()),
        )

    def prepare(self):
        """Do what the questions are about: consumers ask, a consent is given, a new version is drafted."""
        self.tutored = ask(self.facts, "tutoring", STUDENTS_OF_MAPLE).json()
        agreements = Path(self.facts["settings"]).parent / "agreements"
        now = (agreements / "tutoring-maple.yaml").read_text("utf-8")
        new = now.replace("version: 1", "version: 2").replace("birthDate, action: year", "birthDate, action: allow")
        (self.folder / "proposed.yaml").write_text(new, "utf-8")
        (self.folder / "box.txt").write_text(BOX, "utf-8")
        (self.folder / "form.txt").write_text("I agree.\n", "utf-8")
        self.type(f"{SIGNED} {self.today} < child.txt")
        self.look("consented")


@pytest.fixture(scope="module")
def officer(tmp_path_factory):
    """Somebody who has typed every command of the README, one after another, in a region that is served."""
    folder = tmp_path_factory.mktemp("officer")
    with region(folder, "--students", STUDENTS) as (_, facts):
        found = Officer(folder, facts)
        found.prepare()
        for _, command, _ in ROWS:
            found.answers[command] = found.type(command)
            if command.startswith(("consents", "restrictions")):
                found.look(command.partition(" --reason")[0])
        found.entries = json.loads(found.type("restrictions list --district cedar --json").printed)
        yield found


@pytest.fixture
def answer(officer):
    def of(beginning):
        (found,) = (one for command, one in officer.answers.items() if command.startswith(beginning))
        return found

    return of


def seen(officer, beginning):
    (found,) = (one for moment, one in officer.seen.items() if moment.startswith(beginning))
    return found


def test_the_readme_has_the_questions_in_her_order():
    assert [" ".join(command.split()[:2]) for _, command, _ in ROWS] == [
        "audit child", "agreements diff", "agreements simulate", "agreements who-can-see", "audit verify",
        "consents withdraw", "restrictions add", "restrictions add", "restrictions add", "audit child",
        "audit exposure", "tasks list", "tasks list",
    ]  # fmt: skip


def test_who_saw_this_child(answer, officer):
    told = answer("audit child maple").printed
    assert "reading-partners (community organization) was shown" in told
    assert "Legitimate interest: plan weekly reading support" in told
    assert "- The day the student was born (only the year)" in told
    assert "The law does not demand this row (34 CFR 99.32(d)(2))" in told
    assert officer.facts["children"]["maple"] in {one["studentUniqueId"] for one in officer.tutored}
    assert told.rstrip().endswith("Rows: 1. Disclosures on record: 1.")


def test_what_would_change(answer):
    told = answer("agreements diff").printed
    assert told.startswith("tutoring-maple version 1 -> tutoring-maple version 2\nThis widens the agreement")
    assert "+ student.birthDate leaves as it is, was as the first day of its year" in told
    counted = answer("agreements simulate").printed
    assert counted.startswith("tutoring-maple version 2 in maple, in place of version 1")
    assert "student.birthDate (allow)" in counted


def test_who_can_see_birth_dates(answer):
    told = answer("agreements who-can-see").printed
    assert "student.birthDate for tutoring of reading-partners: released as the first day of its year" in told
    assert "student.birthDate for conformance of conformance: released as it is" in told
    assert "rostering" not in told
    assert f"last read: {datetime.now(ZoneInfo('UTC')).year}" in told


def test_was_it_tampered_with(answer):
    assert answer("audit verify").printed.startswith("The record is whole")


def test_a_consent_that_is_withdrawn_counts_no_more(answer, officer):
    assert seen(officer, "consented")[0] == [officer.facts["children"]["cedar"]]
    told = answer("consents withdraw")
    assert told.printed.endswith("1 consent withdrawn.\n")
    assert "crossing audit child cedar" in told.said
    assert seen(officer, "consents withdraw")[0] == []


def test_an_opt_out_of_the_directory_holds_and_stops_no_other_agreement(answer, officer):
    assert answer("restrictions add --district cedar --kind directory").printed.endswith(": added.\n")
    assert "rest on directory information" in answer("restrictions add --district cedar --kind directory").said
    assert officer.entries[0]["kind"] == "directory"
    assert officer.facts["children"]["cedar"] in seen(officer, "restrictions add --district cedar --kind directory")[1]


def test_a_protected_address_is_the_substitute_for_every_recipient(answer, officer):
    assert answer("restrictions add --district cedar --kind acp").printed.endswith(": added.\n")
    before = seen(officer, "restrictions add --district cedar --kind directory")[1]
    after = seen(officer, "restrictions add --district cedar --kind acp")[1]
    assert "streetNumberName" in before
    assert "PO Box 257" not in before
    assert set(re.findall(r'"streetNumberName": "(.*?)"', after)) == {"PO Box 257"}


def test_a_court_order_names_its_recipient(answer, officer):
    assert answer("restrictions add --district cedar --kind court-order").printed.endswith(": added.\n")
    assert (
        "For city-mentors the student does not exist."
        in answer("restrictions add --district cedar --kind court-order").said
    )
    assert (officer.entries[2]["kind"], officer.entries[2]["recipients"]) == ("court-order", ["city-mentors"])


def test_a_parent_who_wants_to_inspect_has_a_paper_and_a_day(answer, officer):
    told = answer("audit child cedar")
    assert told.printed.startswith("Registro de divulgaciones del expediente educativo")
    assert "city-mentors (organización comunitaria)" in told.printed
    due = officer.today + timedelta(days=45)
    assert f"let the parent inspect the record by {due} (34 CFR 99.10)" in told.said


def test_a_breach_tells_children_facts_and_days(answer, officer):
    told = answer("audit exposure").printed
    assert told.startswith("maple: tutoring of reading-partners was sent data once")
    assert re.search(rf"children of the school year \d{{4}}-\d\d: {len(officer.tutored)}$", told, re.MULTILINE)
    assert "- The day the student was born (only the year)" in told
    assert re.search(r"first \d{4}-\d\d-\d\d \d\d:\d\d P[SD]T, .*\(America/Los_Angeles\)", told)


def test_what_need_not_be_kept_is_told_with_its_day(answer, officer):
    told = answer("tasks list --topic retention").printed
    assert "summer-reading-maple" in told
    assert "reading-partners" in told
    assert "destroy-and-certify: what was received must be destroyed, and that be certified." in told
    assert "annual-notice" not in told


def test_the_duties_of_the_year_are_told_for_each_district(answer, officer):
    told = answer("tasks list --topic year").printed
    assert [name for name in officer.facts["children"] if f"district {name}, school year " not in told] == []
    assert "annual-notice-99.7: tell parents and eligible students of their rights this school year" in told
    assert "destroy-and-certify" not in told


def test_no_answer_says_the_childs_id(officer):
    told = "".join(one.printed for one in officer.answers.values())
    assert [name for name, child in officer.facts["children"].items() if child in told] == []
