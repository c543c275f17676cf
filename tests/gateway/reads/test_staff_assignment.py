"""Where students must be assigned to whoever asks, a client, which is no person, gets none, and no error that tells."""

from __future__ import annotations

import re

import pytest

from policies.agreement import read
from policies.comparison.widening import widened_population
from policies.reasoning.differences import people
from tests.support.regions import EDFI, ROSTER, agreement, running, small_sites

POPULATIONS = {
    "everybody": "{all: [{enrollment: active}]}",
    "nobody": "{all: [{enrollment: active}, {age: {from: 149}}]}",
    "assigned": "{all: [{enrollment: active}], staffAssignment: required}",
}
ADDRESSES = [
    f"{ROSTER}students", f"{ROSTER}users", f"{ROSTER}enrollments", f"{ROSTER}students?filter=familyName!='x'",
    f"{ROSTER}students/no-such-id", f"{ROSTER}orgs", f"{EDFI}students", f"{EDFI}students?totalCount=true",
    f"{EDFI}studentSchoolAssociations", f"{EDFI}students/00000000000000000000000000000000",
]  # fmt: skip
OWN = re.compile(r"everybody|nobody|assigned")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assigned")
    sites = small_sites(folder / "data")
    texts = [
        agreement(site, client=name, population=population)
        for name, population in POPULATIONS.items()
        for site in sites
    ]
    with running(folder / "region", sites, texts) as made:
        yield made


def test_a_client_gets_no_student(region):
    assert region.consumer("everybody").resources("students")
    assert region.consumer("assigned").resources("students") == []
    assert region.consumer("assigned").ask(f"{EDFI}students").json == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_client_gets_is_what_it_gets_under_a_population_of_nobody(region, address):
    """P2: that students are held back for want of a person is not told by any answer."""
    some, other = (region.consumer(name).ask(address) for name in ("assigned", "nobody"))
    assert some.status_code == other.status_code
    assert without_request(some.text) == without_request(other.text)


def test_one_student_is_not_found_like_one_that_does_not_exist(region):
    one = region.consumer("everybody").ask(f"{ROSTER}students").json["users"][0]["sourcedId"]
    hidden = region.consumer("assigned").ask(f"{ROSTER}students/{one}")
    missing = region.consumer("assigned").ask(f"{ROSTER}students/{one[::-1]}")
    assert hidden.status_code == missing.status_code == 404


def test_a_version_without_the_assignment_widens(tmp_path):
    with_it, without = (_population(tmp_path, name) for name in ("assigned", "everybody"))
    assert list(widened_population(with_it, without)) == [
        "the population is no longer limited by the assignment of staff"
    ]
    assert list(widened_population(without, with_it)) == []
    (told,) = people(with_it, without)
    assert told.widens
    assert "asks no longer for an assignment" in told.text


def test_check_warns_that_no_client_gets_a_student(tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text(agreement("maple", population=POPULATIONS["assigned"]), "utf-8")
    found, mistakes = read(file)
    assert mistakes == []
    assert any("staffAssignment" in warning for warning in found.warnings)


def _population(folder, name):
    file = folder / f"{name}.yaml"
    file.write_text(agreement("maple", population=POPULATIONS[name]), "utf-8")
    return read(file)[0].population


def without_request(text):
    """Leave out what is of one request alone: correlation ids, and whose agreement it is."""
    return OWN.sub("", re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}", "", text))
