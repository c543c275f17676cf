"""Plans: every section of a track is decided, and what a rule may not release a person has."""

from __future__ import annotations

import pytest

from gateway.transfers.package.plan import INCLUDE, WITHHOLD, PackagePlan, UnlawfulPlan
from gateway.transfers.package.sections import UnknownPackageWord, on_track, sections
from tests.gateway.transfers.package.worlds import only, plan

NAMES = [one.name for one in on_track("full")]
BY_RULE = {one.name: WITHHOLD if one.person else INCLUDE for one in on_track("full")}


def test_a_rule_releases_what_needs_no_person():
    assert PackagePlan("full", BY_RULE).included == set(NAMES) - {
        "contacts", "special-education", "health", "discipline", "documents",
    }  # fmt: skip


@pytest.mark.parametrize("name", [one.name for one in sections().values() if one.person])
def test_a_rule_never_releases_what_a_person_must(name):
    with pytest.raises(UnlawfulPlan):
        PackagePlan("full", {**BY_RULE, name: INCLUDE})


@pytest.mark.parametrize("name", NAMES)
def test_a_section_without_a_decision_is_a_mistake(name):
    with pytest.raises(UnknownPackageWord):
        PackagePlan("full", {one: word for one, word in BY_RULE.items() if one != name})


def test_a_section_that_the_track_has_not_cannot_be_included():
    with pytest.raises(UnknownPackageWord):
        PackagePlan("info", dict.fromkeys(NAMES, INCLUDE), frozenset(NAMES))


def test_a_word_that_is_no_decision_is_a_mistake():
    with pytest.raises(UnknownPackageWord):
        PackagePlan("full", {**BY_RULE, "health": "maybe"})


def test_the_receiver_is_told_only_what_the_law_lets_it_know():
    assert plan(withheld=["transcript"], told=["transcript"]).told == {"transcript"}
    with pytest.raises(UnlawfulPlan):
        plan(withheld=["discipline"], told=["discipline"])
    with pytest.raises(UnlawfulPlan):
        plan(told=["transcript"])


def test_addresses_go_along_only_with_contacts():
    assert plan().places
    assert not plan(withheld=["contacts"]).places
    assert not plan("info").places
    assert only("contacts").places
