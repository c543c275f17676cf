"""Pruning: a view cut down to what one grant releases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from standards.fields import fields_of, follow, trail
from standards.view import (
    Children,
    Const,
    Follow,
    Href,
    Id,
    Items,
    Links,
    List,
    Native,
    Reference,
    Stamp,
    Value,
    paths,
    tells,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standards.view import Branch, Node, Object, Step, View


class Releases(Protocol):
    """The names that prune a view: which are released, and which as they are."""

    def releases(self, name: str) -> bool:
        """Tell whether the vocabulary or native *name* may leave."""
        ...

    def plain(self, name: str) -> bool:
        """Tell whether *name* leaves as it is."""
        ...


def prune(view: View, grant: Releases) -> View | None:
    """Cut *view* to what *grant* releases; None when nothing of it may be seen."""
    branches = tuple(kept for branch in view.branches if (kept := _prune_branch(branch, grant)) is not None)
    return replace(view, branches=branches) if branches else None


def _prune_branch(branch: Branch, grant: Releases) -> Branch | None:
    fields = fields_of(branch.entity)
    chosen = ("id", *(name for name, _ in branch.where), *branch.requires)
    if not all(grant.releases(fields[name].release) for name in chosen):
        return None
    nodes = _kept(branch.nodes, branch.entity, "", grant)
    known = {path for path, _ in paths(nodes)}
    if any(path not in known for path, _ in branch.only):
        return None
    also = tuple(step for step in branch.also if step_released(step, branch.entity, "", grant))
    backed, once = _kept(branch.backed, branch.entity, "", grant), branch.once
    if once and not (known.issuperset(once.members) and all(grant.releases(fields[one].release) for one in once.refs)):
        once = None  # its key is not wholly released to this consumer
    return replace(branch, nodes=nodes, also=also, backed=backed, once=once)


def _kept(nodes: Iterable[Node], entity: str, prefix: str, grant: Releases) -> tuple[Node, ...]:
    return tuple(kept for node in nodes if (kept := _prune_node(node, entity, prefix, grant)) is not None)


def _prune_node(node: Node, entity: str, prefix: str, grant: Releases) -> Node | None:
    match node:
        case Const() | Stamp() | Id() | Href():
            return node if _known(node, entity, prefix, grant) else None
        case Value():
            sources = tuple(s for s in node.sources if _released(entity, prefix + s, grant))
            return replace(node, sources=sources) if sources else None
        case Native():
            name = fields_of(entity)[prefix + node.field].release
            if not grant.releases(name):
                return None
            return replace(node, allows=lambda member: grant.releases(f"{name}.{member}"))
        case _:
            return _prune_container(node, entity, prefix, grant)


def _known(node: Const | Stamp | Id | Href, entity: str, prefix: str, grant: Releases) -> bool:
    """Tell whether what a node reads is released: the field that chooses its value, and the id."""
    if isinstance(node, Const | Href) and node.by and not _released(entity, prefix + node.by, grant):
        return False
    return isinstance(node, Const | Stamp) or grant.releases(fields_of(entity)["id"].release)


def _prune_container(node: Object | Reference | List, entity: str, prefix: str, grant: Releases) -> Node | None:
    inside, inner = entity, prefix
    early: tuple[Node, ...] = ()
    if isinstance(node, Reference):
        field = fields_of(entity)[prefix + node.ref]
        if not grant.releases(field.release):
            return None
        inside, inner = field.to, ""
    elif isinstance(node, List):
        for number, step in enumerate(node.steps):
            if not step_released(step, inside, inner, grant):
                return None
            inside, inner = follow(step, inside, inner)
            if not number:
                early = _kept(node.early, inside, inner, grant)
    nodes = _kept(node.nodes, inside, inner, grant)
    if not any(tells(child) for child in (*early, *nodes)):
        return None
    if isinstance(node, List) and not {child.name for child in nodes}.issuperset(node.needs):
        return None
    return replace(node, nodes=nodes, early=early) if isinstance(node, List) else replace(node, nodes=nodes)


def step_released(step: Step, entity: str, prefix: str, grant: Releases) -> bool:
    """Tell whether *grant* releases the target of one *step* from a row of *entity*."""
    match step:
        case Children():
            return grant.releases(fields_of(step.entity)[step.via].release)
        case Items():
            return any(
                grant.releases(field.release)
                for name, field in fields_of(entity).items()
                if name.startswith(f"{prefix}{step.field}.")
            )
        case Follow() | Links():
            return grant.releases(fields_of(entity)[prefix + step.ref].release)


def _released(entity: str, source: str, grant: Releases) -> bool:
    *refs, last = trail(entity, source)
    own_id = last.type != "id" and last.release.endswith(".id")
    shows = grant.plain if own_id else grant.releases  # a pseudonym stands for the id itself, not for its text
    return shows(last.release) and all(grant.releases(field.release) for field in refs)
