"""Ed-Fi interchange files become the documents of the Ed-Fi API: all of them, or an error with its place."""

from __future__ import annotations

import time
import zipfile
from collections import Counter

import pytest

from adapters.edfi_xml import repeated_records
from adapters.edfi_xml.reader import CAPS, ReadingFindings, catalogue, documents
from adapters.files.archives import open_source
from standards.edfi.model import model
from standards.errors import SourceBroken

NAMESPACE = "http://ed-fi.org/5.2.0"
SCHOOL_REFERENCE = "<SchoolReference><SchoolIdentity><SchoolId>255901001</SchoolId></SchoolIdentity></SchoolReference>"
STUDENT_REFERENCE = (
    "<StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId></StudentIdentity></StudentReference>"
)
OFFERING_REFERENCE = (
    "<CourseOfferingReference><CourseOfferingIdentity><LocalCourseCode>A</LocalCourseCode>{}</CourseOfferingIdentity>"
    "</CourseOfferingReference>"
)
OTHER_SESSION_REFERENCE = (
    f"<SessionReference><SessionIdentity>{SCHOOL_REFERENCE.replace('901001', '901044')}"
    "<SessionName>Fall</SessionName><SchoolYear>2021-2022</SchoolYear></SessionIdentity></SessionReference>"
)
STUDENT = """<Student>
 <StudentUniqueId> 604821 </StudentUniqueId>
 <Name><FirstName>María</FirstName><LastSurname>Lee</LastSurname><MaidenName/></Name>
 <BirthData><BirthDate>2011-05-07</BirthDate><BirthCity>Kent</BirthCity>
  <BirthSex>uri://ed-fi.org/SexDescriptor#Female</BirthSex><MultipleBirthStatus>1</MultipleBirthStatus></BirthData>
 <Citizenship><Visa>uri://ed-fi.org/VisaDescriptor#F1</Visa></Citizenship>
</Student>"""
SESSION = f"""<Session><SessionName>Fall</SessionName><SchoolYear>2021-2022</SchoolYear>
 <BeginDate>2021-08-23</BeginDate><EndDate>2021-12-17</EndDate>
 <Term>uri://ed-fi.org/TermDescriptor#Fall Semester</Term><TotalInstructionalDays>81</TotalInstructionalDays>
 {SCHOOL_REFERENCE}<GradingPeriodReference ref="GP1"/></Session>"""
GRADING_PERIOD = f"""<GradingPeriod id="GP1">{SCHOOL_REFERENCE}
 <GradingPeriod>uri://ed-fi.org/GradingPeriodDescriptor#First Six Weeks</GradingPeriod>
 <GradingPeriodName>Exam 1</GradingPeriodName><SchoolYear>2021-2022</SchoolYear>
 <BeginDate>2021-08-23</BeginDate><EndDate>2021-10-03</EndDate>
 <TotalInstructionalDays>29</TotalInstructionalDays></GradingPeriod>"""


@pytest.fixture(scope="module")
def grand_bend(shared):
    """Every document of the real district with its collection, what was noticed, and how long it took."""
    findings = ReadingFindings()
    began = time.process_time()
    with open_source(shared / "data/grand-bend/xml", caps=CAPS) as source:
        found = list(documents(source, findings=findings))
    return found, findings, time.process_time() - began


@pytest.fixture
def read(tmp_path):
    """Reads records, each file's given by its name, as a whole district."""

    def reading(*, wanted=None, findings=None, **files: str | bytes) -> list:
        for name, records in files.items():
            data = interchange(records).encode() if isinstance(records, str) else records
            (tmp_path / f"{name}.xml").write_bytes(data)
        with open_source(tmp_path) as source:
            return list(documents(source, wanted, findings=findings))

    return reading


def interchange(records: str, namespace: str = NAMESPACE) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<InterchangeAny xmlns="{namespace}">\n{records}\n</InterchangeAny>'


