"""The gradebook and the assessment results as OneRoster shows them, from hand-made records and from whole districts."""

from __future__ import annotations

from collections import Counter

import pytest

from adapters.edfi_xml.adapter import EdFiXml
from adapters.oneroster_csv.adapter import OneRosterCsv
from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from gateway.engine.plan import entities_of
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.grant import Grant, Rule
from standards import native, registry, vocabulary
from standards.fields import fields_of
from standards.keys import Keyring
from standards.oneroster.model import validate
from standards.pruning import prune
from standards.query import Condition, Query
from tests.adapters.oneroster import packages as made
from tests.gateway.demo.data.districts import small
from tests.support.regions import grand_bend_site

BASE = "https://gateway.example/ims/oneroster"
KEYRING = Keyring(b"k" * 32)
CLASSES = {
    "categories": "category",
    "lineItems": "lineItem",
    "results": "result",
    "scoreScales": "scoreScale",
    "assessmentLineItems": "assessmentLineItem",
    "assessmentResults": "assessmentResult",
}
PEOPLE = [
    ("organization", {"key": ("s",), "id": "s", "name": "North", "kind": "school", "identifier": "1"}),
    ("offering", {"key": ("o",), "id": "o", "course": ("c",)}),
    ("course", {"key": ("c",), "id": "c", "title": "Algebra"}),
    ("section", {"key": ("k",), "id": "k", "school": ("s",), "offering": ("o",)}),
    ("student", {"key": ("u",), "id": "u", "name.given": "Ann"}),
    ("session", {"key": ("g",), "id": "g", "kind": "gradingPeriod"}),
    ("gradebookCategory", {"key": ("h",), "id": "h", "title": "Homework"}),
]
ITEM = {"key": ("l",), "id": "l", "title": "Sheet", "section": ("k",), "category": ("h",), "due": "2026-09-03"}
RESULT = {"key": ("x",), "id": "x", "lineItem": ("l",), "student": ("u",)}


def everything(*dropped) -> Grant:
    """A grant that releases whatever may be released, but what is *dropped*."""
    entities = (*vocabulary.entities(), *native.entities())
    fields = [field for entity in entities for field in fields_of(entity).values() if field.sensitivity != "never"]
    names = {name for field in fields for name in (field.release, f"{field.release}.*")} - set(dropped)
    rules = {name: Rule("allow") for name in names}
    return Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), rules, {}, "e")


def branches(records, collection, grant=None, api="oneroster"):
    grant = grant or everything()
    view = prune(registry.views(api)[collection], grant)
    visibility = Visibility(build_snapshot(iter(records), "maple", KEYRING), grant, KEYRING, "2026-10-01")
    return tuple(ViewRows(branch, view, visibility, Ledger(b"l" * 16)) for branch in view.branches)


def show(records, collection, grant=None, query=None, api="oneroster"):
    return index(branches(records, collection, grant, api), query or Query(), BASE).slice(0, 1_000_000, BASE)


def one(entity, record, *more, grant=None):
    """The only record of a collection, beside a small school with one class."""
    collection = next(name for name in CLASSES if registry.views("oneroster")[name].branches[0].entity == entity)
    (found,) = show([*PEOPLE, *more, (entity, record)], collection, grant)
    assert grant or not validate("1.2", CLASSES[collection], found)
    return found


def of(adapter, collection, query=None):
    """Every record of a collection of a whole district."""
    grant = everything()
    wanted = {
        entity: None
        for entity in entities_of(prune(registry.views("oneroster")[collection], grant), grant)
        if entity in adapter.manifest.entities
    }
    return show(adapter.read(wanted), collection, query=query)


