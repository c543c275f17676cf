"""``crossing check`` names file, line and column of whatever an operator or a district wrote wrong."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from gateway.commands.cli import main
from gateway.demo.data import generate, write_oneroster_12

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
agreements = "agreements"

[server]
port = 8080

[districts.maple]
adapter = "oneroster_csv"
cache = "15m"
settings = {source = "maple"}
"""
AGREEMENT = """\
apiVersion: dsa/v1
id: tutoring-maple
version: 1
parties: {provider: {district: maple}, recipient: {org: reading, kind: cbo}}
basis: {ferpa: "99.31(a)(1)", purpose: tutoring, legitimateInterest: "plan weekly support"}
validity: {from: 2026-09-01, to: 2027-08-31, timezone: America/Los_Angeles}
clients: [tutoring]
operations: [read]
population:
  all:
    - {grade: {in: ["03"]}}
elements:
  - {path: student.id, action: allow}
  - {path: student.birthDate, action: year}
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A small region without a mistake."""
    folder = tmp_path_factory.mktemp("region")
    district = generate("maple", seed=3, students=40, school_year=2027, today=date(2026, 11, 2))
    write_oneroster_12(district, folder / "maple.zip")
    with zipfile.ZipFile(folder / "maple.zip") as archive:
        archive.extractall(folder / "maple")
    (folder / "agreements").mkdir()
    (folder / "agreements" / "tutoring.yaml").write_text(AGREEMENT)
    (folder / "gateway.toml").write_text(SETTINGS)
    register(folder)
    return folder


@pytest.fixture
def region(good, tmp_path):
    return shutil.copytree(good, tmp_path / "region")


def check(region: Path) -> tuple[int, str]:
    answer = checked(region)
    return answer.exit_code, answer.output


def checked(region: Path) -> Result:
    return CliRunner().invoke(main, ["check", str(region / "gateway.toml")])


def register(region: Path, *, name: str = "tutoring", org: str = "reading") -> None:
    settings = ["--settings", str(region / "gateway.toml")]
    words = ["clients", "add", name, "--org", org, "--kind", "cbo", "--scope", "edfi:read", *settings]
    assert CliRunner().invoke(main, words).exit_code == 0


def test_a_region_without_a_mistake_passes(region):
    assert check(region)[0] == 0


def test_every_mistake_of_a_district_names_the_district(region):
    """Two districts, with files of the same names; no organization is ever set aside."""
    shutil.copytree(region / "maple", region / "birch")
    with (region / "gateway.toml").open("a", encoding="utf-8") as settings:
        settings.write('[districts.birch]\nadapter = "oneroster_csv"\nsettings = {source = "birch"}\n')
        settings.write('[districts.oak]\nadapter = "oneroster_csv"\nsettings = {source = "oak"}\n')
    orgs = (region / "birch" / "orgs.csv").read_text("utf-8")
    (region / "birch" / "orgs.csv").write_text(orgs.replace(",school,", ",shool,", 1), "utf-8", newline="")
    output = checked(region).stdout
    assert {line.split(": ")[0] for line in output.splitlines()} == {"districts.birch", "districts.oak"}
    assert "districts.birch: orgs.csv:3:5: type is not one of the listed values\n" in output
    assert output.startswith("districts.birch: organization: 1 of ")
    assert " rows are set aside, and 0 may be\n" in output


def test_a_district_whose_adapter_names_it_is_named_once(region):
    with (region / "gateway.toml").open("a", encoding="utf-8") as settings:
        settings.write('[districts.fir]\nadapter = "oneroster_rest"\n[districts.fir.settings]\n')
        settings.write('url = "http://127.0.0.1:9"\nauth = "bearer"\ntoken = "env:NO_TOKEN"\nallow_private = true\n')
    output = check(region)[1]
    assert output.count("districts.fir") == 1, output


