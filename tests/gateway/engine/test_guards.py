"""A reference inside a list of a native record is shown like any other: only while what it points to is seen."""

from __future__ import annotations

import pytest

from gateway.cache.snapshot import build_snapshot
from gateway.engine.renderer import compile_branch
from gateway.engine.visibility import Visibility
from standards import registry
from standards.keys import Keyring
from standards.pruning import prune
from tests.policies import documents
from tests.support.oracle import Oracle

KEYRING = Keyring(b"a key for tests, of thirty-two b")
SECTIONS = {"101": ("ALG", "101", "2027", "1", "Fall"), "102": ("ALG", "102", "2027", "1", "Fall")}
GONE = ("ALG", "109", "2027", "1", "Fall")
POPULATION = '{all: [{school: {in: ["101"]}}]}'


def pointing(key):
    names = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")
    numbers = {"schoolId", "schoolYear"}
    parts = {
        f"sectionReference.{name}": int(part) if name in numbers else part
        for name, part in zip(names, key, strict=True)
    }
    return {**parts, "sectionReference@": key}


def district(*sections):
    pupil = {
        "key": ("c1",),
        "studentReference.studentUniqueId": ("s1",),
        "sections": [pointing(key) for key in sections],
    }
    return [
        *(("organization", {"key": (school,), "identifier": school, "kind": "school"}) for school in SECTIONS),
        ("student", {"key": ("s1",), "uniqueId": "s1"}),
        ("enrollment", {"key": ("e",), "student": ("s1",), "school": ("101",), "entry": "2026-09-01"}),
        *(("section", {"key": key, "identifier": "1", "school": (school,)}) for school, key in SECTIONS.items()),
        ("edfi.studentCohortAssociations", pupil),
    ]


def shown(records, population):
    """The schools of the sections shown, as the compiled engine says, and as the interpreter does."""
    grant = documents.grant("* allow", population)
    (branch,) = prune(registry.views("edfi")["studentCohortAssociations"], grant).branches
    visibility = Visibility(build_snapshot(records, "maple", KEYRING), grant, KEYRING, documents.TODAY)
    rendered = compile_branch(branch, visibility, "edfi")(list(visibility.rows(branch.entity)), "")
    oracle = Oracle(records, grant, KEYRING, "maple", documents.TODAY, b"k")
    told = oracle.members(branch.nodes, branch.entity, records[-1][1], "edfi", "")
    assert [one.get("sections") for one in rendered] == [told.get("sections")]
    return [one["sectionReference"]["schoolId"] for one in told.get("sections", ())]


@pytest.mark.parametrize(("population", "schools"), [("", [101, 102, 109]), (POPULATION, [101])])
def test_an_item_that_points_to_a_hidden_school_is_not_there(population, schools):
    assert sorted(shown(district(*SECTIONS.values(), GONE), population)) == schools


def test_a_list_of_nothing_but_hidden_records_is_no_list():
    assert shown(district(SECTIONS["102"]), POPULATION) == []
    assert shown(district(), POPULATION) == []
