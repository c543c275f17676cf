"""The committed facts are those of the reference, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import standards
from standards.derive import __main__ as derive

HERE = Path(standards.__file__).parent
FILES = ("edfi/member-names.json", "edfi/model-ds52.json", "oneroster/csv.json", "oneroster/model.json")


@pytest.mark.parametrize("name", FILES)
def test_a_committed_file_is_what_the_reference_gives(shared, name):
    assert (HERE / name).read_text("utf-8") == derive.derive(shared)[name]


def test_the_command_writes_every_file(shared, tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
    derive.write(shared, tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")) == sorted(FILES)


def test_the_module_is_a_command():
    answer = subprocess.run(
        [sys.executable, "-m", "standards.derive", "/nowhere"], capture_output=True, check=False, cwd=HERE.parent
    )
    assert answer.returncode != 0
    assert b"edfi-model-ds52.json" in answer.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_committed_file_is_compact_sorted_and_ends_with_a_newline(name):
    text = (HERE / name).read_text("utf-8")
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert text == again
