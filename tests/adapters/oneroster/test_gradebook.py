"""The gradebook in OneRoster bulk files: every fact in its place, and what belongs to a record comes with it."""

from __future__ import annotations

import pytest

from adapters.oneroster_csv.adapter import OneRosterCsv
from adapters.testing import AdapterContract
from tests.adapters.oneroster import packages as made

ENTITIES = ("gradebookCategory", "lineItem", "result", "scoreScale")


class _Graded(AdapterContract):
    adapter = OneRosterCsv
    version = ""

    def good(self, folder):
        return {"source": str(made.archive(folder / "good.zip", made.graded(self.version)))}

    def broken(self, folder):
        files = made.graded(self.version)
        files["results.csv"] = files["results.csv"].replace(b",9.5,", b',"9.5,')
        return {"source": str(made.archive(folder / "broken.zip", files))}


class TestGradebook12(_Graded):
    version = "1.2"


class TestGradebook11(_Graded):
    version = "1.1"


@pytest.fixture
def read(tmp_path):
    """The records of an entity by their id, from files made anew; and the adapter's notes."""

    def records(entity, version="1.2", wanted=None, **changes):
        path = made.archive(tmp_path / "maple.zip", made.graded(version, **changes))
        with OneRosterCsv("maple", {"source": str(path)}) as adapter:
            found = {record["key"][0]: record for _, record in adapter.read({entity: wanted})}
            return found, dict(adapter.notes.counts)

    return records


def test_the_files_of_a_gradebook_are_known(tmp_path):
    assert OneRosterCsv("maple", {"source": str(tmp_path)}).manifest.entities.issuperset(ENTITIES)


def test_a_line_item_of_1_2_comes_with_its_objectives_its_scale_and_its_grading_period(read):
    found, notes = read("lineItem")
    assert notes == {}
    assert found["l1"] == {
        "key": ("l1",), "id": "l1", "title": "Sheet 1", "description": "All of it",
        "assigned": "2026-09-01T00:00:00.000Z", "due": "2026-09-03T07:30:00.000Z", "section": ("k",),
        "category": ("h",), "session": ("g",), "gradingPeriod": ("g",), "minimum": 0, "maximum": 10.5,
        "school": ("s1",), "scoreScale": ("ss",), "oneroster.lineItems.metadata": {"maple.room": "B2"},
        "objectives": [
            {"source": "case", "learningObjectiveIds": ["A-1", "A-2"]},
            {"source": "unknown", "learningObjectiveIds": ["9.3"]},
        ],
    }  # fmt: skip
    assert "gradingPeriod" not in found["l2"]
    assert found["l2"]["session"] == ("t",)


def test_a_line_item_of_1_1_has_a_grading_period_and_no_school(read):
    found, _ = read("lineItem", "1.1")
    assert found["l1"] == {
        "key": ("l1",), "id": "l1", "title": "Sheet 1", "description": "All of it",
        "assigned": "2026-09-01T00:00:00.000Z", "due": "2026-09-03T07:30:00.000Z", "section": ("k",),
        "category": ("h",), "gradingPeriod": ("g",), "minimum": 0, "maximum": 10.5,
        "oneroster.lineItems.metadata": {"maple.room": "B2"},
    }  # fmt: skip


def test_a_result_comes_with_its_objectives_and_its_scale(read):
    found, _ = read("result")
    assert found["x1"] == {
        "key": ("x1",), "id": "x1", "lineItem": ("l1",), "student": ("u1",), "section": ("k",),
        "status": "fully graded", "score": 9.5, "textScore": "A", "date": "2026-09-05",
        "comment": 'Good, "mostly"', "inProgress": False, "incomplete": True, "late": False, "missing": False,
        "scoreScale": ("ss",),
        "objectives": [{
            "source": "case",
            "learningObjectiveResults": [
                {"learningObjectiveId": "A-1", "score": 3, "textScore": "met"}, {"learningObjectiveId": "A-2"},
            ],
        }],
    }  # fmt: skip
    assert found["x2"] == {
        "key": ("x2",), "id": "x2", "lineItem": ("l2",), "student": ("u1",), "status": "exempt", "date": "2026-09-09",
    }  # fmt: skip


def test_categories_and_score_scales_are_read(read):
    assert read("gradebookCategory")[0] == {
        "h": {"key": ("h",), "id": "h", "title": "Homework", "weight": 30},
        "q": {"key": ("q",), "id": "q", "title": "Quiz"},
    }
    assert read("scoreScale")[0] == {
        "ss": {
            "key": ("ss",), "id": "ss", "title": "Letters", "kind": "letter", "course": ("c",), "section": ("k",),
            "values": [{"score": "A", "mark": "90-100"}, {"score": "B", "mark": "80-89"}],
        }
    }  # fmt: skip


def test_a_score_scale_may_lack_its_organization_as_the_files_made_of_an_api_do(read):
    found, notes = read("scoreScale", scoreScales=[made.GRADEBOOK["scoreScales.csv"][0] | {"orgSourcedId": ""}])
    assert found == read("scoreScale")[0]
    assert notes == {}


def test_what_nobody_asks_for_is_not_told(read):
    found, _ = read("lineItem", wanted=frozenset({"title"}))
    assert found["l1"] == {"key": ("l1",), "id": "l1", "title": "Sheet 1"}
    found, _ = read("result", wanted=frozenset({"scoreScale"}))
    assert found["x1"] == {"key": ("x1",), "id": "x1", "scoreScale": ("ss",)}


def test_a_second_score_scale_of_one_result_is_counted(read):
    scales = [*made.GRADEBOOK["scoreScales.csv"], made.GRADEBOOK["scoreScales.csv"][0] | {"sourcedId": "s3"}]
    links = made.GRADEBOOK["resultScoreScales.csv"]
    found, notes = read(
        "result",
        scoreScales=scales,
        resultScoreScales=[*links, {"sourcedId": "rs2", "resultSourcedId": "x1", "scoreScaleSourcedId": "s3"}],
    )
    assert found["x1"]["scoreScale"] == ("ss",)
    assert notes == {"resultScoreScales.csv: a second score scale of one result is not kept": 1}


@pytest.mark.parametrize(
    ("file", "row", "place"),
    [
        ("results", {"sourcedId": "x1", "lineItemSourcedId": "l9", "studentSourcedId": "u1", "scoreStatus": "exempt", "scoreDate": "2026-09-09"}, "results.csv:2:4"),
        ("results", {"sourcedId": "x1", "lineItemSourcedId": "l1", "studentSourcedId": "u1", "scoreStatus": "done", "scoreDate": "2026-09-09"}, "results.csv:2:6"),
        ("categories", {"sourcedId": "c1", "title": "Work", "weight": "much"}, "categories.csv:2:5"),
    ],
)  # fmt: skip
def test_a_mistake_sets_its_row_aside_and_is_told_with_its_place(tmp_path, file, row, place):
    path = made.archive(tmp_path / "maple.zip", made.graded("1.2", **{file: [row]}))
    with OneRosterCsv("maple", {"source": str(path)}) as adapter:
        found = list(adapter.read({"result" if file == "results" else "gradebookCategory": None}))
        assert place in {one.place for one in adapter.notes.page.aside}
    assert row["sourcedId"] not in {record["id"] for _, record in found}