@pytest.fixture(scope="module", params=["by hand", "generated", "generated, as Ed-Fi", "Grand Bend"])
def district(request, tmp_path_factory):
    """The name of a district, and its gradebook."""
    folder = tmp_path_factory.mktemp("maple")
    if request.param == "by hand":
        adapter = OneRosterCsv("maple", {"source": str(made.archive(folder / "maple.zip", made.graded("1.2")))})
    elif request.param == "generated":
        write_oneroster_12(small("maple", students=60), folder / "maple.zip")
        adapter = OneRosterCsv("maple", {"source": str(folder / "maple.zip")})
    elif request.param == "generated, as Ed-Fi":
        write_edfi_xml(small("maple", students=60), folder)
        adapter = EdFiXml("maple", {"source": str(folder)})
    else:
        adapter = EdFiXml("gb", dict(grand_bend_site().settings))
    return request.param, {collection: of(adapter, collection) for collection in CLASSES}


def test_every_record_obeys_the_standard(district):
    name, shown = district
    faults = Counter(
        f"{collection} {fault}"
        for collection, records in shown.items()
        for record in records
        for fault in validate("1.2", CLASSES[collection], record)
    )
    assert faults == {}, name


def test_every_reference_within_the_gradebook_leads_to_a_record(district):
    _, shown = district
    ids = {collection: {record["sourcedId"] for record in records} for collection, records in shown.items()}
    for member, owner, collection in (
        ("category", "lineItems", "categories"),
        ("scoreScale", "lineItems", "scoreScales"),
        ("lineItem", "results", "lineItems"),
        ("scoreScale", "results", "scoreScales"),
        ("assessmentLineItem", "assessmentResults", "assessmentLineItems"),
    ):
        for record in shown[owner]:
            reference = record.get(member)
            assert reference is None or reference["sourcedId"] in ids[collection]
            assert (
                reference is None or reference["href"] == f"{BASE}/gradebook/v1p2/{collection}/{reference['sourcedId']}"
            )


def test_a_district_has_the_same_gradebook_from_either_standard(tmp_path):
    write_oneroster_12(small("maple", students=60), tmp_path / "maple.zip")
    write_edfi_xml(small("maple", students=60), tmp_path / "edfi")
    told = []
    for adapter in (
        OneRosterCsv("maple", {"source": str(tmp_path / "maple.zip")}),
        EdFiXml("maple", {"source": str(tmp_path / "edfi")}),
    ):
        items = {one["sourcedId"]: one for one in of(adapter, "lineItems")}
        told.append((
            sorted((one["title"], one["assignDate"], one["dueDate"], one["resultValueMax"]) for one in items.values()),
            sorted((
                items[one["lineItem"]["sourcedId"]]["title"], one.get("score", -1), one["scoreDate"], one["scoreStatus"],
                one.get("comment", ""), one["late"], one["class"] == items[one["lineItem"]["sourcedId"]]["class"],
            ) for one in of(adapter, "results")),
        ))  # fmt: skip
    assert told[0][1]
    assert told[0] == told[1]


def test_grand_bend_has_its_gradebook_and_its_assessments(district):
    name, shown = district
    if name != "Grand Bend":
        return
    assert {collection: len(records) for collection, records in shown.items()} == {
        "categories": 1, "lineItems": 10, "results": 250, "scoreScales": 0, "assessmentLineItems": 12,
        "assessmentResults": 408,
    }  # fmt: skip
    assert [one["title"] for one in shown["categories"]] == ["Uncategorized"]
    assert Counter(one["scoreStatus"] for one in shown["results"]) == {"fully graded": 250}
    assert Counter(one["late"] for one in shown["results"]) == {"false": 225, "true": 25}
    assert all(isinstance(one["score"], int | float) for one in shown["results"])


def test_a_line_item_without_a_school_is_of_the_school_of_its_class():
    found = one("lineItem", ITEM)
    assert found["school"] == {"href": f"{BASE}/rostering/v1p2/orgs/s", "sourcedId": "s", "type": "org"}
    assert found["class"]["sourcedId"] == "k"


def test_one_day_of_a_line_item_stands_for_both_and_each_is_a_moment():
    found = one("lineItem", ITEM)
    assert found["assignDate"] == found["dueDate"] == "2026-09-03T00:00:00.000Z"
    found = one("lineItem", ITEM | {"assigned": "2026-09-01T08:00:00-07:00"})
    assert (found["assignDate"], found["dueDate"]) == ("2026-09-01T15:00:00.000Z", "2026-09-03T00:00:00.000Z")


