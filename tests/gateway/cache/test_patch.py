"""A snapshot that is patched is the snapshot that would have been read, and a patch that cannot be is none at all."""

from __future__ import annotations

from random import Random

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.contract import Change
from gateway.cache.group_references import DANGLING, group_of, within
from gateway.cache.needed_fields import may_be_held
from gateway.cache.patch import patched
from gateway.cache.snapshot import LINKED, NO_ROW, build_snapshot
from gateway.change_log.ledger import Ledger
from gateway.engine.row_index import index
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from standards.errors import SourceBroken
from standards.fields import fields_of
from standards.pruning import prune
from standards.query import Query
from tests.gateway.engine import cases, worlds
from tests.gateway.engine.cases import BASE, KEYRING, LOADED

DISTRICT = "maple"
SCHOOL = ("organization", {"key": ("101",), "identifier": "101", "kind": "school"})
ANN = ("student", {"key": ("s1",), "id": "ann", "name.given": "Ann"})
BOB = ("student", {"key": ("s2",), "id": "bob", "name.given": "Bob"})
PLACE = ("enrollment", {"key": ("e1",), "id": "e1", "student": ("s1",), "school": ("101",)})
TOWN = (SCHOOL, ANN, BOB, PLACE)
SPARE = worlds.hostile(-1)
HELD = {"organization", "session", "section", "student", "contact", "enrollment"}


def hold(*records, entities=HELD):
    return build_snapshot(records, DISTRICT, KEYRING, entities=entities)


def patch(before, *changes, entities=HELD):
    return patched(before, changes, KEYRING, entities=entities)


def identity(entity, record):
    return record.get("id") or KEYRING.outward_ids(DISTRICT, entity, [record["key"]])[0]


def gone(entity, own):
    return Change(entity, own, None)


def now(entity, record):
    return Change(entity, identity(entity, record), record)


def told(snapshot):
    """Everything a snapshot knows, without the numbers of its rows."""
    return {entity: _rows(snapshot, table) for entity, table in snapshot.tables.items() if table.size}


def _rows(snapshot, table):
    columns = {name: list(values) for name, values in table.columns.items()}
    for name, spec in fields_of(table.entity).items():
        if spec.type != "ref":
            continue
        turn = _named(snapshot.table(spec.to).ids)
        if name in table.refs:
            columns[name] = [turn(row) for row in table.refs[name]]
        elif spec.many and name in columns:
            columns[name] = [values and tuple(map(turn, values)) for values in columns[name]]
        elif group := group_of(columns, fields_of(table.entity), name):
            parts = name[len(group) + 1 :].split(".")
            columns[group] = [items and within(items, parts, turn) for items in columns[group]]
    columns = {f"column {name}": values for name, values in columns.items()}
    columns["unique"] = table.unique or [None] * table.size
    keys = {row: key for key, row in table.rows.items()}
    columns["key"] = [keys.get(row) for row in range(table.size)]
    for name, rows in table.dangling.items():
        columns[f"dangling {name}"] = [rows.get(row) for row in range(table.size)]
    return {
        own: {name: values[row] for name, values in columns.items() if values[row] is not None}
        for row, own in enumerate(table.ids)
    }


def _named(ids):
    return lambda row: {NO_ROW: None, DANGLING: "nowhere"}[row] if row < 0 else f"row of {ids[row]}"


