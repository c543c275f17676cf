"""Nothing in either standard is without a name, and no name is without a source."""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib.resources import files

import pytest

from standards import native, registry, vocabulary
from standards.edfi.catalogue import mappings
from standards.edfi.model import facts, links
from standards.edfi.model.references import person
from standards.fields import fields_of, follow, trail
from standards.view import Children, Follow, Href, Id, Items, Links, List, Native, Object, Reference, Value, paths

ENVELOPE = {"sourcedId", "status", "dateLastModified"}  # the id, a constant, and the time of change


def rows(standard):
    return list(csv.DictReader(files(f"standards.{standard}").joinpath("fields.csv").read_text("utf-8").splitlines()))


@cache
def oneroster_table():
    return {(row["class"], row["field"]): row for row in rows("oneroster")}


@cache
def shown_members():
    """The members each class shows, as dotted paths, and the class below each."""
    shown = {}
    for view in registry.views("oneroster").values():
        for branch in view.branches:
            shown.setdefault(view.model, set()).update(path.strip(".") for path, _ in paths(branch.nodes))
    return shown


def oneroster_fields():
    classes = json.loads(files("standards.oneroster").joinpath("model.json").read_text("utf-8"))
    return [
        pytest.param(version, kind, field, id=f"{version} {kind}.{field}")
        for version in ("1.1", "1.2")
        for kind, fields in classes[version]["classes"].items()
        for field in fields
    ]


@cache
def parents():
    """Where a class is nested: its name leads to (owner, member)."""
    classes = json.loads(files("standards.oneroster").joinpath("model.json").read_text("utf-8"))
    return {
        (version, facts["class"]): (kind, field)
        for version in ("1.1", "1.2")
        for kind, fields in classes[version]["classes"].items()
        for field, facts in fields.items()
        if facts.get("class")
    }


def outward(version, kind, field):
    """The class that is a record of its own, and the path of the member in it."""
    while (version, kind) in parents():
        kind, above = parents()[version, kind]
        field = f"{above}.{field}"
    return kind, field


@pytest.mark.parametrize(("version", "kind", "field"), oneroster_fields())
def test_every_oneroster_field_is_told_or_listed_with_a_reason(version, kind, field):
    record, path = outward(version, kind, field)
    if field in ENVELOPE | {"metadata"}:
        return
    if any(shown == path or shown.startswith(f"{path}.") for shown in shown_members().get(record, ())):
        return
    row = oneroster_table()[kind, field]
    assert row["name"] or row["reason"]


@pytest.mark.parametrize("entity", ["organization", "session", "course", "section", "student", "placement", "resource"])
def test_the_metadata_of_a_class_travels_in_the_native_remainder(entity):
    assert any(
        field.type == "open" and name.startswith("oneroster.") for name, field in native.remainder(entity).items()
    )


def _edfi_resources():
    from standards.edfi.model.model import resources

    return [(resource.collection, resource) for resource in resources().values()]


@pytest.mark.parametrize("collection", [collection for collection, _ in _edfi_resources()])
def test_every_member_of_an_ed_fi_resource_is_shown(collection):
    resource = dict(_edfi_resources())[collection]
    view = registry.views("edfi")[collection]
    shown = {node.name for branch in view.branches for node in branch.nodes}
    assert set(resource.properties) <= shown


@pytest.mark.parametrize("lens", [lens for lens in registry.lenses() if lens.dialect == "edfi"], ids=str)
def test_every_member_of_an_ed_fi_resource_is_read(lens):
    resource = dict(_edfi_resources())[lens.local]
    assert set(resource.properties) <= {path.partition(".")[0] for path in lens.local_paths}


@pytest.mark.parametrize("row", rows("edfi"), ids=lambda row: row["member"])
def test_a_native_member_and_its_vocabulary_name_both_exist(row):
    assert row["name"] in vocabulary.names()
    collection, *members = row["member"].removeprefix("edfi.").split(".")
    properties = dict(_edfi_resources())[collection].properties
    for member in members if members != ["id"] else ():
        properties = properties[member].properties


