"""Projections: all that one grant shows of a record in any view, and the lists of other records that contain it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.engine.renderer import columns_read, compile_branch
from standards.fields import fields_of, follow, trail
from standards.oneroster.api import nesting
from standards.view import Branch, Children, Follow, Id, Items, Links, List, Object, Reference, Stamp, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Snapshot
    from gateway.engine.visibility import Visibility
    from policies.grant import Grant
    from standards.view import Node, Step, View

LISTS = "lists"
ONEROSTER = "oneroster"

Path = tuple["Step", ...]
Shape = tuple[tuple[frozenset[str], frozenset[str]], ...]
"""The names of the columns and of the references of several tables."""
Place = tuple[str, str, str]
"""A branch of a view: the API, the view and the entity."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """All branches, by *place*, that show records of an *entity*.

    *sides* are their nodes combined, one branch for each API; *paths* lead to all rows that these read or that decide
    in which branches a record is: rows of the entities in *ends*.
    """

    entity: str
    branches: Mapping[Place, tuple[View, Branch]]
    sides: tuple[tuple[str, Branch], ...]
    paths: frozenset[Path]
    ends: frozenset[str]
    _columns: dict[Shape, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def render(self, visibility: Visibility, rows: Sequence[int]) -> list[list[Any]]:
        """Render each of the *rows* by API, without stamps."""
        sides = [self._compiled(visibility, api, branch)(rows, "") for api, branch in self.sides]
        return [list(found) for found in zip(*sides, strict=True)]

    def columns(self, visibility: Visibility) -> Mapping[str, frozenset[str]]:
        """Return the columns of each entity from which *visibility* renders a record and chooses its branches.

        Columns that no table has are included, so that a new one is noticed. The result depends on which columns there
        are.
        """
        tables = [visibility.snapshot.table(entity) for entity in sorted(self.ends)]
        shape = tuple((frozenset(table.columns), frozenset(table.refs)) for table in tables)
        if shape not in self._columns:
            self._columns[shape] = self._read(visibility)
        return self._columns[shape]

    def _read(self, visibility: Visibility) -> Mapping[str, frozenset[str]]:
        found = {(step.entity, step.via) for _, branch in self.branches.values() for step in branch.also}
        found.update(*(columns_read(branch, visibility, api) for api, branch in self.sides))
        for (api, _, _), (_, branch) in self.branches.items():
            found |= columns_read(branch, visibility, api, branch.backed) if branch.backed else set()
        return {entity: frozenset(name for one, name in found if one == entity) for entity in {one for one, _ in found}}

    def _compiled(
        self, visibility: Visibility, api: str, branch: Branch
    ) -> Callable[[Sequence[int], str], list[dict[str, Any]]]:
        return visibility.once(("projection", self.entity, api), lambda: compile_branch(branch, visibility, api))


def lists_of(rendered: Sequence[Any]) -> dict[str, set[str]]:
    """Return the ids of the records, by entity, whose lists contain a rendered record."""
    found: Mapping[str, list[str]] = next((side[LISTS] for side in rendered if LISTS in side), {})
    return {entity: set(ids) for entity, ids in found.items()}


def project(grant: Grant, views: Iterable[View], held: Collection[str]) -> tuple[Projection, ...]:
    """Make the projections of a grant over its pruned *views*, for the entities that a district caches."""
    branches: dict[str, dict[Place, tuple[View, Branch]]] = {}
    for view in views:
        for branch in view.branches:
            if branch.entity in held:
                place = view.api, view.name, branch.entity
                branches.setdefault(branch.entity, {})[place] = view, branch
    return tuple(_projection(entity, found, grant, branches.keys(), held) for entity, found in branches.items())


def _projection(
    entity: str,
    branches: Mapping[Place, tuple[View, Branch]],
    grant: Grant,
    shown: Collection[str],
    held: Collection[str],
) -> Projection:
    apis = sorted({api for api, _, _ in branches}, key=lambda api: (api != ONEROSTER, api))
    sides, paths = [], set[Path]()
    for api in apis:
        nodes: list[Node] = [
            Object(view.name, tuple(node for node in branch.nodes if not isinstance(node, Stamp)))
            for place, (view, branch) in branches.items()
            if place[0] == api
        ]
        if api == ONEROSTER and (lists := _lists(entity, grant, shown, held)):
            nodes.append(Object(LISTS, lists))
        ways = [(view.name, name) for (one, _, _), (view, branch) in branches.items() if one == api
                for _, name in branch.linked]  # fmt: skip
        sides.append((api, Branch(entity, tuple(nodes), linked=tuple(ways))))
        paths.update(_read(nodes, entity, "", ()))
    for _, branch in branches.values():
        paths.update((step,) for step in branch.also)
        paths.update(_read(branch.backed, entity, "", ()))
    ends = {entity, *(_stops(path, entity)[-1] for path in paths)}
    return Projection(entity, branches, tuple(sides), frozenset(paths), frozenset(ends))


def _stops(path: Path, entity: str) -> list[str]:
    """Return the entities along a *path* from *entity*, the first and the last included."""
    stops = [entity]
    for step in path:
        stops.append(follow(step, stops[-1], "")[0])
    return stops


def _lists(entity: str, grant: Grant, shown: Collection[str], held: Collection[str]) -> tuple[Node, ...]:
    """Return nodes that render the ids of other entities' records whose lists contain a record of *entity*."""
    found: dict[str, list[Path]] = {}
    for outer, inner in nesting.WAYS:
        if inner == entity and outer in shown:
            ways = [way for way in nesting.ways(outer, inner, grant) if nesting.entities((way,), outer) <= set(held)]
            found.setdefault(outer, []).extend(back(way, outer) for way in ways)
    return tuple(
        List(outer, way, (Id("id"),), bare=True, distinct=True, adds=bool(number))
        for outer, ways in sorted(found.items())
        for number, way in enumerate(ways)
    )


