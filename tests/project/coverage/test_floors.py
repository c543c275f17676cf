"""The floors of coverage hold what exists, and a measurement below one is noticed."""

from __future__ import annotations

import pytest

from tests.project.coverage.floors import ROOT, compare, floors, share

FILES = {
    "gateway/writes/merge.py": {
        "summary": {"covered_lines": 90, "num_statements": 100, "covered_branches": 10, "num_branches": 20}
    },
    "gateway/writes_log.py": {
        "summary": {"covered_lines": 0, "num_statements": 900, "covered_branches": 0, "num_branches": 90}
    },
    "policies/grant.py": {
        "summary": {"covered_lines": 50, "num_statements": 50, "covered_branches": 0, "num_branches": 0}
    },
}


def test_what_decides_who_sees_and_changes_what_has_its_floors():
    assert {"gateway/writes", "policies", "gateway/audit", "gateway/auth"} <= floors().keys()
    assert all(set(kinds) == {"lines", "branches"} for kinds in floors().values())


@pytest.mark.parametrize("part", sorted(floors()))
def test_a_floor_is_of_something_that_exists(part):
    assert (ROOT / part).is_dir() or (ROOT / f"{part}.py").is_file()


@pytest.mark.parametrize(
    ("part", "kind", "found"),
    [
        ("gateway/writes", "lines", 90.0),
        ("gateway/writes", "branches", 50.0),
        ("gateway/writes/merge", "lines", 90.0),
        ("policies", "lines", 100.0),
        ("policies", "branches", None),
        ("adapters", "lines", None),
    ],
)
def test_a_folders_share_counts_its_own_files(part, kind, found):
    assert share(FILES, part, kind) == found


@pytest.mark.parametrize(("floor", "held"), [(90.0, True), (90.1, False)])
def test_a_share_below_its_floor_is_noticed(floor, held):
    assert [one for one, _ in compare(FILES, {"gateway/writes": {"lines": floor}})] == [held]


def test_what_nothing_was_measured_of_holds_no_floor():
    assert [one for one, _ in compare(FILES, {"gateway/auth": {"lines": 0.0}})] == [False]
