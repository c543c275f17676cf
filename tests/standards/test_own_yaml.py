"""The project's own YAML files say the same to both parsers: the fast one, and the one that refuses a key given twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from standards.vocabulary import parse_own_yaml

PROJECT = Path(__file__).parents[2]
SHIPPED = sorted(
    path for folder in ("adapters", "policies", "standards") for path in (PROJECT / folder).rglob("*.yaml")
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_file_means_the_same_in_yaml_1_2_and_has_no_key_twice(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert parse_own_yaml(text) == YAML(typ="safe", pure=True).load(text)