class Story:
    """What happens to the records of a world: some change, some go, some come back, some get another key."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        every = [(entity, record) for entity, record in worlds.hostile(seed) if may_be_held(entity)]
        self.entities = frozenset(entity for entity, _ in every)
        self.away = {number for number in range(len(every)) if self.random.random() < 0.15}
        self.records = dict(enumerate(every))

    def state(self):
        return [one for number, one in self.records.items() if number not in self.away]

    def build(self):
        return build_snapshot(self.state(), DISTRICT, KEYRING, entities=self.entities, loaded=LOADED)

    def go_on(self):
        """Some steps at once; the changes that they are."""
        before = {(entity, identity(entity, record)): record for entity, record in self.state()}
        for _ in range(self.random.choice((1, 1, 2, 5, 30))):
            self.step(self.random.choice(list(self.records)))
        after = {(entity, identity(entity, record)): record for entity, record in self.state()}
        changes = [gone(entity, own) for entity, own in before.keys() - after.keys()]
        changes += [Change(*place, record) for place, record in after.items() if before.get(place) != record]
        self.random.shuffle(changes)
        return changes

    def step(self, number):
        entity, record = self.records[number]
        match self.random.randrange(4):
            case 0:
                self.away ^= {number}
            case 1:
                self.records[number] = entity, self.other(entity, record)
            case 2 if "id" in record:
                changed = record | {"key": ("another", *record["key"])[-self.random.randint(1, 9) :]}
                taken = {one["key"] for other, one in self.records.values() if other == entity}
                if changed["key"] not in taken:
                    self.records[number] = entity, changed
            case 3 if "id" in record:
                self.swap(number, entity)

    def swap(self, number, entity):
        """Two records exchange their keys."""
        others = [other for other, (name, one) in self.records.items() if name == entity and "id" in one]
        other = self.random.choice(others)
        first, second = self.records[number][1], self.records[other][1]
        self.records[number] = entity, first | {"key": second["key"]}
        self.records[other] = entity, second | {"key": first["key"]}

    def other(self, entity, record):
        """The record with what another world's record of its kind says, or with less."""
        found = [one for name, one in SPARE if name == entity]
        said = self.random.choice(found) if self.random.random() < 0.7 else {}
        mine = {name: record[name] for name in record if name in {"key", "id"} or self.random.random() < 0.7}
        return {name: said[name] for name in said if name not in {"id", "key", "uniqueId"}} | mine


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_a_patched_hold_is_the_hold_that_would_have_been_read(seed):
    story = Story(seed)
    patched_hold = story.build()
    for _ in range(4):
        before, changes = told(patched_hold), story.go_on()
        fresh = patched(patched_hold, changes, KEYRING, entities=story.entities, loaded=LOADED)
        assert told(patched_hold) == before
        assert told(fresh) == told(story.build())
        patched_hold = fresh


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6))
@example(326)  # in which records of different kinds share one id
def test_every_view_over_a_patched_hold_shows_what_it_would_over_one_that_was_read(seed):
    story = Story(seed)
    first = story.build()
    for entity in first.tables:  # what is known of children is taken over where it still holds
        for name, spec in fields_of(entity).items():
            if spec.type == "ref" and not spec.many and name in first.table(entity).refs:
                first.children(entity, name, spec.to)
    fresh = patched(first, story.go_on(), KEYRING, entities=story.entities, loaded=LOADED)
    whole = story.build()
    grant = cases.grants(Random(seed), cases.District("maple", story.state()))
    for view in worlds.views():
        pruned = prune(view, grant)
        if pruned is not None:
            assert _page(pruned, fresh, grant) == _page(pruned, whole, grant)


def _page(view, snapshot, grant):
    visibility, ledger = Visibility(snapshot, grant, KEYRING, cases.TODAYS[0]), Ledger(b"key")
    rows = index(tuple(ViewRows(branch, view, visibility, ledger) for branch in view.branches), Query(), BASE)
    return orjson.dumps((rows.total, rows.slice(0, 100, BASE)))


def test_a_reference_heals_when_its_target_comes_and_dangles_again_when_it_leaves():
    first = hold(SCHOOL, PLACE)
    assert list(first.table("enrollment").refs["student"]) == [DANGLING]
    healed = patch(first, now(*ANN))
    assert list(healed.table("enrollment").refs["student"]) == [0]
    again = patch(healed, gone("student", "ann"))
    assert list(again.table("enrollment").refs["student"]) == [DANGLING]
    assert told(again) == told(first)


