"""Every Ed-Fi resource of a real district, also those nobody mapped, under agreements that hide most of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from standards import registry
from tests.policies import documents
from tests.support.regions import Consumer, agreement, grand_bend_site, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHOOL = "255901044"
EVERYTHING = (("*", "allow"),)
NAMELESS = (*EVERYTHING, ("student.id", "pseudonym"), ("student.email", "deny"), ("student.emails", "deny"), ("edfi.people", "deny"),
            *((f"edfi.{kind}.personReference", "deny") for kind in ("students", "staffs", "contacts")))  # fmt: skip
NUMBERLESS = (*EVERYTHING, *((name, "deny") for name in (
    "organization.identifier", "organization.identifiers", "student.identificationCodes")))  # fmt: skip
WORD = re.compile(r"[0-9a-f]{32}|[0-9]+")


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Iterator[dict[str, Consumer]]:
    """Consumers to whom Grand Bend releases everything, one school, and all but who the pupils or the schools are."""
    some = f'{{all: [{{school: {{in: ["{SCHOOL}"]}}}}]}}'
    agreements = [
        agreement("gb"),
        agreement("gb", client="school", population=some),
        agreement("gb", NAMELESS, client="nameless"),
        agreement("gb", NUMBERLESS, client="numberless"),
    ]
    with running(tmp_path_factory.mktemp("natives"), {"gb": grand_bend_site()}, agreements) as region:
        yield {name: region.consumer(name) for name in ("conformance", "school", "nameless", "numberless")}


def bodies(consumer):
    """Every page of every resource that the consumer may ask for."""
    for name in registry.views("edfi"):
        size, offset = 500, 0
        while size == 500:
            answer = consumer.edfi(name, limit=500, offset=offset)
            assert answer.status_code in {200, 403}, name
            size, offset = len(answer.json) if answer.status_code == 200 else 0, offset + 500
            yield name, answer


def words_of(consumer):
    """The ids and numbers in every page, also those inside texts."""
    return ((name, set(WORD.findall(answer.text))) for name, answer in bodies(consumer))


def values_of(consumer):
    """The values of all members in every page, as texts."""
    return ((name, set(map(str, leaves(answer.json)))) for name, answer in bodies(consumer))


def leaves(value):
    """Every single value inside a JSON value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [leaf for one in inner for leaf in leaves(one)] if isinstance(value, dict | list) else [value]


def test_one_school_hears_of_no_other_school_and_of_no_pupil_elsewhere(asked):
    everyone = {one["studentUniqueId"]: one["id"] for one in asked["conformance"].resources("students")}
    mine = {one["studentUniqueId"] for one in asked["school"].resources("students")}
    others = {str(one["schoolId"]) for one in asked["conformance"].resources("schools")} - {SCHOOL}
    hidden = others | {word for name, one in everyone.items() if name not in mine for word in (name, one)}
    assert len(mine) < len(everyone)
    assert {name: words & hidden for name, words in words_of(asked["school"]) if words & hidden} == {}


def test_a_pupil_under_a_pseudonym_is_named_by_no_resource(asked):
    everyone = {one["studentUniqueId"]: one["id"] for one in asked["conformance"].resources("students")}
    hidden = {*everyone, *everyone.values()}
    assert {name: words & hidden for name, words in words_of(asked["nameless"]) if words & hidden} == {}


def test_an_institution_whose_number_is_denied_is_numbered_by_no_resource(asked):
    numbers = {
        str(one[f"{kind}Id"])
        for kind, name in (("school", "schools"), ("localEducationAgency", "localEducationAgencies"))
        for one in asked["conformance"].resources(name)
    }
    told = {name for name, words in values_of(asked["conformance"]) if words & numbers}
    assert len(numbers) > 3
    assert {"calendars", "classPeriods", "locations", "bellSchedules", "sections", "programs"} <= told
    assert {name: words & numbers for name, words in values_of(asked["numberless"]) if words & numbers} == {}


def test_records_that_belong_to_pupils_under_a_pseudonym_have_other_ids(asked):
    for name in (
        "studentSchoolAssociations",
        "studentSectionAssociations",
        "studentMigrantEducationProgramAssociations",
    ):
        ours, theirs = ({one["id"] for one in asked[who].resources(name)} for who in ("conformance", "nameless"))
        assert len(ours) == len(theirs) > 0
        assert ours.isdisjoint(theirs)


@pytest.mark.parametrize("name", ["edfi.people.personId", "edfi.students.personReference.personId"])
def test_a_number_that_names_a_person_beside_a_pseudonym_leaves_as_a_hash_and_deserves_a_second_look(name):
    found = documents.load(f"student.id pseudonym\n{name} allow")
    assert any(f"{name} leaves as a hash, since student.id does not leave as it is" in one for one in found.warnings)
    assert documents.grant(f"student.id pseudonym\n{name} allow").rule(name).action == "hash"
