"""The table of sections: what it names exists, belongs to the student, and can be loaded in its order."""

from __future__ import annotations

import pytest

from gateway.transfers.package import sections as table
from gateway.transfers.package.sections import UnknownPackageWord, by_dependency, on_track, sections, thin
from standards import registry
from standards.edfi.model import dependencies
from standards.edfi.model.model import by_collection
from standards.fields import fields_of

ORDER = (
    "identity", "contacts", "enrollment", "schedule", "transcript", "attendance", "assessment", "programs",
    "special-education", "health", "discipline", "graduation", "restrictions", "documents",
)  # fmt: skip
EVERY = [one for rule in sections().values() for one in (*rule.own, *rule.referred)]


def test_the_sections_are_those_of_a_transfer_in_its_order():
    assert tuple(sections()) == ORDER


def test_the_first_track_has_no_contacts_assessments_graduation_plans_or_documents():
    assert set(ORDER) - {one.name for one in on_track("info")} == {"contacts", "assessment", "graduation", "documents"}


def test_what_a_rule_never_releases_is_for_a_person():
    assert {one.name for one in sections().values() if one.person} == {
        "contacts", "special-education", "health", "discipline", "documents",
    }  # fmt: skip


@pytest.mark.parametrize("resource", sorted(set(EVERY)))
def test_a_resource_of_a_section_is_one_that_the_gateway_shows(resource):
    assert resource in registry.views("edfi")


@pytest.mark.parametrize("resource", sorted({one for rule in sections().values() for one in rule.own}))
def test_a_sections_own_records_belong_to_a_student(resource):
    for branch in registry.views("edfi")[resource].branches:
        owners = [one for one in fields_of(branch.entity).values() if one.owner and one.to == "student"]
        assert branch.entity in {"student", "contact"} or len(owners) == 1


@pytest.mark.parametrize("rule", sections().values(), ids=lambda one: one.name)
def test_every_member_in_the_table_exists(rule):
    cuts = [rule.info, rule.members, rule.without, rule.info_or, *rule.beside.values()]
    for resource, members in [pair for one in cuts for pair in one.items()]:
        assert members <= by_collection(resource).properties.keys(), resource
        assert resource in (*rule.own, *rule.referred)
    assert rule.beside.keys() <= sections().keys()
    assert set(rule.referred) <= thin().keys()
    assert not rule.info or rule.info.keys() | rule.left_out >= set(rule.own)


def test_what_is_only_referred_to_goes_along_cut():
    for resource, members in thin().items():
        assert members <= by_collection(resource).properties.keys()
        assert not set(by_collection(resource).properties) <= members


def test_resources_come_in_the_order_in_which_they_can_be_loaded():
    orders = dependencies.orders()
    found = [orders[by_collection(one).endpoint] for one in by_dependency(EVERY)]
    assert found == sorted(found)
    assert by_dependency(["studentSectionAssociations", "students", "sections"])[0] == "students"


@pytest.mark.parametrize(
    "change", [{"sometimes": True}, {"info": "partly"}, {"own": ["studentDiplomas"]}], ids=lambda one: next(iter(one))
)
def test_a_word_that_nobody_knows_is_a_mistake_in_the_table(change):
    with pytest.raises(UnknownPackageWord):
        by_dependency(table._section({"name": "x", "info": "whole", "own": [], **change}).own)


def test_there_is_no_third_track():
    with pytest.raises(UnknownPackageWord):
        on_track("partial")
