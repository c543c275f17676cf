"""The live effect: counts for the provider district's own people, on record, and for nobody else."""

from __future__ import annotations

import pytest

from gateway.admin.agreements.effect import EffectOfAgreements
from gateway.admin.agreements.publishing import Publishing
from gateway.people.actor import NotPermitted
from standards.errors import CallerError, NotFound
from tests.support.people.agreements import acts_of
from tests.support.regions import TUTORING, agreement


@pytest.fixture
def effect(region):
    return EffectOfAgreements(region.administered)


def test_students_facts_and_what_is_new_are_counted_and_the_look_is_on_record(effect, write, maple, drafts, region):
    one = write(agreement("maple", TUTORING))
    Publishing(region.administered).publish(maple, one.id, 1, one.number)
    more = (*TUTORING, ("student.birthDate", "year"), ("student.email", "allow"))
    drafts.read_in(maple, agreement("maple", more, version=2))
    seen = effect.see(maple, one.id, 2)
    ((client, students),) = seen.students
    assert (client, students.now, students.then, seen.new) == ("conformance", 30, 30, 2)
    assert seen.facts > 2
    looked = acts_of(region.administered.store, "agreement effect seen")
    assert [(act.actor, act.content["version"]) for act in looked] == [("maria@example.org", 2)]


def test_a_few_students_are_not_counted(effect, write, maple):
    one = write(agreement("maple", TUTORING, population='{all: [{grade: {in: ["05"]}}, {school: {in: ["none"]}}]}'))
    ((_, students),) = effect.see(maple, one.id, 1).students
    assert students.then in {0, None}


def test_the_recipient_sees_no_counts_not_even_whether_there_are_any(effect, write, vendor, maple, drafts, region):
    write()
    wrong = drafts.read_in(maple, agreement("maple").replace("id: conformance-maple", "id: other"))
    drafts.save(maple, "other", 1, wrong.text.replace("action: allow", "action: alow"), wrong.number)
    operator = region.actor("rosa", ("region", "region-operator"))
    told = set()
    for actor in (vendor, operator):
        for name in ("conformance-maple", "other"):
            with pytest.raises(NotPermitted) as refused:
                effect.see(actor, name, 1)
            told.add((refused.value.message, refused.value.status))
    assert len(told) == 1
    assert not acts_of(region.administered.store, "agreement effect seen")


def test_another_district_learns_of_nothing(effect, write, stranger):
    write()
    with pytest.raises(NotFound):
        effect.see(stranger, "conformance-maple", 1)


def test_versions_are_compared_in_words_for_both_parties(effect, write, vendor, maple, drafts):
    write(agreement("maple", TUTORING))
    drafts.read_in(maple, agreement("maple", (*TUTORING, ("student.birthDate", "year")), version=2))
    lines = "\n".join(effect.compare(vendor, "conformance-maple", 1, 2).lines())
    assert "student.birthDate" in lines
    drafts.save(maple, "conformance-maple", 2, "id: [", 2)
    with pytest.raises(CallerError, match="cannot be compared"):
        effect.compare(vendor, "conformance-maple", 1, 2)
