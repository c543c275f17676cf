"""Drafts: a schedule of data becomes an agreement that a person finishes, and nothing that nobody checked."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.documents import drafts, schedule_csv
from gateway.documents.drafts import Frame
from policies import agreement, elements
from standards import schedule
from standards.errors import SettingsError

FRAME = Frame(
    "app-maple", "maple", "app", "vendor", purpose="reading", interest="plan reading", begin="2026-09-01",
    end="2027-08-31", timezone="America/Los_Angeles", clients=("app-prod",),
)  # fmt: skip
ROWS = [(one.name, row.name) for one in schedule.categories().values() for row in one.elements.values()]
# The rows of the agreement's own form, as one finds them in filled-in schedules.
NDPA = """\
Category of Data,Elements,Check if Used by Your System
Application Technology Meta Data,"IP Addresses of users, Use of cookies, etc.",X
,Other application technology meta data-Please specify: browser,
Application Use Statistics,Meta data on user interaction with application,X
Assessment,Standardized test scores,
,Observation data,
,Other assessment data-Please specify: quizzes,x
Attendance,Student school (daily) attendance data,☑
,Student class attendance data,☐
Communications,"Online communications captured (emails, blog entries)",
Conduct,Conduct or behavioral data,
Demographics,Date of Birth,✔
,Place of Birth,
,Gender,
,Ethnicity or race,
,"Language information (native, or primary language spoken by student)",
,Other demographic information-Please specify:,
Enrollment,Student school enrollment,yes
,Student grade level,yes
,Homeroom,
,Guidance counselor,
,Specific curriculum programs,
,Year of graduation,
,Other enrollment information-Please specify:,
Parent/Guardian Contact Information,Address,
,Email,X
,Phone,
Parent/Guardian ID,Parent ID number (created to link parents to students),
Parent/Guardian Name,First and/or Last,
Schedule,Student scheduled courses,O
,Teacher names,
Special Indicator,English language learner information,
,Low income status,
,Medical alerts/ health data,
,Student disability information,X
,Specialized education services (IEP or 504),
,Living situations (homeless/foster care),
,Other indicator information-Please specify:,
Student Contact Information,Address,
,Email,
,Phone,
Student Identifiers,Local (School district) ID number,X
,State ID number,
,Provider/App assigned student ID number,
,Student app username,
,Student app passwords,X
Student Name,First and/or Last,X
Student In App Performance,Program/application performance (typing program-student types 60 wpm),
,Shoe size,X
Student Program Membership,Academic or extracurricular activities a student may belong to or participate in,
Student Survey Responses,Student responses to surveys or questionnaires,
Student work,"Student generated content; writing, pictures, etc.",
,Other student work data -Please specify:,
Transcript,Student course grades,
,Student course data,
,Student course grades/performance scores,
,Other transcript data -Please specify:,
Transportation,Student bus assignment,
,Student pick up and/or drop off location,
,Student bus card ID number,
,Other transportation data -Please specify:,
Other,Please list each additional data element used stored or collected by your application,
"""


def kept(tmp_path, text: str, encoding="utf-8"):
    path = tmp_path / "schedule.csv"
    path.write_text(text, encoding)
    return path


def read(tmp_path, *lines: str):
    return schedule_csv.read(kept(tmp_path, "\n".join(["category,element,checked", *lines])))


def loaded(tmp_path, written: str):
    path = tmp_path / "draft.yaml"
    path.write_text(written, "utf-8")
    return agreement.read(path)


def test_the_form_that_districts_fill_in_is_read(tmp_path):
    found = schedule_csv.read(kept(tmp_path, NDPA, "utf-8-sig"))
    assert [str(error) for error in found.unknown] == [
        f"{tmp_path}/schedule.csv:49:1: the category Student performance in the application has no element 'Shoe size'"
    ]
    assert [(row.category, row.element, row.said, row.optional) for row in found.rows] == [
        ("application-technology", "addresses", "", False),
        ("application-use", "interaction", "", False),
        ("assessment", "other", "quizzes", False),
        ("attendance", "daily", "", False),
        ("demographics", "birth-date", "", False),
        ("enrollment", "school", "", False),
        ("enrollment", "grade", "", False),
        ("parent-contact", "email", "", False),
        ("schedule", "courses", "", True),
        ("special-indicator", "disability", "", False),
        ("student-identifiers", "local", "", False),
        ("student-identifiers", "password", "", False),
        ("student-name", "name", "", False),
    ]


def test_the_draft_of_that_form_loads_and_releases_what_is_checked(tmp_path):
    written = drafts.draft(FRAME, schedule_csv.read(kept(tmp_path, NDPA)), "schedule.csv")
    one, mistakes = loaded(tmp_path, written)
    assert mistakes == []
    settled = {name: now.action for name, now in elements.settle(one.lines).items()}
    assert settled["student.name.given"] == "allow"
    assert settled["student.birthDate"] == "year"
    assert settled["student.id"] == "pseudonym"
    assert settled["enrollment.grade"] == "allow"
    assert "student.password" not in settled
    assert "contact.name.given" not in settled


def test_what_is_sensitive_or_optional_waits_for_a_person(tmp_path):
    written = drafts.draft(FRAME, schedule_csv.read(kept(tmp_path, NDPA)), "schedule.csv")
    one, _ = loaded(tmp_path, written)
    named = {line.path for line in one.lines}
    assert "edfi.studentEducationOrganizationAssociations.disabilities" not in named
    assert '  # - {path: "edfi.studentEducationOrganizationAssociations.disabilities", action: allow}' in written
    assert "section.title" not in named
    assert '  # - {path: "section.title", action: allow}  # Student scheduled courses; optional' in written


def test_what_has_no_fact_or_no_sure_meaning_is_told_with_its_place(tmp_path):
    written = drafts.draft(FRAME, schedule_csv.read(kept(tmp_path, NDPA)), "schedule.csv")
    for line in (
        "  # schedule.csv:2: Application technology metadata, IP addresses of users, use of cookies: no fact of a district's",
        "  # schedule.csv:7: Assessment, Other assessment data: decide which facts are meant: quizzes",
        "  # schedule.csv:46: Student identifiers, Passwords of the student: never released, under no agreement",
        "schedule.csv:49:1: the category Student performance in the application has no element 'Shoe size'",
    ):
        assert line in written, line


def test_the_least_sensitive_facts_stand_first(tmp_path):
    written = drafts.draft(FRAME, schedule_csv.read(kept(tmp_path, NDPA)), "schedule.csv")
    one, _ = loaded(tmp_path, written)
    ranks = [drafts.ORDER.index(drafts._sensitivity(line.path)) for line in one.lines]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_a_draft_without_what_a_schedule_does_not_say_lacks_just_that(tmp_path):
    bare = Frame("app-maple", "maple", "app", "vendor")
    written = drafts.draft(bare, schedule_csv.read(kept(tmp_path, NDPA)), "schedule.csv")
    one, mistakes = loaded(tmp_path, written)
    assert one is None
    lines = written.splitlines()
    asked = {number for number, line in enumerate(lines, 1) if "# fill in" in line}
    assert len(asked) == 6
    assert {mistake.line for mistake in mistakes} == asked - {_zone(lines)}
    without_zone = drafts.draft(
        replace(FRAME, timezone=""), schedule_csv.read(tmp_path / "schedule.csv"), "schedule.csv"
    )
    (mistake,) = loaded(tmp_path, without_zone)[1]
    assert mistake.line == _zone(without_zone.splitlines())


def _zone(lines: list[str]) -> int:
    return next(number for number, line in enumerate(lines, 1) if line.startswith("  timezone"))


@given(st.lists(st.sampled_from(ROWS), unique=True))
@settings(max_examples=60, deadline=None)
def test_a_draft_of_whatever_rows_loads_and_releases_nothing_beside_them(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("draft")
    with (folder / "schedule.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["checked", "element", "notes", "category"])
        for category, row in rows:
            known = schedule.categories()[category]
            writer.writerow(["x", known.elements[row].title, "n", known.title])
    found = schedule_csv.read(folder / "schedule.csv")
    assert [(row.category, row.element) for row in found.rows] == rows
    one, mistakes = loaded(folder, drafts.draft(FRAME, found, "schedule.csv"))
    assert mistakes == []
    for name in elements.settle(one.lines):
        assert name == "student.id" or (schedule.category(name), schedule.element(name).name) in rows


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("Demografics,Date of birth,x", "2:1: there is no category 'Demografics' (did you mean Demographics?)"),
        ("Demographics,Date of brith,x", "2:1: the category Demographics has no element 'Date of brith' (did you mean Date of birth?)"),
        ("Demographics,Date of birth,perhaps", "2:1: 'perhaps' does not say whether the row is checked; write x, or nothing"),
        ("Demographics,,x", "2:1: the category Demographics has no element ''"),
        (",Date of birth,x", "2:1: there is no category ''"),
    ],
)  # fmt: skip
def test_a_row_that_nobody_can_be_sure_of_is_told_and_not_guessed(tmp_path, line, mistake):
    found = read(tmp_path, line)
    assert found.rows == ()
    assert [str(error).partition("schedule.csv:")[2] for error in found.unknown] == [mistake]


@pytest.mark.parametrize("mark", ["x", "X", "☒", "Yes", "TRUE", "1", "R"])
def test_a_row_is_checked_by_any_usual_mark(tmp_path, mark):
    assert len(read(tmp_path, f"demographics,DATE-OF-BIRTH,{mark}").rows) == 1


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "1:1: the file is empty"),
        ("category,element\nx,y\n", "1:1: the first row has no column checked"),
        ('category,element,checked\n"a,b,c\n', "2:1: this is no CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, text, mistake):
    with pytest.raises(SettingsError) as told:
        schedule_csv.read(kept(tmp_path, text))
    assert mistake in str(told.value)


def test_a_file_in_another_encoding_or_too_long_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="UTF-8"):
        schedule_csv.read(kept(tmp_path, "category,element,checked\né", "latin-1"))
    with pytest.raises(SettingsError, match="bytes"):
        schedule_csv.read(kept(tmp_path, "x" * (schedule_csv.MAX_BYTES + 1)))


HOSTILE = 'x"\nelements:\n  - {path: "*", action: allow} #'


def test_hostile_texts_stay_texts_and_comments(tmp_path):
    with (tmp_path / "schedule.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                ["category", "element", "checked"],
                ["Other", f"Other data: {HOSTILE}", "x"],
                [HOSTILE, HOSTILE, "x"],
            ]
        )
    frame = Frame(
        "app", "maple", "app", "vendor", purpose="reading", interest=HOSTILE, begin="2026-09-01", end="2027-08-31",
        timezone="America/Los_Angeles", clients=("app-prod",),
    )  # fmt: skip
    one, mistakes = loaded(tmp_path, drafts.draft(frame, schedule_csv.read(tmp_path / "schedule.csv"), HOSTILE))
    assert mistakes == []
    assert {line.path for line in one.lines} == {"student.id"}
    assert one.interest == " ".join(HOSTILE.split())
