"""Restricted children: their packages are those of children whose district's system has it so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.transfers.package.assembly import pack
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.contents.record import StudentNotCovered
from policies.grant import Registered
from tests.gateway.registers.memory import MemoryRegisters
from tests.gateway.transfers.package.worlds import HEADER, documents, files, plan
from tests.policies import documents as samples
from tests.support.consumers import Consumer

SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}
CHILD = "source-s1"


@pytest.fixture
def packed(tmp_path):
    """A function that packs the record of the first child, of a district with some records and registers."""
    opened = []

    def make(records=None, registers=None, track="full", withheld=(), child=CHILD):
        def to_a_district(grant):
            return replace(grant, registered=Registered(kind="district"))

        registers = registers or MemoryRegisters()
        one = Consumer(
            tmp_path / str(len(opened)), "everything but staff", records or samples.district(),
            registers=registers.watch(), change=to_a_district,
        )  # fmt: skip
        opened.append(one)
        grant = to_a_district(one.grant)
        return pack(HEADER, plan(track, withheld), GatewayRecord(one.gateway, grant, child))

    yield make
    for one in opened:
        one.close()


def district_with(change):
    records = samples.district()
    records["contact"][0] |= {"phone": "206-555-0199", "address": [{"kind": "Home", "street": "7 Oak", "city": "Kent"}]}
    change(records)
    return records


def discipline(records):
    reference = "disciplineIncidentReference"
    records["edfi.disciplineIncidents"] = [
        {"key": ("fight", "101"), "incidentIdentifier": "fight", "schoolReference.schoolId": 101,
         "schoolReference@": ("101",), "incidentDate": "2026-09-10"},
    ]  # fmt: skip
    records["edfi.studentDisciplineIncidentBehaviorAssociations"] = [
        {"key": ("Fight", "fight", "101", one), "behaviorDescriptor": "uri://ed-fi.org/BehaviorDescriptor#State Offense",
         f"{reference}@": ("101",), f"{reference}.incidentIdentifier": "fight", f"{reference}.schoolId": 101,
         "studentReference.studentUniqueId": (one,)}
        for one in ("s1", "s2")
    ]  # fmt: skip


def same(one, other):
    assert files(one).keys() == files(other).keys()
    assert [path for path, content in files(one).items() if content != files(other)[path]] == []


@pytest.mark.parametrize("track", ["info", "full"])
def test_a_child_of_the_address_programme_is_one_whose_system_has_the_substitute(packed, track):
    def moved(records):
        records["student"][0].pop("phone")
        records["student"][0].pop("oneroster.users.metadata")
        records["profile"][0]["address"] = [{"kind": "Mailing", **SUBSTITUTE}]
        for name in ("phone", "address"):
            records["contact"][0].pop(name)

    registers = MemoryRegisters()
    registers.restrict("acp", CHILD, substitute=SUBSTITUTE)
    protected = packed(district_with(lambda _: None), registers, track)
    same(protected, packed(district_with(moved), track=track))
    if track == "full":
        (address,) = documents(protected, "studentEducationOrganizationAssociations")[0]["addresses"]
        assert address["streetNumberName"] == "PO Box 257"
    assert "0 Pine" not in str(files(protected))


def test_a_contact_under_a_court_order_is_one_that_the_system_has_not(packed):
    def gone(records):
        records["contact"], records["guardianship"] = records["contact"][1:], records["guardianship"][1:]

    registers = MemoryRegisters()
    registers.restrict("court-order", CHILD, contact=registers.contact("cs1"))
    with_contact = packed(district_with(lambda _: None))
    assert len(documents(with_contact, "contacts")) == 1
    hidden = packed(district_with(lambda _: None), registers)
    if documents(hidden, "contacts"):  # the source gives its contacts other ids than their unique ones
        own = next(iter(district_with(lambda _: None)["contact"]))
        pytest.fail(f"the contact {own['key']} is there")
    same(hidden, packed(district_with(gone)))


def test_a_child_whose_discipline_stays_is_one_without_any(packed):
    def without_mine(records):
        discipline(records)
        name = "edfi.studentDisciplineIncidentBehaviorAssociations"
        records[name] = [one for one in records[name] if one["key"][-1] != "s1"]

    registers = MemoryRegisters()
    registers.restrict("do-not-transfer-discipline", CHILD)
    assert documents(packed(district_with(discipline)), "studentDisciplineIncidentBehaviorAssociations")
    same(packed(district_with(discipline), registers), packed(district_with(without_mine)))


def test_an_incident_of_several_children_names_only_the_one(packed):
    package = packed(district_with(discipline))
    (one,) = documents(package, "studentDisciplineIncidentBehaviorAssociations")
    assert one["studentReference"] == {"studentUniqueId": "s1"}
    assert '"s2"' not in str(files(package))


def test_a_child_under_a_court_order_as_a_whole_is_covered_by_no_agreement(packed):
    registers = MemoryRegisters()
    registers.restrict("court-order", CHILD)
    with pytest.raises(StudentNotCovered):
        packed(registers=registers)


def test_a_restriction_of_another_child_changes_nothing(packed):
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s2", substitute=SUBSTITUTE)
    same(packed(registers=registers), packed())
