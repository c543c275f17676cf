"""A write never overwrites what the writer is not shown, and finds nothing that is hidden from it."""

from __future__ import annotations

import pytest

from gateway.districts.needed_registers import NeededRegisters
from tests.gateway.registers.memory import MemoryRegisters
from tests.gateway.writes.test_edfi_write_rules import SCHOOL, enrollment, kept, send, student
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, agreement, running

HOME = "uri://ed-fi.org/AddressTypeDescriptor#Home"
SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


@pytest.fixture
def registers():
    return MemoryRegisters("elm")


@pytest.fixture(params=["0s", "1h"])
def elm(request):
    with room("elm") as made:
        made.cached = request.param
        made.put("schools", SCHOOL)
        for number in ("s1", "s2"):
            made.put("students", student(number))
            made.put("studentSchoolAssociations", enrollment(number))
            made.put("studentEducationOrganizationAssociations", profile(number))
        yield made


def profile(number, **more):
    street = {
        "addressTypeDescriptor": HOME,
        "streetNumberName": f"{number} Pine",
        "city": "Kent",
        "postalCode": "98032",
    }
    return {
        "educationOrganizationReference": {"educationOrganizationId": 101},
        "studentReference": {"studentUniqueId": number},
        "addresses": [street],
        **more,
    }


@pytest.fixture
def owner(elm, registers, tmp_path):
    terms = [agreement("elm", operations="[read, search, create, update, delete]")]
    with running(tmp_path, {"elm": site("elm", elm.cached)}, terms, "[tokens]\nper_client = 1000\n") as region:
        district = region.gateway.districts["elm"]
        district.registers = NeededRegisters(registers.watch())
        yield region.consumer()


def own_id(elm, number):
    return next(own for own, one in elm.documents["students"].items() if one["studentUniqueId"] == number)


def test_an_address_behind_a_substitute_is_not_overwritten(owner, elm, registers):
    registers.restrict("acp", tags={"id": registers.tag("id", "s1")}, substitute=SUBSTITUTE)
    place = "studentEducationOrganizationAssociations"
    (seen,) = [one for one in owner.edfi(place).json if one["studentReference"]["studentUniqueId"] == "s1"]
    assert [one["streetNumberName"] for one in seen["addresses"]] == ["PO Box 257"]
    for change in ({}, {"addresses": []}, {"addresses": [seen["addresses"][0] | {"city": "Elsewhere"}]}):
        assert send(owner, "PUT", f"{EDFI}{place}/{seen['id']}", seen | change).status_code == 204
        found = next(one for one in elm.documents[place].values() if one["studentReference"]["studentUniqueId"] == "s1")
        assert [(one["streetNumberName"], one["city"]) for one in found["addresses"]] == [("s1 Pine", "Kent")]
        assert owner.edfi(f"{place}/{seen['id']}").json["addresses"] == seen["addresses"]


def test_what_is_withheld_stays_when_a_record_is_replaced_without_it(owner, elm, registers):
    registers.restrict("parent-objection", tags={"id": registers.tag("id", "s1")}, elements=("student.birthDate",))
    (seen,) = [one for one in owner.edfi("students").json if one["studentUniqueId"] == "s1"]
    assert "birthDate" not in seen
    assert send(owner, "PUT", f"{EDFI}students/{seen['id']}", seen | {"birthDate": "2001-01-01"}).status_code == 204
    assert kept(elm, "students", studentUniqueId="s1")["birthDate"] == "2010-05-07"


def test_of_a_hidden_student_nothing_can_be_written(owner, elm, registers):
    own = next(one["id"] for one in owner.edfi("students").json if one["studentUniqueId"] == "s1")
    registers.restrict("court-order", tags={"id": registers.tag("id", "s1")}, recipients=())
    assert [one["studentUniqueId"] for one in owner.edfi("students").json] == ["s2"]
    for method, body in (("PUT", student("s1", firstName="New")), ("DELETE", None)):
        assert send(owner, method, f"{EDFI}students/{own}", body).status_code == 404
    answer = send(owner, "POST", "studentEducationOrganizationAssociations", profile("s1"))
    assert answer.status_code in {400, 409}
    unknown = send(owner, "POST", "studentEducationOrganizationAssociations", profile("nobody"))
    assert (answer.status_code, answer.json["type"]) == (unknown.status_code, unknown.json["type"])
    assert kept(elm, "students", studentUniqueId="s1")["firstName"] == "Firsts1"
