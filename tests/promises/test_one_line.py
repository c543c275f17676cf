"""P5: an agreement names a fact once; that one line holds for both standards and for every kind of source."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest

from tests.gateway.web.answers import at
from tests.support.regions import EDFI, EVERYTHING, ROSTER, agreement, running, small_sites

CHANGED = {"dateLastModified", "_lastModifiedDate", "_etag"}
FACTS = [  # fact, action, where OneRoster and Ed-Fi show it, and what the action leaves of a value
    ("student.birthDate", "year", ("demographics", "birthDate"), ("students", "birthDate"), lambda value: value[:4] + "-01-01"),
    ("student.birthDate", "month", ("demographics", "birthDate"), ("students", "birthDate"), lambda value: value[:7] + "-01"),
    ("student.name.family", "initial", ("students", "familyName"), ("students", "lastSurname"), lambda value: value[0]),
    ("student.name.given", "deny", ("students", "givenName"), ("students", "firstName"), None),
    ("staff.name.family", "initial", ("teachers", "familyName"), ("staffs", "lastSurname"), lambda value: value[0]),
    ("organization.name", "deny", ("orgs", "name"), ("schools", "nameOfInstitution"), None),
    ("section.location", "deny", ("classes", "location"), ("sections", "locationReference.classroomIdentificationCode"), None),
    ("enrollment.entry", "month", ("students", "roles.beginDate"), ("studentSchoolAssociations", "entryDate"), lambda value: value[:7] + "-01"),
]  # fmt: skip


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """What a district shows under given agreement lines; each set of lines has a region of its own."""
    sites = small_sites(tmp_path_factory.mktemp("data"), 25)
    regions = {}
    with ExitStack() as up:

        def shown(lines, district, root, collection):
            if lines not in regions:
                texts = [agreement(name, lines) for name in sites]
                regions[lines] = up.enter_context(running(tmp_path_factory.mktemp("region"), sites, texts)).consumer()
            answer = regions[lines].ask(f"/{district}{root}{collection}", limit=500)
            assert answer.status_code == 200, answer.text
            return answer.json if root == EDFI else next(iter(answer.json.values()))

        yield shown


def without(records, path):
    """The records without the member at a path and without what tells of change."""
    return [_cut(record, path.split(".")) for record in records]


def _cut(value, parts):
    if isinstance(value, list):
        return [_cut(item, parts) for item in value]
    head, *rest = parts
    kept = {name: part for name, part in value.items() if name not in CHANGED}
    if rest and head in kept:
        kept[head] = _cut(kept[head], rest)
    if not rest or not kept.get(head, True):
        kept.pop(head, None)
    return kept


@pytest.mark.parametrize("district", ["maple", "cedar"])
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact[0]} {fact[1]}")
def test_one_line_changes_both_standards_alike_and_nothing_else(ask, district, fact):
    path, action, oneroster, edfi, left = fact
    if district == "maple" and path == "section.location":
        edfi = ("sections", "locationReference")  # its school is worked out from the room, and goes with it
    changed = 0
    for root, (collection, member) in ((ROSTER, oneroster), (EDFI, edfi)):
        before = ask(EVERYTHING, district, root, collection)
        after = ask((*EVERYTHING, (path, action)), district, root, collection)
        if path == "section.location":  # a link to the room names the room, and goes with it
            before = without(before, "locationReference.link")
            assert not any("link" in one.get("locationReference", {}) for one in after)
        assert without(before, member) == without(after, member)
        for one, other in zip(before, after, strict=True):
            whole = at(one, member)
            assert at(other, member) == ([left(value) for value in whole] if left else [])
            changed += whole != at(other, member)
    assert changed > 10 or path == "organization.name"
    assert changed


@pytest.mark.parametrize(
    "collection",
    [
        "schools",
        "classPeriods",
        "calendars",
        "locations",
        "sections",
        "sessions",
        "studentSchoolAssociations",
    ],
)
def test_one_line_denies_the_number_of_a_school_wherever_it_is_referred_to(ask, collection):
    numbers = {str(one["schoolId"]) for one in ask(EVERYTHING, "cedar", EDFI, "schools")}
    denied = (("organization.identifier", "deny"), ("organization.identifiers", "deny"))
    told = [
        {text for text in re.findall(r"[^' ,}\]]+", str(ask(lines, "cedar", EDFI, collection))) if text in numbers}
        for lines in (EVERYTHING, (*EVERYTHING, *denied))
    ]
    assert told[0]
    assert told[1] == set()


@pytest.mark.parametrize("district", ["maple", "cedar"])
def test_removing_the_line_removes_the_fact_from_both(ask, district):
    lines = (("student.id", "allow"), ("student.name", "allow"), ("student.birthDate", "year"))
    for root, collection in ((ROSTER, "demographics"), (EDFI, "students")):
        with_it = ask(lines, district, root, collection)
        without_it = ask(lines[:2], district, root, collection)
        assert len(with_it) == len(without_it) == 25
        assert all(record["birthDate"].endswith("-01-01") for record in with_it)
        assert all("birthDate" not in record for record in without_it)
        assert without(with_it, "birthDate") == without(without_it, "birthDate")


def test_both_kinds_of_source_say_the_same_of_the_same_children(ask):
    """One fictional district, sent as OneRoster files and as interchange files."""
    lines = (("student.*", "allow"), ("student.birthDate", "year"))
    for root, collection, members in (
        (ROSTER, "demographics", ("birthDate", "sex")),
        (EDFI, "students", ("firstName", "birthDate")),
    ):
        told = [
            sorted(tuple(str(record.get(name)) for name in members) for record in ask(lines, name, root, collection))
            for name in ("maple", "cedar")
        ]
        assert told[0] == told[1]
        assert len(told[0]) == 25
