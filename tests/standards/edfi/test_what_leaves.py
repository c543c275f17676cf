"""What leaves in Ed-Fi: a descriptor's URI wherever one must stand, and references as their targets say them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.snapshot import build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.compiler import rules
from policies.elements import Line, settle
from policies.grant import Grant, Rule
from standards import codes, registry, vocabulary
from standards.codes import descriptor, is_descriptor
from standards.edfi.api.request import parameters, read
from standards.edfi.model import facts
from standards.edfi.model.model import resources
from standards.edfi.model.references import person
from standards.edfi.model.term_titles import period_of, term_of
from standards.errors import UnknownName
from standards.fields import fields_of
from standards.keys import Keyring
from standards.pruning import prune
from standards.query import Query
from standards.view import Value, paths
from tests.standards.edfi.complete import complete
from tests.support.oracle import Oracle

KEYRING = Keyring(b"a key for tests, of thirty-two b")
HOSTILE = ("Main office", "", "http://", "a#b", "uri://", " ", "#", "ALG 1", "10")
RULES = {name: Rule("allow") for name in (*vocabulary.names(), "edfi.classPeriods.*", "edfi.classPeriods.id")}
GRANT = Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), RULES, {}, "e")
LENSES = {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}
AS_WELL = {  # what a mapped resource knows of itself, and may tell where its target's own may not be told
    ("session.school", "courseOfferings"),
    ("session.school", "gradebookEntries"),
}


def said(name):
    """Every single value of a view by the name of a descriptor, with what puts it into form."""
    for branch in registry.views("edfi")[name].branches:
        for path, chain in paths(branch.nodes):
            if isinstance(chain[-1], Value) and chain[-1].name.endswith("Descriptor"):
                yield path, chain[-1]


@pytest.mark.parametrize("name", sorted(registry.views("edfi")))
def test_no_text_leaves_where_the_uri_of_a_descriptor_must_stand(name):
    for path, node in said(name):
        assert node.form is not None, path
        for text in HOSTILE:
            try:
                shown = node.form(text)
            except (ValueError, TypeError):  # what makes a position of a yes or no is given no text
                continue
            for one in shown.values() if isinstance(shown, dict) else [shown]:
                assert one is None or is_descriptor(str(one)), path


@given(st.text())
def test_any_text_can_be_said_as_a_descriptor_and_a_descriptor_stays_it(text):
    made = descriptor("TermDescriptor")(text)
    assert is_descriptor(made)
    assert descriptor("TermDescriptor")(made) == made


@given(st.sampled_from(codes.table("term").values) | st.text())
def test_a_grading_period_and_a_session_have_descriptors_of_their_own(term):
    foreign = is_descriptor(term)
    assert "/GradingPeriodDescriptor#" in period_of(term) or foreign
    assert "/TermDescriptor#" in term_of(term) or foreign


@pytest.mark.parametrize("row", codes.table("term").rows, ids=lambda row: row["edfi"])
def test_what_a_source_says_in_the_right_words_stays_it(row):
    understood = codes.inward("term", "edfi")(row["edfi"])
    assert (period_of if "/GradingPeriodDescriptor#" in row["edfi"] else term_of)(understood) == row["edfi"]


def test_a_term_word_of_a_grading_period_is_the_period_that_it_names():
    assert period_of("First Quarter") == "uri://ed-fi.org/GradingPeriodDescriptor#First Nine Weeks"
    assert period_of("Fall Semester") == "uri://local/GradingPeriodDescriptor#Fall Semester"
    assert term_of("First Nine Weeks") == "uri://local/TermDescriptor#First Nine Weeks"
    assert period_of("Block A") == "uri://local/GradingPeriodDescriptor#Block A"


def test_a_native_reference_has_the_key_of_its_target_and_its_own_where_there_is_none():
    records = [
        ("organization", {"key": ("101",), "id": "1", "identifier": "101", "kind": "school"}),
        ("edfi.classPeriods", {"key": ("A", "101"), "id": "a", "classPeriodName": "A", "schoolReference.schoolId": 999, "schoolReference@": ("101",)}),
        ("edfi.classPeriods", {"key": ("B", "102"), "id": "b", "classPeriodName": "B", "schoolReference.schoolId": 102, "schoolReference@": ("102",)}),
    ]  # fmt: skip
    view = prune(registry.views("edfi")["classPeriods"], GRANT)
    visibility = Visibility(
        build_snapshot(iter([(one, dict(record)) for one, record in records]), "maple", KEYRING),
        GRANT,
        KEYRING,
        "2026-10-01",
    )
    shown = tuple(ViewRows(branch, view, visibility, Ledger(b"k" * 32)) for branch in view.branches)
    found = {
        one["classPeriodName"]: one["schoolReference"]["schoolId"] for one in index(shown, Query()).slice(0, 9, "")
    }
    assert found == {"A": 101, "B": 102}
    plain = Oracle(records, GRANT, KEYRING, "maple", "2026-10-01", b"k").records(view, "", 0.0)
    assert {one["classPeriodName"]: one["schoolReference"]["schoolId"] for _, _, one in plain} == found


def references(properties, path=()):
    """Every reference of a resource or of something in it, by the path that leads to it."""
    for name, known in properties.items():
        if known.reference:
            yield (*path, name), known
        else:
            yield from references(known.properties, (*path, name))


def telling():
    """For each fact that a reference tells of its target: the paths of the members that tell it, by collection."""
    found = {}
    for resource in resources().values():
        for path, known in references(resource.properties):
            for leaf in known.properties:
                for fact in facts.told(known.reference, leaf) if not person(leaf) else ():
                    found.setdefault(fact, {}).setdefault(resource.collection, []).append((*path, leaf))
    found["section.identifier"].setdefault("gradebookEntries", []).append(("sourceSectionIdentifier",))
    return found


TELLING = telling()
LEADING = {name for name, field in vocabulary.names().items() if field.type == "ref"}


@pytest.fixture(scope="module")
def seen():
    """The view and the rows of a collection in a world with every resource, as a consumer of all but some *lines* has."""
    made = ((LENSES[name].entity, LENSES[name].read(document)) for name, document in complete(1))
    snapshot = build_snapshot(made, "maple", KEYRING)

    @cache
    def rows_of(collection, *lines):
        visibility = Visibility(snapshot, allowed(*lines), KEYRING, "2026-10-01")
        view = prune(registry.views("edfi")[collection], visibility.grant)
        return view, tuple(ViewRows(one, view, visibility, Ledger(b"k" * 32)) for one in view.branches) if view else ()

    return rows_of


@pytest.fixture(scope="module")
def shown(seen):
    """The records of a collection by id, as `seen`."""
    return lambda collection, *lines: {record["id"]: record for record in records(seen(collection, *lines)[1])}


def records(rows):
    """All records that some rows make."""
    return index(rows, Query()).slice(0, 9, "") if rows else []


def allowed(*lines):
    """A grant of everything, as far as *lines* let it."""
    settled = settle([Line(path, action) for path, action in (("*", "allow"), *lines)])
    return Grant("c", "o", "a", 1, "p", "b", "maple", frozenset({"read"}), rules(settled), {}, "e")


def leaves(value, path=()):
    """Every single value in a record with its path, but for what tells of the record itself and where links lead."""
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one, path)]
    if isinstance(value, dict):
        own = {name: one for name, one in value.items() if name != "link" and not name.startswith("_")}
        return [leaf for name, one in own.items() for leaf in leaves(one, (*path, name))]
    return [(path, value)]


def stated(shown, fact, *lines):
    """The values of a fact, as the resources show it whose own it is."""
    members = [member.split(".")[1:] for member, name in facts.listed().items() if name == fact]
    return {
        value
        for collection, *path in members
        for record in shown(collection, *lines).values()
        for at, value in leaves(record)
        if at[: len(path)] == tuple(path)
    }


def test_every_member_of_every_reference_is_one_of_its_targets_key():
    known = [path for resource in resources().values() for path, _ in references(resource.properties)]
    assert len(known) > 300
    assert len(TELLING) > 40
    assert len(TELLING["organization.identifier"]) > 90
    assert facts.told("Calendar", "schoolId") == facts.told("School", "schoolId") == {"organization.identifier"}
    assert facts.told("CourseOffering", "sessionName") == {"offering.session", "session.name"}
    assert facts.told("ProgramEvaluation", "programName") == {"program.name"}
    assert facts.told("Calendar", "calendarCode") == frozenset()


def own(collection, fact):
    """The members by which a resource states a *fact* itself."""
    lens = LENSES[collection]
    fields = fields_of(lens.entity)
    stating = [
        pair for pair in lens.pairs if any(name in fields and fields[name].release == fact for name in pair.fields)
    ]
    return {path.partition(".")[0] for pair in stating for path in pair.local_paths}


def found_by(view, rows, name, value):
    """The records that a filter finds, none where there is no such filter."""
    try:
        return index(rows, read((view,), [(name, str(value))]).query).total
    except UnknownName:
        return 0


@pytest.mark.parametrize("fact", sorted(TELLING))
def test_a_denied_fact_is_told_by_no_reference_and_all_else_leaves_as_before(shown, fact):
    for collection, telling in TELLING[fact].items():
        was = {leaf for record in shown(collection).values() for leaf in leaves(record)}
        now = {leaf for record in shown(collection, (fact, "deny")).values() for leaf in leaves(record)}
        assert {path for path, _ in was} >= set(telling), collection
        if (fact, collection) not in AS_WELL:
            assert {leaf for leaf in now & was if leaf[0] in telling} == set(), collection
        if fact not in LEADING:
            gone = {path for path, _ in was - now if path not in telling}
            assert {path for path in gone if path[0] not in own(collection, fact)} == set(), collection


@pytest.mark.parametrize("fact", sorted(TELLING))
def test_no_filter_finds_what_a_reference_says_of_a_denied_fact(seen, fact):
    tried, found = 0, 0
    for collection, telling in TELLING[fact].items():
        (view, rows), (pruned, denied) = seen(collection), seen(collection, (fact, "deny"))
        for name, members in parameters(collection).items():
            paths = {tuple(member.split(".")) for member in members}
            if paths <= set(telling) and (fact, collection) not in AS_WELL:
                values = {value for record in records(rows) for at, value in leaves(record) if at in paths}
                tried += 1
                found += sum(found_by(view, rows, name, value) for value in values)
                assert not any(found_by(pruned, denied, name, value) for value in values if pruned), (collection, name)
    assert bool(found) == bool(tried)


@pytest.mark.parametrize("fact", sorted(name for name in TELLING if vocabulary.names()[name].type == "text"))
def test_a_reference_says_a_hashed_fact_as_its_target_does_or_not_at_all(shown, fact):
    """A hash is keyed by the name of the fact."""
    line = (fact, "hash")
    hashed = stated(shown, fact, line)
    assert hashed.isdisjoint(stated(shown, fact))
    for collection, telling in TELLING[fact].items():
        was = {leaf for record in shown(collection).values() for leaf in leaves(record)}
        now = {leaf for record in shown(collection, line).values() for leaf in leaves(record)}
        assert {value for path, value in now - was if path in telling} <= hashed, collection
        assert {leaf for leaf in now & was if leaf[0] in telling} == set(), collection
