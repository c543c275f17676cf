"""`crossing agreements document`, `form` and `import`: what they print and write, and what they refuse."""

from __future__ import annotations

import hashlib

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from policies import agreement
from tests.gateway.documents.pdf import Pdf
from tests.policies import documents

SETTINGS = """\
agreements = "agreements"

[districts.maple]
adapter = "oneroster_csv"
settings = {source = "maple"}
"""
SCHEDULE = "Category,Element,Checked\nDemographics,Date of birth,x\nStudent name,First and/or Last,x\nWeather,Rain,x\n"


@pytest.fixture
def crossing(tmp_path, monkeypatch):
    """Run a command in a region with two versions of one agreement."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CROSSING_MASTER_KEY", "5e" * 32)
    (tmp_path / "gateway.toml").write_text(SETTINGS, "utf-8")
    folder = tmp_path / "agreements"
    folder.mkdir()
    for version, elements in ((1, "student.id allow"), (2, "student.id allow\nstudent.name.given allow")):
        text = documents.text(elements, "{all: [{enrollment: active}]}", version=version)
        (folder / f"reading-{version}.yaml").write_text(text, "utf-8")

    def run(*words):
        return CliRunner().invoke(main, words)

    return run


def test_a_document_is_printed(crossing):
    told = crossing("agreements", "document", "reading")
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("Data sharing agreement\n======================\nreading, version 2\n")


def test_an_earlier_version_another_kind_and_language_can_be_asked_for(crossing):
    told = crossing("agreements", "document", "reading", "--version", "1", "--kind", "elements", "--language", "es")
    assert told.stdout.startswith("Lista de elementos de datos\n")
    assert "student.name.given" not in told.stdout


def test_a_pdf_and_a_page_are_written_to_files(crossing, tmp_path):
    crossing("agreements", "document", "reading", "--format", "pdf", "--output", "reading.pdf")
    assert "student.name.given" in "".join(Pdf((tmp_path / "reading.pdf").read_bytes()).words)
    crossing("agreements", "document", "reading", "--format", "html", "--language", "es", "--output", "reading.html")
    assert '<html lang="es">' in (tmp_path / "reading.html").read_text("utf-8")


def test_a_file_that_is_not_served_yet_can_be_written_out(crossing, tmp_path):
    (tmp_path / "draft.yaml").write_text(documents.text("student.id allow", id="draft"), "utf-8")
    assert "draft, version 1" in crossing("agreements", "document", "draft.yaml").stdout


def test_a_draft_is_written_out_by_its_id_and_stands_in_for_no_version_that_is_there(crossing, tmp_path):
    drafts = tmp_path / "agreements" / "drafts"
    drafts.mkdir()
    (drafts / "new.yaml").write_text(documents.text("student.id allow", id="new"), "utf-8")
    (drafts / "reading-3.yaml").write_text(documents.text("student.id allow", version=3), "utf-8")
    assert "new, version 1" in crossing("agreements", "document", "new").stdout
    assert "reading, version 2" in crossing("agreements", "document", "reading").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reeding"], "There is no agreement reeding (did you mean reading?)."),
        (["reading", "--version", "3"], "There is no agreement reading in version 3"),
        (["reading", "--kind", "consent"], "reading asks for no consent"),
        (["nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_there_is_not_is_refused_in_a_line(crossing, words, says):
    told = crossing("agreements", "document", *words)
    assert told.exit_code == 1
    assert says in told.stderr
    assert "Traceback" not in told.output


def test_a_form_ends_with_the_hash_of_its_text(crossing, monkeypatch):
    from gateway.commands.agreements import documents as command
    from tests.gateway.documents.samples import tutoring

    monkeypatch.setattr(command, "_agreement", lambda *_: tutoring())
    told = CliRunner().invoke(main, ["agreements", "form", "reading", "--language", "es"])
    text, _, digest = told.stdout.rpartition("\nsha-256: ")
    assert text.startswith("Consentimiento para la divulgación de expedientes educativos\n")
    assert digest.strip() == hashlib.sha256(text.encode()).hexdigest()
    same = CliRunner().invoke(main, ["agreements", "document", "reading", "--kind", "consent", "--language", "es"])
    assert hashlib.sha256(same.stdout_bytes).hexdigest() == digest.strip()


def test_an_agreement_without_consent_has_no_form(crossing):
    told = crossing("agreements", "form", "reading")
    assert told.exit_code == 1
    assert "asks for no consent" in told.stderr


GIVEN = ("--district", "maple", "--org", "app", "--kind", "vendor")
FILLED = ("--purpose", "reading", "--interest", "plan", "--from", "2026-09-01", "--to", "2027-08-31", "--timezone",
          "America/Los_Angeles", "--client", "app-prod")  # fmt: skip


def test_a_schedule_becomes_a_draft_that_no_gateway_reads(crossing, tmp_path):
    (tmp_path / "schedule.csv").write_text(SCHEDULE, "utf-8")
    told = crossing("agreements", "import", "schedule.csv", *GIVEN, *FILLED)
    assert told.exit_code == 0, told.output
    draft = tmp_path / "agreements" / "drafts" / "app-maple.yaml"
    assert "a draft of 2 checked elements" in told.stdout
    assert "not read: schedule.csv:4:1: there is no category 'Weather'" in told.stderr
    assert {line.path for line in agreement.load(draft).lines} == {
        "student.name.given", "student.name.family", "student.birthDate", "student.id",
    }  # fmt: skip
    assert "app-maple" not in {one.id for one in agreement.read_folder(tmp_path / "agreements")[0]}


def test_what_a_person_has_to_fill_in_is_told_with_its_place(crossing, tmp_path):
    (tmp_path / "schedule.csv").write_text(SCHEDULE, "utf-8")
    told = crossing("agreements", "import", "schedule.csv", *GIVEN, "--output", "draft.yaml")
    assert told.exit_code == 0
    assert "to fill in: draft.yaml:" in told.stderr
    assert "clients" in told.stderr


def test_a_draft_that_is_there_is_not_written_over(crossing, tmp_path):
    (tmp_path / "schedule.csv").write_text(SCHEDULE, "utf-8")
    (tmp_path / "draft.yaml").write_text("mine", "utf-8")
    told = crossing("agreements", "import", "schedule.csv", *GIVEN, "--output", "draft.yaml")
    assert told.exit_code == 1
    assert "is there already" in told.stderr
    assert (tmp_path / "draft.yaml").read_text("utf-8") == "mine"


def test_a_file_that_is_no_schedule_writes_nothing(crossing, tmp_path):
    (tmp_path / "schedule.csv").write_text("a,b\n", "utf-8")
    told = crossing("agreements", "import", "schedule.csv", *GIVEN, "--output", "draft.yaml")
    assert told.exit_code == 1
    assert "schedule.csv:1:1: the first row has no column category" in told.stderr
    assert not (tmp_path / "draft.yaml").exists()
