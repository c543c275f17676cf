"""Registers are kept by the district's own people: consents, restrictions, imports, and their ends."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from sqlalchemy import insert

from gateway.admin.confirming import Confirming
from gateway.admin.registers.registers import KeptRegisters
from gateway.admin.second_person import TWO_PERSONS, Waiting
from gateway.people.actor import NotPermitted
from gateway.registers.events import CONSENTS, RESTRICTIONS
from gateway.registers.stating import WrongPart
from gateway.storage.database import transaction
from gateway.storage.people.tables import organisation_settings
from standards.errors import CallerError, Conflict, NotFound
from tests.support.people.region import people_region
from tests.support.regions import NOW, agreement, small_sites

GIVEN = {
    "agreement": "conformance-maple", "form": "release-2026", "signer": "parent", "method": "paper",
    "signed": "2026-10-01",
}  # fmt: skip
FORM = "I consent to tutoring."


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registers")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture(scope="module")
def students(region):
    """The ids of maple's students, as its own system has them."""
    source = region.administered.settings().districts["maple"].settings["source"]
    with zipfile.ZipFile(source) as archive, archive.open("users.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8-sig"))
        return [row for row in rows if "student" in str(row).lower() and row["agentSourcedIds"]]


@pytest.fixture
def service(region):
    return KeptRegisters(region.administered)


@pytest.fixture
def ada(region):
    return region.actor("ada", ("maple", "privacy-officer"))


@pytest.mark.parametrize("who", [("oak", "privacy-officer"), ("region", "region-operator"), ("maple", "auditor")])
def test_only_the_districts_own_people_read_its_registers(region, service, who):
    other = region.actor("-".join(who), who)
    for district in ("maple", "nowhere"):
        with pytest.raises(NotFound) as refused:
            service.entries(other, district, CONSENTS)
        assert refused.value.message == "There is no such register here."


def test_a_restriction_is_entered_by_id_and_lifted(service, ada, students):
    student = {"studentId": students[0]["sourcedId"]}
    (name,) = service.add_restriction(ada, "maple", student, {"kind": "directory"}, reason="annual list").made
    entry = service.entry(ada, "maple", RESTRICTIONS, name)
    assert students[0]["sourcedId"] not in str(entry)
    assert [one.entry for one in service.of_student(ada, "maple", RESTRICTIONS, student).own] == [name]
    with pytest.raises(CallerError):
        service.end(ada, "maple", RESTRICTIONS, name, "")
    assert service.end(ada, "maple", RESTRICTIONS, name, "asked for").changed == (name,)


def test_nobody_is_named_in_a_reason(service, ada, students):
    one = students[1]["sourcedId"]
    with pytest.raises(CallerError) as refused:
        service.add_restriction(ada, "maple", {"studentId": one}, {"kind": "directory"}, reason=f"for {one}")
    assert one not in refused.value.message


def test_an_unknown_student_is_no_entry(service, ada):
    with pytest.raises(Conflict):
        service.add_restriction(ada, "maple", {"studentId": "nobody"}, {"kind": "directory"})


def test_a_part_that_cannot_be_is_named(service, ada, students):
    with pytest.raises(WrongPart) as wrong:
        service.add_restriction(ada, "maple", {"studentId": students[0]["sourcedId"]}, {"kind": "acp", "street": "x"})
    assert wrong.value.part == "city"


def test_a_consent_waits_for_a_second_person_where_the_district_wants_two(region, ada, students):
    row = {"org": "maple", "name": TWO_PERSONS, "value": ["register.write"], "version": 1, "changed": NOW}
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values({**row, "changed_by": "tests"}))
    service = KeptRegisters(region.administered)
    student = {"studentId": students[2]["sourcedId"]}
    waits = service.add_consent(ada, "maple", student, GIVEN, FORM, "by the office", anyway=True)
    assert isinstance(waits, Waiting)
    assert students[2]["sourcedId"] not in str(waits.proposal.content)
    assert service.entries(ada, "maple", CONSENTS) == ()
    with pytest.raises(NotPermitted):
        Confirming(region.administered).confirm(ada, waits.proposal.id)
    rex = region.actor("rex", ("maple", "registrar"))
    (name,) = Confirming(region.administered).confirm(rex, waits.proposal.id).done.made
    assert KeptRegisters(region.administered).entry(ada, "maple", CONSENTS, name).states.agreement == GIVEN["agreement"]
    withdrawn = service.end(ada, "maple", CONSENTS, name, "withdrawn by the parent")
    assert withdrawn.changed == (name,)
    made = service.add_restriction(ada, "maple", student, {"kind": "directory"})
    assert made.made


def test_a_file_is_tried_first_and_written_whole(service, ada, students):
    data = "studentId,kind\r\n" + "".join(f"{one['sourcedId']},directory\r\n" for one in students[3:6])

    def run(text, *, dry):
        return service.run_import(ada, "maple", RESTRICTIONS, "list.csv", text.encode(), {}, dry=dry)

    before = len(service.entries(ada, "maple", RESTRICTIONS))
    assert len(run(data, dry=True).written.made) == 3
    wrong = run(data + "nobody,directory\r\n", dry=False)
    assert wrong.written is None
    assert [(one.line, one.column) for one in wrong.says.mistakes] == [(5, 1)]
    assert len(service.entries(ada, "maple", RESTRICTIONS)) == before
    assert len(run(data, dry=False).written.made) == 3
    assert run(data, dry=False).written.made == ()


def test_a_protected_address_has_a_substitute_unless_somebody_says_that_nothing_of_it_is_to_leave(
    service, ada, students
):
    student, given = {"studentId": students[7]["sourcedId"]}, {"kind": "acp"}
    with pytest.raises(WrongPart, match="recipients get nothing of the address"):
        service.add_restriction(ada, "maple", student, given)
    assert service.add_restriction(ada, "maple", student, given, without_substitute=True).made
    data = f"studentId,kind\r\n{students[8]['sourcedId']},acp\r\n".encode()
    assert service.run_import(ada, "maple", RESTRICTIONS, "list.csv", data, {}, dry=True).written is None
    said = service.run_import(ada, "maple", RESTRICTIONS, "list.csv", data, {}, dry=True, without_substitute=True)
    assert len(said.written.made) == 1
