"""Unknown codes are asked about once, and the answers remembered."""

from __future__ import annotations

import pytest

from gateway.receiving.errors import (
    UnknownChoice,
)
from gateway.receiving.filing.writing import FilingOutcome
from tests.gateway.receiving.houses import (
    LOCAL,
    TRANSFER,
    code,
    file,
    house,
    local,
    mover,
    outcomes,
    packed,
    run,
    sealed,
)


def test_an_unknown_code_is_asked_once_and_remembered(tmp_path, quick_pages):
    containers = {(TRANSFER, 1): sealed(packed(local()))}
    with house(tmp_path / "fir", containers=containers) as fir:
        report = file(fir)
        assert outcomes(report, "courseTranscripts").count(FilingOutcome.WAITING) == 2
        assert len(fir.documents("CourseTranscript")) == 1
        assert "transcript" not in report.sections
        assert report.answer == "acknowledged"
        with fir.agent() as agent:
            [question] = agent.questions()
            assert (question.code, question.about, question.sender) == (
                LOCAL,
                "CourseAttemptResultDescriptor",
                "maple",
            )
            with pytest.raises(UnknownChoice):
                agent.answer(question.id, "Splendid")
            with pytest.raises(UnknownChoice):
                agent.answer("00000000", "Pass")
            assert agent.answer(question.id, "pass") == code("CourseAttemptResult", "Pass")
            assert agent.questions() == set()
        assert run(fir) == [f"{TRANSFER}: version 1: 8 written, 2 kept, 2 document; acknowledged"]
        assert len(fir.documents("CourseTranscript")) == 3
        assert len(fir.gateway.told("/acknowledgment")) == 1
        assert "/transfers/0197f3a2-mover/sections/transcript/filed" in dict(fir.gateway.posts)
        # the next child with the code is filed at once
        fir.gateway.packages = {("another", 1): sealed(packed(local(), transfer="another"))}
        assert "waiting" not in run(fir)[0]


def test_an_answer_for_one_record_is_not_one_for_the_next(tmp_path, quick_pages):
    with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(local()))}) as fir:
        run(fir)
        with fir.agent() as agent:
            [question] = agent.questions()
            agent.answer(question.id, "Pass", TRANSFER)
        assert "waiting" not in run(fir)[0]
        fir.gateway.packages = {("another", 1): sealed(packed(local(), transfer="another"))}
        assert "2 waiting" in run(fir)[0]


def test_what_is_answered_with_document_is_not_written(tmp_path, quick_pages):
    with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(local()))}) as fir:
        run(fir)
        with fir.agent() as agent:
            agent.answer(next(iter(agent.questions())).id, "document")
        report = file(fir)
        assert outcomes(report, "courseTranscripts").count(FilingOutcome.DOCUMENT) == 2
        assert report.sections["transcript"] == "document"


def test_a_course_is_asked_about_where_the_district_wants_it(tmp_path, quick_pages):
    with house(tmp_path / "fir", courses="ask") as fir:
        assert outcomes(file(fir), "courseTranscripts") == [FilingOutcome.WAITING] * 3
        assert len(fir.documents("Course")) == 1
        with fir.agent() as agent:
            asked = {one.code: one for one in agent.questions()}
            assert {one.about for one in asked.values()} == {"Algebra I", "English 9", "Art"}
            with pytest.raises(UnknownChoice):
                agent.answer(asked["ALG1"].id, "NO-SUCH")
            assert agent.answer(asked["ALG1"].id, "MAT-9") == "MAT-9"
            agent.answer(asked["ENG9"].id, "new")
            agent.answer(asked["ART"].id, "document")
        report = file(fir)
        assert sorted(outcomes(report, "courseTranscripts")) == ["document", "written", "written"]
        found = {one["courseReference"]["courseCode"] for one in fir.documents("CourseTranscript")}
        assert found == {"MAT-9", "maple.ENG9"}
        assert len(fir.documents("Course")) == 2


def test_a_code_of_the_standard_is_found_behind_a_local_one(tmp_path, quick_pages):
    found = mover()
    found["studentHealths"][0]["requiredImmunizations"][0]["immunizationTypeDescriptor"] = code(
        "ImmunizationType", "MMR", "uri://maple.example"
    )
    with house(tmp_path / "fir", containers={(TRANSFER, 1): sealed(packed(found))}) as fir:
        run(fir)
        [health] = fir.documents("StudentHealth")
        kind = health["requiredImmunizations"][0]["immunizationTypeDescriptor"]
        assert kind == code("ImmunizationType", "MMR")