@pytest.mark.parametrize(
    ("collection", "count"),
    [
        ("students", 960),
        ("contacts", 1873),
        ("studentContactAssociations", 1872),
        ("sections", 532),
        ("studentSchoolAssociations", 960),
        ("studentSectionAssociations", 11520),
        ("staffSectionAssociations", 528),
        ("studentMigrantEducationProgramAssociations", 275),
        ("courseOfferings", 168),
        ("studentSchoolAttendanceEvents", 1917),
    ],
)
def test_the_real_district_is_whole(grand_bend, collection, count):
    assert sum(name == collection for name, _ in grand_bend[0]) == count


def test_nothing_of_the_real_district_is_lost_unseen(grand_bend):
    _, findings, _ = grand_bend
    # StudentGradebook.xml ends with a section reference that belongs to no record: there is nothing to pass on.
    assert findings.unknown == {"SectionReference": 1}
    assert findings.duplicates == {"courseOfferings": 1}


def test_every_document_of_the_real_district_obeys_the_standard(grand_bend):
    problems = Counter(
        f"{collection}: {problem}"
        for collection, document in grand_bend[0]
        for problem in model.validate(model.by_collection(collection), document)
    )
    assert problems == {}


def test_the_real_district_is_read_in_seconds(grand_bend):
    assert grand_bend[2] < 8  # four seconds on a free core; the machine of a test run is rarely free


def test_every_text_of_the_real_district_arrives(grand_bend, shared):
    """Counts every leaf of a few files of different kinds; each must have become a value of a document."""
    from lxml import etree

    def leaves(value) -> int:
        if isinstance(value, dict):
            return sum(leaves(item) for item in value.values())
        return sum(map(leaves, value)) if isinstance(value, list) else 1

    for file, collections in {
        "Student.xml": {"students", "people"},
        "StudentAssessment-SAT.xml": None,
        "StudentProgram.xml": None,
    }.items():
        root = etree.parse(shared / "data/grand-bend/xml" / file).getroot()
        texts = sum(1 for element in root.iter("{*}*") if not len(element) and (element.text or "").strip())
        with open_source(shared / "data/grand-bend/xml") as source:
            known = catalogue(source)
            one = type(known)(known.stamp, {file: known.files[file]})
            found = sum(leaves(document) for _, document in documents(source, collections, known=one))
        assert found == texts, file


def test_the_default_descriptors_are_read_and_obey_the_standard(shared):
    findings = ReadingFindings()
    with open_source(shared / "data/grand-bend/descriptors", caps=CAPS) as source:
        found = list(documents(source, findings=findings))
    assert len(found) == 3298
    assert findings == ReadingFindings()
    assert not [p for collection, document in found for p in model.validate(model.by_collection(collection), document)]


def test_names_birth_and_citizenship_are_inlined_and_typed(read):
    assert read(a=STUDENT) == [
        (
            "students",
            {
                "studentUniqueId": "604821",
                "firstName": "María",
                "lastSurname": "Lee",
                "birthDate": "2011-05-07",
                "birthCity": "Kent",
                "birthSexDescriptor": "uri://ed-fi.org/SexDescriptor#Female",
                "multipleBirthStatus": True,
                "visas": [{"visaDescriptor": "uri://ed-fi.org/VisaDescriptor#F1"}],
            },
        )
    ]


def test_a_session_says_its_year_and_its_grading_periods(read):
    found = dict(read(a=SESSION, b=GRADING_PERIOD))
    assert found["sessions"] == {
        "sessionName": "Fall",
        "schoolYearTypeReference": {"schoolYear": 2022},
        "schoolReference": {"schoolId": 255901001},
        "beginDate": "2021-08-23",
        "endDate": "2021-12-17",
        "termDescriptor": "uri://ed-fi.org/TermDescriptor#Fall Semester",
        "totalInstructionalDays": 81,
        "gradingPeriods": [
            {
                "gradingPeriodReference": {
                    "gradingPeriodDescriptor": "uri://ed-fi.org/GradingPeriodDescriptor#First Six Weeks",
                    "gradingPeriodName": "Exam 1",
                    "schoolId": 255901001,
                    "schoolYear": 2022,
                }
            }
        ],
    }
    for collection, document in found.items():
        assert model.validate(model.by_collection(collection), document) == []


