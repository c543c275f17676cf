"""Restrictions and consents change what a consumer is shown, from the next request on."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from policies.grant import Registered
from tests.policies import documents
from tests.support.consumers import EDFI, ONEROSTER, Consumer
from tests.support.registers import MemoryRegisters

SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


@pytest.fixture
def open_district(tmp_path):
    opened = []

    def make(registers, name="everything but staff", records=None, change=None, facts=()):
        folder = tmp_path / str(len(opened))
        one = Consumer(folder, name, records or documents.district(), registers=registers.watch(*facts), change=change)
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.close()


def people(consumer, place=f"{ONEROSTER}/users?limit=1000"):
    answer = consumer.ask(place)
    assert answer[0] == 200, answer
    return {one["sourcedId"]: one for one in orjson.loads(answer[-1])["users"]}


def documents_of(consumer, name):
    answer = consumer.ask(f"{EDFI}/{name}?limit=500")
    assert answer[0] == 200, answer
    return orjson.loads(answer[-1])


def test_a_protected_students_telephone_number_is_on_no_page(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    assert people(consumer)["source-s1"]["phone"] == "206-555-0100"
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    found = people(consumer)
    assert "phone" not in found["source-s1"]
    assert found["source-s2"]["phone"] == "206-555-0101"


def test_a_protected_students_address_is_the_substitute(open_district):
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    found = documents_of(open_district(registers), "studentEducationOrganizationAssociations")
    by_student = {one["studentReference"]["studentUniqueId"]: one["addresses"] for one in found}
    assert [one["streetNumberName"] for one in by_student["s1"]] == ["PO Box 257"]
    assert [one["streetNumberName"] for one in by_student["s2"]] == ["1 Pine", "Box 1"]
