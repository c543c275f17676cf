"""The non-interference kit: second worlds that differ only in what a grant hides, and what must not change then.

    known = Knowledge(records, grant, today)
    coverage = Coverage(known)

    @given(worlds(known))
    def test_nobody_sees_what_is_hidden(other):
        coverage.add(other)
        assert_same_answers(ask, known.records, other.records, questions)

`ask(records, question)` answers as the gateway would if the district held *records*. It must give both worlds
the same clock, keys and ledger. Afterwards `coverage.missing` is empty when everything that can differ has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from policies.testing.fake_values import shape
from policies.testing.reference_visibility import visible
from policies.testing.second_world import FREE, KINDS, Knowledge, SecondWorldMaker, World
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from hypothesis.strategies import DrawFn, SearchStrategy

    from policies.testing.reference_visibility import Records

    Question = TypeVar("Question")
    Answer = TypeVar("Answer")

__all__ = ["KINDS", "Coverage", "Knowledge", "World", "assert_same_answers", "visible", "worlds"]

CONTEXT_CHARACTERS = 60


def worlds(
    known: Knowledge, *, kinds: Collection[str] = KINDS, entities: Collection[str] = (), most: int = 200
) -> SearchStrategy[World]:
    """Make second worlds for *known*; at *most* so many rows of an entity are different in one of them.

    *kinds* of difference: ``hidden`` fields of visible rows, values ``masked`` by a transform, order and hidden parts
    of groups and lists (``items``), fields of ``unseen`` rows, rows ``removed`` and ``inserted`` unseen, and the
    ``order`` of records in the source. Half of the worlds differ in every one of *entities*.
    """
    names = sorted(entities or known.entities)
    some_kinds = st.one_of(st.sets(st.sampled_from(sorted(kinds)), min_size=1, max_size=2), st.just(set(kinds)))
    some_names = st.one_of(st.sets(st.sampled_from(names), min_size=1, max_size=3), st.just(set(names)))

    @st.composite
    def build(draw: DrawFn) -> World:
        chosen, among, seed = draw(some_kinds), draw(some_names), draw(st.integers(0, 2**32))
        random = Random(seed)  # noqa: S311  made-up data, reproducible by its seed
        recipe = f"kinds {sorted(chosen)}, entities {sorted(among) if len(among) < len(names) else 'all'}, seed {seed}"
        return replace(SecondWorldMaker(known, random, chosen, most).world(frozenset(among)), recipe=recipe)

    return build()


class Coverage:
    """The fields of each entity that have been different in some second world so far."""

    def __init__(self, known: Knowledge) -> None:
        self.expected = expected(known)
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, world: World) -> None:
        """Count the fields that *world* changes."""
        self.counts.update(world.touched)

    @property
    def missing(self) -> frozenset[tuple[str, str]]:
        """The fields that could have been different and never were."""
        return self.expected - self.counts.keys()

    def report(self) -> str:
        """Write one line for every entity: how many of its fields were different at least once, and which were not."""
        lines = []
        for entity in sorted({entity for entity, _ in self.expected}):
            wanted = {name for at, name in self.expected if at == entity}
            left = sorted(name for at, name in self.missing if at == entity)
            without = f", never {', '.join(left)}" if left else ""
            lines.append(f"{entity}: {len(wanted) - len(left)} of {len(wanted)} fields{without}")
        return "\n".join(lines)


def expected(known: Knowledge) -> frozenset[tuple[str, str]]:
    """Return every (entity, field) of the vocabulary that can differ unseen: all but those of rows nobody can add."""
    return frozenset(
        (entity, name)
        for entity in known.entities
        for name, field in fields_of(entity).items()
        if known.insertable(entity) or (known.records.get(entity) and _hideable(known, entity, name, field.type))
    )


def _hideable(known: Knowledge, entity: str, name: str, kind: str) -> bool:
    """Tell whether the field can differ in a visible row; one deeper than a group, or a reference, may never occur."""
    field = fields_of(entity)[name]
    action, top = known.action(field), name in shape(entity).top
    if action == "deny":
        group = name.rpartition(".")[0]
        return kind != "group" and not known.risky(field) and (top or (kind != "ref" and group in shape(entity).top))
    return top and action in FREE and any(row.get(name) for row in known.records[entity])


def assert_same_answers(
    ask: Callable[[Records, Question], Answer], one: Records, other: Records, questions: Iterable[Question]
) -> list[Answer]:
    """Fail at the first question that the two worlds answer differently; return the answers of the first world."""
    answers = []
    for question in questions:
        first, second = ask(one, question), ask(other, question)
        if first != second:
            raise AssertionError(f"{question!r} tells the two worlds apart: {difference(first, second)}")
        answers.append(first)
    return answers


def difference(one: Any, other: Any) -> str:
    """Describe where two answers differ, with the text there in each."""
    first, second = (value if isinstance(value, bytes | str) else repr(value) for value in (one, other))
    if not isinstance(first, type(second)):
        return f"{first!r} and {second!r}"
    at = next(
        (n for n, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]),
        min(len(first), len(second)),
    )
    start = max(0, at - CONTEXT_CHARACTERS)
    return f"at {at}, {first[start : at + CONTEXT_CHARACTERS]!r} and {second[start : at + CONTEXT_CHARACTERS]!r}"
