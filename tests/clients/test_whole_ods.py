"""The published clients read and follow every one of the resources of an ODS, each with documents in it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow
AT_ONCE, SAMPLE = 60, 200


@pytest.fixture(scope="module")
def known(writers):
    """How many records each resource has."""
    return {name: count for name, count in writers.edfi("counts").items() if count}


def portions(known):
    names = sorted(known)
    return (names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE))


def whole(met):
    return {name: (len(ids), len(set(ids))) for name, ids in met.items()}


def test_a_walk_through_change_versions_meets_every_record_once(writers, known):
    met = {}
    for names in portions(known):
        met |= writers.edfi("stepped", *names)
    assert whole(met) == {name: (count, count) for name, count in known.items()}


def test_nothing_is_gone_where_nothing_has_changed(writers, known):
    told = {}
    for names in portions(known):
        told |= writers.edfi("tracked", *names)
    assert told == {name: [[], []] for name in known}


def test_lightbeam_fetches_as_many_as_there_are_and_finds_nothing_wrong_with_them(writers, known):
    for names in portions(known):
        writers.lightbeam("fetch", "-s", ",".join(names))
    met = {name: [row["id"] for row in writers.rows(name)] for name in known}
    assert whole(met) == {name: (count, count) for name, count in known.items()}
    told = writers.report(SAMPLE)
    assert {name: one["failures"] for name, one in told.items() if one.get("failures")} == {}
