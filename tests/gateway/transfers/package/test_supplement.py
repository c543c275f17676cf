"""Supplements: the next version holds the sections that have changed, and names the others as unchanged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.sections import sections
from gateway.transfers.package.supplement import EarlierVersions, supplement
from tests.gateway.transfers.package.worlds import HEADER, files, history, parse, plan

BEFORE = history(2)
LATER = replace(HEADER, version=2, replaces=1, made="2026-12-01T20:00:00Z")
NOTHING = EarlierVersions(lambda *held: json.dumps(held, default=str, sort_keys=True))


@pytest.fixture(autouse=True)
def _quick_pages(monkeypatch):
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )


def packed(contents=BEFORE, chosen=None, before=NOTHING, header=HEADER):
    """Pack a record; return the package, and what its receiver has by then."""
    package, traces = supplement(header, chosen or plan(), contents, before)
    whole = {one["name"] for one in package.manifest["sections"] if one["state"] == "whole"}
    return package, replace(before, traces={**before.traces, **traces}, held={*before.held, *whole})


def states(package):
    return {one["name"]: one["state"] for one in package.manifest["sections"]}


def differing(package):
    return {name for name, state in states(package).items() if state != "unchanged"}


def changed_in(*names):
    """The record with the first document of each of the named resources gone."""
    return replace(BEFORE, documents={**BEFORE.documents, **{name: BEFORE.documents[name][1:] for name in names}})


def test_of_a_record_that_has_not_changed_every_section_is_told_as_unchanged():
    first, had = packed()
    more, _ = packed(before=had, header=LATER)
    parse(more)
    assert differing(first) == set(states(first))
    assert (differing(more), states(more).keys()) == (set(), states(first).keys())
    assert {one for one in files(more) if one.startswith("ed-fi/")} == set()
    assert set(figures_of(more.manifest)["sections"].values()) == {0}


def test_a_supplement_holds_the_changed_section_and_replaces_the_version_before():
    _, had = packed()
    package, _ = packed(changed_in("studentSchoolAttendanceEvents"), before=had, header=LATER)
    parse(package)
    assert differing(package) == {"attendance"}
    assert (package.manifest["version"], package.manifest["replaces"]) == (2, 1)
    assert set(files(package)) == {
        "manifest.json", "ed-fi/studentSchoolAttendanceEvents.json", "summary.html", "summary.pdf",
    }  # fmt: skip
    page = files(package)["summary.html"].decode()
    assert "Ana Luz Ibarra" in page  # whose record it is
    assert "12 Larch Lane" not in page
    assert "Course of study" not in page
    assert "Transcript: as in the version before." in page


def test_a_section_of_which_nothing_was_released_now_is_as_the_receiver_has_it():
    _, had = packed()
    package, _ = packed(chosen=plan(withheld=["health"]), before=had, header=LATER)
    assert states(package)["health"] == "unchanged"


def test_a_section_that_is_released_at_last_has_changed():
    _, had = packed(chosen=plan(withheld=["health"]))
    package, _ = packed(before=had, header=LATER)
    assert states(package)["health"] == "whole"
    assert differing(package) == {"health"}


def test_a_section_that_is_released_alone_has_not_changed_by_that():
    _, had = packed()
    for name in differing(packed()[0]):
        others = [one for one in sections() if one != name]
        package, _ = packed(chosen=plan(withheld=others), before=had, header=LATER)
        assert {one for one, state in states(package).items() if state == "whole"} == set(), name


def test_a_third_version_is_compared_with_what_both_before_it_said():
    one = changed_in("studentSchoolAttendanceEvents")
    _, first = packed()
    _, second = packed(one, before=first, header=LATER)
    assert differing(packed(one, before=second, header=replace(LATER, version=3))[0]) == set()
    assert differing(packed(before=second, header=replace(LATER, version=3))[0]) == {"attendance"}


def adding(names):
    """The sections that hold records of these resources, or add members to them."""
    rules = sections().values()
    own = {rule.name for rule in rules if names & set(rule.own)}
    return own | {name for rule in rules for name, some in rule.beside.items() if names & some.keys()}


@settings(max_examples=15)
@given(st.sets(st.sampled_from(sorted(one for one in BEFORE.documents if len(BEFORE.documents[one]) > 0)), min_size=1))
def test_exactly_the_sections_of_what_has_changed_are_there(names):
    _, had = packed()
    package, _ = packed(changed_in(*names), before=had, header=LATER)
    least = {rule.name for rule in sections().values() if names & set(rule.own)}
    most = adding(names) | {rule.name for rule in sections().values() if rule.beside.keys() & adding(names)}
    assert least <= differing(package) <= most


def test_an_address_that_has_changed_goes_along_though_another_section_holds_it():
    moved = [{**one, "addresses": []} for one in BEFORE.documents["studentEducationOrganizationAssociations"]]
    documents = {**BEFORE.documents, "studentEducationOrganizationAssociations": tuple(moved)}
    _, had = packed()
    package, _ = packed(replace(BEFORE, documents=documents), before=had, header=LATER)
    assert {"identity", "contacts"} <= differing(package)
    assert "ed-fi/studentEducationOrganizationAssociations.json" in files(package)
    unseen, _ = packed(replace(BEFORE, documents=documents), plan(withheld=["contacts"]), had, LATER)
    assert differing(unseen) == set()