def back(way: Path, entity: str) -> Path:
    """Reverse a *way* that begins at *entity*: the steps from its end to its beginning."""
    found: list[Step] = []
    for step in way:
        if isinstance(step, Children):
            many = fields_of(step.entity)[step.via].many
            found.append(Links(step.via) if many else Follow(step.via))
        else:
            found.append(Children(entity, getattr(step, "ref", "")))
        entity, _ = follow(step, entity, "")
    return tuple(reversed(found))


def _read(nodes: Iterable[Node], entity: str, prefix: str, path: Path) -> Iterator[Path]:
    """Yield the paths to every row that *nodes* read besides the current one."""
    for node in nodes:
        match node:
            case Value():
                for source in node.sources:
                    yield from _along(path, trail(entity, prefix + source)[:-1])
            case Object():
                if node.guard:
                    yield (*path, Follow(prefix + node.guard))
                yield from _read(node.nodes, entity, prefix, path)
            case Reference():
                onward = (*path, Follow(prefix + node.ref))
                yield onward
                yield from _read(node.nodes, fields_of(entity)[prefix + node.ref].to, "", onward)
            case List():
                yield from _listed(node, entity, prefix, path)


def _along(path: Path, refs: Iterable[Any]) -> Iterator[Path]:
    for one in refs:
        path = (*path, Follow(one.name))
        yield path


def _listed(node: List, entity: str, prefix: str, path: Path) -> Iterator[Path]:
    for number, step in enumerate(node.steps):
        after, inner = follow(step, entity, prefix)
        if isinstance(step, Items):
            yield from ((*path, Follow(inner + owner)) for owner in step.owners)
        else:
            path = (*path, step if isinstance(step, Children) else type(step)(prefix + step.ref))
            yield path
        entity, prefix = after, inner
        if not number:
            yield from _read(node.early, entity, prefix, path)
    yield from _read(node.nodes, entity, prefix, path)


def leading_to(snapshot: Snapshot, entity: str, paths: Iterable[Path], dirty: Mapping[str, set[int]]) -> set[int]:
    """Return the rows of *entity* from which one of *paths* leads to a *dirty* row."""
    found: set[int] = set()
    for path in paths:
        stops = _stops(path, entity)
        rows = dirty.get(stops[-1], set())
        for step, start in zip(reversed(path), reversed(stops[:-1]), strict=True):
            if not rows:
                break
            rows = _sources(snapshot, step, start, rows)
        found |= rows
    return found


def _sources(snapshot: Snapshot, step: Step, start: str, rows: set[int]) -> set[int]:
    """Return the rows of *start* from which one *step* leads to one of *rows*."""
    table = snapshot.table(start)
    if isinstance(step, Children):
        children = snapshot.table(step.entity)
        if fields_of(step.entity)[step.via].many:
            column = children.columns.get(step.via)
            return {target for row in rows if column for target in column[row] or () if target >= 0}
        refs = children.refs.get(step.via)
        return {refs[row] for row in rows if refs[row] >= 0} if refs else set()
    ref = getattr(step, "ref", "")
    if ref in table.refs:
        return {row for row, target in enumerate(table.refs[ref]) if target in rows}
    if ref in table.columns:
        return {row for row, targets in enumerate(table.columns[ref]) if targets and not rows.isdisjoint(targets)}
    return _with_group(table.columns, ref)


def _with_group(columns: Mapping[str, Sequence[Any]], ref: str) -> set[int]:
    """Return the rows that have any item in the group that contains a reference."""
    parts = ref.split(".")
    heads = {".".join(parts[:cut]) for cut in range(1, len(parts))}
    return {row for head in heads & columns.keys() for row, items in enumerate(columns[head]) if items}
