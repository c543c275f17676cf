"""The child in the district's own system is the one of the record, or nothing is written."""

from __future__ import annotations

import pytest

from gateway.receiving.errors import (
    StudentNotFound,
    WrongStudent,
)
from gateway.receiving.filing.own_system import roster_numbers
from gateway.receiving.showing import lines
from tests.gateway.receiving.houses import (
    BORN,
    CANARY,
    FIR_ORG,
    HERE,
    STATE_ID,
    TRANSFER,
    house,
    own_documents,
    run,
    state_code,
)


def refused(fir, error, match):
    before = fir.everything()
    with fir.agent() as agent:
        agent.fetch(TRANSFER)
        with pytest.raises(error, match=match) as raised:
            agent.file(TRANSFER)
    assert fir.everything() == before
    assert fir.gateway.posts == []
    for word in (CANARY, HERE, "F-200", "9000000001"):
        assert word not in str(raised.value)


def test_an_equal_state_id_with_another_birth_date_is_refused(tmp_path, quick_pages):
    documents = own_documents()
    [child] = [one for name, one in documents if name == "students" and one["studentUniqueId"] == HERE]
    child["birthDate"], child["studentUniqueId"] = "2011-05-07", "9000000001"
    documents = [one for one in documents if one[0] != "studentEducationOrganizationAssociations"]
    with house(tmp_path / "fir", documents=documents) as fir:
        refused(fir, WrongStudent, "another birth date")


@pytest.mark.parametrize("student", ["F-200", "F-300"])
def test_a_child_that_the_registrar_names_must_be_the_one_of_the_record(tmp_path, quick_pages, student):
    documents = own_documents()
    documents += [
        ("students", {"studentUniqueId": "F-300", "birthDate": "2009-01-01", "firstName": "C", "lastSurname": "D"}),
        ("studentEducationOrganizationAssociations", {
            "studentReference": {"studentUniqueId": "F-200"},
            "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
            "studentIdentificationCodes": [state_code("8000000002")]}),
    ]  # fmt: skip
    with house(tmp_path / "fir", documents=documents) as fir:
        with fir.agent() as agent:
            agent.know(TRANSFER, student)
        refused(fir, WrongStudent, "another")


def test_a_child_who_is_not_there_yet_is_told(tmp_path, quick_pages):
    documents = [one for one in own_documents() if one[0] != "studentEducationOrganizationAssociations"]
    with house(tmp_path / "fir", documents=documents) as fir:
        refused(fir, StudentNotFound, "Enroll the child")
        with fir.agent() as agent:
            agent.know(TRANSFER, HERE)
        assert "9 written" in run(fir)[0]
        [profile] = fir.documents("StudentEducationOrganizationAssociation")
        assert profile["studentIdentificationCodes"] == [state_code()]


def test_the_same_state_id_by_another_assigner_is_no_difference(tmp_path, quick_pages):
    documents = own_documents()
    [profile] = [one for name, one in documents if name == "studentEducationOrganizationAssociations"]
    own = {**state_code("77"), "studentIdentificationSystemDescriptor": "uri://fir.example/X#Local"}
    profile["studentIdentificationCodes"] = [{**state_code(), "assigningOrganizationIdentificationCode": "WA"}, own]
    with house(tmp_path / "fir", documents=documents) as fir:
        with fir.agent() as agent:
            agent.fetch(TRANSFER)
            _, planned, why = agent.show(TRANSFER)
        [found] = [one for one in planned if one.resource == "studentEducationOrganizationAssociations"]
        assert why == ""
        assert "studentIdentificationCodes" not in found.differ


def test_twins_with_one_state_id_are_for_a_person(tmp_path, quick_pages):
    documents = own_documents()
    documents.append(("studentEducationOrganizationAssociations", {
        "studentReference": {"studentUniqueId": "F-200"},
        "educationOrganizationReference": {"educationOrganizationId": FIR_ORG},
        "studentIdentificationCodes": [state_code()]}))  # fmt: skip
    with house(tmp_path / "fir", documents=documents) as fir:
        refused(fir, StudentNotFound, "Several children")


def test_a_record_can_be_read_before_the_child_is_enrolled(tmp_path, quick_pages):
    documents = [one for one in own_documents() if one[0] != "studentEducationOrganizationAssociations"]
    with house(tmp_path / "fir", documents=documents) as fir, fir.agent() as agent:
        agent.fetch(TRANSFER)
        received, planned, why = agent.show(TRANSFER)
        assert "Enroll the child" in why
        shown = "\n".join(lines(received, planned, frozenset()))
        assert CANARY in shown
        assert "stays a document" in shown


USERS = b"sourcedId,userMasterIdentifier,identifier,userIds\nm-7,%s,4711,{local:123456}\n" % STATE_ID.encode()


def test_a_number_that_the_roster_calls_nobodys_finds_the_child_whose_state_id_it_is(tmp_path, quick_pages):
    numbers = roster_numbers({"oneroster/users.csv": USERS})
    assert numbers == {STATE_ID}
    with house(tmp_path / "fir") as fir, fir.agent() as agent:
        system = agent._system()
        assert system.child("", BORN, frozenset(), numbers) == HERE
        for born, state_ids, given in (
            ("2011-05-07", frozenset(), numbers),  # another birth date
            (BORN, frozenset({"8000000002"}), numbers),  # the record says what the state id is
            (BORN, frozenset(), frozenset({HERE})),  # an id that the receiver gave
        ):
            with pytest.raises(StudentNotFound):
                system.child("", born, state_ids, given)
