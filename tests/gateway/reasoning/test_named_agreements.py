"""A text on record is read again as the agreement that it was."""

from __future__ import annotations

import json
from pathlib import Path

from policies import agreement, canonical
from policies.reasoning.diff import diff
from tests.policies import documents


def test_the_canonical_form_reads_as_the_same_agreement_with_its_sets_unfolded():
    one = agreement.load(documents.SAMPLES / "tutoring.yaml")
    assert any(line.bundle for line in one.lines)
    again, problems = agreement.check(canonical.document(json.loads(one.text), "reading@1"), Path())
    assert problems == []
    assert diff(one, again).differences == ()


def test_a_mistake_in_a_text_on_record_is_named_by_its_version():
    content = json.loads(documents.load("student.id allow").text)
    content["elements"][0]["path"] = "student.shoeSize"
    found, problems = agreement.check(canonical.document(content, "reading@1"), Path())
    assert found is None
    assert str(problems[0]).startswith("reading@1:1:1: no element is called 'student.shoeSize'")
