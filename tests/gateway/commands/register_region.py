"""A small region for the commands of registers and tasks: two students with one name among 40, and an agreement."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from datetime import date
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from gateway.commands.cli import main
from gateway.demo.data import generate, write_oneroster_12

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTINGS = """\
agreements = "agreements"

[districts.maple]
adapter = "oneroster_csv"
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
elements:
  - {path: student.id, action: allow}
  - {path: student.name.given, action: allow}
  - {path: student.birthDate, action: year}
"""


@pytest.fixture(scope="session")
def register_files(tmp_path_factory):
    """The folder of a district's files."""
    folder = tmp_path_factory.mktemp("maple")
    write_oneroster_12(
        generate("maple", seed=3, students=40, school_year=2027, today=date(2026, 11, 2)), folder / "maple.zip"
    )
    with zipfile.ZipFile(folder / "maple.zip") as archive:
        archive.extractall(folder / "maple")
    return folder / "maple"


class RegisterRegion:
    """A folder with settings, an agreement and a district's files, and the commands typed in it."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.folder = folder
        shutil.copytree(files, folder / "maple")
        (folder / "agreements").mkdir()
        (folder / "agreements" / "tutoring.yaml").write_text(AGREEMENT)
        (folder / "gateway.toml").write_text(SETTINGS)
        with (files / "users.csv").open(newline="") as file:
            users = list(csv.DictReader(file))
        with (files / "demographics.csv").open(newline="") as file:
            born = {row["sourcedId"]: row["birthDate"] for row in csv.DictReader(file)}
        self.students = [{**row, "birthDate": born[row["sourcedId"]]} for row in users if row["sourcedId"] in born]
        self.contacts = [one for row in self.students for one in row["agentSourcedIds"].split(",") if one]

    def change(self, file: str, changes: Mapping[str, Mapping[str, str]], without: str = "") -> None:
        """Change rows of a file of the district by their ids, or leave one out."""
        with (self.folder / "maple" / file).open(newline="") as opened:
            rows = list(csv.DictReader(opened))
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, **changes.get(row["sourcedId"], {})} for row in rows if row["sourcedId"] != without)
        (self.folder / "maple" / file).write_text(out.getvalue())

    def reissue(self, old: str, new: str) -> None:
        """Let the system give a record another id, wherever it is named."""
        for file in (self.folder / "maple").iterdir():
            file.write_text(file.read_text().replace(old, new))

    def crossing(self, *words: str, typed: str = "", fails: int = 0) -> Result:
        """Type a command that ends with a code."""
        settings = str(self.folder / "gateway.toml")
        answer = CliRunner().invoke(main, [*words, "--settings", settings], typed, env={"COLUMNS": "200"})
        assert answer.exit_code == fails, answer.output
        return answer

    def write(self, name: str, text: str | bytes) -> str:
        """Write a file; return its path."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)


@pytest.fixture
def region(tmp_path, register_files):
    return RegisterRegion(tmp_path, register_files)
