"""``crossing check`` names file, line and column of whatever an operator or a district wrote wrong."""

from __future__ import annotations

import shutil
import zipfile
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.region import generate, write_oneroster_12

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
agreements = "agreements"

[server]
port = 8080

[districts.maple]
adapter = "oneroster_csv"
hold = "15m"
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
    return folder


@pytest.fixture
def region(good, tmp_path):
    return shutil.copytree(good, tmp_path / "region")


def check(region: Path) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["check", str(region / "gateway.toml")])
    return answer.exit_code, answer.output


def test_a_region_without_a_mistake_passes(region):
    assert check(region)[0] == 0


MISTAKES = {
    "an unknown setting": ("gateway.toml", "hold = ", "hodl = ", 1, "did you mean hold"),
    "an unknown adapter": ("gateway.toml", '"oneroster_csv"', '"oneroster_cvs"', 1, "did you mean oneroster_csv"),
    "a hold that is no duration": ("gateway.toml", '"15m"', '"15 minutes"', 1, "15m"),
    "a port out of range": ("gateway.toml", "8080", "80800", 1, "65535"),
    "an unknown element": ("agreements/tutoring.yaml", "student.birthDate", "student.birthday", 12, "did you mean"),
    "an action that does not fit": ("agreements/tutoring.yaml", "action: year", "action: zip3", 39, "zip3"),
    "an unknown selector": ("agreements/tutoring.yaml", "{grade:", "{grades:", 8, "grade"),
    "a number where text is meant": ("agreements/tutoring.yaml", '"03"', "3", 21, "text"),
    "a word that is no date": ("maple/demographics.csv", None, "2016-13-45", 4, "birthDate"),
    "a reference to nobody": ("maple/enrollments.csv", None, "maple-s-nobody", 6, "userSourcedId"),
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