def test_who_bears_another_key_is_no_longer_who_is_referred_to():
    rekeyed = patch(hold(*TOWN), now("student", ANN[1] | {"key": ("s9",)}))
    assert list(rekeyed.table("enrollment").refs["student"]) == [DANGLING]
    moved = patch(rekeyed, now("enrollment", PLACE[1] | {"student": ("s9",)}))
    (row,) = moved.table("enrollment").refs["student"]
    assert moved.table("student").ids[row] == "ann"


def test_two_records_may_exchange_their_keys_at_once():
    swapped = patch(hold(*TOWN), now("student", ANN[1] | {"key": ("s2",)}), now("student", BOB[1] | {"key": ("s1",)}))
    (row,) = swapped.table("enrollment").refs["student"]
    assert swapped.table("student").ids[row] == "bob"


def test_what_was_not_changed_is_shared_with_the_hold_before():
    first = hold(*TOWN)
    fresh = patch(first, now("student", ANN[1] | {"name.given": "Anna"}))
    assert fresh.table("enrollment") is first.table("enrollment")
    assert first.table("student").columns["name.given"] == ["Ann", "Bob"]


def test_children_that_are_the_same_are_not_collected_again():
    first = hold(*TOWN)
    children = first.children("enrollment", "student", "student")
    same = patch(first, now("student", ANN[1] | {"name.given": "Anna"}))
    assert same.children("enrollment", "student", "student") is children
    less = patch(first, gone("student", "bob"))
    assert less.children("enrollment", "student", "student") == [(0,)]


@pytest.mark.parametrize(
    "changes",
    [
        [now("student", {"key": ("s2",), "id": "eve"})],
        [now("student", ANN[1] | {"key": ("s2",)})],
        [now("student", {"key": ("s3",), "id": "eve"}), now("student", {"key": ("s3",), "id": "eva"})],
        [now(*ANN), now(*ANN)],
        [gone("student", "ann"), now(*ANN)],
        [Change("student", "bob", ANN[1]), now(*ANN)],
    ],
    ids=["a key in use", "another's key", "a key twice", "a record twice", "gone and there", "an id twice"],
)
def test_a_key_or_an_id_twice_is_refused_and_the_hold_is_as_it_was(changes):
    first = hold(*TOWN)
    before = told(first)
    with pytest.raises(SourceBroken, match="share one natural key"):
        patch(first, *changes)
    assert told(first) == before


@pytest.mark.parametrize("record", [{"id": "x"}, {"id": "x", "key": ()}])
def test_a_changed_record_without_a_key_is_refused(record):
    with pytest.raises(SourceBroken, match="no key"):
        patch(hold(*TOWN), Change("student", "x", record))


def test_what_is_not_held_and_what_was_never_there_change_nothing():
    first = hold(*TOWN)
    fresh = patch(first, gone("student", "nobody"), now("grade", {"key": ("g",), "id": "g"}))
    assert told(fresh) == told(first)
    assert "grade" not in fresh.tables


def test_the_first_record_of_an_entity_can_come_by_a_patch():
    term = ("session", {"key": ("t",), "id": "t", "title": "Fall"})
    section = ("section", {"key": ("k",), "id": "k", "terms": [("t",), ("u",)]})
    fresh = patch(hold(*TOWN, section), now(*term))
    assert fresh.table("section").columns["terms"] == [(0, DANGLING)]
    assert told(fresh) == told(hold(*TOWN, section, term))


def test_a_person_without_a_unique_id_gets_one_by_a_patch_too():
    fresh = patch(hold(*TOWN), now("student", {"key": ("s3",), "uniqueId": "604824", "id": "eve"}))
    assert fresh.table("student").unique == ["ann", "bob", "604824"]


def test_the_entities_whose_keys_are_kept_are_those_that_patches_can_follow():
    """A held entity that others refer to by keys nobody keeps would dangle for ever after its first change."""
    for entity in HELD:
        targets = {spec.to for spec in fields_of(entity).values() if spec.type == "ref" and may_be_held(spec.to)}
        assert targets <= LINKED
