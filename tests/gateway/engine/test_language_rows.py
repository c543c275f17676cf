"""The rows of programs, ages and combined agreements are those that a plain interpreter finds, record by record."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cache.program_members import attach
from gateway.cache.snapshot import build_snapshot
from gateway.engine.visibility import Visibility
from gateway.writes.row_rules import Admission
from policies.compiler import combine
from policies.compiler import compile as compiled
from policies.testing.reference_visibility import visible
from standards.keys import Keyring
from tests.policies import documents

KEYRING = Keyring(b"a key for tests, of thirty-two b")
CHILDREN = tuple(f"s{number}" for number in range(1, 8))
PROGRAMS = ("Chess", "Reading")
DAYS = st.sampled_from(["2026-05-06", "2026-05-07", "2026-10-01", "2024-02-29"])
BIRTHS = st.sampled_from([None, "2012-02-29", "2014-05-07", "2020-12-31", "2030-01-01", "no day"])

SELECTORS = (
    st.sampled_from([["101"], ["102", "103"], ["none"]]).map(lambda some: f"{{school: {{in: {_texts(some)}}}}}"),
    st.sampled_from([["03"], ["04", "06"]]).map(lambda some: f"{{grade: {{in: {_texts(some)}}}}}"),
    st.just("{enrollment: active}"),
    st.sampled_from([["Chess"], ["Chess", "Reading"], ["Other"]]).map(
        lambda some: f"{{program: {{in: {_texts(some)}}}}}"
    ),
    st.tuples(st.integers(0, 15), st.integers(0, 10)).map(lambda two: f"{{age: {{from: {two[0]}, to: {sum(two)}}}}}"),
)


def _texts(some):
    return "[" + ", ".join(f'"{one}"' for one in some) + "]"


@st.composite
def populations(draw):
    chosen = draw(st.lists(st.sampled_from(range(len(SELECTORS))), unique=True, max_size=3))
    return "{all: [" + ", ".join(draw(SELECTORS[one]) for one in sorted(chosen)) + "]}"


@st.composite
def worlds(draw):
    """A district, with births of their own, and the members of its programs."""
    records = documents.district()
    for row in records["student"]:
        born = draw(BIRTHS)
        row["birthDate"] = born
    members = {name: {(one,) for one in draw(st.sets(st.sampled_from(CHILDREN)))} for name in PROGRAMS}
    return records, members


def snapshot_of(records, members, today):
    rows = [(entity, row) for entity, some in records.items() for row in some]
    made = build_snapshot(rows, "maple", KEYRING)
    students = made.table("student").rows
    return attach(made, {name: frozenset(students[key] for key in some) for name, some in members.items()}, today)


def seen(records, sight: Visibility):
    return {entity: frozenset(some[row]["key"] for row in sight.rows(entity)) for entity, some in records.items()}


@settings(max_examples=120, deadline=None)
@given(worlds(), populations(), populations(), DAYS)
def test_the_engine_and_the_plain_interpreter_agree(world, first, second, today):
    records, members = world
    one, other = documents.load("student.id allow", first), documents.load("student.id allow", second, id="b")
    snapshot = snapshot_of(records, members, today)
    for grant in (compiled(one, documents.CLIENT), combine([one, other], documents.CLIENT)):
        sight = Visibility(snapshot, grant, KEYRING, today)
        assert seen(records, sight) == visible(records, grant, today, members)
        row = snapshot.table("student").rows["s1",]
        record = records["student"][row]
        assert Admission(sight, "student", row).sees(record) == (("s1",) in seen(records, sight)["student"])


def test_a_record_that_is_not_there_yet_is_in_no_program():
    records = documents.district()
    snapshot = snapshot_of(records, {"Chess": {("s1",)}}, documents.TODAY)
    grant = documents.grant("student.id allow", "{all: [{program: {is: Chess}}]}")
    sight = Visibility(snapshot, grant, KEYRING, documents.TODAY)
    fresh = {"key": ("new",), "birthDate": "2015-01-01"}
    assert not Admission(sight, "student").sees(fresh)
    assert Admission(sight, "student", snapshot.table("student").rows["s1",]).sees(fresh)