def test_a_group_takes_the_role_that_it_is_named_for(read):
    group = "<Credits>1.5</Credits><CreditType>uri://ed-fi.org/CreditTypeDescriptor#Semester</CreditType>"
    [(_, course)] = read(
        a="<Course><CourseCode>A</CourseCode>"
        f"<MinimumAvailableCredits>{group}</MinimumAvailableCredits>"
        "<MaximumAvailableCredits><Credits>2</Credits></MaximumAvailableCredits>"
        "<EducationOrganizationReference><EducationOrganizationIdentity><EducationOrganizationId>255901 "
        "</EducationOrganizationId></EducationOrganizationIdentity></EducationOrganizationReference></Course>"
    )
    assert course == {
        "courseCode": "A",
        "minimumAvailableCredits": 1.5,
        "minimumAvailableCreditTypeDescriptor": "uri://ed-fi.org/CreditTypeDescriptor#Semester",
        "maximumAvailableCredits": 2,
        "educationOrganizationReference": {"educationOrganizationId": 255901},
    }


def test_a_reference_by_xml_id_may_cross_files_and_lead_through_another(read):
    found = read(
        a=f"<StudentSectionAttendanceEvent><AttendanceEvent><EventDate>2022-03-07</EventDate>"
        "<AttendanceEventCategory>uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy</AttendanceEventCategory>"
        f'</AttendanceEvent>{STUDENT_REFERENCE}<SectionReference ref="SEC"/></StudentSectionAttendanceEvent>',
        b='<Section id="SEC"><SectionIdentifier>S1</SectionIdentifier><CourseOfferingReference ref="OFF"/></Section>',
        c='<CourseOffering id="OFF"><LocalCourseCode>A</LocalCourseCode><SchoolReference ref="SCH"/>'
        '<SessionReference ref="SES"/></CourseOffering>',
        d=SESSION.replace("<Session>", '<Session id="SES">') + GRADING_PERIOD,
        e='<School id="SCH"><SchoolId>255901001</SchoolId></School>',
    )
    assert dict(found)["studentSectionAttendanceEvents"]["sectionReference"] == {
        "localCourseCode": "A",
        "schoolId": 255901001,
        "schoolYear": 2022,
        "sectionIdentifier": "S1",
        "sessionName": "Fall",
    }


def test_an_organization_may_be_referred_to_by_the_xml_id_of_any_kind_of_it(read):
    record = (
        "<Program><ProgramName>P</ProgramName><ProgramType>uri://x/ProgramTypeDescriptor#P</ProgramType>{}</Program>"
    )
    organization = '<EducationOrganizationReference ref="L"/>'
    agency = '<LocalEducationAgency id="L"><LocalEducationAgencyId>7</LocalEducationAgencyId></LocalEducationAgency>'
    found = dict(read(a=record.format(organization) + agency))
    assert found["programs"]["educationOrganizationReference"] == {"educationOrganizationId": 7}


def test_only_what_is_wanted_is_passed(read):
    assert [name for name, _ in read(a=SESSION + GRADING_PERIOD, wanted={"sessions"})] == ["sessions"]


def test_a_file_without_anything_wanted_must_be_well_formed_all_the_same(read):
    broken = interchange(STUDENT).replace("</Student>", "").encode()
    for wanted in ({"sessions"}, {"students"}):
        with pytest.raises(SourceBroken, match="not well-formed"):
            read(a=SESSION + GRADING_PERIOD, b=broken, wanted=wanted)
    assert len(read(a=SESSION + GRADING_PERIOD, b=STUDENT, wanted={"sessions"})) == 1


def test_what_cannot_be_understood_is_rejected_with_its_place_and_identity_where_somebody_takes_it(read):
    findings = ReadingFindings()
    bad = STUDENT.replace("2011-05-07", "SECRET").replace("604821", "604822")
    assert len(read(a=STUDENT + bad, findings=findings)) == 1
    (one,) = findings.rejected
    assert (one.collection, one.path, one.reason) == ("students", "Student/BirthData/BirthDate", "is not a date")
    assert one.identity == {"studentUniqueId": "604822"}
    assert one.place.startswith("a.xml:")


