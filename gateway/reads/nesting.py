"""Nested addresses: the rows that belong to the records in an address, as one consumer sees them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from standards.errors import NotFound
from standards.fields import fields_of, follow
from standards.oneroster.api import nesting
from standards.view import Children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.engine.rows import SearchableRows
    from gateway.engine.visibility import Visibility
    from gateway.gateway import Gateway
    from gateway.request import Within
    from policies.grant import Grant
    from standards.view import Step, View

# The entity between two records that do not belong to each other: a student's results in a class.
BOTH = frozenset({("section", "student")})


def entities(views: Sequence[View], grant: Grant) -> frozenset[str] | None:
    """List every entity from the first of the pruned *views* to the last; None where no way between is released."""
    found = set[str]()
    for view, inner in pairwise(views):
        on_the_way = _between(view, inner, grant)
        if on_the_way is None:
            return None
        found |= on_the_way
    for outer in views[:-2]:
        found |= _between(outer, views[-1], grant) or frozenset()
    return frozenset(found)


def _between(outer: View, inner: View, grant: Grant) -> frozenset[str] | None:
    pairs = [(one.entity, other.entity) for one in outer.branches for other in inner.branches]
    known = [pair for pair in pairs if pair in nesting.WAYS and pair not in nesting.EVERY]
    open_ways = [(pair, ways) for pair in known if (ways := nesting.ways(*pair, grant))]
    if known and not open_ways:
        return None
    return frozenset[str]().union(*(nesting.entities(ways, pair[0]) for pair, ways in open_ways))


def members(gateway: Gateway, shown: Sequence[SearchableRows], within: Sequence[Within]) -> list[frozenset[int]] | None:
    """Return for each of *shown* the rows that belong to the record of *within*; None where all rows may.

    Nothing belongs to records that the consumer sees and that do not belong to each other.

    Raises:
        NotFound: the consumer sees no such record; the error names the first of *within* that it does not see.
    """
    if not within:
        return None
    places = [[find(gateway, part.visibility, one) for one in within] for part in shown]
    for number, one in enumerate(within):
        if all(chain[number] is None for chain in places):
            raise NotFound(nothing(one.view))
    return [_members(part, [one for one in chain if one]) if all(chain) else frozenset()
            for part, chain in zip(shown, places, strict=True)]  # fmt: skip


def _members(part: SearchableRows, chain: Sequence[tuple[str, int]]) -> frozenset[int]:
    """Return the rows of one branch below the last record of a *chain*, each of which belongs to the one before."""
    visibility, target = part.visibility, part.branch.entity
    if not all(_belongs(visibility, outer, inner) for outer, inner in pairwise(chain)):
        return frozenset()
    *before, (entity, row) = chain
    rows = reached(visibility, entity, row, target)
    for outer, outer_row in before:
        if (outer, entity) in BOTH:
            rows &= reached(visibility, outer, outer_row, target)
    return rows


def nothing(view: View) -> str:
    """Return the error for an id in an address by which the consumer sees no record of *view*."""
    return f"The address names an id of {view.name} with which this client can see nothing."


def find(gateway: Gateway, visibility: Visibility, one: Within) -> tuple[str, int] | None:
    """Find the entity and the row of the record that *one* names, if the consumer sees it in its view."""
    for shown in gateway.views.branches(visibility, one.view):
        row = visibility.row(shown.branch.entity, one.identifier, one.view.api)
        if row is not None and row in shown.members:
            return shown.branch.entity, row
    return None


def _belongs(visibility: Visibility, outer: tuple[str, int], inner: tuple[str, int]) -> bool:
    known = (outer[0], inner[0]) in nesting.WAYS
    return not known or inner[1] in reached(visibility, *outer, inner[0])


def reached(visibility: Visibility, entity: str, row: int, target: str) -> frozenset[int]:
    """Return the visible rows of *target* that belong to a *row* of *entity*."""
    if (entity, target) in nesting.EVERY:
        return frozenset(visibility.rows(target))
    found = set[int]()
    for path in nesting.ways(entity, target, visibility.grant):
        here, rows = entity, {row}
        for step in path:
            here, rows = _step(visibility, step, here, rows)
        found |= rows
    return frozenset(found)


def _step(visibility: Visibility, step: Step, entity: str, rows: set[int]) -> tuple[str, set[int]]:
    to, _ = follow(step, entity, "")
    table = visibility.snapshot.table(entity)
    if isinstance(step, Children):
        found = _children(visibility, step, entity, rows)
    else:
        ref = getattr(step, "ref", "")
        column, refs = table.columns.get(ref), table.refs.get(ref, ())
        found = {refs[row] for row in rows} if refs else {one for row in rows if column for one in column[row] or ()}
    visible = visibility.visible(to)
    return to, {row for row in found if row >= 0 and (visible is None or visible[row])}


def _children(visibility: Visibility, step: Children, entity: str, rows: set[int]) -> set[int]:
    """Return the rows that refer to one of *rows*, with a single reference or a list of them."""
    if not fields_of(step.entity)[step.via].many:
        children = visibility.snapshot.children(step.entity, step.via, entity)
        return {kid for row in rows for kid in children[row]}
    lists = visibility.snapshot.table(step.entity).columns.get(step.via, ())
    return {kid for kid, targets in enumerate(lists) if targets and not rows.isdisjoint(targets)}
