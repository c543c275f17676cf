"""Field sets: the members of a response, the vocabulary's name for each value in them, and the action applied to it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from standards.fields import fields_of, follow, trail
from standards.view import Const, Href, Id, List, Native, Reference, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.grant import Grant
    from standards.view import Branch, Node, Step

MAX_FIELD_SETS = 1024


def lines(branch: Branch, members: Iterable[tuple[str, Sequence[Node]]], grant: Grant) -> tuple[str, ...]:
    """List the fields that a pruned *branch* shows: entity, outward member, name and action, separated by tabs."""
    found = set[str]()
    for path, chain in members:
        for name in names_of(branch.entity, chain):
            for inner, action in _actions(name, grant):
                found.add(f"{branch.entity}\t{path}\t{inner}\t{action}")
    return tuple(sorted(found))


@lru_cache(maxsize=MAX_FIELD_SETS)
def text(parts: tuple[tuple[str, ...], ...], selected: tuple[str, ...] = ()) -> str:
    """Join the field lines of several branches; with *selected* members, only the lines of those."""
    every = sorted({line for part in parts for line in part})
    chosen = [line for line in every if not selected or _selected(line.split("\t")[1], selected)]
    return "".join(f"{line}\n" for line in chosen)


def _selected(path: str, selected: Sequence[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.") for one in selected)


def names_of(entity: str, chain: Sequence[Node]) -> Iterator[str]:
    """Yield the vocabulary's names of what the nodes of a *chain* read from a record of *entity*."""
    here, first = (entity, ""), (entity, "")
    for at, node in enumerate(chain):
        if isinstance(node, Reference):
            field = fields_of(here[0])[here[1] + node.ref]
            yield field.release
            here = field.to, ""
        elif isinstance(node, List):
            for number, step in enumerate(node.steps):
                yield from _passed(step, *here)
                here = follow(step, *here)
                first = first if number else here
            if at + 1 < len(chain) and any(chain[at + 1] is one for one in node.early):
                here = first
        else:
            yield from _read(node, *here)


def _passed(step: Step, entity: str, prefix: str) -> Iterator[str]:
    via, ref = getattr(step, "via", ""), getattr(step, "ref", "")
    if via:
        yield fields_of(step.entity)[via].release  # type: ignore[union-attr]
    elif ref:
        yield fields_of(entity)[prefix + ref].release


def _read(node: Node, entity: str, prefix: str) -> Iterator[str]:
    """Yield the vocabulary's names of what a node without inner nodes reads."""
    if isinstance(node, Value):
        for source in node.sources:
            yield from (field.release for field in trail(entity, prefix + source))
    elif isinstance(node, Id | Href):
        yield fields_of(entity)["id"].release
    elif isinstance(node, Native):
        yield f"{fields_of(entity)[prefix + node.field].release}.*"
    if isinstance(node, Const | Href) and node.by:
        yield fields_of(entity)[prefix + node.by].release


def _actions(name: str, grant: Grant) -> Iterator[tuple[str, str]]:
    """Yield *name* with the action applied to it; of an open dictionary, each member that has a rule of its own."""
    if name.endswith(".*"):
        inner = sorted(one for one in grant.rules if one.startswith(name[:-1]))
        yield from ((one, grant.rules[one].action) for one in inner if grant.rules[one].action != "deny")
    elif (rule := grant.rule(name)) is not None:
        yield name, rule.action
