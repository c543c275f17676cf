"""The receiving agent over real sockets: fetched, filed in an ODS, acknowledged; twice is once."""

from __future__ import annotations

import pytest

from gateway.receiving.errors import (
    StateBroken,
)
from gateway.receiving.filing.writing import FilingOutcome
from tests.gateway.receiving.houses import (
    CANARY,
    FIR_ORG,
    HERE,
    TRANSFER,
    code,
    file,
    mover,
    outcomes,
    packed,
    run,
    sealed,
)


def test_a_record_that_needs_no_question_is_filed_and_acknowledged(fir):
    assert run(fir) == [f"{TRANSFER}: version 1: 8 written, 2 kept, 2 document; acknowledged"]
    echo = fir.gateway.told("/acknowledgment")
    assert echo == [
        {"version": 1, "echo": {"check": {"creditsEarned": "1.00", "gpa": "3.12"}, "sections": echo[0]["echo"]["sections"]}}
    ]  # fmt: skip
    assert echo[0]["echo"]["sections"]["transcript"] == 4
    filed = {path.split("/")[-2]: body["how"] for path, body in fir.gateway.posts if path.endswith("/filed")}
    assert filed["transcript"] == filed["identity"] == filed["health"] == "written"
    assert filed["enrollment"] == filed["restrictions"] == filed["documents"] == "document"


def test_a_transferred_credit_says_where_it_was_earned_and_names_nothing_of_the_sender(fir):
    run(fir)
    found = fir.documents("CourseTranscript")
    assert {one["courseReference"]["courseCode"] for one in found} == {"maple.ALG1", "maple.ENG9", "maple.ART"}
    for one in found:
        assert one["externalEducationOrganizationNameOfInstitution"] == "Maple School District"
        assert one["methodCreditEarnedDescriptor"] == code("MethodCreditEarned", "Transfer credit")
        assert one["studentAcademicRecordReference"]["studentUniqueId"] == HERE
        assert one["studentAcademicRecordReference"]["educationOrganizationId"] == FIR_ORG
        assert "responsibleTeacherStaffReference" not in one
    assert {one["courseTitle"] for one in found} == {"Algebra I", "English 9", "Art"}


def test_schools_enrollments_and_children_of_the_sender_never_become_the_receivers(fir):
    before = {name: fir.documents(name) for name in ("School", "StudentSchoolAssociation", "Student")}
    run(fir)
    assert {name: fir.documents(name) for name in before} == before
    assert "M-7" not in repr(fir.contents())


def test_a_second_run_changes_nothing(fir):
    run(fir)
    before, posts, writes = fir.everything(), list(fir.gateway.posts), len(fir.writes())
    assert run(fir) == []
    report = file(fir)
    assert fir.everything() == before
    assert len(fir.writes()) == writes
    assert fir.gateway.posts == posts
    assert set(outcomes(report, "courseTranscripts")) == {FilingOutcome.WRITTEN}


def test_what_was_lost_from_the_state_folder_is_not_written_twice(fir):
    run(fir)
    before = fir.everything()
    for path in (fir.folder / "state" / "journals").iterdir():
        path.unlink()
    report = file(fir)
    assert fir.everything() == before
    assert set(outcomes(report, "courseTranscripts")) == {FilingOutcome.SAME}


def test_nothing_of_the_child_is_in_the_clear_in_the_state_folder(fir):
    run(fir)
    with fir.agent() as agent:
        agent.know(TRANSFER, HERE)
    kept = [path for path in (fir.folder / "state").rglob("*") if path.is_file()]
    assert len(kept) >= 6
    for path in kept:
        assert path.stat().st_mode & 0o077 == 0
        words = (CANARY, "2010-05-07", "Auburn") + ((HERE,) if path.suffix != ".sealed" else ())
        assert not [word for word in words if word.encode() in path.read_bytes()], path


def test_two_agents_are_not_at_work_in_one_folder(fir):
    with fir.agent(), pytest.raises(StateBroken), fir.agent():
        pass


def test_a_sent_supplement_is_filed_beside_the_first_version(fir):
    run(fir)
    later = mover()
    later["courseTranscripts"].append(
        {
            **later["courseTranscripts"][0],
            "courseReference": {"courseCode": "ART", "educationOrganizationId": 530001},
        }
    )
    fir.gateway.packages = {(TRANSFER, 2): sealed(packed(later, version=2))}
    assert run(fir) == [f"{TRANSFER}: version 2: 9 written, 2 kept, 2 document; acknowledged"]
    assert len(fir.documents("CourseTranscript")) == 4
