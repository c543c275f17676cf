from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from gateway.demo.data.__main__ import main


@pytest.mark.parametrize(("dialect", "name"), [("oneroster-1.2", "a.zip"), ("oneroster-1.1", "a.zip")])
def test_the_command_writes_a_oneroster_zip(tmp_path, dialect, name):
    answer = CliRunner().invoke(main, [str(tmp_path / name), "--dialect", dialect, "--students", "40", "--seed", "9"])
    assert answer.exit_code == 0
    assert "40 students" in answer.output
    with ZipFile(tmp_path / name) as archive:
        assert {"manifest.csv", "users.csv"} <= set(archive.namelist())


def test_the_command_writes_an_edfi_folder(tmp_path):
    answer = CliRunner().invoke(main, [str(tmp_path / "edfi"), "--dialect", "edfi", "--students", "40"])
    assert answer.exit_code == 0
    assert (tmp_path / "edfi" / "StudentEnrollment.xml").exists()


def test_the_command_explains_what_cannot_be(tmp_path):
    answer = CliRunner().invoke(main, [str(tmp_path / "a.zip"), "--schools", "2"])
    assert answer.exit_code == 2
    assert "at least 3 schools" in answer.output