FITTING = {  # the type of a fact: the types of Ed-Fi members that can state it
    "id": {"id"},
    "text": {"text"},
    "code": {"text"},
    "integer": {"integer"},
    "number": {"number"},
    "boolean": {"boolean"},
    "date": {"date", "datetime"},
    "datetime": {"date", "datetime"},
    "time": {"time"},
    "json": {"json"},
    "group": {"group"},
    "ref": {"ref", "text", "integer", "date"},  # in Ed-Fi, a reference is the natural key of what it points to
}
ALIKE = {  # one fact in two members of one record
    ("edfi.disciplineActions", "action.student"),  # the behavior that an action is about is its student's
    ("organization", "organization.parent"),  # whichever of the bodies above is named
}


def told_facts():
    """Every field of the Ed-Fi model that is released as a fact of the vocabulary, with its entity and the fact."""
    every = [(name, entity.fields.values()) for name, entity in native.entities().items()]
    every += [(name, native.remainder(name).values()) for name in vocabulary.entities()]
    return [
        pytest.param(name, field, vocabulary.names()[field.release], id=f"{name} {field.name}")
        for name, fields in every
        for field in fields
        if field.release in vocabulary.names() and field.name != links.FIELD  # which is read with the id, never shown
    ]


def _whole_list_of_one_code(entity, field):
    properties = dict(_edfi_resources())[entity.removeprefix("edfi.")].properties
    for part in field.name.split("."):
        known = properties[part]
        properties = known.properties
    return known.collection and [one.name.endswith("Descriptor") for one in properties.values()] == [True]


@pytest.mark.parametrize(("entity", "field", "fact"), told_facts())
def test_a_native_field_fits_the_fact_it_states(entity, field, fact):
    assert field.sensitivity == fact.sensitivity
    if fact.type == "code" and fact.many and field.type == "json":
        assert _whole_list_of_one_code(entity, field)
    else:
        assert field.type in FITTING[fact.type]


@pytest.mark.parametrize(("entity", "field", "fact"), told_facts())
def test_who_or_what_a_member_refers_to_is_what_its_fact_refers_to(entity, field, fact):
    its_school = field.name.endswith("@") and field.to == "organization"
    if field.type == "ref" and not its_school:
        assert (fact.type, fact.to) == ("ref", field.to)
    assert (field.type == "id") == (fact.type == "id")


def test_no_two_facts_of_one_resource_have_one_name_by_accident():
    members = {}
    for entity, field, fact in (param.values for param in told_facts()):
        own = field.name.removeprefix("edfi.").removesuffix("@").split(".")
        reference = next((at for at, part in enumerate(own) if part.endswith("Reference")), len(own))
        place = ".".join(own[: reference + 1])
        if (entity, fact.release) not in ALIKE:
            members.setdefault((entity, fact.release), set()).add(place)
    assert {known: places for known, places in members.items() if len(places) > 1} == {}


def test_every_listed_member_names_a_field_that_agreements_release_so():
    """What it tells of another record has a name below."""
    entities = (*native.entities().values(), *vocabulary.entities().values())
    released = {field.release for one in entities for field in fields_of(one.name).values()}
    heads = {name.rpartition(".")[0] for name in released}
    assert {row["name"] for row in rows("edfi")} <= released | heads
    listed = {row["member"] for row in rows("edfi")}
    for entity in (*native.entities().values(),):
        assert not {field.release for field in entity.fields.values()} & listed


