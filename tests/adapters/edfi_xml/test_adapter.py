"""The adapter for Ed-Fi interchange files, on a source of a few records and on Grand Bend."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pytest

from adapters.contract import Hint
from adapters.edfi.joins import TOLD_BY, Joins
from adapters.edfi_xml.adapter import EdFiXml, collections, lenses
from adapters.testing import AdapterContract, problems
from standards.edfi.model.links import FIELD as LINKS
from standards.edfi.model.model import by_collection, validate
from standards.errors import SourceBroken
from tests.support import needs

ROOT = '<?xml version="1.0" encoding="UTF-8"?>\n<{0} xmlns="http://ed-fi.org/5.2.0">\n{1}\n</{0}>\n'
STUDENT = """<Student>
  <StudentUniqueId>{0}</StudentUniqueId>
  <Name><FirstName>María</FirstName><LastSurname>Ó'Neill &amp; "Söhne"</LastSurname></Name>
  <BirthData><BirthDate>2011-05-07</BirthDate></BirthData>
</Student>"""
SCHOOL = """<School>
  <NameOfInstitution>Maple High</NameOfInstitution>
  <EducationOrganizationCategory>uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School</EducationOrganizationCategory>
  <SchoolId>101</SchoolId>
  <GradeLevel>uri://ed-fi.org/GradeLevelDescriptor#Ninth grade</GradeLevel>
  <GradeLevel>uri://maple.example/GradeLevelDescriptor#Ninth grade</GradeLevel>
</School>"""
SESSION = """<Session>
  <SessionName>{0}</SessionName>
  <SchoolYear>2021-2022</SchoolYear>
  <BeginDate>{1}</BeginDate>
  <EndDate>{2}</EndDate>
  <Term>uri://ed-fi.org/TermDescriptor#{0}</Term>
  <TotalInstructionalDays>80</TotalInstructionalDays>
  <SchoolReference><SchoolIdentity><SchoolId>101</SchoolId></SchoolIdentity></SchoolReference>
