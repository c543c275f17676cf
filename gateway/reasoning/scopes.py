"""Scopes: the facts of an agreement that none of its clients can read, since they have no scope for any resource."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.auth.scopes import RECEIVE
from gateway.engine import field_sets
from policies import elements
from policies.compiler import compile as compiled
from policies.reasoning.diff import shortened
from policies.reasoning.ways import ways, would_show
from policies.transfers.terms import is_transfer
from standards.pruning import prune
from standards.view import paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gateway.storage.registry import Client
    from policies.agreement import Agreement
    from policies.grant import Grant
    from standards.view import View


@lru_cache(maxsize=4096)
def shown(view: View, grant: Grant) -> tuple[tuple[str, str, str], ...]:
    """Return the outward members of *view* under a grant, each with the fact behind it and the action on it."""
    pruned = prune(view, grant)
    found: set[tuple[str, str, str]] = set()
    for branch in pruned.branches if pruned else ():
        for line in field_sets.lines(branch, paths(branch.nodes), grant):
            _, member, name, action = line.split("\t")
            found.add((member, name, action))
    return tuple(sorted(found))


def out_of_reach(agreements: Iterable[Agreement], clients: Iterable[Client]) -> Iterator[str]:
    """Yield each agreement's facts that resources show, and for none of which its registered clients have a scope.

    Of one about transfers, that none of them can receive a record.
    """
    known = {one.client_id: frozenset(one.scopes) for one in clients}
    for one in agreements:
        scopes = [known[name] for name in one.clients if name in known]
        every = frozenset[str]().union(*scopes)
        if scopes and not is_transfer(one.operations):
            yield from _out_of_reach(one, every)
        elif scopes and RECEIVE not in every:
            yield f"{one.file}: no client of this agreement has the scope {RECEIVE}, without which none gets a record"


def unshown(name: str, grant: Grant, there: Collection[str] | None = None) -> str:
    """Say that no resource shows the element *name*, and what the agreement lacks for one that could."""
    told = "no resource, of what the agreement releases"
    found = would_show(name, grant, there) if grant.releases(name) else None
    return f"{told}; {found[0]} would, if it released {', '.join(found[1])}" if found else told


def idle(agreements: Iterable[Agreement]) -> Iterator[str]:
    """Yield each line of an agreement that releases only what no resource shows; a transfer needs none."""
    for one in agreements:
        if is_transfer(one.operations):
            continue
        grant = compiled(one, one.clients[0])
        seen = {name for way in ways() if way.operation in grant.operations for _, name, _ in shown(way.view, grant)}
        for line in one.lines:
            names = [about.name for about in elements.under(line) if grant.releases(about.name) and not about.container]
            if line.action != "deny" and names and not seen.intersection(names):
                place = f"{line.place}:{line.column}"
                yield f"{place}: {line.path} never leaves: it is shown by {unshown(names[0], grant)}"


def _out_of_reach(agreement: Agreement, scopes: frozenset[str]) -> Iterator[str]:
    grant = compiled(agreement, agreement.clients[0])
    reached: set[str] = set()
    needed: dict[str, set[str]] = {}
    for way in ways():
        if way.operation in grant.operations:
            for _, name, _ in shown(way.view, grant):
                needed.setdefault(name, set()).update(way.scopes)
                if way.scopes & scopes:
                    reached.add(name)
    if lost := sorted(needed.keys() - reached):
        asked = ", ".join(sorted(set[str]().union(*(needed[name] for name in lost))))
        told = f"no client of this agreement has a scope for {shortened(lost)}; it needs one of: {asked}"
        yield f"{agreement.file}: {told}"
