"""What Ed-Fi says on its way in, it says on its way out: every resource, member by member."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.edfi_xml.adapter import EdFiXml, collections
from adapters.edfi_xml.reader import CAPS, documents
from adapters.files.archives import open_source
from adapters.oneroster_csv.adapter import OneRosterCsv
from standards import registry
from standards.edfi import catalogue
from standards.edfi.from_oneroster.key_texts import key_text
from standards.edfi.model.model import natural_key, resources, validate
from standards.edfi.model.references import PATHS, RESOURCES, TARGETS, organization_id
from standards.fields import fields_of, follow, trail
from standards.keys import Keyring
from standards.pruning import prune
from standards.view import List, Object, Reference, Value, paths
from tests.adapters.oneroster import packages
from tests.standards.edfi.documents import document
from tests.standards.edfi.world import Everything, around, plain
from tests.support import needs
from tests.support.oracle import Oracle

BY_COLLECTION = {resource.collection: resource for resource in resources().values()}
LENSES = {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}
VIEWS = {name: prune(view, Everything()) for name, view in registry.views("edfi").items()}
KEYRING = Keyring(bytes(32))


def shown(collection, record, records):
    oracle = Oracle(records, Everything(), KEYRING, "maple", "2026-09-01", b"k")
    branch, *_ = VIEWS[collection].branches
    return oracle.members(branch.nodes, branch.entity, record, "edfi", "")


@pytest.mark.parametrize("collection", sorted(catalogue.MAPPED))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_mapped_document_leaves_as_it_came(collection, seed):
    _comes_through(collection, seed, share=0.6)


@pytest.mark.parametrize("collection", sorted(catalogue.native()))
def test_a_native_document_leaves_as_it_came(collection):
    for seed in range(3 if BY_COLLECTION[collection].is_descriptor else 0, 4):  # one function makes all descriptors
        _comes_through(collection, seed, share=0.25 * (seed + 1))


def _comes_through(collection, seed, share):
    resource, lens = BY_COLLECTION[collection], LENSES[collection]
    sent = document(resource, Random(seed), share)
    record = lens.read(sent)
    answer = shown(collection, record, around(lens.entity, record))
    assert resource.descriptor_id not in answer
    assert plain(answer) == plain(sent)


@pytest.mark.parametrize("collection", sorted(VIEWS))
def test_every_member_of_the_model_is_in_the_view_and_nothing_else_but_ids_stamps_and_links(collection):
    resource = BY_COLLECTION[collection]
    branch, *_ = registry.views("edfi")[collection].branches
    names = list(dict.fromkeys(node.name for node in branch.nodes))
    number = [resource.descriptor_id] if resource.is_descriptor else []
    assert sorted(names) == sorted(["id", *number, *resource.properties, "_etag", "_lastModifiedDate"])
    assert names[0] == "id"
    assert names[-2:] == ["_etag", "_lastModifiedDate"]
    head = [name for name in names[1:-2] if name not in number]
    keys = [path.partition(".")[0] for path in resource.identity]
    assert head[: len(set(keys))] == list(dict.fromkeys(keys))


@pytest.mark.parametrize("collection", sorted(catalogue.MAPPED))
def test_every_field_that_remains_is_shown_somewhere(collection):
    branch, *_ = registry.views("edfi")[collection].branches
    seen = set(_sources(branch, branch.nodes, branch.entity, ""))
    for field in catalogue.mappings()[collection].remainder:
        assert field.name in seen, field.name


def _sources(branch, nodes, entity, prefix):
    for node in nodes:
        if isinstance(node, Value):
            for source in node.sources:
                yield from (field.name for field in trail(entity, prefix + source) if field.entity == branch.entity)
        elif isinstance(node, Object):
            yield prefix + node.guard
            yield from _sources(branch, node.nodes, entity, prefix)
        elif isinstance(node, Reference):
            yield prefix + node.ref
            yield from _sources(branch, node.nodes, fields_of(entity)[prefix + node.ref].to, "")
        elif isinstance(node, List):
            at, inner = entity, prefix
            for step in node.steps:
                at, inner = follow(step, at, inner)
                yield inner.removesuffix(".")
            yield from _sources(branch, node.nodes, at, inner)


def test_no_unique_id_of_a_person_is_a_value_of_a_native_entity_or_a_remainder():
    fields = [field for entity in catalogue.entities().values() for field in entity.fields.values()]
    fields += [field for one in catalogue.mappings().values() for field in one.remainder]
    for field in fields:
        if field.name.lower().endswith(("studentuniqueid", "staffuniqueid", "contactuniqueid")):
            assert field.type == "ref", field
            assert field.to in {"student", "staff", "contact"}


def test_a_native_row_about_a_student_belongs_to_the_student():
    for name, entity in catalogue.entities().items():
        groups = {field.name for field in entity.fields.values() if field.type == "group"}
        students = [field for field in entity.fields.values() if field.to == "student"]
        own = [field for field in students if not any(field.name.startswith(f"{group}.") for group in groups)]
        assert not own or any(field.owner for field in own), name


@given(st.text(max_size=40))
def test_an_organization_has_one_number_of_64_bits_whatever_its_identifier(identifier):
    assert organization_id(identifier) == organization_id(identifier)
    assert -(2**63) <= organization_id(identifier) < 2**63


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_identifier_that_is_a_number_stays_it(number):
    assert (organization_id(str(number)) == number) is not (2**48 <= number < 2**49)


def test_other_identifiers_get_numbers_of_their_own():
    assert len({organization_id(text) for text in ("", "A", "B", "²", "1.0", "9" * 20, "org-1")}) == 7


def test_a_target_is_known_by_members_that_every_reference_to_it_has():
    for resource in resources().values():
        for known in resource.properties.values():
            if known.reference in TARGETS:
                assert set(TARGETS[known.reference].members) == set(known.properties), known.name


# Grand Bend


@pytest.fixture(scope="module")
def grand_bend():
    home = needs.shared("data", "grand-bend")
    adapter = EdFiXml("grand-bend", {"source": str(home / "xml")})
    records = list(adapter.read(dict.fromkeys(collections())))
    with open_source(home / "xml", caps=CAPS) as source:
        sent = list(documents(source))
    return Oracle(records, Everything(), KEYRING, "grand-bend", "2026-09-01", b"k"), sent


def test_every_document_of_grand_bend_leaves_as_it_came_and_obeys_the_model(grand_bend):
    oracle, sent = grand_bend
    counts: dict[str, int] = {}
    for collection, came in sent:
        counts[collection] = counts.get(collection, 0) + 1
        if counts[collection] > 150:
            continue
        lens, resource = LENSES[collection], BY_COLLECTION[collection]
        record = oracle.rows[lens.entity][lens.read(came)["key"]]
        branch, *_ = VIEWS[collection].branches
        answer = oracle.members(branch.nodes, branch.entity, record, "edfi", "")
        assert validate(resource, {**answer, "_etag": "1", "_lastModifiedDate": "x"}) == []
        assert plain(answer) == plain(came), (collection, natural_key(resource, came))
    assert len(counts) > 60


def links(answer):
    """Every link in an answer, with the name of the reference it is in."""
    inner = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    for name, one in answer.items() if isinstance(answer, dict) else ():
        if isinstance(one, dict) and "link" in one:
            yield name, one["link"]
    for one in inner:
        yield from links(one)


def addresses(oracle, collections):
    """The answers about *collections* by their address, each with its class."""
    for collection in collections:
        branch, *_ = VIEWS[collection].branches
        for record in oracle.rows.get(branch.entity, {}).values():
            if all(record.get(name) in values for name, values in branch.where):
                name = oracle.outward(branch.entity, record, "edfi")
                yield f"/ed-fi/{collection}/{name}", (VIEWS[collection].model, branch, record)


def test_every_link_of_grand_bend_leads_to_the_record_it_says(grand_bend):
    oracle, _ = grand_bend
    known = dict(addresses(oracle, VIEWS))
    told: dict[str, set[str]] = {}
    for _, branch, record in known.values():
        for name, link in links(oracle.members(branch.nodes, branch.entity, record, "edfi", "")):
            assert known[link["href"]][0] == link["rel"]
            told.setdefault(name, set()).add(link["rel"])
    assert {"School", "LocalEducationAgency"} <= told["educationOrganizationReference"]
    assert told["schoolReference"] == {"School"}


@pytest.mark.parametrize(
    ("kind", "rel"), [(kind, rel) for kind, rel in RESOURCES.items()] + [("local", None), ("national", None)]
)
def test_a_reference_to_any_organization_links_to_what_kind_it_is(kind, rel):
    owner = {"key": ("7",), "identifier": "7", "kind": kind}
    course = {"key": ("A", "7"), "code": "A", "organization": ("7",)}
    answer = shown("courses", course, [("organization", owner), ("course", course)])
    (name, link), *others = [*links(answer)] or [("", None)]
    assert others == []
    if rel is None:
        assert link is None
    else:
        (address,) = [at for at in PATHS.values() if link["href"].startswith(f"{at}/")]
        collection = address.removeprefix("/ed-fi/")
        assert (name, link["rel"]) == ("educationOrganizationReference", rel)
        assert VIEWS[collection].model == rel
        assert VIEWS[collection].branches[0].where == (("kind", frozenset({kind})),)
    assert answer["educationOrganizationReference"]["educationOrganizationId"] == 7


@pytest.mark.parametrize("hidden", ["kind", "id"])
def test_a_link_that_depends_on_what_is_hidden_is_not_there(hidden):
    class Most(Everything):
        def releases(self, name):
            return name != f"organization.{hidden}"

    (branch,) = prune(registry.views("edfi")["courses"], Most()).branches
    names = {path for path, _ in paths(branch.nodes)}
    assert "educationOrganizationReference.educationOrganizationId" in names
    assert not [name for name in names if "link" in name]


# a OneRoster source


@pytest.fixture(scope="module")
def rostered(tmp_path_factory):
    home = packages.folder(tmp_path_factory.mktemp("rostered") / "files", packages.package("1.2"))
    adapter = OneRosterCsv("maple", {"source": str(home)})
    return Oracle(
        adapter.read(dict.fromkeys(adapter.manifest.entities)), Everything(), KEYRING, "maple", "2026-10-01", b"k"
    )


SCHOOL = {"schoolId": 101}
SECTION = {
    "localCourseCode": key_text("A1", "c"), "schoolId": 101, "schoolYear": 2027, "sessionName": key_text("Fall", "t"),
}  # fmt: skip
STUDENT = {"studentUniqueId": "u1"}
STAFF = {"staffUniqueId": "u2"}
CONTACT = {"contactUniqueId": "u3"}


@pytest.mark.parametrize(
    ("collection", "entity", "key", "expected"),
    [
        ("students", "student", ("u1",), {
            "studentUniqueId": "u1", "birthDate": "2011-05-07", "firstName": "María", "lastSurname": "O'Neil, \"Ñ\"",
            "birthCity": "Kent", "birthCountryDescriptor": "uri://ed-fi.org/CountryDescriptor#US",
        }),
        ("studentSchoolAssociations", "enrollment", ("r1",), {
            "entryDate": "2026-08-20", "schoolReference": SCHOOL, "studentReference": STUDENT,
            "entryGradeLevelDescriptor": "uri://ed-fi.org/GradeLevelDescriptor#Ninth grade", "primarySchool": True,
        }),
        ("studentSectionAssociations", "placement", ("e1",), {
            "beginDate": "2026-08-20", "endDate": "2027-01-19", "sectionReference": SECTION, "studentReference": STUDENT,
        }),
        ("staffSectionAssociations", "teaching", ("e2",), {
            "beginDate": "2026-08-20", "sectionReference": SECTION, "staffReference": STAFF,
            "classroomPositionDescriptor": "uri://ed-fi.org/ClassroomPositionDescriptor#Teacher of Record",
        }),
        ("staffEducationOrganizationAssignmentAssociations", "employment", ("r2",), {
            "beginDate": "2026-08-20", "educationOrganizationReference": {"educationOrganizationId": 101},
            "staffReference": STAFF,
            "staffClassificationDescriptor": "uri://ed-fi.org/StaffClassificationDescriptor#Teacher",
        }),
        ("studentContactAssociations", "guardianship", ("u3", "u1"), {
            "contactReference": CONTACT, "studentReference": STUDENT,
            "relationDescriptor": "uri://ed-fi.org/RelationDescriptor#Guardian",
        }),
    ],
)  # fmt: skip
def test_a_oneroster_source_answers_in_ed_fi(rostered, collection, entity, key, expected):
    (branch,) = VIEWS[collection].branches
    answer = rostered.members(branch.nodes, entity, rostered.rows[entity][key], "edfi", "")
    if "sectionReference" in answer:
        (own,) = VIEWS["sections"].branches
        section = rostered.members(own.nodes, "section", rostered.rows["section"]["k",], "edfi", "")
        assert answer["sectionReference"].pop("sectionIdentifier") == section["sectionIdentifier"]
    assert plain(answer) == expected


def test_a_number_that_an_older_ods_gives_a_descriptor_is_shown():
    resource, lens = BY_COLLECTION["sexDescriptors"], LENSES["sexDescriptors"]
    sent = {**document(resource, Random(1), share=0.5), resource.descriptor_id: 12}
    record = lens.read(sent)
    assert shown("sexDescriptors", record, around(lens.entity, record))[resource.descriptor_id] == 12