def test_a_grading_period_is_the_academic_session_of_a_line_item_that_states_no_other():
    assert one("lineItem", ITEM | {"gradingPeriod": ("g",)})["academicSession"]["sourcedId"] == "g"
    assert "academicSession" not in one("lineItem", ITEM)


@pytest.mark.parametrize("lost", ["section", "category"])
def test_a_line_item_without_its_class_or_category_is_not_shown(lost):
    record = {name: value for name, value in ITEM.items() if name != lost}
    assert show([*PEOPLE, ("lineItem", record)], "lineItems") == []


@pytest.mark.parametrize("hidden", ["lineItem.category", "gradebookCategory.id"])
def test_a_line_item_whose_category_is_not_released_is_shown_without_it(hidden):
    found = one("lineItem", ITEM, grant=everything(hidden))
    assert "category" not in found
    assert found["title"] == "Sheet"


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ({"status": "partially graded"}, "partially graded"),
        ({"status": "not handed in"}, "ext:not-handed-in"),
        ({"score": 0}, "fully graded"),
        ({"grade": 88}, "fully graded"),
        ({"textScore": "B"}, "fully graded"),
        ({"missing": True}, "not submitted"),
        ({"missing": False}, "ext:unstated"),
        ({"late": True}, "ext:unstated"),
        ({}, "ext:unstated"),
        ({"status": "exempt", "score": 3}, "exempt"),
    ],
)
def test_the_state_of_a_score_is_what_is_stated_or_what_the_score_tells(stated, shown):
    assert one("result", RESULT | stated, ("lineItem", ITEM))["scoreStatus"] == shown


@pytest.mark.parametrize(("stated", "shown"), [({"score": 0}, [0]), ({"score": 2.5}, [2.5]), ({}, [])])
def test_the_older_version_shows_every_result_that_has_a_score(stated, shown):
    """1.1 cannot do without a score, and a zero is one."""
    found = show([*PEOPLE, ("lineItem", ITEM), ("result", RESULT | stated)], "results", api="oneroster11")
    assert [one["score"] for one in found] == shown


def test_a_hidden_score_tells_nothing_of_the_state():
    result, item = RESULT | {"score": 3, "missing": True}, ("lineItem", ITEM)
    hidden = everything("result.score", "result.missing")
    assert one("result", result, item, grant=hidden)["scoreStatus"] == "ext:unstated"


def test_a_result_has_the_class_of_its_line_item_and_the_day_on_which_the_work_was_due():
    found = one("result", RESULT, ("lineItem", ITEM | {"due": "2026-09-03T07:30:00.000Z"}))
    assert (found["class"]["sourcedId"], found["scoreDate"]) == ("k", "2026-09-03")
    assert one("result", RESULT | {"date": "2026-09-04"}, ("lineItem", ITEM))["scoreDate"] == "2026-09-04"


def test_the_points_are_the_score_and_a_grade_only_stands_in():
    assert one("result", RESULT | {"grade": 88.5}, ("lineItem", ITEM))["score"] == 88.5
    assert one("result", RESULT | {"grade": 88.5, "score": 0}, ("lineItem", ITEM))["score"] == 0


@pytest.mark.parametrize("lost", ["lineItem", "student"])
def test_a_result_without_its_work_or_its_student_is_not_shown(lost):
    record = {name: value for name, value in RESULT.items() if name != lost}
    assert show([*PEOPLE, ("lineItem", ITEM), ("result", record)], "results") == []


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ([{"source": "case", "learningObjectiveIds": ["a", 7, "b"]}], [{"source": "case", "learningObjectiveIds": ["a", "b"]}]),
        ([{"source": "Our State", "learningObjectiveIds": ["a"]}], [{"source": "unknown", "learningObjectiveIds": ["a"]}]),
        ([{"learningObjectiveIds": ["a"], "more": 1}], [{"source": "unknown", "learningObjectiveIds": ["a"]}]),
        ([{"source": "case", "learningObjectiveIds": []}], None),
        ([{"source": "case", "learningObjectiveIds": "a"}, 7, None], None),
        ({"source": "case"}, None),
        ("case", None),
    ],
)  # fmt: skip
def test_only_learning_objectives_that_the_standard_has_a_place_for_are_shown(stated, shown):
    assert one("lineItem", ITEM | {"objectives": stated}).get("learningObjectiveSet") == shown