def test_a_client_that_nobody_registered_is_a_mistake_and_no_registry_is_made(good, tmp_path):
    region = shutil.copytree(good, tmp_path / "bare")
    shutil.rmtree(region / "state")
    answer = checked(region)
    said = "the client tutoring is not registered: `crossing clients add tutoring --org reading --kind cbo`"
    assert (answer.exit_code, answer.stdout) == (1, f"{region}/agreements/tutoring.yaml:7:11: {said}\n")
    assert not (region / "state").exists()


def test_a_district_that_the_settings_do_not_have_is_named_where_it_is_written(good, tmp_path):
    region = shutil.copytree(good, tmp_path / "misspelt")
    document = region / "agreements" / "tutoring.yaml"
    document.write_text(AGREEMENT.replace("district: maple", "district: mapel"))
    output = check(region)[1]
    assert f"{document}:4:32: the district mapel is not in gateway.toml (did you mean maple?)" in output


def test_a_draft_is_checked_alone_without_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draft = tmp_path / "draft.yaml"
    draft.write_text(AGREEMENT)
    answer = CliRunner().invoke(main, ["check", "draft.yaml"])
    assert (answer.exit_code, answer.stdout) == (0, "draft.yaml: no mistake found.\n")
    draft.write_text(AGREEMENT.replace("student.birthDate", "student.birthdate"))
    answer = CliRunner().invoke(main, ["check", "draft.yaml"])
    hint = "no element is called 'student.birthdate' (did you mean student.birthDate?)"
    assert (answer.exit_code, answer.stdout) == (1, f"draft.yaml:14:12: {hint}\n")


def test_a_client_of_another_organisation_is_a_mistake(good, tmp_path):
    region = shutil.copytree(good, tmp_path / "other")
    shutil.rmtree(region / "state")
    written = region / "agreements" / "tutoring.yaml"
    text = written.read_text()
    written.unlink()  # an agreement that names a client keeps its id for the recipient
    register(region, org="writing")
    written.write_text(text)
    code, output = check(region)
    assert code == 1
    assert "tutoring.yaml:7:11: the client tutoring is registered for writing, and the recipient is reading" in output


def test_an_agreement_that_ends_soon_is_a_warning(region, monkeypatch):
    monkeypatch.setattr("gateway.storage.registry.utc_now", lambda: datetime(2027, 8, 2, 12, tzinfo=UTC))
    code, output = check(region)
    assert code == 0
    assert "warning: " in output
    assert "tutoring-maple ends on 2027-08-31, and no version follows it" in output


def test_a_registry_of_an_older_program_is_told_and_left_as_it_is(region):
    database = sqlite3.connect(region / "state" / "registry.db")
    database.execute("UPDATE alembic_version SET version_num = '0002'")
    database.execute("UPDATE clients SET status = 'active'")
    database.commit()
    code, output = check(region)
    kept = database.execute("SELECT version_num, status FROM alembic_version, clients").fetchall()
    database.close()
    assert code == 1
    assert "gateway.toml: The registry was written by another version of this program" in output
    assert kept == [("0002", "active")]


