"""Transcripts: totals as exact decimals, and PESC's XML for grades 9 to 12."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.transfers.package.totals import check_of
from gateway.transfers.package.transcript import NAMESPACE, of_high_school, transcript
from tests.gateway.transfers.package.worlds import HEADER, descriptor, history

CREDITS = st.integers(0, 100_000).map(lambda number: number / 1000)


def packed(courses=(), records=()):
    return {
        "ed-fi/courseTranscripts.json": orjson.dumps(list(courses)),
        "ed-fi/studentAcademicRecords.json": orjson.dumps(list(records)),
    }


def academic_record(year, credits_so_far=None, average=None, kind="Unweighted", term="Fall Semester"):
    found = {"schoolYearTypeReference": {"schoolYear": year}, "termDescriptor": descriptor("Term", term)}
    found |= {} if credits_so_far is None else {"cumulativeEarnedCredits": credits_so_far}
    named = descriptor("GradePointAverageType", kind)
    stated = {"gradePointAverageTypeDescriptor": named, "isCumulative": True, "gradePointAverageValue": average}
    return found if average is None else found | {"gradePointAverages": [stated]}


@given(st.lists(CREDITS, min_size=1))
def test_credits_are_summed_without_rounding(earned):
    check = check_of(packed({"earnedCredits": one} for one in earned))
    assert Decimal(check["creditsEarned"]) == sum(Decimal(str(one)) for one in earned)


def test_a_tenth_and_two_tenths_are_three_tenths():
    assert check_of(packed([{"earnedCredits": 0.1}, {"earnedCredits": 0.2}])) == {"creditsEarned": "0.30"}


def test_without_courses_the_newest_record_tells_the_credits():
    check = check_of(packed(records=[academic_record(2026, 21.5), academic_record(2027, 3), academic_record(2025, 40)]))
    assert check == {"creditsEarned": "3.00"}


def test_the_average_is_that_of_the_record_with_most_credits_of_the_last_year():
    records = [
        academic_record(2027, 12, 3.125, term="Spring Semester"), academic_record(2027, 9, 2.5),
        academic_record(2026, 20, 4.0),
    ]  # fmt: skip
    assert check_of(packed(records=records)) == {"creditsEarned": "12.00", "gpa": "3.125"}


def test_what_nothing_states_is_absent():
    assert check_of(packed(records=[academic_record(2027)])) == {}
    assert check_of({}) == {}


def test_a_transcript_has_the_elements_of_pesc_in_their_order():
    root = etree.fromstring(transcript(HEADER, history(4).documents))
    assert root.tag == f"{{{NAMESPACE}}}HighSchoolTranscript"
    assert [one.tag for one in root] == ["TransmissionData", "Student"]
    record = root.find("Student/AcademicRecord")
    assert [one.tag for one in record][:3] == ["School", "StudentLevel", "AcademicSummary"]
    assert record.findtext("StudentLevel/StudentLevelCode") == "TwelfthGrade"
    assert record.findtext("AcademicSummary/GPA/GradePointAverage") == "3.12"
    assert len(record.findall("AcademicSession/Course")) == 64
    course = record.find("AcademicSession/Course")
    assert [one.tag for one in course] == [
        "CourseCreditBasis", "CourseCreditLevel", "CourseCreditValue", "CourseCreditEarned", "CourseAcademicGrade",
        "CourseNumber", "CourseTitle",
    ]  # fmt: skip
    assert course.findtext("CourseTitle") == "Course of study 0"
    assert root.findtext("Student/Person/Name/LastName") == "Ibarra"


def test_a_text_that_xml_cannot_have_becomes_spaces():
    contents = history(1).documents
    odd = {**contents, "students": ({**contents["students"][0], "lastSurname": "Iba\x00r<ra\ud800"},)}
    assert etree.fromstring(transcript(HEADER, odd)).findtext("Student/Person/Name/LastName") == "Iba r<ra "


def test_a_diploma_is_an_award():
    contents = history(1).documents
    diploma = {"diplomaAwardDate": "2026-06-18", "diplomaTypeDescriptor": descriptor("DiplomaType", "Regular diploma")}
    records = ({**contents["studentAcademicRecords"][0], "diplomas": [diploma]},)
    root = etree.fromstring(transcript(HEADER, {**contents, "studentAcademicRecords": records}))
    assert root.findtext("Student/AcademicRecord/AcademicAward/AcademicAwardTitle") == "Regular diploma"


def test_only_grades_9_to_12_have_such_a_transcript():
    assert of_high_school(history(1).documents)
    lower = {
        name: [one for one in some if "Twelfth grade" not in str(one)] for name, some in history(1).documents.items()
    }
    assert not of_high_school(lower)
    assert not of_high_school({**history(1).documents, "studentAcademicRecords": ()})


def test_the_version_that_replaces_another_says_so():
    root = etree.fromstring(transcript(replace(HEADER, version=2, replaces=1), history(1).documents))
    assert root.findtext("TransmissionData/TransmissionType") == "Replace"
    assert root.findtext("TransmissionData/DocumentID").endswith("-2")
