"""What OneRoster says of graded work arrives in an ODS as documents that it takes."""

from __future__ import annotations

from tests.adapters.edfi_ods.system import district_documents, source, system

WORDS = {
    "gradebookEntryTypeDescriptors": ("GradebookEntryTypeDescriptor", "Homework", "Quiz"),
    "assignmentLateStatusDescriptors": ("AssignmentLateStatusDescriptor", "Late", "Not Late"),
}


def _system():
    """The district's ODS, which knows a few more words."""
    words = [
        (collection, {"namespace": f"uri://ed-fi.org/{name}", "codeValue": value, "shortDescription": value})
        for collection, (name, *values) in WORDS.items()
        for value in values
    ]
    return system((*words, *district_documents()))


def _first(adapter, *entities):
    found = {}
    for entity, record in adapter.read(dict.fromkeys(entities)):
        found.setdefault(entity, record)
    return [found[entity] for entity in entities]


def test_a_line_item_and_a_result_become_an_entry_and_what_a_student_got_for_it():
    with _system() as running, source(running, writable=True) as adapter:
        section, student = _first(adapter, "section", "student")
        item = {
            "title": "Sheet", "assigned": "2026-09-01T00:00:00.000Z", "due": "2026-09-08T00:00:00.000Z",
            "section": section["key"], "school": section["school"], "category": ("Homework",), "maximum": 20,
            "minimum": 0,
        }  # fmt: skip
        entry = adapter.find("lineItem", adapter.save("lineItem", item, new=True))
        assert adapter.notes.counts["gradebookEntries: minimum is not kept"] == 1
        assert {name: entry[name] for name in item.keys() - {"minimum"}} == {
            name: value for name, value in item.items() if name != "minimum"
        }
        result = {"lineItem": entry["key"], "student": student["key"], "score": 14, "date": "2026-09-08", "late": True}
        got = adapter.find("result", adapter.save("result", result, new=True))
        assert {name: got[name] for name in result} == result


def test_another_category_is_another_type_of_the_same_entry():
    with _system() as running, source(running, writable=True) as adapter:
        (entry,) = _first(adapter, "lineItem")
        adapter.save("lineItem", entry | {"category": ("Quiz",)}, new=False)
        changed = adapter.find("lineItem", entry["id"])
        assert changed["category"] == ("Quiz",)
        assert changed["key"] == entry["key"]
