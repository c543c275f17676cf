"""What Ed-Fi says of graded work and of assessments, in the vocabulary's words and back."""

from __future__ import annotations

import pytest

from adapters.edfi.categories import categories
from adapters.oneroster_csv.adapter import OneRosterCsv
from standards import registry
from standards.edfi.model.model import by_collection, validate
from standards.keys import Keyring
from standards.view import prune
from tests.adapters.oneroster import packages as made
from tests.standards.edfi.world import Everything
from tests.support.oracle import Oracle

ENTRY = {
    "gradebookEntryIdentifier": "e1", "namespace": "uri://x.example", "dateAssigned": "2026-09-01", "title": "Sheet",
    "sourceSectionIdentifier": "k1",
    "sectionReference": {
        "localCourseCode": "A1", "schoolId": 101, "schoolYear": 2027, "sectionIdentifier": "k1", "sessionName": "Fall",
    },
}  # fmt: skip
TYPE = "uri://ed-fi.org/GradebookEntryTypeDescriptor#"
METHOD = "uri://ed-fi.org/AssessmentReportingMethodDescriptor#"
KIND = "uri://ed-fi.org/ResultDatatypeTypeDescriptor#"


def read(collection, document):
    return registry.lens("edfi", collection).read(document)


def scores(*found, levels=()):
    return read("studentAssessments", {
        "assessmentReference": {"assessmentIdentifier": "t", "namespace": "uri://x.example"},
        "studentAssessmentIdentifier": "y", "studentReference": {"studentUniqueId": "604"},
        "scoreResults": [
            {"result": result, "assessmentReportingMethodDescriptor": METHOD + method,
             "resultDatatypeTypeDescriptor": KIND + kind}
            for result, method, kind in found
        ],
        "performanceLevels": [
            {"performanceLevelDescriptor": level, "assessmentReportingMethodDescriptor": METHOD + "Raw score"}
            for level in levels
        ],
    })  # fmt: skip


def test_an_entry_is_of_the_school_and_the_term_of_its_section():
    record = read("gradebookEntries", ENTRY)
    assert record["school"] == ("101",)
    assert record["session"] == ("101", "2027", "Fall")
    assert record["section"] == ("A1", "101", "2027", "k1", "Fall")
    assert record["assigned"] == "2026-09-01T00:00:00.000Z"


def test_each_type_in_use_is_a_category_and_entries_without_one_have_their_own():
    entries = [ENTRY, ENTRY, *(ENTRY | {"gradebookEntryTypeDescriptor": token} for token in (
        TYPE + "Homework", TYPE.upper().replace("URI://ED-FI.ORG", "uri://ed-fi.org") + "HOMEWORK", "uri://x.example/T#Lab",
    ))]  # fmt: skip
    found = {record["key"]: record["title"] for record in categories(("gradebookEntries", one) for one in entries)}
    assert sorted(found.values()) == ["Homework", "Lab", "Uncategorized"]
    assert {read("gradebookEntries", one)["category"] for one in entries} == found.keys()


def test_learning_standards_are_objectives_of_no_catalogue_that_is_known():
    standards = [{"learningStandardReference": {"learningStandardId": name}} for name in ("a", "b")]
    record = read("gradebookEntries", ENTRY | {"learningStandards": standards})
    assert record["objectives"] == [{"source": "unknown", "learningObjectiveIds": ["a", "b"]}]


@pytest.mark.parametrize(("late", "told"), [("Late", True), ("Not Late", False), ("Excused", None), ("", None)])
def test_work_is_late_or_not_or_nobody_says(late, told):
    document = {
        "gradebookEntryReference": {"gradebookEntryIdentifier": "e1", "namespace": "uri://x.example"},
        "studentReference": {"studentUniqueId": "604"}, "numericGradeEarned": 88.5,
    }  # fmt: skip
    if late:
        document["assignmentLateStatusDescriptor"] = f"uri://ed-fi.org/AssignmentLateStatusDescriptor#{late}"
    record = read("studentGradebookEntries", document)
    assert record.get("late") is told
    assert record["grade"] == 88.5
    assert "score" not in record


@pytest.mark.parametrize(
    ("found", "levels", "told"),
    [
        (
            [("89", "National College-Bound Percentile", "Integer"), ("650", "Raw score", "Integer"), ("700", "Scale score", "Integer")],
            ["uri://ed-fi.org/PerformanceLevelDescriptor#Met Standard"],
            {"score": 650, "percentile": 89, "textScore": "Met Standard"},
        ),
        ([("71.5", "Other", "Percentile")], [], {"percentile": 71.5}),
        ([("B+", "Letter grade/mark", "Level")], ["uri://x.example/L#High"], {"textScore": "B+"}),
        ([("nan", "Raw score", "Decimal")], [], {"textScore": "nan"}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_of_several_scores_one_is_the_score(found, levels, told):
    record = scores(*found, levels=levels)
    assert {name: record[name] for name in ("score", "percentile", "textScore") if name in record} == told


@pytest.mark.parametrize("collection", ["gradebookEntries", "studentGradebookEntries"])
def test_a_gradebook_from_oneroster_files_obeys_the_ed_fi_model(tmp_path, collection):
    path = made.archive(tmp_path / "maple.zip", made.graded("1.2"))
    with OneRosterCsv("maple", {"source": str(path)}) as adapter:
        records = list(adapter.read(dict.fromkeys(adapter.manifest.entities)))
    oracle = Oracle(records, Everything(), Keyring(bytes(32)), "maple", "2026-09-01", b"k")
    view = prune(registry.views("edfi")[collection], Everything())
    found = [record for _, _, record in oracle.records(view, "", 0.0)]
    assert len(found) == 2
    own = {"id", "_etag", "_lastModifiedDate"}
    for document in found:
        bare = {name: value for name, value in document.items() if name not in own}
        faults = validate(by_collection(collection), bare)
        assert [
            one for one in faults if not one.startswith("$.gradingPeriodReference")
        ] == []  # OneRoster's have no school
    if collection == "gradebookEntries":
        types = {document["gradebookEntryTypeDescriptor"] for document in found}
        assert types == {TYPE + "Homework", TYPE + "Quiz"}