def test_what_the_api_has_no_member_for_is_counted_by_its_path(read):
    findings = ReadingFindings()
    odd = "<Shoe><Size>4</Size><Colour><Left>red</Left></Colour></Shoe><x:Hat xmlns:x='urn:x'>1</x:Hat><Empty/>"
    records = STUDENT.replace("</Student>", f"{odd}</Student>") + "<Wizard/>"
    assert len(read(a=records, findings=findings)) == 1
    assert findings.unknown == {"Student/Shoe/Size": 1, "Student/Shoe/Colour/Left": 1, "Student/Hat": 1, "Wizard": 1}


def test_a_file_that_is_no_interchange_is_counted(read, tmp_path):
    findings = ReadingFindings()
    (tmp_path / "notes.txt").write_text("x")
    read(a=STUDENT, findings=findings)
    assert findings.unknown == {"notes.txt": 1}


def test_a_record_repeated_unchanged_is_passed_once_and_counted(read):
    findings = ReadingFindings()
    assert len(read(a=STUDENT + STUDENT, b=STUDENT, findings=findings)) == 1
    assert findings.duplicates == {"students": 2}


def test_of_two_records_with_one_key_and_other_lists_the_last_one_holds_as_in_an_ods(read):
    findings = ReadingFindings()
    found = read(a=STUDENT + STUDENT.replace("#F1", "#F2"), findings=findings)
    assert [document["visas"] for _, document in found] == [[{"visaDescriptor": "uri://ed-fi.org/VisaDescriptor#F2"}]]
    assert (findings.replaced, findings.duplicates) == ({"students": 1}, {})


def test_two_records_with_one_key_that_differ_in_more_than_lists_are_refused(read):
    with pytest.raises(SourceBroken, match=r"^a\.xml:\d+: Student is given twice"):
        read(a=STUDENT + STUDENT.replace("Kent", "Ghent"))


def test_a_record_that_is_no_longer_held_back_is_not_replaced(read, monkeypatch):
    monkeypatch.setattr(repeated_records, "MAX_HELD_BACK_RECORDS", 1)
    other = STUDENT.replace(" 604821 ", " 604822 ")
    with pytest.raises(SourceBroken, match=r"^a\.xml:\d+: Student is given twice"):
        read(a=STUDENT + other + STUDENT.replace("Kent", "Ghent"))
    assert len(read(a=STUDENT + other + STUDENT)) == 2


def test_a_reference_with_an_xml_id_has_the_key_of_its_target_whatever_key_it_gives_itself(read):
    findings = ReadingFindings()
    wrong = SESSION.replace(
        '<GradingPeriodReference ref="GP1"/>',
        f"""<GradingPeriodReference ref="GP1"><GradingPeriodIdentity>
 <GradingPeriod>uri://ed-fi.org/GradingPeriodDescriptor#First Six Weeks</GradingPeriod>
 <GradingPeriodName>Another</GradingPeriodName><SchoolYear>2021-2022</SchoolYear>{SCHOOL_REFERENCE}
</GradingPeriodIdentity></GradingPeriodReference>""",
    )
    found = dict(read(a=GRADING_PERIOD + wrong, findings=findings))
    (period,) = found["sessions"]["gradingPeriods"]
    assert period["gradingPeriodReference"]["gradingPeriodName"] == "Exam 1"
    assert [times for name, times in findings.unknown.items() if "another key" in name] == [1]


def test_a_record_without_its_key_is_refused(read):
    with pytest.raises(SourceBroken, match=r"Student/studentUniqueId is a part of the key, and missing"):
        read(a=STUDENT.replace(" 604821 ", " "))


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("2011-05-07", "SECRET", "Student/BirthData/BirthDate is not a date."),
        ("2011-05-07", "2011-02-30", "Student/BirthData/BirthDate is not a date."),
        ("<MultipleBirthStatus>1", "<MultipleBirthStatus>SECRET", "Student/BirthData/MultipleBirthStatus is neither"),
        ("uri://ed-fi.org/SexDescriptor#Female", "SECRET", "Student/BirthData/BirthSex is not the URI"),
        ("<MaidenName/>", "<FirstName>SECRET</FirstName>", "Student/Name/FirstName is given twice with different"),
    ],
)
def test_a_bad_value_is_told_with_file_line_and_column_but_never_shown(read, old, new, where):
    with pytest.raises(SourceBroken) as caught:
        read(a=STUDENT.replace(old, new))
    line = 5 if "Name" in where else 7 if "Sex" in where or "Status" in where else 6
    assert str(caught.value).startswith(f"a.xml:{line}:")
    assert where in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_the_column_is_that_of_the_element(read):
    with pytest.raises(SourceBroken, match=r"^a\.xml:6:13: "):
        read(a=STUDENT.replace("2011-05-07", "x"))


