"""A pruned branch compiled, once per snapshot and grant, to straight-line Python over columns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import orjson

from gateway.engine.codegen import CodePosition, CodeWriter
from gateway.engine.reference_links import Linker
from gateway.engine.visibility import change
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
    """A function from row numbers and the base address to one dictionary per row.

    Stamps are left as None: they are facts about the finished record. With *nodes* only those are rendered.
    """
    return cast("Render", _written(branch, visibility, api, nodes).function("render"))


def columns_read(
    branch: Branch, visibility: Visibility, api: str, nodes: tuple[Node, ...] | None = None
) -> set[tuple[str, str]]:
    """The columns, by entity, that the function for a *branch* reads of any row, those too that no table has."""
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
    """A function from row numbers and the base address to the one value per row at the end of *chain*; no lists."""
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
    """Code for the nodes of a view, each at the place where the code stands."""

    first: CodePosition | None = None

    def linked(self, ways: Sequence[tuple[str, str]], entity: str) -> None:
        """Code that adds to the finished document ``d`` the links to what the branch does not read."""
        told = self.cell(CodePosition(entity, "r"), FIELD)
        for member, collection in ways if told else ():
            add = self.bind(Linker(collection, entity, self.visibility))
            whole, there = (f"d[{member!r}]", f" and {member!r} in d") if member else ("d", "")
            self.line(f"if {told}{there}: {whole} = {add}({whole}, {told})")

    def members(self, nodes: Sequence[Node], place: CodePosition, into: str) -> None:
        """Code that puts every node into the dictionary *into*; a later node of a name used before is a fallback.

        A list that adds to one of its name is none.
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
        """Code that puts one node into *into*."""
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
        """Code that assigns a constant or an address to *target*; where a field chooses it, only if it does."""
        given = node.path if isinstance(node, Href) else node.value
        if not node.by:
            literal = self.bind(given) if isinstance(given, dict | list) else repr(given)
            self.line(f"{target} = {self.identity(node, place) if isinstance(node, Href) else literal}")
        elif found := self.choice(node.by, given, place):
            value = self.identity(node, place, found) if isinstance(node, Href) else found
            self.line(f"if {found} is not None: {target} = {value}")

    def open_members(self, node: Native, place: CodePosition, target: str) -> None:
        """Code for a dictionary whose members are released one by one."""
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
        """Code for an object about the same row."""
        depth = self.depth
        self.guarded(node, place)
        self.object(node.nodes, place, f"{into}[{node.name!r}]")
        self.depth = depth

    def guarded(self, node: Object, place: CodePosition) -> None:
        """Begin a block for what shows only while the row that the guard refers to exists for the consumer."""
        if not node.guard:
            return
        field = fields_of(place.entity)[place.prefix + node.guard]
        if not field.lenient or not self.visibility.grant.unrestricted(field.to):
            row = self.step_to(place, place.prefix + node.guard)
            self.enter(f"if {self.visible(field.to, row)}:" if row else "if False:")

    def object(self, nodes: Sequence[Node], place: CodePosition, target: str, *, listed: bool = False) -> None:
        """Code for a dictionary assigned to *target* when it says anything."""
        inner = self.fresh("e")
        self.line(f"{inner} = {{}}")
        self.members(nodes, place, inner)
        silent = sum(1 for node in nodes if not tells(node))
        with self.block(f"if len({inner}) > {silent}:"):
            self.line(f"{target} = [{inner}]" if listed else f"{target} = {inner}")

    def hop(self, node: Reference, place: CodePosition, into: str) -> None:
        """Code for the object a reference points to; without a name its members join the enclosing object."""
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
        """Code for a list: nested loops along the steps, then order."""
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
        """Code that appends the first value that one of the *nodes* has."""
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
        """Code for the loops of a list; the place inside them, or None where there is nothing to walk."""
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
        """Code for a loop over the visible rows that point to the row at hand."""
        kid, children = self.fresh("k"), self.visibility.snapshot.children(step.entity, step.via, here.entity)
        self.reads.add((step.entity, step.via))
        self.enter(f"for {kid} in {self.bind(children)}[{here.row}]:")
        if self.visibility.visible(step.entity) is not None:
            self.enter(f"if {self.bind(self.visibility.visible(step.entity))}[{kid}]:")
        return CodePosition(step.entity, kid)

    def loop_record(self, step: Follow | Links | Items, here: CodePosition) -> CodePosition | None:
        """Code that follows what the row at hand itself holds: a reference, references, small records."""
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
        """Code that leaves in ``x`` the value at the end of *chain*."""
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
    """The members that a *node* puts into the object it stands in: what has no name puts those below it."""
    if isinstance(node, Reference) and not node.name:
        for inner in node.nodes:
            yield from _named(inner)
    else:
        yield node.name


def _open(visibility: Visibility, name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The released members of an open dictionary, in the order of their names."""
    grant, keyring = visibility.grant, visibility.keyring  # and not the visibility: what was compiled outlives them

    @cache
    def step(member: str) -> Callable[[Any], Any]:
        transform = change(grant, keyring, f"{name}.{member}")
        return transform if transform is not None else lambda value: value

    def released(stored: Mapping[str, Any]) -> dict[str, Any]:
        shown = ((member, step(member)(stored[member])) for member in sorted(stored))
        return {member: value for member, value in shown if value is not None}

    return released


def _arranged(node: List) -> Callable[[list[Any]], list[Any]]:
    """Order a rendered list by released content only."""
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
