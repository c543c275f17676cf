"""The non-interference kit must itself be right: it touches everything hidden, nothing shown, and catches leaks."""

from __future__ import annotations

import hashlib
import json
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policies.testing.non_interference import KINDS, Coverage, Knowledge, assert_same_answers, visible, worlds
from policies.testing.reference_visibility import ReferenceVisibility
from policies.testing.second_world import SecondWorldMaker
from policies.transforms import transform
from standards.fields import fields_of
from tests.policies import documents

TUTORING = """
    student.id pseudonym
    student.name.given allow
    student.name.family initial
    student.birthDate year
    student.phone last4
    student.birthSex initial
    student.address.postalCode zip3
    student.identifiers.type allow
    oneroster.users.metadata.club allow
    enrollment.id allow
    enrollment.student allow
    enrollment.school allow
    placement.id allow
    placement.student allow
    placement.section allow
    section.id allow
    section.title allow
    section.terms allow
    session.id allow
    session.name allow
    profile.id allow
    profile.student allow
    organization.id allow
    organization.name allow
""".replace("    student.birthSex initial\n", "")
POPULATION = '{all: [{school: {in: ["101", "102"]}}, {grade: {in: ["03", "04"]}}, {enrollment: active}]}'
RECORDS = documents.district()
GRANT = documents.grant(TUTORING, POPULATION)
KNOWN = Knowledge(RECORDS, GRANT, documents.TODAY)
ENTITIES = ("student", "profile", "enrollment", "placement", "section", "session", "organization", "contact")


def shown(records, grant, today=documents.TODAY):
    """All that a grant shows of a world, in a form without any order."""
    sight = ReferenceVisibility(records, grant, today)
    return {
        entity: {key: facts(entity, sight.rows(entity)[key], sight) for key in sight.visible(entity)}
        for entity in records
        if any(grant.releases(field.release) for field in fields_of(entity).values()) and sight.visible(entity)
    }


def facts(entity, row, sight, prefix=""):
    found = {}
    for name, field in fields_of(entity).items():
        rule, value = sight.grant.rule(field.release), row.get(name.removeprefix(prefix))
        if value is None or not name.startswith(prefix) or (field.type != "group" and rule is None):
            continue
        if field.type == "group":
            items = [facts(entity, item, sight, f"{name}.") for item in value]
            found[name] = sorted((item for item in items if item), key=repr)
        elif field.type == "ref":
            keys = [key for key in (value if field.many else [value]) if shows(sight, field, key)]
            found[name] = sorted(keys)
        elif field.type == "open":
            found[name] = {one: value[one] for one in sorted(value) if sight.grant.releases(f"{field.release}.{one}")}
        elif field.type == "id" or rule.action == "allow":
            found[name] = value
            if rule.action == "allow" and f"{name}@edfi" in row:
                found[f"{name}@edfi"] = row[f"{name}@edfi"]
        else:
            found[name] = transform(rule.action, digest)(value)
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def shows(sight, field, key):
    there = key in sight.rows(field.to)
    return sight.sees(field.to, key) if there else field.lenient and sight.grant.unrestricted(field.to)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def answer(records, entity, leak=""):
    """What a small honest responder says, or a leaking one."""
    sight = ReferenceVisibility(records, GRANT, documents.TODAY)
    everything = shown(records, GRANT)
    rows = [(digest(repr(key)), key, told) for key, told in everything.get(entity, {}).items()]
    rows.sort(key=lambda row: row[0])
    if leak in LEAKS:
        rows, extra = LEAKS[leak](sight, entity, rows)
    else:
        extra = {}
    page = [{"id": outward, **told} for outward, _, told in rows]
    return json.dumps({"total": len(page), "page": page, **extra}, default=list, sort_keys=True).encode()


def source(sight, entity, key):
    return sight.rows(entity)[key]


def with_field(name, **only):
    def leak(sight, entity, rows):
        wanted = [row for row in rows if entity == only.get("entity", "student")]
        return rows, {"leak": [source(sight, entity, key).get(name) for _, key, _ in wanted]}

    return leak


def count_everything(sight, entity, rows):
    return rows, {"all": len(sight.rows(entity))}


def sorted_by_hidden_field(sight, entity, rows):
    return sorted(rows, key=lambda row: (str(source(sight, entity, row[1]).get("name.middle")), row[0])), {}


def source_order(sight, entity, rows):
    place = {key: number for number, key in enumerate(sight.rows(entity))}
    return sorted(rows, key=lambda row: place[row[1]]), {}


def tag_of_source(sight, entity, rows):
    return rows, {"etag": digest(repr([sorted(source(sight, entity, key).items(), key=repr) for _, key, _ in rows]))}


def children_counted(sight, entity, rows):
    placed = [one.get("section") for one in sight.records["placement"]]
    return rows, {"size": [placed.count(key) for _, key, _ in rows if entity == "section"]}


def without_row_rule(sight, entity, rows):
    visible_children = sight.visible("student")
    kept = [one["key"] for one in sight.records["enrollment"] if one.get("student") in visible_children]
    return rows, {"enrollments": sorted(kept)}


def dangling_reference(sight, entity, rows):
    return rows, {"terms": [source(sight, entity, key).get("terms") for _, key, _ in rows if entity == "section"]}


