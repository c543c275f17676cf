"""What is written in OneRoster's words becomes a valid document of an ODS, and what is lost is known."""

from __future__ import annotations

import pytest

from standards import registry
from standards.edfi.from_oneroster.required_members import unread_fields, with_required_members
from standards.edfi.model.model import by_collection, validate

SECTION = ("A1", "101", "2027", "k1", "Fall")
ITEM = {
    "id": "item-1", "title": "Sheet", "assigned": "2026-09-01T00:00:00.000Z", "due": "2026-09-08T00:00:00.000Z",
    "section": SECTION, "school": ("101",), "session": ("101", "2027", "Fall"), "category": ("Homework",),
    "gradingPeriod": ("gp", "101", "2027", "uri://ed-fi.org/GradingPeriodDescriptor#First Nine Weeks", "Q1"),
    "maximum": 20, "minimum": 0,
}  # fmt: skip
RESULT = {
    "id": "result-1", "lineItem": ("item-1", "uri://local/GradebookEntry"), "student": ("604",), "score": 14,
    "status": "Graded", "date": "2026-09-08", "comment": "Well done.", "late": True, "incomplete": False,
}  # fmt: skip
HOMEWORK = "uri://ed-fi.org/GradebookEntryTypeDescriptor#Homework"


def written(collection, record, before=None):
    lens = registry.lens("edfi", collection)
    document = with_required_members(collection, lens.write(record, before), record)
    document.pop("id", None)
    return lens, document


@pytest.mark.parametrize(("collection", "record"), [("gradebookEntries", ITEM), ("studentGradebookEntries", RESULT)])
def test_what_oneroster_writes_is_valid_in_ed_fi(collection, record):
    _, document = written(collection, record)
    assert validate(by_collection(collection), document) == []


def test_an_entry_bears_the_id_it_was_written_under_and_the_section_it_is_of():
    _, document = written("gradebookEntries", ITEM)
    assert document["gradebookEntryIdentifier"] == "item-1"
    assert document["sourceSectionIdentifier"] == "k1"
    assert document["gradebookEntryTypeDescriptor"] == HOMEWORK


def test_an_entry_without_an_id_or_a_first_day_gets_both_always_the_same():
    bare = {name: value for name, value in ITEM.items() if name not in {"id", "assigned"}}
    one, other = (written("gradebookEntries", bare)[1] for _ in range(2))
    assert one == other
    assert one["dateAssigned"] == "2026-09-08"
    assert validate(by_collection("gradebookEntries"), one) == []


def test_what_is_there_already_keeps_its_name_and_takes_the_new_category():
    _, before = written("gradebookEntries", ITEM)
    before |= {"gradebookEntryIdentifier": "own", "namespace": "uri://x.example"}
    lens = registry.lens("edfi", "gradebookEntries")
    changed = lens.read(before) | {"id": "item-1", "category": ("Quiz",)}
    _, document = written("gradebookEntries", changed, before)
    assert (document["gradebookEntryIdentifier"], document["namespace"]) == ("own", "uri://x.example")
    assert document["gradebookEntryTypeDescriptor"] == HOMEWORK.replace("Homework", "Quiz")
    _, document = written("gradebookEntries", changed | {"category": ("Uncategorized",)}, before)
    assert "gradebookEntryTypeDescriptor" not in document


def test_late_work_is_late_and_a_word_of_the_ods_itself_stays():
    _, document = written("studentGradebookEntries", RESULT)
    assert document["assignmentLateStatusDescriptor"].endswith("#Late")
    own = {"edfi.studentGradebookEntries.assignmentLateStatusDescriptor": "uri://x.example/A#Very late"}
    _, document = written("studentGradebookEntries", RESULT | own)
    assert document["assignmentLateStatusDescriptor"] == "uri://x.example/A#Very late"


def test_what_ed_fi_has_no_place_for_is_known():
    assert unread_fields(*_again("gradebookEntries", ITEM)) == ["minimum"]
    assert unread_fields(*_again("studentGradebookEntries", RESULT)) == ["incomplete"]


def _again(collection, record):
    lens, document = written(collection, record)
    return lens, record, document
