"""Faults of other products about consent and restrictions: one consent for everything, missing facts that free."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import orjson
import pytest

from gateway.config.declared_facts import DeclaredFact
from gateway.engine.views import Views
from gateway.registers.effects import students
from gateway.registers.effects.state import DistrictRegisters
from policies.grant import Registered
from tests.attacks.faults_of_others.planting import noticed
from tests.gateway.registers.memory import MemoryRegisters
from tests.policies import documents
from tests.support.consumers import ONEROSTER, Consumer

IDS = frozenset({"student.id", "enrollment.id", "enrollment.student", "enrollment.school"})
FACT = DeclaredFact("directory", "oneroster.users.metadata.club", free=frozenset({"club 1"}), empty="free")


@pytest.fixture
def district(tmp_path):
    """Make a district with registers, and a consumer of it under terms of its own."""
    opened = []

    def make(registers: MemoryRegisters, facts=(), **registered) -> Consumer:
        def change(grant):
            return replace(grant, registered=Registered(**registered))

        folder = tmp_path / str(len(opened))
        watch = registers.watch(*facts)
        one = Consumer(folder, "everything but staff", documents.district(), registers=watch, change=change)
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.close()


def students_of(consumer: Consumer, place: str = "users?limit=1000") -> dict[str, dict]:
    answer = consumer.ask(f"{ONEROSTER}/{place}")
    assert answer[0] == 200, answer
    users = orjson.loads(answer[-1])["users"]
    return {one["sourcedId"]: one for one in users if one["roles"][0]["role"] == "student"}


def test_a_consent_counts_for_its_own_agreement_form_and_elements_only(district):
    """PSESD srx-services-prs: one row of consent for each student and service, without field, purpose or form."""
    registers = MemoryRegisters()
    registers.consent("source-s1", elements=IDS | {"student.name.given"})
    registers.consent("source-s2", agreement="another")
    registers.consent("source-s3", form="another")
    consumer = district(registers, form="form")

    def check() -> None:
        found = students_of(consumer)
        assert set(found) == {"source-s1"}, "a consent to something else counts"
        assert not found["source-s1"].get("familyName"), "a consent covers what its form did not name"

    def by_student_alone(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(DistrictRegisters, "consents", lambda self, *_place: _by_tag(self))

    def every_element(patch: pytest.MonkeyPatch) -> None:
        made = students.RuleSearch.made

        def without_elements(self):
            found = made(self)
            return replace(found, rules={row: replace(rule, kept=None) for row, rule in found.rules.items()})

        patch.setattr(students.RuleSearch, "made", without_elements)

    for fault, saying in ((by_student_alone, "something else counts"), (every_element, "did not name")):
        noticed(check, partial(_anew, consumer, fault), saying, consumer.gateway)
        _forget_rules(consumer)


def _anew(consumer: Consumer, fault, patch: pytest.MonkeyPatch) -> None:
    _forget_rules(consumer)
    fault(patch)


def _forget_rules(consumer: Consumer) -> None:
    """Drop the rules of students that are kept with their table."""
    consumer.district.cached_snapshot().table("student").derived = None


def _by_tag(registers: DistrictRegisters):
    found = {}
    for one in registers.state.consents:
        for place in one.tags.items():
            found[place] = (*found.get(place, ()), one)
    return found


def test_a_consent_without_elements_covers_none(district):
    """PSESD srx-services-prs: a consent without its data sets opens all of them."""
    registers = MemoryRegisters()
    registers.consent("source-s1", elements=frozenset())
    assert students_of(district(registers, form="form")) == {}


@pytest.mark.parametrize(("word", "shown"), [("club 1", True), ("a word that nobody declared", False), (None, False)])
def test_a_restricting_fact_that_is_missing_or_unknown_counts_as_the_restriction(word, shown, tmp_path):
    """Cedar: a forbid that hits a missing attribute is skipped, and the request is allowed."""
    records = documents.district()
    records["student"][1]["oneroster.users.metadata"] = {"other": "x"} if word is None else {"club": word}

    def directory(grant):
        return replace(grant, registered=Registered(directory=True))

    watch = MemoryRegisters().watch(FACT)
    consumer = Consumer(tmp_path / "maple", "everything but staff", records, registers=watch, change=directory)
    try:
        assert ("source-s2" in students_of(consumer)) is shown

        def check() -> None:
            assert ("source-s2" in students_of(consumer)) is shown, "what is not known frees"

        def free_by_default(patch: pytest.MonkeyPatch) -> None:
            patch.setattr(
                Views, "_made", lambda self, snapshot, grant, today, _before: _raw(self, snapshot, grant, today)
            )

        if not shown:
            noticed(check, free_by_default, "what is not known frees", consumer.gateway)
    finally:
        consumer.close()


def _raw(views: Views, snapshot, grant, today):
    from gateway.engine.visibility import Visibility

    return Visibility(snapshot, grant, views._keyring, today)


def test_a_withdrawal_holds_on_the_next_page_and_in_what_is_told_as_deleted(district):
    """HAPI FHIR #2369, #6854: pages after the first, and bulk exports, were not asked for consent."""
    registers = MemoryRegisters()
    entries = [registers.consent(f"source-s{number}") for number in range(1, 6)]
    consumer = district(registers, form="form")
    first = consumer.ask(f"{ONEROSTER}/students?limit=2&offset=0")
    assert (first[0], len(orjson.loads(first[-1])["users"])) == (200, 2)
    registers.withdraw(entries[3].entry)
    later = consumer.ask(f"{ONEROSTER}/students?limit=2&offset=2")
    assert later[0] == 409 or "source-s4" not in later[-1].decode()
    assert "source-s4" not in students_of(consumer)
    told = consumer.ask(f"{ONEROSTER}/users?filter=dateLastModified%3E%272000-01-01T00:00:00Z%27&limit=100")
    gone = [one for one in orjson.loads(told[-1])["users"] if one["sourcedId"] == "source-s4"]
    assert all(one["status"] == "tobedeleted" and not one.get("familyName") for one in gone)
