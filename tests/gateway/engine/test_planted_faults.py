"""Faults planted in the compiled engine, one at a time: the comparison with the interpreter finds each."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import orjson
import pytest

from gateway.cache.snapshot import Snapshot
from gateway.engine import codegen, filter_conditions, renderer, row_filter, row_index, view_rows
from gateway.engine import visibility as faces
from gateway.engine.codegen import CodeWriter
from gateway.engine.renderer import Renderer
from gateway.engine.row_index import RowIndex
from gateway.engine.view_rows import ViewRows
from gateway.engine.visibility import Visibility
from policies.population import All
from policies.transforms import month, transform
from standards.collation import written
from standards.query import Query
from tests.gateway.engine import cases, worlds


def a_year_keeps_its_month(patch):
    patch.setattr(faces, "transform", lambda action, hasher: month if action == "year" else transform(action, hasher))


def a_mask_is_forgotten(patch):
    patch.setattr(Visibility, "transform", lambda _self, _field: None)


def a_masked_code_still_shows_the_exact_token(patch):
    plain = CodeWriter.column

    def column(self, node, name, place, result):
        plain(self, node, name, place, result)
        exact = self.cell(place, f"{name}@{self.api}")
        if exact:
            self.line(f"{result} = {exact} or {result}")

    patch.setattr(CodeWriter, "column", column)


def an_open_dictionary_shows_every_member(patch):
    patch.setattr(renderer, "_open", lambda _faces, _name: dict)


def a_row_rule_is_dropped(patch):
    patch.setattr(Visibility, "_test", lambda *_: lambda _row: True)


def the_row_rule_of_one_entity_is_dropped(patch):
    plain = Visibility._test

    def test(self, entity, clause):
        return plain(self, entity, All(()) if entity == "contact" else clause)

    patch.setattr(Visibility, "_test", test)


def an_owner_is_ignored(patch):
    patch.setattr(Visibility, "_owned", lambda _self, _table, _owner, visible: visible)


def an_end_today_still_counts(patch):
    plain = row_filter._active

    def active(begin, _end, rows, today):
        return plain(begin, "no such field", rows, today)

    patch.setattr(row_filter, "_active", active)


def a_reference_shows_hidden_rows(patch):
    patch.setattr(CodeWriter, "visible", lambda _self, _entity, row: f"{row} >= 0")


def a_list_counts_hidden_children(patch):
    def loop_children(self, step, here):
        kid, children = self.fresh("k"), self.visibility.snapshot.children(step.entity, step.via, here.entity)
        self.enter(f"for {kid} in {self.bind(children)}[{here.row}]:")
        return codegen.CodePosition(step.entity, kid)

    patch.setattr(Renderer, "loop_children", loop_children)


def a_guard_is_ignored(patch):
    patch.setattr(Renderer, "guarded", lambda *_: None)


def an_item_stays_without_its_person(patch):
    plain = Renderer.loop_record

    def loop_record(self, step, here):
        return plain(self, replace(step, owners=()) if hasattr(step, "owners") else step, here)

    patch.setattr(Renderer, "loop_record", loop_record)


def an_array_keeps_the_order_of_the_source(patch):
    patch.setattr(renderer, "_arranged", lambda _node: lambda found: found)


def an_array_is_ordered_by_a_hidden_field(patch):
    plain = Snapshot.children

    def children(self, entity, via, parent):
        hidden = [str(key) for key in self.table(entity).ids]
        return [tuple(sorted(some, key=hidden.__getitem__)) for some in plain(self, entity, via, parent)]

    patch.setattr(Snapshot, "children", children)
    patch.setattr(renderer, "_arranged", lambda _node: lambda found: found)


def ties_are_broken_by_the_row_of_the_source(patch):
    ids = cached_property(
        lambda self: [f"{n:09}" for n in range(self.visibility.snapshot.table(self.branch.entity).size)]
    )
    ids.__set_name__(ViewRows, "ids")
    patch.setattr(ViewRows, "ids", ids)


def case_counts_in_comparisons(patch):
    patch.setattr(filter_conditions, "folded", written)


def texts_come_in_the_order_of_their_code_points(patch):
    patch.setattr(row_index, "sort_key", lambda text: text)


def an_id_must_be_written_in_its_own_case(patch):
    plain = Visibility.bearers

    def bearers(self, entity, outward, api):
        ids = self.ids(entity, api)
        return tuple(row for row in plain(self, entity, outward, api) if ids[row] == outward)

    patch.setattr(Visibility, "bearers", bearers)


def the_id_is_that_of_the_source(patch):
    patch.setattr(Visibility, "pseudonymous", lambda _self, _entity: False)


def the_count_is_made_before_filtering(patch):
    patch.setattr(RowIndex, "total", property(lambda self: sum(len(part.rows) for part in self.shown)))


def visible_rows_of_another_grant_are_kept(patch):
    kept, plain = {}, Visibility.visible

    def visible(self, entity):
        place = (id(self.snapshot), entity)
        if place not in kept:
            kept[place] = (self.snapshot, plain(self, entity))
        return kept[place][1]

    patch.setattr(Visibility, "visible", visible)


def what_is_absent_matches(patch):
    plain = view_rows.matcher

    def matcher(condition, kind, *, listed):
        test = plain(condition, kind, listed=listed)
        return lambda value: value is None or test(value)

    patch.setattr(view_rows, "matcher", matcher)


def only_the_first_of_a_list_matches(patch):
    plain = view_rows.matcher

    def matcher(condition, kind, *, listed):
        test = plain(condition, kind, listed=listed)
        return lambda value: test(value[:1] if isinstance(value, list) else value)

    patch.setattr(view_rows, "matcher", matcher)


def a_filter_sees_addresses_without_their_beginning(patch):
    plain = ViewRows.values
    patch.setattr(ViewRows, "values", lambda self, some, path, base="": plain(self, some, path, base and ""))


def a_filter_forgets_what_stands_in(patch):
    patch.setattr(view_rows, "alone", lambda _nodes, _chain: True)


def what_is_missing_comes_first(patch):
    plain = row_index._sort_keys
    patch.setattr(
        row_index, "_sort_keys", lambda part, some, query: [(not a, *b) for a, *b in plain(part, some, query)]
    )


def a_page_begins_one_row_late(patch):
    plain = RowIndex.slice
    patch.setattr(RowIndex, "slice", lambda self, offset, limit, base: plain(self, offset + 1, limit, base))


def what_a_branch_needs_is_not_asked_for(patch):
    plain = ViewRows.__init__

    def init(self, branch, view, visibility, ledger):
        plain(self, replace(branch, needs=()), view, visibility, ledger)

    patch.setattr(ViewRows, "__init__", init)


def a_dangling_owner_is_no_owner(patch):
    plain = Visibility._owned

    def owned(self, table, owner, visible):
        return plain(self, table, replace(owner, lenient=True) if owner.name == "school" else owner, visible)

    patch.setattr(Visibility, "_owned", owned)


FAULTS = [
    value for value in list(globals().values()) if callable(value) and getattr(value, "__module__", "") == __name__
]


@pytest.fixture(scope="module")
def asked():
    """Questions and the interpreter's answers to them."""
    found = []
    for seed in (11, 12, 13, 14):
        district = cases.District(f"hostile {seed}", worlds.hostile(seed))
        for one, random in cases.asked(district, worlds.views(), seed, 9, 24):
            questions = [Query(), one.query(random), one.query(random)]
            found.append((one, [(query, one.expected(query)) for query in questions]))
    return found


def differing(asked) -> str:
    """The first question that the engine answers differently; empty when there is none."""
    for one, questions in asked:
        shown = one.compiled()
        for query, expected in questions:
            if one.answer(shown, query) != expected:
                return f"{one.view.api}/{one.view.name}: {orjson.loads(expected)[0]} rows, {query.shape or 'no filter'}"
    return ""


def test_without_a_fault_nothing_differs(asked):
    assert not differing(asked)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_caught(fault, asked, monkeypatch, record_property):
    fault(monkeypatch)
    caught = differing(asked)
    print(f"\n{fault.__name__.replace('_', ' ')}: caught by {caught}")
    record_property(fault.__name__, caught)
    assert caught