</Session>"""


def small(folder, students=("1", "2")):
    (folder / "Student.xml").write_text(
        ROOT.format("InterchangeStudent", "\n".join(map(STUDENT.format, students))), encoding="utf-8"
    )
    (folder / "Education.xml").write_text(ROOT.format("InterchangeEducationOrganization", SCHOOL), encoding="utf-8")
    sessions = (("Fall Semester", "2021-08-23", "2021-12-17"), ("Spring Semester", "2022-01-04", "2022-05-27"))
    (folder / "Calendar.xml").write_text(
        ROOT.format("InterchangeEducationOrgCalendar", "\n".join(SESSION.format(*one) for one in sessions)),
        encoding="utf-8",
    )
    return {"source": str(folder)}


class TestEdFiXml(AdapterContract):
    adapter = EdFiXml

    def good(self, folder):
        return small(folder)

    def broken(self, folder):
        settings = small(folder)
        (folder / "Student.xml").write_text(ROOT.format("InterchangeStudent", "<Student><Stud"), encoding="utf-8")
        return settings


class TestEdFiXmlZipped(TestEdFiXml):
    def good(self, folder):
        small(folder)
        return {"source": str(zipped(folder))}

    def broken(self, folder):
        super().broken(folder)
        return {"source": str(zipped(folder))}


def zipped(folder):
    target = folder / "district.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.xml")):
            archive.write(file, file.name)
    return target


def read(settings, *entities):
    return list(EdFiXml("maple", settings).read(dict.fromkeys(entities)))


def test_sessions_hang_below_a_school_year_that_spans_them(tmp_path):
    sessions = {record["key"]: record for _, record in read(small(tmp_path), "session")}
    assert sessions["sy", "2022"] == {
        "key": ("sy", "2022"), "name": "2021-2022", "kind": "schoolYear", "schoolYear": 2022,
        "begin": "2021-08-23", "end": "2022-05-27",
    }  # fmt: skip
    assert sessions["101", "2022", "Fall Semester"]["parent"] == ("sy", "2022")


def test_an_exact_token_is_kept_where_the_code_would_not_bring_it_back(tmp_path):
    ((_, school),) = read(small(tmp_path), "organization")
    assert school["gradesOffered"] == ["09", "uri://maple.example/GradeLevelDescriptor#Ninth grade"]
    assert school["kind"] == "school"


def test_the_stamp_changes_with_a_file(tmp_path):
    adapter = EdFiXml("maple", small(tmp_path))
    before = adapter.stamp()
    small(tmp_path, students=("1", "2", "3"))
    assert adapter.stamp() != before
    assert len(list(adapter.read({"student": None}))) == 3


def test_a_source_that_is_not_there_says_so(tmp_path):
    with pytest.raises(SourceBroken):
        read({"source": str(tmp_path / "nowhere")}, "student")


def test_a_problem_never_repeats_a_value(tmp_path):
    settings = small(tmp_path, students=("1",))
    text = (tmp_path / "Student.xml").read_text(encoding="utf-8").replace("2011-05-07", "secret-value")
    (tmp_path / "Student.xml").write_text(text, encoding="utf-8")
    adapter = EdFiXml("maple", settings)
    assert adapter.check() == []
    (row,) = adapter.notes.page.aside
    assert (row.entity, row.key, row.place.split(":")[0]) == ("student", ("1",), "Student.xml")
    assert row.told == "Student.BirthData.BirthDate is not a date"
    assert all(record["key"] != ("1",) for _, record in adapter.read({"student": None}))


BROKEN_EARLY = {
    "it ends before its first record": lambda text: text[: text.index("<Student>")],
    "an element before the first record is never closed": lambda text: text.replace(
        "<Student>", "<Wizard><Student>", 1
    ),
    "the records stand in an element that no interchange has": lambda text: text.replace(
        "<Student>", "<Students><Student>", 1
    ).replace("</Student>", "</Student></Students>", 1),
}


@pytest.mark.parametrize("fault", BROKEN_EARLY)
def test_a_file_that_is_broken_before_its_first_record_is_refused_whatever_is_asked_for(tmp_path, fault):
    settings = small(tmp_path, students=("1",))
    file = tmp_path / "Student.xml"
    file.write_text(BROKEN_EARLY[fault](file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(SourceBroken) as caught:
        list(EdFiXml("maple", settings).read({"student": None}))
    assert caught.value.place.startswith("Student.xml")


# Grand Bend


@pytest.fixture(scope="module")
def grand_bend():
    home = needs.shared("data", "grand-bend")
    adapter = EdFiXml("grand-bend", {"source": str(home / "xml"), "descriptors": str(home / "descriptors")})
    return adapter, list(adapter.read(dict.fromkeys(collections())))


COUNTS = {
    "student": 960, "staff": 68, "contact": 1873, "guardianship": 1872, "organization": 6, "section": 532,
    "placement": 11520, "teaching": 528, "enrollment": 960, "profile": 960, "course": 84, "offering": 168,
    "session": 6 + 18 + 1, "employment": 69, "edfi.studentMigrantEducationProgramAssociations": 275,
    "edfi.studentSchoolAttendanceEvents": 1917, "edfi.disciplineActions": 25,
}  # fmt: skip


def test_grand_bend_has_its_known_counts(grand_bend):
    counts = Counter(entity for entity, _ in grand_bend[1])
    assert {entity: counts[entity] for entity in COUNTS} == COUNTS
    assert sum(count for entity, count in counts.items() if entity.endswith("Descriptors")) > 3298


def test_grand_bend_says_only_what_the_vocabulary_knows(grand_bend):
    assert not {f"{entity}: {found}" for entity, record in grand_bend[1] for found in problems(entity, record)}


def test_nothing_of_grand_bend_is_left_out_but_one_bare_reference(grand_bend):
    assert grand_bend[0].notes.counts == {"SectionReference": 1, "courseOfferings given twice": 1}


def test_what_is_read_of_grand_bend_is_written_back_as_documents_the_model_allows(grand_bend):
    for entity, record in grand_bend[1]:
        if record["key"][0] == "sy":
            continue
        lens = lens_of(entity, record)
        document = lens.write(record)
        assert validate(by_collection(lens.local), document) == []
        again = lens.read(document)
        if lens.local == "gradingPeriods":
            again["parent"] = record["parent"]  # the session that lists it, which the document does not say
        told = {name: record[name] for kind, name in TOLD_BY if kind == entity and name in record}
        assert again | told == {name: value for name, value in record.items() if name != LINKS}


@pytest.mark.parametrize(("entity", "name"), TOLD_BY)
def test_what_other_records_say_of_one_is_known(grand_bend, entity, name):
    records = [record for kind, record in grand_bend[1] if kind == entity]
    known = {record["key"] for kind, record in grand_bend[1] if kind in {"organization", "session"}}
    assert all(record[name] in known for record in records)


def test_a_students_main_school_is_where_it_still_is():
    joins = Joins()
    joins.look(
        [
            ("studentSchoolAssociations", stay("1", "2026-09-01")),
            ("studentSchoolAssociations", stay("2", "2026-10-01", "2026-10-09")),
        ]
    )
    assert joins.complete("student", {"key": ("604821",)}) == {"key": ("604821",), "primaryOrganization": ("1",)}
    assert joins.complete("student", {"key": ("604822",)}) == {"key": ("604822",)}


def stay(school, entry, leaving=None):
    document = {
        "studentReference": {"studentUniqueId": "604821"},
        "schoolReference": {"schoolId": int(school)},
        "entryDate": entry,
    }
    return document | ({"exitWithdrawDate": leaving} if leaving else {})


def lens_of(entity, record):
    if entity == "organization":
        kinds = {"school": "schools", "district": "localEducationAgencies", "serviceCenter": "educationServiceCenters",
                 "department": "organizationDepartments"}  # fmt: skip
        return lenses()[kinds[record["kind"]]]
    if entity == "session":
        return lenses()["gradingPeriods" if record["kind"] == "gradingPeriod" else "sessions"]
    (name,) = collections()[entity]
    return lenses()[name]


def test_the_organizations_of_grand_bend_are_one_tree(grand_bend):
    found = [record for entity, record in grand_bend[1] if entity == "organization"]
    parents = {record["key"]: (record["kind"], record.get("parent")) for record in found}
    assert parents == {
        ("255950",): ("serviceCenter", None),
        ("255901",): ("district", ("255950",)),
        ("2559011",): ("department", ("255901",)),
        ("255901001",): ("school", ("255901",)),
        ("255901044",): ("school", ("255901",)),
        ("255901107",): ("school", ("255901",)),
    }


def test_every_grading_period_of_grand_bend_is_below_the_session_that_lists_it(grand_bend):
    sessions = {record["key"]: record for entity, record in grand_bend[1] if entity == "session"}
    for record in sessions.values():
        if record["kind"] == "gradingPeriod":
            assert record["key"] in sessions[record["parent"]]["gradingPeriods"]


def test_descriptors_are_claimed_only_where_some_are_described_or_nothing_can_be_read(tmp_path):
    settings = small(tmp_path)
    adapter = EdFiXml("cedar", settings)
    assert not any(name.endswith("Descriptors") for name in adapter.manifest.entities)
    Path(settings["source"]).joinpath("Broken.xml").write_text("<Interchange")
    adapter.stamp()
    assert any(name.endswith("Descriptors") for name in adapter.manifest.entities)


TAUGHT = """<StudentSchoolAssociation>
  <StudentReference{by}>{identity}</StudentReference>
  <SchoolReference><SchoolIdentity><SchoolId>101</SchoolId></SchoolIdentity></SchoolReference>
  <EntryDate>2021-08-23</EntryDate>
  <EntryGradeLevel>uri://ed-fi.org/GradeLevelDescriptor#First grade</EntryGradeLevel>