def test_the_line_is_right_far_into_a_file(read):
    filler = "".join(STUDENT.replace("604821", str(number)) for number in range(12_000))
    with pytest.raises(SourceBroken, match=r"^a\.xml:84006:13: "):
        read(a=filler.replace("</Student>", "</Student>\n").replace("\n\n", "\n") + STUDENT.replace("2011-05-07", "x"))


@pytest.mark.parametrize("value", ["1e3x", "1_000", "１", "0x10", "1.5", ""])
def test_a_number_is_read_strictly(read, value):
    text = SESSION.replace(">81<", f">{value}<") + GRADING_PERIOD
    if not value:
        assert "totalInstructionalDays" not in dict(read(a=text))["sessions"]
        return
    with pytest.raises(SourceBroken, match="TotalInstructionalDays is not a whole number"):
        read(a=text)


@pytest.mark.parametrize(("text", "year"), [("2021-2022", 2022), ("2022", 2022)])
def test_a_school_year_is_the_year_in_which_it_ends(read, text, year):
    found = dict(read(a=SESSION.replace("2021-2022", text) + GRADING_PERIOD))
    assert found["sessions"]["schoolYearTypeReference"] == {"schoolYear": year}


def test_a_school_year_of_two_years_is_refused(read):
    with pytest.raises(SourceBroken, match="SchoolYear is not a school year"):
        read(a=SESSION.replace("2021-2022", "2021-2023") + GRADING_PERIOD)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ('<SchoolReference ref="NONE"/>', "SchoolReference refers to what is the XML id of nothing"),
        ('<SchoolReference ref="GP1"/>', "SchoolReference refers to another kind of thing"),
        ("<SchoolReference/>", "SchoolReference is empty"),
        ("<SchoolReference><SchoolLookup/></SchoolReference>", "SchoolReference/SchoolLookup is a lookup"),
        (
            OFFERING_REFERENCE.format(""),
            "CourseOfferingReference does not say the whole identity",
        ),
        (
            OFFERING_REFERENCE.format(SCHOOL_REFERENCE + OTHER_SESSION_REFERENCE),
            "CourseOfferingReference is given twice with different values",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(read, reference, why):
    kind = "Section" if "CourseOffering" in reference else "ClassPeriod"
    with pytest.raises(SourceBroken) as caught:
        read(a=f"<{kind}>{reference}</{kind}>{GRADING_PERIOD}")
    assert f"{kind}/{why}" in str(caught.value)
    assert str(caught.value).startswith("a.xml:3:")


def test_an_xml_id_of_two_things_is_refused_when_it_is_used(read):
    with pytest.raises(SourceBroken, match="XML id of different things"):
        read(a=SESSION + GRADING_PERIOD, b=GRADING_PERIOD.replace("Exam 1", "Exam 2"))


def test_an_xml_id_that_refers_to_itself_ends_in_an_error(read):
    with pytest.raises(SourceBroken, match="XML id of nothing"):
        read(
            a='<Section id="A"><SectionIdentifier>1</SectionIdentifier><CourseOfferingReference ref="B"/></Section>'
            '<CourseOffering id="B"><LocalCourseCode>1</LocalCourseCode><SessionReference ref="A"/></CourseOffering>'
        )


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><InterchangeStudent xmlns="http://ed-fi.org/5.2.0">&a;</InterchangeStudent>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><InterchangeStudent xmlns="http://ed-fi.org/5.2.0"/>',
        b'<!DOCTYPE x><InterchangeStudent xmlns="http://ed-fi.org/5.2.0"/>',
    ],
)
def test_a_document_type_is_refused(read, document):
    with pytest.raises(SourceBroken, match=r"^a\.xml: A document type declaration is not allowed"):
        read(a=document)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (interchange(STUDENT, "http://ed-fi.org/4.0.0"), r"^a\.xml:2: This is not an interchange file of Ed-Fi Data"),
        (interchange(STUDENT, ""), r"^a\.xml:2: This is not an interchange file"),
        (f'<Students xmlns="{NAMESPACE}"/>', r"^a\.xml:1: This is not an interchange file"),
        ("", r"^a\.xml: There is no root element"),
        (" " * 100_000, r"^a\.xml: There is no root element|^a\.xml:1:"),
        ("no xml", r"^a\.xml:1:1: The XML is not well-formed"),
        (
            interchange(STUDENT).replace("</Name>", "</Nome>"),
            r"^a\.xml:5:\d+: The XML is not well-formed \(tag name mis",
        ),
        (interchange(STUDENT)[:-40], r"^a\.xml:\d+:\d+: The XML is not well-formed"),
        (interchange(STUDENT.replace("Kent", "&secret;")), r"^a\.xml:6:\d+: The XML is not well-formed \(undeclared"),
        (interchange("<Student>" + "<a>" * 300 + "</a>" * 300 + "</Student>"), r"^a\.xml:3:\d+: The XML is not well-"),
    ],
)
def test_what_is_no_whole_interchange_is_refused(read, document, why):
    with pytest.raises(SourceBroken, match=why) as caught:
        read(a=document.encode())
    assert "secret" not in str(caught.value)


