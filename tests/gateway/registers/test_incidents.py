"""What tells of an incident does not leave to another district where it is one of a student whose discipline stays."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from policies.grant import Registered
from tests.gateway.registers.memory import MemoryRegisters
from tests.policies import documents
from tests.support.consumers import EDFI, Consumer

REFERENCE = "disciplineIncidentReference"


@pytest.fixture
def told(tmp_path):
    """The incidents that a recipient of some kind is told of, and whose staff association it is told of."""
    opened = []

    def ask(records, registers, kind="district"):
        def change(grant):
            return replace(grant, registered=Registered(kind=kind))

        one = Consumer(
            tmp_path / str(len(opened)), "everything but staff", records, registers=registers.watch(), change=change
        )
        opened.append(one)
        answer = one.ask(f"{EDFI}/disciplineIncidents?limit=500")
        assert answer[0] == 200, answer
        return {each["incidentIdentifier"] for each in orjson.loads(answer[-1])}

    yield ask
    for one in opened:
        one.close()


def tie(incident, student):
    return {
        "key": ("Fight", incident, "101", student), "behaviorDescriptor": "Fight", f"{REFERENCE}@": ("101",),
        f"{REFERENCE}.incidentIdentifier": incident, f"{REFERENCE}.schoolId": 101,
        "studentReference.studentUniqueId": (student,),
    }  # fmt: skip


@pytest.fixture
def records():
    found = documents.district()
    found["edfi.disciplineIncidents"] = [
        {"key": (name, "101"), "incidentIdentifier": name, "schoolReference.schoolId": 101,
         "schoolReference@": ("101",), "incidentDate": "2026-09-10"}
        for name in ("mine", "ours", "theirs", "seen")
    ]  # fmt: skip
    found["edfi.studentDisciplineIncidentBehaviorAssociations"] = [
        tie("mine", "s1"), tie("ours", "s1"), tie("ours", "s2"), tie("theirs", "s2"),
    ]  # fmt: skip
    found["edfi.studentDisciplineIncidentNonOffenderAssociations"] = [tie("seen", "s1"), tie("mine", "s2")]
    return found


def restricted():
    registers = MemoryRegisters()
    registers.restrict("do-not-transfer-discipline", "source-s1")
    return registers


def test_the_incidents_of_a_student_whose_discipline_stays_leave_to_no_other_district(records, told):
    assert told(records, MemoryRegisters()) == {"mine", "ours", "theirs", "seen"}
    assert told(records, restricted()) == {"ours", "theirs"}


def test_they_leave_to_whoever_is_no_district(records, told):
    assert told(records, restricted(), "vendor") == {"mine", "ours", "theirs", "seen"}


def test_where_nothing_says_whose_an_incident_is_none_leaves(records, told):
    del records["edfi.studentDisciplineIncidentBehaviorAssociations"]
    assert told(records, restricted()) == set()
