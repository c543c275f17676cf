"""Golden agreements: what documents with every word of the language compile to, written down."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass

import pytest

from policies import agreement, compiler
from tests.policies import documents

GOLDEN = documents.SAMPLES / "golden"
NAMES = ("conformance", "consented", "tutoring", "yearbook")


def spelt(value):
    """Write a clause with its sets in order."""
    if is_dataclass(value):
        return [type(value).__name__, *(spelt(getattr(value, one.name)) for one in fields(value))]
    if isinstance(value, frozenset):
        return sorted(value)
    return [spelt(one) for one in value] if isinstance(value, tuple) else value


def told(name: str) -> str:
    """What an agreement is compiled to, as text."""
    one = agreement.load(documents.SAMPLES / f"{name}.yaml")
    grant = compiler.compile(one, one.clients[0])
    content = {
        "digest": one.digest,
        "epoch": grant.epoch,
        "words": one.population.words(),
        "operations": sorted(grant.operations),
        "rules": len(grant.rules) if len(grant.rules) > 100 else {n: r.action for n, r in sorted(grant.rules.items())},
        "rows": {
            entity: spelt(clause) for entity, clause in sorted(grant.rows.items()) if not entity.startswith("edfi.")
        },
        "registered": asdict(grant.registered),
        "windows": {name: asdict(window) for name, window in sorted(grant.windows.items())},
        "limits": asdict(grant.limits),
        "warnings": [warning.partition(": ")[2] for warning in one.warnings],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_agreement_compiles_to_what_is_written_down(name):
    """Where this differs, grants in use would change: walks end, and consumers are told of changes."""
    assert told(name) == (GOLDEN / f"{name}.json").read_text("utf-8")