def test_what_a_result_says_of_learning_objectives_is_shown_as_far_as_the_standard_goes():
    told = [
        {"learningObjectiveId": "a", "score": 2, "textScore": "met", "x": 1},
        {"learningObjectiveId": "b", "score": True},
        {"score": 3},
    ]
    found = one(
        "result", RESULT | {"objectives": [{"source": "case", "learningObjectiveResults": told}]}, ("lineItem", ITEM)
    )
    assert found["learningObjectiveSet"] == [
        {
            "source": "case",
            "learningObjectiveResults": [
                {"learningObjectiveId": "a", "score": 2, "textScore": "met"},
                {"learningObjectiveId": "b"},
            ],
        }
    ]


def test_a_score_scale_has_its_values_and_the_course_of_its_class():
    record = {"key": ("ss",), "id": "ss", "title": "Letters", "kind": "letter", "section": ("k",),
              "values": [{"score": "A", "mark": "90-100"}, {"score": "B", "mark": "80-89"}]}  # fmt: skip
    found = one("scoreScale", record)
    assert found["scoreScaleValue"] == [
        {"itemValueLHS": "A", "itemValueRHS": "90-100"},
        {"itemValueLHS": "B", "itemValueRHS": "80-89"},
    ]
    assert found["course"]["sourcedId"] == "c"


def test_an_assessment_and_its_result():
    whole = ("assessment", {"key": ("t",), "id": "t", "title": "State test"})
    found = one("assessmentResult", {
        "key": ("y",), "id": "y", "assessment": ("t",), "student": ("u",), "date": "2026-05-01", "score": 650,
        "percentile": 92, "textScore": "Met Standard",
    }, whole)  # fmt: skip
    assert (found["score"], found["scorePercentile"], found["scoreDate"]) == (650, 92, "2026-05-01")
    assert (found["scoreStatus"], found["textScore"]) == ("fully graded", "Met Standard")
    assert found["assessmentLineItem"]["href"] == f"{BASE}/gradebook/v1p2/assessmentLineItems/t"
    part = {"key": ("p",), "id": "p", "identifier": "Part 1", "parent": ("t",), "maximum": 40}
    named = {record["sourcedId"]: record for record in show([whole, ("assessment", part)], "assessmentLineItems")}
    assert named["p"]["title"] == "Part 1"
    assert named["p"]["parentAssessmentLineItem"]["sourcedId"] == "t"


@pytest.mark.parametrize(
    ("collection", "path", "operator", "value", "found"),
    [
        ("lineItems", "dueDate", ">", "2026-09-02", 2),
        ("lineItems", "dueDate", ">", "2026-09-03T08:00:00Z", 1),
        ("lineItems", "resultValueMax", ">", "9", 1),
        ("lineItems", "category.sourcedId", "=", "h", 1),
        ("results", "scoreDate", "<=", "2026-09-05", 1),
        ("results", "score", "<", "10", 1),
        ("results", "lineItem.sourcedId", "=", "l2", 1),
        ("results", "scoreStatus", "=", "exempt", 1),
        ("categories", "weight", ">=", "9", 1),
        ("categories", "title", "~", "ome", 1),
    ],
)
def test_numbers_days_and_moments_compare_as_what_they_are(tmp_path, collection, path, operator, value, found):
    adapter = OneRosterCsv("maple", {"source": str(made.archive(tmp_path / "maple.zip", made.graded("1.2")))})
    query = Query(Condition(path, operator, value))
    assert len(of(adapter, collection, query)) == found
