"""Windows of dates and grants of several agreements decide, record by record, what leaves of it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from gateway.audit.students.tags import FormerTags
from gateway.cache.snapshot import NO_ROW, build_snapshot
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.ledger import Ledger
from gateway.engine.data_subjects import students
from gateway.engine.laid_over import laid_over
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from gateway.registers.effects.state import DistrictRegisters
from policies.grant import Registered, Rule
from policies.population import AnyOf
from policies.records.windows import DateWindow
from standards import registry
from standards.keys import Keyring
from standards.pruning import prune
from tests.gateway.registers.memory import KEYS, MemoryRegisters
from tests.policies import documents

KEYRING = Keyring(b"a key for tests, of thirty-two b")


def seen(grant, records=None, registers=None):
    """The visibility of a grant over the sample district, under some registers."""
    rows = records or documents.district()
    snapshot = build_snapshot([(entity, dict(row)) for entity, some in rows.items() for row in some], "maple", KEYRING)
    if registers is not None:
        snapshot.registers = DistrictRegisters(registers.state("maple"), KEYS)
    return laid_over(Visibility(snapshot, grant, KEYRING, documents.TODAY))


def values(visibility, entity, name):
    """The values of a field by the source's id of each visible record."""
    table = visibility.snapshot.table(entity)
    column = table.columns.get(name) or [None] * table.size
    return {table.key(row)[-1] if table.key(row) else table.ids[row]: column[row] for row in visibility.rows(entity)}


def attendance(*days):
    records = documents.district()
    records["attendance"] = [
        {"key": (str(number),), "student": ("s1",), "kind": "Absent", "reason": f"reason {number}"}
        | ({"date": day} if day else {})
        for number, day in enumerate(days)
    ]
    return records


WINDOW = DateWindow("2026-09-01", "2026-09-30")
DAYS = ("2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01", None)


def test_an_element_leaves_of_records_dated_in_its_window_alone():
    grant = replace(documents.grant("attendance.* allow\nstudent.id allow"), windows={"attendance.reason": WINDOW})
    visibility = seen(grant, attendance(*DAYS))
    assert list(values(visibility, "attendance", "reason").values()) == [None, "reason 1", "reason 2", None, None]
    assert list(values(visibility, "attendance", "kind").values()) == ["Absent"] * 5


@pytest.mark.parametrize(("window", "inside"), [
    (WINDOW, [1, 2]), (DateWindow("2026-09-30"), [2, 3]), (DateWindow(None, "2026-09-01"), [0, 1]), (DateWindow(), [0, 1, 2, 3]),
])  # fmt: skip
def test_a_record_whose_id_is_outside_its_window_does_not_exist(window, inside):
    grant = replace(documents.grant("attendance.* allow\nstudent.id allow"), windows={"attendance.id": window})
    assert list(seen(grant, attendance(*DAYS)).rows("attendance")) == inside


def test_a_record_that_nothing_dates_is_inside_no_window():
    grant = replace(documents.grant("student.* allow"), windows={"student.phone": WINDOW})
    assert set(values(seen(grant), "student", "phone").values()) == {None}


def test_the_date_of_a_window_is_asked_for_though_it_does_not_leave():
    grant = replace(documents.grant("attendance.reason allow"), windows={"attendance.reason": WINDOW})
    assert "date" in grant.reads("attendance")


ONE = documents.grant("student.id allow\nstudent.phone allow", '{all: [{school: {in: ["101"]}}]}', id="one")
OTHER = documents.grant("student.id allow\nstudent.birthDate year", '{all: [{grade: {in: ["03", "04"]}}]}', id="other")


def joined(*parts):
    """One grant of several parts, as the compiler joins them."""
    rules = {}
    for part in parts:
        rules |= {name: rule for name, rule in part.rules.items() if name not in rules or rule == Rule("allow")}
    rows = {entity: AnyOf(tuple(part.rows[entity] for part in parts)) for entity in parts[0].rows
            if all(entity in part.rows for part in parts)}  # fmt: skip
    return replace(parts[0], rules=MappingProxyType(rules), rows=MappingProxyType(rows), parts=parts, epoch="joined",
                   registered=Registered())  # fmt: skip


def test_each_student_has_what_the_agreements_whose_population_they_are_in_release():
    visibility = seen(joined(ONE, OTHER))
    assert values(visibility, "student", "phone") == {
        "s1": "206-555-0100", "s2": "206-555-0101", "s3": "206-555-0102", "s4": None,
    }  # fmt: skip
    assert values(visibility, "student", "birthDate") == {
        "s1": "2010-05-07", "s2": "2011-05-07", "s3": None, "s4": "2013-05-07",
    }  # fmt: skip


def test_what_one_agreement_generalises_stays_so_for_students_of_it_alone():
    whole = documents.grant("student.id allow\nstudent.birthDate allow", '{all: [{school: {in: ["101"]}}]}', id="whole")
    assert values(seen(joined(whole, OTHER)), "student", "birthDate") == {
        "s1": "2010-05-07", "s2": "2011-05-07", "s3": "2012-05-07", "s4": "2013-01-01",
    }  # fmt: skip