MISTAKES = {
    "an unknown setting": ("gateway.toml", "cache = ", "cahce = ", 1, "did you mean cache"),
    "an unknown adapter": ("gateway.toml", '"oneroster_csv"', '"oneroster_cvs"', 1, "did you mean oneroster_csv"),
    "a time in the cache that is no duration": ("gateway.toml", '"15m"', '"15 minutes"', 1, "15m"),
    "a port out of range": ("gateway.toml", "8080", "80800", 1, "65535"),
    "an unknown element": ("agreements/tutoring.yaml", "student.birthDate", "student.birthday", 12, "did you mean"),
    "an action that does not fit": ("agreements/tutoring.yaml", "action: year", "action: zip3", 39, "zip3"),
    "an unknown selector": ("agreements/tutoring.yaml", "{grade:", "{grades:", 8, "grade"),
    "a number where text is meant": ("agreements/tutoring.yaml", '"03"', "3", 21, "text"),
    "a missing column": ("maple/orgs.csv", ",name,", ",title,", None, "name"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_column(region, name):
    file, old, new, column, said = MISTAKES[name]
    path = region / file
    line = spoil(path, old, new, column)
    code, output = check(region)
    assert code == 1
    place = f"{path.name}:{line}:" + (f"{column}:" if column else "")
    assert place in output
    assert said in output
    assert "Traceback" not in output


ASIDE = {
    "a word that is no date": ("maple/demographics.csv", "2016-13-45", 4, "birthDate is not a date (YYYY-MM-DD)"),
    "a reference to nobody": ("maple/enrollments.csv", "maple-s-nobody", 6, "userSourcedId leads nowhere"),
}


@pytest.mark.parametrize("name", ASIDE)
def test_a_row_that_is_set_aside_is_a_warning_with_its_place_and_beyond_the_limit_a_mistake(region, name):
    file, new, column, said = ASIDE[name]
    path = region / file
    spoil(path, None, new, column)
    code, output = check(region)
    assert code == 0
    assert f"warning: districts.maple: {path.name}:2:{column}: {said}: the row is set aside" in output
    assert "districts.maple: rows read: " in output
    with (region / "gateway.toml").open("a", encoding="utf-8") as settings:
        settings.write("[districts.maple.set_aside]\ndefault = 0\n")
    code, output = check(region)
    assert code == 1
    assert f"districts.maple: {path.name}:2:{column}: {said}\n" in output


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("set_aside.organization = 0.1", "no row of this entity is ever set aside"),
        ("set_aside.placment = 0.1", "did you mean placement"),
        ("unresolved.'users.agentSourcedId' = 0.1", "did you mean users.agentSourcedIds"),
        ("unresolved.default = 2", "write a share between 0 and 1"),
    ],
)
def test_a_share_that_makes_no_sense_is_a_mistake(region, setting, message):
    with (region / "gateway.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"[districts.maple.{setting.split('.')[0]}]\n{setting.partition('.')[2]}\n")
    code, output = check(region)
    assert code == 1
    assert message in output


def spoil(path: Path, old: str | None, new: str, column: int | None) -> int:
    """Write one mistake into a file; the line it is in."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    if old is None:
        cells = lines[1].split(",")
        cells[(column or 1) - 1] = new
        lines[1] = ",".join(cells)
        path.write_text("".join(lines), "utf-8", newline="")
        return 2
    number = next(at for at, line in enumerate(lines) if old in line)
    lines[number] = lines[number].replace(old, new, 1)
    path.write_text("".join(lines), "utf-8", newline="")
    return number + 1


WITH_A_TEST = """\
tests:
  - name: a third grader
    student: {grade: "03"}
    expect: {student.birthDate: allow}
"""


def test_a_failing_test_of_an_agreement_is_named_with_its_place(region):
    file = region / "agreements" / "tutoring.yaml"
    file.write_text(AGREEMENT + WITH_A_TEST)
    code, said = check(region)
    assert code == 1
    place = AGREEMENT.count("\n") + 4
    assert (
        f"{file}:{place}:33: the test 'a third grader' fails: student.birthDate is year, and allow is expected" in said
    )
    file.write_text(AGREEMENT + WITH_A_TEST.replace("allow", "year"))
    assert check(region)[0] == 0


def test_lines_that_change_nothing_and_facts_without_a_scope_are_warnings(region):
    more = "  - {path: student, action: allow}\n  - {path: student.name, action: allow}\n"
    (region / "agreements" / "tutoring.yaml").write_text(AGREEMENT + more)
    answer = checked(region)
    assert answer.exit_code == 0
    assert "the line student.name: allow changes nothing, since student: allow" in answer.stderr
    assert "no client of this agreement has a scope for student." in answer.stderr
