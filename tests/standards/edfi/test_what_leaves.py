"""What leaves in Ed-Fi: a descriptor's URI wherever one must stand, and references as their targets say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faces import Faces
from gateway.hold import build
from gateway.ledger import Ledger
from gateway.rows import Shown, index
from policies.grant import Grant, Rule
from standards import codes, registry, vocabulary
from standards.codes import descriptor, is_descriptor
from standards.edfi.titles import period_of, term_of
from standards.keys import Keyring
from standards.query import Query
from standards.view import Val, paths, prune
from tests.oracle import Oracle

KEYRING = Keyring(b"a key for tests, of thirty-two b")
HOSTILE = ("Main office", "", "http://", "a#b", "uri://", " ", "#", "ALG 1", "10")
RULES = {name: Rule("allow") for name in (*vocabulary.names(), "edfi.classPeriods.*", "edfi.classPeriods.id")}
GRANT = Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), RULES, {}, "e")


def said(name):
    """Every single value of a view by the name of a descriptor, with what puts it into form."""
    for branch in registry.views("edfi")[name].branches:
        for path, chain in paths(branch.nodes):
            if isinstance(chain[-1], Val) and chain[-1].name.endswith("Descriptor"):
                yield path, chain[-1]


@pytest.mark.parametrize("name", sorted(registry.views("edfi")))
def test_no_text_leaves_where_the_uri_of_a_descriptor_must_stand(name):
    for path, node in said(name):
        assert node.form is not None, path
        for text in HOSTILE:
            try:
                shown = node.form(text)
            except (ValueError, TypeError):  # what makes a position of a yes or no is given no text
                continue
            for one in shown.values() if isinstance(shown, dict) else [shown]:
                assert one is None or is_descriptor(str(one)), path


@given(st.text())
def test_any_text_can_be_said_as_a_descriptor_and_a_descriptor_stays_it(text):
    made = descriptor("TermDescriptor")(text)
    assert is_descriptor(made)
    assert descriptor("TermDescriptor")(made) == made


@given(st.sampled_from(codes.table("term").values) | st.text())
def test_a_grading_period_and_a_session_have_descriptors_of_their_own(term):
    foreign = is_descriptor(term)
    assert "/GradingPeriodDescriptor#" in period_of(term) or foreign
    assert "/TermDescriptor#" in term_of(term) or foreign


@pytest.mark.parametrize("row", codes.table("term").rows, ids=lambda row: row["edfi"])
def test_what_a_source_says_in_the_right_words_stays_it(row):
    understood = codes.inward("term", "edfi")(row["edfi"])
    assert (period_of if "/GradingPeriodDescriptor#" in row["edfi"] else term_of)(understood) == row["edfi"]


def test_a_term_word_of_a_grading_period_is_the_period_that_it_names():
    assert period_of("First Quarter") == "uri://ed-fi.org/GradingPeriodDescriptor#First Nine Weeks"
    assert period_of("Fall Semester") == "uri://local/GradingPeriodDescriptor#Fall Semester"
    assert term_of("First Nine Weeks") == "uri://local/TermDescriptor#First Nine Weeks"
    assert period_of("Block A") == "uri://local/GradingPeriodDescriptor#Block A"


def test_a_native_reference_has_the_key_of_its_target_and_its_own_where_there_is_none():
    records = [
        ("organization", {"key": ("101",), "id": "1", "identifier": "101", "kind": "school"}),
        ("edfi.classPeriods", {"key": ("A", "101"), "id": "a", "classPeriodName": "A", "schoolReference.schoolId": 999, "schoolReference@": ("101",)}),
        ("edfi.classPeriods", {"key": ("B", "102"), "id": "b", "classPeriodName": "B", "schoolReference.schoolId": 102, "schoolReference@": ("102",)}),
    ]  # fmt: skip
    view = prune(registry.views("edfi")["classPeriods"], GRANT)
    faces = Faces(
        build(iter([(one, dict(record)) for one, record in records]), "maple", KEYRING), GRANT, KEYRING, "2026-10-01"
    )
    shown = tuple(Shown(branch, view, faces, Ledger(b"k" * 32)) for branch in view.branches)
    found = {
        one["classPeriodName"]: one["schoolReference"]["schoolId"] for one in index(shown, Query()).slice(0, 9, "")
    }
    assert found == {"A": 101, "B": 102}
    plain = Oracle(records, GRANT, KEYRING, "maple", "2026-10-01", b"k").records(view, "", 0.0)
    assert {one["classPeriodName"]: one["schoolReference"]["schoolId"] for _, _, one in plain} == found