def test_a_student_of_whom_one_agreement_lets_a_pseudonym_leave_has_it_alone():
    other = documents.grant(
        "student.id pseudonym\nstudent.birthDate year", '{all: [{grade: {in: ["03", "04"]}}]}', id="other"
    )
    visibility = seen(joined(ONE, other))
    ids = visibility.ids("student")
    pseudonyms = seen(other).ids("student")
    assert [ids[row] == f"source-s{row + 1}" for row in visibility.rows("student")] == [True, True, True, False]
    assert ids[3] == visibility.unique_ids("student")[3] == pseudonyms[3]
    assert visibility.row("student", pseudonyms[3]) == 3
    assert visibility.row("student", "source-s4") is None


def test_consent_to_one_of_two_agreements_is_none_to_the_other():
    registers = MemoryRegisters()
    registers.consent("source-s1", agreement="one", signer_role="eligible-student")
    one = replace(ONE, registered=Registered("form"))
    visibility = seen(joined(one, OTHER), registers=registers)
    assert values(visibility, "student", "phone") == {"s1": "206-555-0100", "s2": None, "s4": None}


def test_an_opt_out_is_from_the_agreement_about_directory_information_alone():
    registers = MemoryRegisters()
    registers.restrict("directory", "source-s1")
    one = replace(ONE, registered=Registered(directory=True))
    visibility = seen(joined(one, OTHER), registers=registers)
    assert values(visibility, "student", "phone")["s1"] is None
    assert values(visibility, "student", "birthDate")["s1"] == "2010-05-07"


def test_no_more_discipline_of_a_student_leaves_to_another_district_than_is_shared_with_others():
    records = documents.district()
    records["incident"] = [
        {"key": (name,), "school": ("101",), "identifier": name} for name in ("mine", "ours", "theirs")
    ]
    records["action"] = [
        {"key": ("1",), "student": ("s1",), "school": ("101",), "incidents": [("mine",), ("ours",)]},
        {"key": ("2",), "student": ("s2",), "school": ("101",), "incidents": [("ours",), ("theirs",)]},
    ]
    registers = MemoryRegisters()
    registers.restrict("do-not-transfer-discipline", "source-s1")
    grant = documents.grant("student.id allow\nincident.* allow\naction.* allow")
    kept = seen(grant, records, registers)
    assert [len(kept.rows(entity)) for entity in ("incident", "action")] == [3, 2]
    visibility = seen(replace(grant, registered=Registered(kind="district")), records, registers)
    assert set(values(visibility, "incident", "identifier").values()) == {"ours", "theirs"}
    assert list(visibility.rows("action")) == [1]


def test_what_changes_nothing_for_a_consumer_has_no_effect_on_it():
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1", substitute={"street": "PO Box 257"})
    registers.restrict("directory", "source-s2")
    registers.restrict("parent-objection", "source-s5", elements=("student.birthDate",))
    visibility = seen(ONE, registers=registers)
    assert visibility.effects.digest
    for grant in (
        OTHER,
        documents.grant("student.id allow\nstudent.birthDate allow", '{all: [{school: {in: ["102"]}}]}'),
    ):
        free = seen(grant, registers=registers)
        assert (free.raw, free.effects.digest) == (None, "")


def test_two_states_of_the_registers_that_change_the_same_have_one_digest_and_one_table():
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1")
    one = seen(ONE, registers=registers)
    snapshot = one.raw.snapshot
    registers.restrict("acp", "source-s1", until=documents.NOW.date())
    registers.restrict("acp", "source-s5")
    snapshot.registers = DistrictRegisters(registers.state("maple"), KEYS)
    other = laid_over(Visibility(snapshot, ONE, KEYRING, documents.TODAY))
    assert other.effects.digest == one.effects.digest
    assert other.snapshot.table("student") is one.snapshot.table("student")


def test_row_rules_are_judged_on_what_the_system_has():
    registers = MemoryRegisters()
    registers.restrict("parent-objection", "source-s1", elements=("enrollment.grade",))
    grant = documents.grant("student.id allow\nenrollment.* allow", '{all: [{grade: {in: ["03"]}}]}')
    visibility = seen(grant, registers=registers)
    assert values(visibility, "student", "id").keys() == {"s1", "s2"}
    assert set(values(visibility, "enrollment", "grade").values()) == {None, "03"}


def test_without_registers_a_form_covers_nobody():
    grant = replace(documents.grant("student.* allow"), registered=Registered("form"))
    assert list(seen(grant).rows("student")) == []
    assert isinstance(seen(grant).raw, Visibility)


def test_the_record_of_disclosures_names_the_student_whose_reference_is_withheld():
    registers = MemoryRegisters()
    registers.restrict("parent-objection", "source-s1", elements=("enrollment.student",))
    grant = documents.grant("student.id allow\nenrollment.* allow\norganization.* allow")
    visibility = seen(grant, registers=registers)
    assert visibility.snapshot.table("enrollment").refs["student"][0] == NO_ROW
    view = prune(registry.views("edfi")["studentSchoolAssociations"], grant)
    shown = ViewRows(view.branches[0], view, visibility, Ledger(b"key"))
    logs = ChangeLogs(None, b"c" * 32, lambda: 0.0, FormerTags(KEYRING))
    assert list(students(shown, logs)(0)) == [KEYRING.student_tag("maple", "source-s1")]
