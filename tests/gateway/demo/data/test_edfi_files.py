import re
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from gateway.demo.data import generate, write_edfi_xml
from tests.gateway.demo.data.districts import TODAY, districts, small
from tests.support.needs import shared

SPACE = "{http://ed-fi.org/5.2.0}"
INTERCHANGES = (
    "EducationOrganization", "EducationOrgCalendar", "MasterSchedule", "Student", "Contact", "StaffAssociation",
    "StudentEnrollment", "StudentAttendance", "StudentProgram", "StudentGradebook",
)  # fmt: skip


@cache
def schema(name):
    return etree.XMLSchema(etree.parse(str(shared("data", "grand-bend", "xsd", f"Interchange-{name}.xsd"))))


def faults(folder):
    found = []
    for path in sorted(folder.glob("*.xml")):
        rules = schema(path.stem)
        if not rules.validate(etree.parse(str(path))):
            found += [f"{path.name}:{fault.line}: {fault.message}" for fault in rules.error_log]
    return found


def elements(folder):
    for path in sorted(folder.glob("*.xml")):
        yield from etree.parse(str(path)).getroot()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("edfi")
    write_edfi_xml(small("cedar"), path)
    return path


def test_there_is_one_file_for_each_interchange(folder):
    assert {path.stem for path in folder.iterdir()} == set(INTERCHANGES)


@pytest.mark.parametrize("name", INTERCHANGES)
def test_each_file_is_valid_under_the_schema_of_its_interchange(folder, name):
    rules = schema(name)
    rules.assertValid(etree.parse(str(folder / f"{name}.xml")))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(districts())
def test_every_district_is_valid(tmp_path_factory, district):
    path = tmp_path_factory.mktemp("edfi")
    write_edfi_xml(district, path)
    assert faults(path) == []


def test_every_coded_value_is_one_of_the_standards_own(folder):
    known = set()
    for path in shared("data", "grand-bend", "descriptors").glob("*.xml"):
        for one in etree.parse(str(path)).getroot():
            namespace, value = one.findtext(f"{SPACE}Namespace"), one.findtext(f"{SPACE}CodeValue")
            known.add(f"{namespace}#{value}")
    used = {
        leaf.text for one in elements(folder) for leaf in one.iter() if (leaf.text or "").startswith("uri://ed-fi.org/")
    }
    assert len(used) > 50
    assert used - known == set()


def key(one):
    return re.sub(r'\s*xmlns="[^"]*"', "", etree.tostring(one, method="c14n").decode())


def identity(one, *names):
    return tuple(key(one.find(f"{SPACE}{name}")) for name in names)


def test_every_reference_by_natural_key_resolves(folder):
    keys = {
        "School": ("SchoolId",),
        "LocalEducationAgency": ("LocalEducationAgencyId",),
        "Student": ("StudentUniqueId",),
        "Staff": ("StaffUniqueId",),
        "Contact": ("ContactUniqueId",),
        "Session": ("SessionName", "SchoolYear", "SchoolReference"),
        "GradingPeriod": ("SchoolReference", "GradingPeriod", "GradingPeriodName", "SchoolYear"),
        "Course": ("CourseCode", "EducationOrganizationReference"),
        "CourseOffering": ("LocalCourseCode", "SchoolReference", "SessionReference"),
        "Section": ("SectionIdentifier", "CourseOfferingReference"),
        "Location": ("SchoolReference", "ClassroomIdentificationCode"),
        "ClassPeriod": ("SchoolReference", "ClassPeriodName"),
        "Calendar": ("CalendarCode", "SchoolReference", "SchoolYear"),
        "Program": ("EducationOrganizationReference", "ProgramName", "ProgramType"),
    }
    known = {kind: [] for kind in keys}
    wanted = {kind: set() for kind in keys}
    for one in elements(folder):
        kind = etree.QName(one).localname
        if kind in keys:
            known[kind].append(identity(one, *keys[kind]))
        for target in one.iter():
            kind = etree.QName(target).localname.removesuffix("Identity")
            if etree.QName(target).localname.endswith("Identity") and kind in keys:
                wanted[kind].add(identity(target, *keys[kind]))
    assert all(len(found) == len(set(found)) for found in known.values())
    assert {kind for kind, found in wanted.items() if not found} == set()
    assert {kind: found - set(known[kind]) for kind, found in wanted.items() if found - set(known[kind])} == {}


def test_the_files_hold_every_fact_once(folder):
    district, counts = small("cedar"), {}
    for one in elements(folder):
        counts[etree.QName(one).localname] = counts.get(etree.QName(one).localname, 0) + 1
    assert counts["Student"] == counts["StudentEducationOrganizationAssociation"] == len(district.students)
    assert counts["Contact"] == len(district.guardians)
    assert counts["StudentContactAssociation"] == len(district.guardianships)
    assert counts["StudentSchoolAssociation"] == len(district.enrollments)
    assert counts["StudentSectionAssociation"] == len(district.placements)
    assert counts["StaffSectionAssociation"] == len(district.teachings)
    assert counts["StaffEducationOrganizationAssignmentAssociation"] == len(district.assignments)
    assert counts["StudentSchoolAttendanceEvent"] == len(district.absences)
    assert counts["Section"] == len(district.sections)


def test_hostile_names_survive_the_markup(folder):
    names = {one.findtext(f"{SPACE}Name/{SPACE}PreferredFirstName") for one in elements(folder)}
    assert {'Mel "Ace"', 'Zo, "Z" & Co.', "<D>", "小明"} <= names


def test_an_interchange_with_nothing_in_it_has_no_file(tmp_path):
    one = generate("cedar", seed=1, students=1, school_year=2026, today=TODAY)
    write_edfi_xml(small("cedar"), tmp_path)
    assert (tmp_path / "StudentProgram.xml").exists()
    write_edfi_xml(one, tmp_path)
    assert not (tmp_path / "StudentProgram.xml").exists()
    assert (tmp_path / "Student.xml").exists()