</StudentSchoolAssociation>"""
NAMED = "<StudentIdentity><StudentUniqueId>{}</StudentUniqueId></StudentIdentity>"


def of_one(settings, entity="enrollment", **asked):
    hint = Hint(asked.get("field", "student.key"), asked.get("operator", "="), asked.get("value", "2"))
    return [record["student"] for _, record in EdFiXml("maple", settings).read({entity: None}, {entity: (hint,)})]


def enrolled(folder, *records):
    settings = small(folder, ("1", "2", "3"))
    (folder / "Enrollment.xml").write_text(ROOT.format("InterchangeStudentEnrollment", "\n".join(records)), "utf-8")
    return settings


def test_of_records_about_one_student_those_of_others_are_left_out(tmp_path):
    given = [TAUGHT.format(by="", identity=NAMED.format(one)) for one in ("1", " 2 ", "3")]
    settings = enrolled(tmp_path, *given)
    assert of_one(settings) == [("2",)]
    assert of_one(settings, field="student") == of_one(settings, operator="!=") == [("1",), ("2",), ("3",)]


def test_a_student_who_is_named_by_an_xml_id_is_not_left_out(tmp_path):
    by_id = TAUGHT.format(by=' ref="S2"', identity="")
    settings = enrolled(tmp_path, TAUGHT.format(by="", identity=NAMED.format("1")), by_id)
    text = (tmp_path / "Student.xml").read_text("utf-8").replace("<Student>", '<Student id="S1">', 1)
    second = text.index("<Student>")
    (tmp_path / "Student.xml").write_text(text[:second] + text[second:].replace("<Student>", '<Student id="S2">', 1))
    assert ("2",) in of_one(settings)
