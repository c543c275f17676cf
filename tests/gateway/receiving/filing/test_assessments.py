"""Results of assessments are written where the district has the assessment, and stay documents where it does not."""

from __future__ import annotations

import pytest

from gateway.receiving.filing.writing import FilingOutcome
from tests.gateway.receiving.houses import (
    HERE,
    TRANSFER,
    code,
    descriptors,
    file,
    house,
    mover,
    outcomes,
    own_documents,
    packed,
    sealed,
)

SPACE = "uri://state.example"
SUBJECT = code("AcademicSubject", "Mathematics")


def results():
    """The record of the mover with the results of two tests, one of which the whole state has."""
    found = mover()
    found["studentAssessments"] = [
        {"studentReference": {"studentUniqueId": "M-7"}, "studentAssessmentIdentifier": f"M-7-{name}",
         "assessmentReference": {"assessmentIdentifier": name, "namespace": SPACE},
         "reportedSchoolReference": {"schoolId": 530001001}, "administrationDate": "2026-04-01T16:00:00Z",
         "scoreResults": [{"assessmentReportingMethodDescriptor": code("AssessmentReportingMethod", "Scale score"),
                           "resultDatatypeTypeDescriptor": code("ResultDatatypeType", "Integer"), "result": "2510"}]}
        for name in ("State 8", "Maple 8")
    ]  # fmt: skip
    return found


@pytest.fixture
def fir(tmp_path, quick_pages):
    values = {code("AssessmentReportingMethod", "Scale score"), code("ResultDatatypeType", "Integer"), SUBJECT}
    documents = [
        *own_documents(),
        *descriptors(values),
        ("assessments", {"assessmentIdentifier": "State 8", "namespace": SPACE, "assessmentTitle": "State test",
                         "academicSubjects": [{"academicSubjectDescriptor": SUBJECT}]}),
    ]  # fmt: skip
    with house(tmp_path / "fir", documents=documents, containers={(TRANSFER, 1): sealed(packed(results()))}) as made:
        yield made


def test_a_result_is_written_where_the_assessment_is_there(fir):
    report = file(fir)
    assert sorted(outcomes(report, "studentAssessments")) == [FilingOutcome.DOCUMENT, FilingOutcome.WRITTEN]
    assert report.sections["assessment"] == "document"
    [result] = fir.documents("StudentAssessment")
    assert result["studentReference"]["studentUniqueId"] == HERE
    assert "reportedSchoolReference" not in result
    assert result["scoreResults"][0]["result"] == "2510"


def test_an_assessment_is_looked_up_once(fir):
    file(fir)
    asked = [one.query["assessmentIdentifier"] for one in fir.running.asked("assessments")]
    assert len(asked) == len(set(asked)) == 2
