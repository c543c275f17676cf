"""Pushed-down conditions: what a source need not send, since an address names the one record, or owner, asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.contract import NO_HINTS, Hint
from gateway.engine.plan import gathered
from gateway.engine.rows import alone
from standards.fields import fields_of
from standards.oneroster.api import nesting
from standards.query import Both, Condition
from standards.view import Children, Id, Object, Reference, find
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.contract import Hints
    from gateway.cache.point_lookups import Key
    from gateway.gateway import Gateway
    from gateway.request import Within
    from policies.grant import Grant
    from standards.query import Query
    from standards.view import Branch, View


def pushed_conditions(
    grant: Grant,
    view: View,
    entities: frozenset[str],
    within: Sequence[Within],
    identifier: str | None,
    shown: frozenset[str] = frozenset(),
) -> Hints:
    """Return the conditions that the source applies to a pruned *view* when it is read for one request.

    Only an id of the source's own means anything to it, and only rows that nothing else refers to can be left out.
    The ids in Ed-Fi's addresses are the source's own for the entities that are *shown* by them.
    """
    entity = view.branches[0].entity
    if len(view.branches) != 1 or (view.api == "edfi" and entity not in shown):
        return NO_HINTS
    if _referred_to(entity, entities):
        return NO_HINTS
    if identifier is not None:
        return {entity: (Hint("id", "=", identifier),)} if _own(grant, entity) else NO_HINTS
    found = tuple(hint for one in within if (hint := _owner(grant, entity, one)) is not None)
    return {entity: found} if found else NO_HINTS


def filter_conditions(gateway: Gateway, grant: Grant, view: View, entities: frozenset[str], query: Query) -> Hints:
    """Return the conditions on a pruned *view* where a filter names the one person its rows are about.

    The person is looked up among those whom the consumer sees, by the id that it is shown.
    """
    branch, district = view.branches[0], gateway.districts[grant.district]
    shown, entity = district.adapter.manifest.ids_shown, branch.entity
    if (
        len(view.branches) != 1
        or entity in district.cached_entities
        or entity not in shown
        or _referred_to(entity, entities)
    ):
        return NO_HINTS
    parts = query.filter.parts if isinstance(query.filter, Both) else (query.filter,)
    asked = [one for one in parts if isinstance(one, Condition) and one.operator == "="]
    found = tuple(hint for one in asked if (hint := _person(gateway, grant, branch, one)) is not None)
    return {entity: found} if found else NO_HINTS


def _person(gateway: Gateway, grant: Grant, branch: Branch, asked: Condition) -> Hint | None:
    """Return the condition that rows are about the one person whom a comparison names."""
    chain, district = find(branch.nodes, asked.path), gateway.districts[grant.district]
    if chain is None or not alone(branch.nodes, chain):
        return None
    known = district.adapter.manifest.ids_shown & district.cached_entities
    match [node for node in chain if not isinstance(node, Object)]:
        case [Reference(ref=ref), Id(unique=True)] if (
            to := fields_of(branch.entity)[ref].to
        ) in known and to in PERSONS:
            own = gateway.views.held(grant).known_as(to, asked.value)
            return Hint(ref, "=", "".join(own)) if len(own) <= 1 else None  # nobody is named, so nothing need be sent
        case _:
            return None


def _referred_to(entity: str, entities: frozenset[str]) -> bool:
    return any(field.to == entity for one in entities for field in fields_of(one).values())


def lookup_entities(grant: Grant, view: View, entities: frozenset[str]) -> dict[str, Iterable[Key]]:
    """List those of *entities* that need not be read whole for one record of a *view*: only references lead to them."""
    nothing: Iterable[Key] = ()
    whole = gathered(view, grant) | {branch.entity for branch in view.branches}
    named = {field.to for entity in entities for field in fields_of(entity).values() if field.type == "ref"}
    return dict.fromkeys((entities | named) - whole, nothing)


def _owner(grant: Grant, entity: str, one: Within) -> Hint | None:
    """Return the condition that rows refer to the record in the address."""
    if len(one.view.branches) != 1:
        return None
    outer = one.view.branches[0].entity
    match nesting.ways(outer, entity, grant):
        case ((Children(entity=to, via=via),),) if (
            to == entity and _own(grant, outer) and not fields_of(entity)[via].many
        ):
            return Hint(via, "=", one.identifier)
        case _:
            return None


def _own(grant: Grant, entity: str) -> bool:
    """Tell whether the consumer knows records of *entity* by the source's own ids."""
    return grant.plain(fields_of(entity)["id"].release)
