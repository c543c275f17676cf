"""Query plans: the entities that a request reads, to show records or to decide which of them are visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.population import All, AnyOf, Child, RefIn, Seen
from standards.fields import fields_of, follow, trail
from standards.view import Children, List, Object, Reference, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.grant import Grant
    from policies.population import Clause
    from standards.view import Node, View


def entities_of(view: View, grant: Grant) -> frozenset[str]:
    """Collect the entities that a pruned *view* shows or that decide, under *grant*, what it shows."""
    found: set[str] = set()
    for branch in view.branches:
        for entity in (branch.entity, *(step.entity for step in branch.also)):
            _need(entity, grant, found)
        _walk((*branch.nodes, *branch.backed), branch.entity, "", grant, found)
    return frozenset(found)


def gathered(view: View, grant: Grant) -> frozenset[str]:
    """Collect the entities of which *view*, or a row rule of *grant*, reads all rows that point to a record."""
    found = {step.entity for branch in view.branches for step in branch.also}
    waiting: list[Node] = [node for branch in view.branches for node in (*branch.nodes, *branch.backed)]
    for node in waiting:
        if isinstance(node, List):
            found |= {step.entity for step in node.steps if isinstance(step, Children)}
            waiting += node.early
        if isinstance(node, Object | Reference | List):
            waiting += node.nodes
    clauses = list(grant.rows.values())
    for clause in clauses:
        if isinstance(clause, All | AnyOf):
            clauses += clause.clauses
        elif isinstance(clause, Child):
            found.add(clause.entity)
            clauses.append(clause.clause)
    return frozenset(found)


def _need(entity: str, grant: Grant, found: set[str]) -> None:
    if entity in found:
        return
    found.add(entity)
    for field in fields_of(entity).values():
        if field.owner:
            _need(field.to, grant, found)
    for one in (grant, *grant.parts):
        if entity in one.rows:
            _clause(one.rows[entity], entity, one, found)


def _clause(clause: Clause, entity: str, grant: Grant, found: set[str]) -> None:
    match clause:
        case All(parts) | AnyOf(parts):
            for part in parts:
                _clause(part, entity, grant, found)
        case Child(child, _, inner):
            _need(child, grant, found)
            _clause(inner, child, grant, found)
        case Seen(ref) | RefIn(ref):
            _need(fields_of(entity)[ref].to, grant, found)


def _walk(nodes: Iterable[Node], entity: str, prefix: str, grant: Grant, found: set[str]) -> None:
    for node in nodes:
        match node:
            case Value():
                for source in node.sources:
                    for field in trail(entity, prefix + source)[:-1]:
                        _need(field.to, grant, found)
            case Object():
                if node.guard:
                    _need(fields_of(entity)[prefix + node.guard].to, grant, found)
                _walk(node.nodes, entity, prefix, grant, found)
            case Reference():
                to = fields_of(entity)[prefix + node.ref].to
                _need(to, grant, found)
                _walk(node.nodes, to, "", grant, found)
            case List():
                _walk(node.nodes, *_inside(node, entity, prefix, grant, found), grant, found)


def _inside(node: List, entity: str, prefix: str, grant: Grant, found: set[str]) -> tuple[str, str]:
    for step in node.steps:
        after, inner = follow(step, entity, prefix)
        _need(after, grant, found)
        for owner in () if isinstance(step, Children) else getattr(step, "owners", ()):
            _need(fields_of(after)[inner + owner].to, grant, found)
        if step is node.steps[0]:
            _walk(node.early, after, inner, grant, found)
        entity, prefix = after, inner
    return entity, prefix


def decides(entity: str, grant: Grant) -> frozenset[str]:
    """Collect the entities that decide, under *grant*, whether a known record of *entity* is visible."""
    found: set[str] = set()
    _need(entity, grant, found)
    return frozenset(found - {entity})
