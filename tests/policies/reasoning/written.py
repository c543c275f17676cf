"""Agreements for tests of reasoning, with terms beyond what the usual samples have."""

from __future__ import annotations

import tempfile
from pathlib import Path

from policies import agreement
from policies.reasoning.diff import diff
from tests.policies import documents

USUAL = "student.id pseudonym\nstudent.name.given allow\nstudent.birthDate year\n"


def load(elements: str = USUAL, population: str = "", more: str = "", **changes: object) -> agreement.Agreement:
    """An agreement with *more* lines of YAML at its end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "agreement.yaml")
        path.write_text(documents.text(elements, population, **changes) + more, "utf-8")
        return agreement.load(path)


def differences(before: agreement.Agreement, after: agreement.Agreement) -> dict[tuple[str, str], str]:
    """The direction of each difference, but those of resources, by part and name."""
    found = diff(before, after).differences
    return {(one.part, one.name): one.direction for one in found if one.part != "view"}
