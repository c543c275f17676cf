"""Supplements: the next version holds the sections that have changed, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.package.assembly import pack
from gateway.transfers.package.sections import sections
from gateway.transfers.package.supplement import NothingChanged, following, supplement
from standards.errors import Conflict
from tests.gateway.transfers.package.worlds import HEADER, MemoryRecord, files, history, parse, plan

BEFORE = history(2)
LATER = replace(HEADER, made="2026-12-01T20:00:00Z")


@pytest.fixture(autouse=True)
def _quick_pages(monkeypatch):
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )


def first():
    return pack(HEADER, plan(), MemoryRecord(BEFORE)).manifest


def changed_in(*names):
    """The record with the first document of each of the named resources gone."""
    return replace(BEFORE, documents={**BEFORE.documents, **{name: BEFORE.documents[name][1:] for name in names}})


def test_a_record_that_has_not_changed_makes_no_version():
    with pytest.raises(NothingChanged):
        supplement(following(LATER, first()), plan(), BEFORE, [first()])


def test_a_supplement_holds_the_changed_section_and_replaces_the_version_before():
    package = supplement(following(LATER, first()), plan(), changed_in("studentSchoolAttendanceEvents"), [first()])
    parse(package)
    assert [one["name"] for one in package.manifest["sections"]] == ["attendance"]
    assert (package.manifest["version"], package.manifest["replaces"]) == (2, 1)
    assert set(files(package)) == {
        "manifest.json", "ed-fi/studentSchoolAttendanceEvents.json", "summary.html", "summary.pdf",
    }  # fmt: skip
    page = files(package)["summary.html"].decode()
    assert "Ana Luz Ibarra" in page  # whose record it is
    assert "12 Larch Lane" not in page
    assert "Course of study" not in page


def test_a_section_that_is_withheld_from_now_on_has_changed():
    package = supplement(following(LATER, first()), plan(withheld=["health"]), BEFORE, [first()])
    assert [(one["name"], one["state"]) for one in package.manifest["sections"]] == [("health", "none")]


def test_a_third_version_is_compared_with_what_both_before_it_said():
    one = changed_in("studentSchoolAttendanceEvents")
    second = supplement(following(LATER, first()), plan(), one, [first()]).manifest
    with pytest.raises(NothingChanged):
        supplement(following(LATER, second), plan(), one, [first(), second])
    third = supplement(following(LATER, second), plan(), BEFORE, [first(), second])
    assert [one["name"] for one in third.manifest["sections"]] == ["attendance"]


@pytest.mark.parametrize("change", [{"version": 4}, {"transfer": "other"}], ids=lambda one: next(iter(one)))
def test_a_version_that_does_not_follow_is_refused(change):
    with pytest.raises(Conflict):
        supplement(replace(following(LATER, first()), **change), plan(), BEFORE, [first()])


@settings(max_examples=15)
@given(st.sets(st.sampled_from(sorted(one for one in BEFORE.documents if len(BEFORE.documents[one]) > 0)), min_size=1))
def test_exactly_the_sections_of_what_has_changed_are_there(names):
    package = supplement(following(LATER, first()), plan(), changed_in(*names), [first()])
    touched = {rule.name for rule in sections().values() if names & {*rule.own, *rule.referred}}
    assert {one["name"] for one in package.manifest["sections"]} == touched