@pytest.mark.parametrize("collection", sorted(mappings()))
def test_the_key_of_a_mapped_resource_is_listed_under_the_facts_that_it_is_read_into(collection):
    lens = mappings()[collection].lens
    for path in dict(_edfi_resources())[collection].identity:
        read = {
            fields_of(lens.entity)[name].release
            for pair in lens.pairs
            if path in pair.local_paths
            for name in pair.fields
        }
        listed = facts.fact(f"edfi.{collection}.{path}")
        its_school = listed in {"offering.school", "section.school"}
        assert read == {listed or f"edfi.{collection}.{path}"} or person(path.rpartition(".")[2]) or its_school, path


def test_members_of_small_records_are_facts_of_their_own_or_none():
    fields = native.entities()["edfi.disciplineIncidents"].fields
    assert fields["behaviors.behaviorDescriptor"].release == "incident.behaviors"
    left = "behaviors.behaviorDetailedDescription"
    assert fields[left].release == f"edfi.disciplineIncidents.{left}"
    mapped = fields_of("assessmentResult")
    assert mapped["levels.level"].release == "assessmentResult.levels.level"
    left = "performanceLevels.performanceLevelIndicatorName"
    assert f"edfi.studentAssessments.{left}" in {field.release for field in mapped.values()}


def test_what_is_about_attendance_behavior_health_tests_or_programs_is_never_held():
    from gateway.cache.needed_fields import may_be_held

    told = {field.release.partition(".")[0] for _, field, _ in (param.values for param in told_facts())}
    watched = {"attendance", "incident", "action", "healthRecord", "assessmentResult", "programParticipation", "grade"}
    assert watched <= told
    for entity in (*vocabulary.entities(), *native.entities()):
        if any(field.release.partition(".")[0] in watched for field in fields_of(entity).values()):
            assert not may_be_held(entity), entity


@pytest.mark.parametrize("row", rows("oneroster"), ids=lambda row: f"{row['class']}.{row['field']}")
def test_a_listed_oneroster_field_leads_to_names_that_exist(row):
    assert set(row["name"].split()) <= set(vocabulary.names())
    assert row["name"] or row["reason"]


def test_no_name_is_listed_twice():
    assert len({row["member"] for row in rows("edfi")}) == len(rows("edfi"))
    assert len(oneroster_table()) == len(rows("oneroster"))


def test_every_name_of_the_vocabulary_has_a_source():
    read = {(lens.entity, name) for lens in registry.lenses() for name in lens.fields}
    shown = {(field.entity, field.name) for field in _shown_fields()}
    listed = {name for row in (*rows("edfi"), *rows("oneroster")) for name in row["name"].split()}
    assert [
        f"{entity.name}.{field.name}"
        for entity in vocabulary.entities().values()
        for field in entity.fields.values()
        if (entity.name, field.name) not in read | shown and field.release not in listed and field.name != "id"
    ] == []


def _shown_fields():
    for api in ("oneroster", "edfi"):
        for view in registry.views(api).values():
            for branch in view.branches:
                yield from (fields_of(branch.entity)[name] for name, _ in branch.where)
                yield from _fields(branch.nodes, branch.entity, "")


def _fields(nodes, entity, prefix):
    for node in nodes:
        match node:
            case Value():
                for source in node.sources:
                    yield from trail(entity, prefix + source)
            case Native():
                yield fields_of(entity)[node.field]
            case Id() | Href():
                yield fields_of(entity)["id"]
            case Object():
                yield from _fields(node.nodes, entity, prefix)
            case Reference():
                field = fields_of(entity)[prefix + node.ref]
                yield field
                yield from _fields(node.nodes, field.to, "")
            case List():
                yield from _walked(node, entity, prefix)


def _walked(node, entity, prefix):
    for number, step in enumerate(node.steps):
        match step:
            case Children():
                yield fields_of(step.entity)[step.via]
            case Follow() | Links():
                yield fields_of(entity)[prefix + step.ref]
            case Items():
                yield fields_of(entity)[f"{prefix}{step.field}"]
        entity, prefix = follow(step, entity, prefix)
        if number == 0:
            yield from _fields(node.early, entity, prefix)
    yield from _fields(node.nodes, entity, prefix)