def group_order(sight, entity, rows):
    return rows, {
        "types": [
            [
                item.get("type")
                for item in sorted(source(sight, entity, key).get("identifiers", ()), key=lambda i: str(i.get("value")))
            ]
            for _, key, _ in rows
        ]
    }


def group_length(sight, entity, rows):
    return rows, {"lengths": [len(source(sight, entity, key).get("identifiers", ())) for _, key, _ in rows]}


def metadata_names(sight, entity, rows):
    return rows, {
        "names": [sorted(source(sight, entity, key).get("oneroster.users.metadata", ())) for _, key, _ in rows]
    }


LEAKS = {
    "the raw birth date": with_field("birthDate"),
    "the whole family name": with_field("name.family"),
    "the whole phone number": with_field("phone"),
    "the real unique id beside a pseudonym": with_field("uniqueId"),
    "a field nobody released": with_field("race.asian"),
    "the exact token of a hidden code": with_field("birthSex@edfi"),
    "a hidden field of an enrollment": with_field("exitKind", entity="enrollment"),
    "the address of a profile": with_field("address", entity="profile"),
    "a hidden native member": with_field("edfi.students.citizenshipStatusDescriptor"),
    "a count of all rows": count_everything,
    "a hidden sort key": sorted_by_hidden_field,
    "the order of the source": source_order,
    "a tag of the whole record": tag_of_source,
    "a class size that counts hidden children": children_counted,
    "a forgotten row rule": without_row_rule,
    "a reference to nothing": dangling_reference,
    "a group ordered by a hidden member": group_order,
    "the length of a group": group_length,
    "the names of hidden metadata": metadata_names,
}


def run(check, strategy, examples):
    """Run *check* over second worlds, without shrinking: a failure is the result, not a surprise."""
    law = given(strategy)(check)
    limits = {"max_examples": examples, "derandomize": True, "database": None, "deadline": None}
    settings(**limits, phases=[Phase.generate], suppress_health_check=list(HealthCheck))(law)()


def test_second_worlds_show_exactly_what_the_first_shows():
    first = shown(RECORDS, GRANT)

    def check(other):
        assert shown(other.records, GRANT) == first

    run(check, worlds(KNOWN), 150)


def test_every_field_that_can_differ_does():
    coverage = Coverage(KNOWN)
    run(coverage.add, worlds(KNOWN), 150)
    assert not coverage.missing, coverage.report()
    assert len(coverage.expected) > 300


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_second_worlds_show_the_same_under_any_grant(data):
    names = sorted(name for name in GRANT_NAMES)
    chosen = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=25))
    people = data.draw(
        st.sampled_from(["", POPULATION, "{all: [{enrollment: active}]}", '{all: [{grade: {in: ["03"]}}]}'])
    )
    grant = documents.grant("\n".join(f"{name} allow" for name in sorted(chosen)), people)
    known = Knowledge(RECORDS, grant, documents.TODAY)
    other = data.draw(worlds(known))
    assert shown(other.records, grant) == shown(RECORDS, grant)


GRANT_NAMES = [
    field.release
    for entity in RECORDS
    for field in fields_of(entity).values()
    if field.sensitivity != "never" and not field.release.startswith(("edfi.", "oneroster."))
]


def test_an_honest_responder_passes():
    def check(other):
        answers = assert_same_answers(answer, RECORDS, other.records, ENTITIES)
        assert any(json.loads(one)["total"] for one in answers)

    run(check, worlds(KNOWN), 60)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught(leak):
    def check(other):
        assert_same_answers(lambda world, entity: answer(world, entity, leak), RECORDS, other.records, ENTITIES)

    with pytest.raises(AssertionError, match="tells the two worlds apart"):
        run(check, worlds(KNOWN), 100)


def test_the_first_world_is_left_as_it_is():
    before = json.dumps(RECORDS, default=list)
    run(lambda _other: None, worlds(KNOWN), 20)
    assert json.dumps(RECORDS, default=list) == before


def test_the_visible_children_are_those_of_the_population():
    assert visible(RECORDS, GRANT, documents.TODAY)["student"] == {("s1",), ("s2",), ("s4",)}
    assert visible(RECORDS, GRANT, "2026-08-31")["student"] == frozenset()


def test_what_belongs_to_a_hidden_row_is_hidden_with_it():
    seen = visible(RECORDS, GRANT, documents.TODAY)
    assert seen["contact"] == {("cs1",), ("cs2",), ("cs4",)}
    assert seen["organization"] == {("1",), ("101",), ("102",)}
    assert seen["section"] == {("ELA", "101", "1"), ("ELA", "102", "1")}
    assert seen["staff"] == {("t101",), ("t102",)}
    assert len(seen["placement"]) == len(seen["profile"]) == 3


def test_most_bold_changes_keep_what_is_visible_as_it_was():
    known = Knowledge(RECORDS, GRANT, documents.TODAY)
    kept = []
    for seed in range(20):
        perturber = SecondWorldMaker(known, Random(seed), KINDS, 50)
        perturber.world(frozenset(known.entities))
        kept.append(perturber.looks > 0)
    assert sum(kept) >= 15