def test_an_unusual_encoding_is_refused(read):
    text = interchange(STUDENT).replace("UTF-8", "IBM037")
    with pytest.raises(SourceBroken, match=r"^a\.xml:1: The file is in an unusual encoding|not well-formed"):
        read(a=text.encode("cp037"))


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252", "UTF-8-sig"])
def test_usual_encodings_are_understood(read, encoding):
    text = interchange(STUDENT).replace("UTF-8", encoding.removesuffix("-sig"))
    [(_, student)] = read(a=text.encode(encoding), wanted={"students"})
    assert student["firstName"] == "María"


def test_one_endless_record_is_refused_before_it_fills_the_memory(read):
    with pytest.raises(SourceBroken, match="One record is larger"):
        read(a="<Student>" + "<Visa>uri://x/y#z</Visa>" * 500_000 + "</Student>")


def test_comments_and_instructions_are_not_content(read):
    text = STUDENT.replace("Kent", "K<!-- here -->en<?x y?>t").replace("<Name>", "<!-- a --><Name>")
    [(_, student)] = read(a=f"<!-- b -->{text}")
    assert student["birthCity"] == "Kent"


def test_a_prefixed_namespace_says_the_same(read):
    text = interchange(STUDENT).replace("xmlns=", "xmlns:e=").replace("<Interchange", "<e:Interchange")
    text = text.replace("</", "</e:")
    for name in ("Student", "StudentUniqueId", "Name", "FirstName", "LastSurname", "BirthData", "BirthDate"):
        text = text.replace(f"<{name}>", f"<e:{name}>")
    for name in ("BirthCity", "BirthSex", "MultipleBirthStatus", "Citizenship", "Visa"):
        text = text.replace(f"<{name}>", f"<e:{name}>")
    text = text.replace("<MaidenName/>", "").replace("</e:InterchangeAny", "</e:InterchangeAny")
    assert read(a=text.encode(), wanted={"students"})[0][1]["visas"]


def test_a_zip_says_the_same_as_its_folder(tmp_path, read):
    expected = read(a=STUDENT, b=SESSION + GRADING_PERIOD)
    path = tmp_path / "district.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("a.xml", "b.xml"):
            made.write(tmp_path / name, name)
    with open_source(path) as source:
        assert list(documents(source)) == expected


def test_a_catalogue_names_what_a_source_may_have_and_is_renewed_when_it_is_old(tmp_path, read):
    read(a=STUDENT)
    with open_source(tmp_path) as source:
        old = catalogue(source)
    assert old.collections() == {"students"}
    read(a=SESSION + GRADING_PERIOD)
    with open_source(tmp_path) as source:
        assert {name for name, _ in documents(source, known=old)} == {"sessions", "gradingPeriods"}
