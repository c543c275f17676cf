"""The renderer: a pruned branch compiled, once per snapshot and grant, to straight-line Python over columns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import orjson

from gateway.engine.codegen import CodePosition, CodeWriter
from gateway.engine.reference_links import Linker
from gateway.engine.visibility import change
from policies.transforms import holds_others
from standards.edfi.model.links import FIELD
from standards.fields import fields_of, follow
from standards.view import (
    Branch,
    Children,
    Const,
    Follow,
    Href,
    Id,
    Items,
    Links,
    List,
    Native,
    Object,
    Reference,
    Stamp,
    Value,
    tells,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.engine.visibility import Visibility
    from standards.view import Node

    Render = Callable[[Sequence[int], str], list[dict[str, Any]]]


def compile_branch(branch: Branch, visibility: Visibility, api: str, nodes: tuple[Node, ...] | None = None) -> Render:
    """Compile a branch to a function from row numbers and the base URL to one dictionary per row.

    Stamps (ETag, time of change) stay None: they are computed from the finished record. With *nodes* only those are
    rendered.
    """
    return cast("Render", _written(branch, visibility, api, nodes).function("render"))


def columns_read(
    branch: Branch, visibility: Visibility, api: str, nodes: tuple[Node, ...] | None = None
) -> set[tuple[str, str]]:
    """Return the columns, by entity, that the function for a *branch* reads, including columns that no table has."""
    return _written(branch, visibility, api, nodes).reads


def _written(branch: Branch, visibility: Visibility, api: str, nodes: tuple[Node, ...] | None) -> Renderer:
    writer = Renderer(visibility, api)
    with writer.block("def render(rows, base):"):
        writer.line("out = []")
        with writer.block("for r in rows:"):
            writer.line("d = {}")
            writer.members(branch.nodes if nodes is None else nodes, CodePosition(branch.entity, "r"), "d")
            writer.linked(() if nodes is not None else branch.linked, branch.entity)
            writer.line("out.append(d)")
        writer.line("return out")
    return writer


def compile_value(
    branch: Branch, visibility: Visibility, api: str, chain: tuple[Node, ...]
) -> Callable[[Sequence[int], str], list[Any]]:
    """Compile a *chain* of nodes without lists to a function from row numbers and the base URL to one value per row."""
    writer = Renderer(visibility, api)
    with writer.block("def values(rows, base):"):
        writer.line("out = []")
        with writer.block("for r in rows:"):
            writer.line("x = None")
            writer.leaf(chain, CodePosition(branch.entity, "r"))
            writer.line("out.append(x)")
        writer.line("return out")
    return cast("Callable[[Sequence[int], str], list[Any]]", writer.function("values"))


class Renderer(CodeWriter):
    """A writer of code for the nodes of a view, each about the row or item at a position."""

    first: CodePosition | None = None

    def linked(self, ways: Sequence[tuple[str, str]], entity: str) -> None:
        """Write the code that adds links to records that the branch does not read to the finished document ``d``."""
        told = self.cell(CodePosition(entity, "r"), FIELD)
        for member, collection in ways if told else ():
            add = self.bind(Linker(collection, entity, self.visibility))
            whole, there = (f"d[{member!r}]", f" and {member!r} in d") if member else ("d", "")
            self.line(f"if {told}{there}: {whole} = {add}({whole}, {told})")

    def members(self, nodes: Sequence[Node], place: CodePosition, into: str) -> None:
        """Write every node into the dictionary *into*; a later node of the same name is a fallback.

        A list that adds to an earlier list of its name is not a fallback.
        """
        seen: set[str] = set()
        for node in nodes:
            if node.name and node.name in seen and not (isinstance(node, List) and node.adds):
                with self.block(f"if {node.name!r} not in {into}:"):
                    self.member(node, place, into)
            else:
                self.member(node, place, into)
            seen.update(_named(node))

    def member(self, node: Node, place: CodePosition, into: str) -> None:
        """Write one node into the dictionary *into*."""
        target = f"{into}[{node.name!r}]"
        match node:
            case Const() | Href():
                self.fixed(node, place, target)
            case Stamp():
                self.line(f"{target} = None")
            case Id():
                self.line(f"{target} = {self.identity(node, place)}")
            case Value():
                value = self.value(node, place)
                if value:
                    with self.block(f"if {value} is not None:"):
                        self.line(f"{target} = {value}")
            case Native():
                self.open_members(node, place, target)
            case Object():
                self.nested(node, place, into)
            case Reference():
                self.hop(node, place, into)
            case List():
                self.many(node, place, into)

    def fixed(self, node: Const | Href, place: CodePosition, target: str) -> None:
        """Assign a constant or URL to *target*; where a field chooses it, only if the field has a value."""
        given = node.path if isinstance(node, Href) else node.value
        if not node.by:
            literal = self.bind(given) if isinstance(given, dict | list) else repr(given)
            self.line(f"{target} = {self.identity(node, place) if isinstance(node, Href) else literal}")
        elif found := self.choice(node.by, given, place):
            value = self.identity(node, place, found) if isinstance(node, Href) else found
            self.line(f"if {found} is not None: {target} = {value}")

    def open_members(self, node: Native, place: CodePosition, target: str) -> None:
        """Write a dictionary of native members, each released under its own rule."""
        stored = self.cell(place, place.prefix + node.field)
        if not stored:
            return
        name = fields_of(place.entity)[place.prefix + node.field].release
        kept = self.fresh("o")
        self.line(f"{kept} = {stored}")
        self.line(f"if {kept}: {kept} = {self.bind(_open(self.visibility, name))}({kept})")
        with self.block(f"if {kept}:"):
            self.line(f"{target} = {kept}")

    def nested(self, node: Object, place: CodePosition, into: str) -> None:
        """Write an object about the same row."""
        depth = self.depth
        self.guarded(node, place)
        self.object(node.nodes, place, f"{into}[{node.name!r}]")
        self.depth = depth

    def guarded(self, node: Object, place: CodePosition) -> None:
        """Begin a block that runs only where the row that the guard refers to is visible."""
        if not node.guard:
            return
        field = fields_of(place.entity)[place.prefix + node.guard]
        if not field.lenient or not self.visibility.grant.unrestricted(field.to):
            row = self.step_to(place, place.prefix + node.guard)
            self.enter(f"if {self.visible(field.to, row)}:" if row else "if False:")

    def object(self, nodes: Sequence[Node], place: CodePosition, target: str, *, listed: bool = False) -> None:
        """Write a dictionary and assign it to *target* where it has content of its own."""
        inner = self.fresh("e")
        self.line(f"{inner} = {{}}")
        self.members(nodes, place, inner)
        silent = sum(1 for node in nodes if not tells(node))
        with self.block(f"if len({inner}) > {silent}:"):
            self.line(f"{target} = [{inner}]" if listed else f"{target} = {inner}")

    def hop(self, node: Reference, place: CodePosition, into: str) -> None:
        """Write the object that a reference points to; without a name its members join the enclosing object."""
        name = place.prefix + node.ref
        row = self.step_to(place, name)
        if not row:
            return
        to = fields_of(place.entity)[name].to
        with self.block(f"if {self.visible(to, row)}:"):
            if node.name:
                self.object(node.nodes, CodePosition(to, row), f"{into}[{node.name!r}]", listed=node.listed)
            else:
                self.members(node.nodes, CodePosition(to, row), into)

    def many(self, node: List, place: CodePosition, into: str) -> None:
        """Write a list: nested loops along its steps, then its order."""
        found, depth = self.fresh("l"), self.depth
        self.line(f"{found} = list({into}.get({node.name!r}, ()))" if node.adds else f"{found} = []")
        apart = ""
        if node.beside:
            taken = self.fresh("k")
            self.line(f"{taken} = {{str(item.get({node.beside!r})) for item in {found}}}")
            apart = f" and str({{}}.get({node.beside!r})) not in {taken}"
        here = self.walk(node, place)
        if here is not None and node.bare:
            self.bare(node.nodes, here, found)
        elif here is not None:
            inner = self.fresh("e")
            self.line(f"{inner} = {{}}")
            if self.first is not None:
                self.members(node.early, self.first, inner)
            self.members(node.nodes, here, inner)
            silent = sum(1 for child in (*node.early, *node.nodes) if not tells(child))
            whole = "".join(f" and {name!r} in {inner}" for name in node.needs) + apart.format(inner)
            self.line(f"if len({inner}) > {silent}{whole}: {found}.append({inner})")
        self.depth = depth
        with self.block(f"if {found}:"):
            if node.single:
                self.line(f"{into}[{node.name!r}] = {'min' if node.single == 'least' else 'max'}({found}, key=str)")
            else:
                arranged = f"{self.bind(_arranged(node))}({found})"
                arranged += "" if node.settle else f" if len({found}) > 1 else {found}"
                self.line(f"{into}[{node.name!r}] = {arranged}")

    def bare(self, nodes: Sequence[Node], place: CodePosition, found: str) -> None:
        """Write the code that appends the first value that one of the *nodes* has."""
        one = self.fresh("x")
        self.line(f"{one} = None")
        for node in nodes:
            value = self.identity(node, place) if isinstance(node, Id | Href) else ""
            if isinstance(node, Const):
                value = repr(node.value)
            depth = self.depth
            self.enter(f"if {one} is None:")
            if isinstance(node, Value):
                value = self.value(node, place)
            self.line(f"{one} = {value}" if value else "pass")
            self.depth = depth
        self.line(f"if {one} is not None: {found}.append({one})")

    def walk(self, node: List, place: CodePosition) -> CodePosition | None:
        """Write the loops of a list; return the position inside them, or None where a column is missing."""
        here: CodePosition | None = place
        first: CodePosition | None = None
        for step in node.steps:
            if here is None:
                return None
            here = self.loop_children(step, here) if isinstance(step, Children) else self.loop_record(step, here)
            first = first or here
        self.first = first
        return here

    def loop_children(self, step: Children, here: CodePosition) -> CodePosition:
        """Begin a loop over the visible rows that point to the current row."""
        kid, children = self.fresh("k"), self.visibility.snapshot.children(step.entity, step.via, here.entity)
        self.reads.add((step.entity, step.via))
        self.enter(f"for {kid} in {self.bind(children)}[{here.row}]:")
        if self.visibility.visible(step.entity) is not None:
            self.enter(f"if {self.bind(self.visibility.visible(step.entity))}[{kid}]:")
        return CodePosition(step.entity, kid)

    def loop_record(self, step: Follow | Links | Items, here: CodePosition) -> CodePosition | None:
        """Follow what the current row itself contains: a reference, a list of references, or items."""
        entity, prefix = follow(step, here.entity, here.prefix)
        if isinstance(step, Items):
            item = self.loop(here, here.prefix + step.field)
            for owner in step.owners if item else ():
                row = self.step_to(CodePosition(entity, here.row, prefix, item), prefix + owner)
                self.enter(f"if {self.visible(fields_of(entity)[prefix + owner].to, row)}:")
            return CodePosition(entity, here.row, prefix, item) if item else None
        name = here.prefix + step.ref
        row = self.step_to(here, name) if isinstance(step, Follow) else self.loop(here, name)
        if not row:
            return None
        self.enter(f"if {self.visible(entity, row)}:")
        return CodePosition(entity, row)

    def leaf(self, chain: tuple[Node, ...], place: CodePosition) -> None:
        """Write the code that assigns the value at the end of *chain* to ``x``."""
        depth, here = self.depth, place
        for node in chain[:-1]:
            if isinstance(node, Reference):
                name = here.prefix + node.ref
                row = self.step_to(here, name)
                if not row:
                    self.depth = depth
                    return
                to = fields_of(here.entity)[name].to
                self.line(f"if {self.visible(to, row)}:")
                self.depth += 1
                here = CodePosition(to, row)
            elif isinstance(node, Object):
                self.guarded(node, here)
        last = chain[-1]
        if isinstance(last, Value):
            value = self.value(last, here)
            self.line(f"x = {value}" if value else "pass")
        elif isinstance(last, Const | Href):
            self.fixed(last, here, "x")
        elif isinstance(last, Id):
            self.line(f"x = {self.identity(last, here)}")
        else:
            self.line("pass")
        self.depth = depth


def _named(node: Node) -> Iterator[str]:
    """Yield the members that a *node* puts into its object: a node without a name puts those of its inner nodes."""
    if isinstance(node, Reference) and not node.name:
        for inner in node.nodes:
            yield from _named(inner)
    else:
        yield node.name


def _open(visibility: Visibility, name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function that releases the members of an open dictionary, in the order of their names."""
    grant, keyring = visibility.grant, visibility.keyring  # not the visibility: compiled code outlives it

    @cache
    def step(member: str) -> Callable[[Any], Any]:
        transform = change(grant, keyring, f"{name}.{member}") or _unchanged
        return _scalar(transform) if grant.parted(f"{name}.{member}") else transform

    def released(stored: Mapping[str, Any]) -> dict[str, Any]:
        shown = ((member, step(member)(stored[member])) for member in sorted(stored))
        return {member: value for member, value in shown if value is not None}

    return released


def _unchanged(value: Any) -> Any:
    return value


def _scalar(transform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the *transform* of a value that holds no others; one that does is absent."""
    return lambda value: None if holds_others(value) else transform(value)


def _arranged(node: List) -> Callable[[list[Any]], list[Any]]:
    """Return a function that orders a rendered list by its released content only."""
    order = node.order

    def key(item: Any) -> Any:
        return [str(item.get(name, "")) for name in order], orjson.dumps(item)

    def arranged(found: list[Any]) -> list[Any]:
        if node.bare:
            return sorted(set(found) if node.distinct else found, key=str)
        if node.settle:
            found = node.settle(found)
        if len(found) > 1:
            found.sort(key=key)
        if node.distinct:
            return [item for at, item in enumerate(found) if not at or item != found[at - 1]]
        return found

    return arranged
