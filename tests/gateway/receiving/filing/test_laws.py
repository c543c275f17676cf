"""Laws of filing: whatever a document says, nothing of the sender's keys is in what is written."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.receiving.filing.codes import CodeBook
from gateway.receiving.filing.own_system import differences, is_same
from gateway.receiving.filing.remapping import WRITTEN, ReceiverKeys, Remapping
from gateway.transfers.package.contents.references import students_named
from standards.edfi.model.model import by_collection, validate
from tests.standards.edfi.complete import complete

SAFE = {"Student", "EducationOrganization", "StudentAcademicRecord", "Course", "SchoolYearType", "Assessment",
        "ObjectiveAssessment"}  # fmt: skip


class EveryCode:
    """A system that has every code that it is asked for, as the standard spells it."""

    def descriptors(self, kind):
        return {}

    def has_course(self, code):
        return True


class NoAnswers:
    """A book in which nothing was answered."""

    def answer(self, question, transfer):
        return {"descriptor": "uri://ed-fi.org/Some#code", "course": "F-1"}[question.kind]


@cache
def documents():
    return [one for seed in (0, 1) for one in complete(2, seed, (1.0, 0.4)[seed]) if one[0] in WRITTEN]


def remapping():
    codes = CodeBook("maple", "t", NoAnswers(), EveryCode(), "ask")
    return Remapping(ReceiverKeys("F-100", 530002), codes, "Maple School District", {})


def references(properties, document):
    """Every reference in a document: what it means, and its value."""
    for name, value in document.items():
        known = properties[name]
        for one in value if isinstance(value, list) else [value]:
            if known.reference and isinstance(one, dict):
                yield known.reference, one
            elif known.properties and isinstance(one, dict):
                yield from references(known.properties, one)


@pytest.mark.parametrize("number", range(len(documents())))
def test_what_is_written_names_nobody_and_nothing_of_the_sender(number):
    resource, document = documents()[number]
    turned = remapping().document(resource, document)
    if turned.document is None:
        assert turned.why
        return
    known = by_collection(resource)
    assert validate(known, turned.document) == []
    assert set(students_named(turned.document)) <= {"F-100"}
    assert "_ext" not in turned.document
    for target, value in references(known.properties, turned.document):
        assert target in SAFE
        assert value.get("educationOrganizationId", 530002) == 530002


def test_some_of_every_kind_of_document_can_be_written():
    written = {resource for resource, one in documents() if remapping().document(resource, one).document}
    assert written >= {"students", "studentAcademicRecords", "courseTranscripts", "studentHealths"}


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.decimals(-9, 9, places=2) | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=2), one, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4)


@given(DOCUMENTS, DOCUMENTS)
def test_a_document_says_all_that_it_says_and_more_is_no_difference(one, more):
    assert differences(one, one) == ()
    assert is_same(one, {**more, **one})


@given(DOCUMENTS, st.sampled_from(["x", 1000, [5000]]))
def test_a_member_that_says_otherwise_is_a_difference(one, other):
    for name, value in one.items():
        if value not in (None, {}, []):
            assert (name in differences(one, {**one, name: other})) == (not is_same(value, other))
            assert differences(one, {key: some for key, some in one.items() if key != name}) == (name,)
