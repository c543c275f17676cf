"""A pruned branch compiled, once per generation and grant, to straight-line Python over columns."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from standards.view import (
    Branch,
    Const,
    Hop,
    Href,
    Id,
    Items,
    Kids,
    Links,
    Many,
    Native,
    Obj,
    Stamp,
    To,
    Val,
    fields_of,
    follow,
    tells,
    trail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.faces import Faces
    from standards.view import Node

    Render = Callable[[Sequence[int], str], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the generated code stands: a row of an entity, or a small record *item* of one of its groups."""

    entity: str
    row: str
    prefix: str = ""
    item: str = ""


def compile_branch(branch: Branch, faces: Faces, api: str, nodes: tuple[Node, ...] | None = None) -> Render:
    """A function from row numbers and the base address to one dictionary per row.

    Stamps are left as None: they are facts about the finished record. With *nodes* only those are rendered.
    """
    writer = _Writer(faces, api)
    with writer.block("def render(rows, base):"):
        writer.line("out = []")
        with writer.block("for r in rows:"):
            writer.line("d = {}")
            writer.members(branch.nodes if nodes is None else nodes, Place(branch.entity, "r"), "d")
            writer.line("out.append(d)")
        writer.line("return out")
    return writer.function("render")


def compile_value(branch: Branch, faces: Faces, api: str, chain: tuple[Node, ...]) -> Callable[[Sequence[int]], list[Any]]:
    """A function from row numbers to the one value per row at the end of *chain*, which passes no list."""
    writer = _Writer(faces, api)
    with writer.block("def values(rows, base=''):"):
        writer.line("out = []")
        with writer.block("for r in rows:"):
            writer.line("x = None")
            writer.leaf(chain, Place(branch.entity, "r"))
            writer.line("out.append(x)")
        writer.line("return out")
    return writer.function("values")


class _Writer:
    """Collects lines of code and the objects they use."""

    def __init__(self, faces: Faces, api: str) -> None:
        self.faces, self.api = faces, api
        self.lines: list[str] = []
        self.depth = 1
        self.bound: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.first: Place | None = None
        self.count = 0

    def function(self, name: str) -> Any:  # noqa: ANN401  what the code defines
        """Compile what was written; every bound object becomes a local variable of the maker."""
        head = f"def make({', '.join(self.bound)}):\n"
        source = head + "\n".join(_filled(self.lines)) + f"\n return {name}"
        space: dict[str, Any] = {}
        exec(compile(source, f"<{name}>", "exec"), space)  # noqa: S102  the text comes from declarations only
        return space["make"](**self.bound)

    def line(self, text: str) -> None:
        """One line at the current depth."""
        self.lines.append(" " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """An indented block."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    def bind(self, thing: Any) -> str:  # noqa: ANN401  any object the code uses
        """The name under which the code reaches *thing*."""
        name = self.names.get(id(thing))
        if name is None:
            name = self.names[id(thing)] = f"b{len(self.bound)}"
            self.bound[name] = thing
        return name

    def fresh(self, stem: str) -> str:
        """A variable name not used before."""
        self.count += 1
        return f"{stem}{self.count}"

    def members(self, nodes: Sequence[Node], place: Place, into: str) -> None:
        """Code that puts every node into the dictionary *into*; a later node of a name used before is a fallback."""
        seen: set[str] = set()
        for node in nodes:
            if node.name and node.name in seen:
                with self.block(f"if {node.name!r} not in {into}:"):
                    self.member(node, place, into)
            else:
                self.member(node, place, into)
            seen.add(node.name)

    def member(self, node: Node, place: Place, into: str) -> None:
        """Code that puts one node into *into*."""
        target = f"{into}[{node.name!r}]"
        match node:
            case Const():
                self.line(f"{target} = {self.bind(node.value) if isinstance(node.value, dict | list) else repr(node.value)}")
            case Stamp():
                self.line(f"{target} = None")
            case Id() | Href():
                self.line(f"{target} = {self.identity(node, place)}")
            case Val():
                value = self.value(node, place)
                if value:
                    with self.block(f"if {value} is not None:"):
                        self.line(f"{target} = {value}")
            case Native():
                self.open_members(node, place, target)
            case Obj():
                self.nested(node, place, into)
            case Hop():
                self.hop(node, place, into)
            case Many():
                self.many(node, place, into)

    def identity(self, node: Id | Href, place: Place) -> str:
        """The expression for an id or an address of the entity at hand."""
        ids = self.faces.ids(place.entity)
        if isinstance(node, Id):
            chosen = self.faces.unique_ids(place.entity) if node.unique else ids
            return f"{self.bind(chosen)}[{place.row}]"
        one = f"{self.bind(self.faces.quoted_ids(place.entity))}[{place.row}]"
        if self.api == "oneroster":
            return f"base + {'/' + node.path + '/'!r} + {one}"
        return f"{node.path + '/'!r} + {one}"

    def value(self, node: Val, place: Place) -> str:
        """Code that leaves the node's value in the variable returned; an empty name when nothing can hold it."""
        result = self.fresh("x")
        written = 0
        for source in node.sources:
            mark = len(self.lines)
            if written:
                self.line(f"if {result} is None:")
                self.depth += 1
            else:
                self.line(f"{result} = None")
            body = len(self.lines)
            self.source(node, source, place, result)
            useless = len(self.lines) == body
            if written:
                self.depth -= 1
            if useless:
                del self.lines[mark:]
            else:
                written += 1
        return result if written else ""

    def source(self, node: Val, source: str, place: Place, result: str) -> None:
        """Code that reads one source of a value into *result*."""
        fields = trail(place.entity, place.prefix + source)
        here, depth = place, self.depth
        for field in fields[:-1]:
            row = self.step_to(here, field.name)
            if not row:
                self.depth = depth
                return
            self.line(f"if {self.visible(field.to, row)}:")
            self.depth += 1
            here = Place(field.to, row)
        self.column(node, fields[-1].name, here, result)
        self.depth = depth

    def step_to(self, place: Place, ref: str) -> str:
        """Code that leaves in a variable the row a reference leads to; an empty name where there is no such column."""
        row = self.fresh("t")
        if place.item:
            self.line(f"{row} = {place.item}.get({ref.removeprefix(place.prefix)!r}, -1)")
            return row
        refs = self.faces.generation.table(place.entity).refs.get(ref)
        if refs is None:
            return ""
        self.line(f"{row} = {self.bind(refs)}[{place.row}]")
        return row

    def visible(self, entity: str, row: str) -> str:
        """The condition under which the row in variable *row* exists for the consumer."""
        mask = self.faces.visible(entity)
        return f"{row} >= 0" if mask is None else f"{row} >= 0 and {self.bind(mask)}[{row}]"

    def column(self, node: Val, name: str, place: Place, result: str) -> None:
        """Code that reads one field, transforms it as the grant says and puts it into the standard's form."""
        field = fields_of(place.entity)[name]
        transform = self.faces.transform(field)
        raw = self.cell(place, name)
        if not raw:
            return
        exact = self.cell(place, f"{name}@{self.api}") if transform is None else ""
        if exact:
            self.line(f"{result} = {exact}")
            self.line(f"if {result} is None:")
            self.depth += 1
        steps = [step for step in (transform, node.form) if step is not None]
        if not steps:
            self.line(f"{result} = {raw}")
        else:
            value = self.fresh("y")
            self.line(f"{value} = {raw}")
            call = value
            for step in steps:
                call = f"{self.bind(_each(step) if field.many else _present(step))}({call})"
            with self.block(f"if {value} is not None:"):
                self.line(f"{result} = {call}")
        if exact:
            self.depth -= 1

    def cell(self, place: Place, name: str) -> str:
        """The expression for a stored value, or nothing where the generation has no such column."""
        if place.item:
            return f"{place.item}.get({name.removeprefix(place.prefix)!r})"
        column = self.faces.generation.table(place.entity).columns.get(name)
        return f"{self.bind(column)}[{place.row}]" if column is not None else ""

    def open_members(self, node: Native, place: Place, target: str) -> None:
        """Code for a dictionary whose members are released one by one."""
        stored = self.cell(place, place.prefix + node.field)
        if not stored:
            return
        name = fields_of(place.entity)[place.prefix + node.field].release
        kept = self.fresh("o")
        self.line(f"{kept} = {stored}")
        self.line(f"if {kept}: {kept} = {self.bind(_open(self.faces, name))}({kept})")
        with self.block(f"if {kept}:"):
            self.line(f"{target} = {kept}")

    def nested(self, node: Obj, place: Place, into: str) -> None:
        """Code for an object about the same row."""
        depth = self.depth
        if node.guard and self.faces.visible(fields_of(place.entity)[place.prefix + node.guard].to) is not None:
            row = self.step_to(place, place.prefix + node.guard)
            self.line(f"if {self.visible(fields_of(place.entity)[place.prefix + node.guard].to, row)}:" if row else "if False:")
            self.depth += 1
        self.object(node.nodes, place, f"{into}[{node.name!r}]")
        self.depth = depth

    def object(self, nodes: Sequence[Node], place: Place, target: str, *, listed: bool = False) -> None:
        """Code for a dictionary assigned to *target* when it says anything."""
        inner = self.fresh("e")
        self.line(f"{inner} = {{}}")
        self.members(nodes, place, inner)
        silent = sum(1 for node in nodes if not tells(node))
        with self.block(f"if len({inner}) > {silent}:"):
            self.line(f"{target} = [{inner}]" if listed else f"{target} = {inner}")

    def hop(self, node: Hop, place: Place, into: str) -> None:
        """Code for the object a reference points to; without a name its members join the enclosing object."""
        name = place.prefix + node.ref
        row = self.step_to(place, name)
        if not row:
            return
        to = fields_of(place.entity)[name].to
        with self.block(f"if {self.visible(to, row)}:"):
            if node.name:
                self.object(node.nodes, Place(to, row), f"{into}[{node.name!r}]", listed=node.listed)
            else:
                self.members(node.nodes, Place(to, row), into)

    def many(self, node: Many, place: Place, into: str) -> None:
        """Code for a list: nested loops along the steps, then order."""
        found, depth = self.fresh("l"), self.depth
        self.line(f"{found} = []")
        here = self.walk(node, place)
        if here is not None and node.bare:
            self.bare(node.nodes[0], here, found)
        elif here is not None:
            inner = self.fresh("e")
            self.line(f"{inner} = {{}}")
            if self.first is not None:
                self.members(node.early, self.first, inner)
            self.members(node.nodes, here, inner)
            silent = sum(1 for child in (*node.early, *node.nodes) if not tells(child))
            self.line(f"if len({inner}) > {silent}: {found}.append({inner})")
        self.depth = depth
        with self.block(f"if {found}:"):
            if node.single:
                self.line(f"{into}[{node.name!r}] = {'min' if node.single == 'least' else 'max'}({found}, key=str)")
            else:
                arranged = f"{self.bind(_arranged(node))}({found}) if len({found}) > 1 else {found}"
                self.line(f"{into}[{node.name!r}] = {arranged}")

    def bare(self, node: Node, place: Place, found: str) -> None:
        """Code that appends the value of *node* itself."""
        value = self.identity(node, place) if isinstance(node, Id | Href) else ""
        if isinstance(node, Val):
            value = self.value(node, place)
        if value:
            self.line(f"if {value} is not None: {found}.append({value})")

    def walk(self, node: Many, place: Place) -> Place | None:
        """Code for the loops of a list; the place inside them, or None where there is nothing to walk."""
        here = place
        self.first = None
        for step in node.steps:
            if here is not place and self.first is None:
                self.first = here
            entity, prefix = follow(step, here.entity, here.prefix)
            match step:
                case Kids():
                    kid, kids = self.fresh("k"), self.faces.generation.kids(step.entity, step.via, here.entity)
                    self.line(f"for {kid} in {self.bind(kids)}[{here.row}]:")
                    self.depth += 1
                    if self.faces.visible(entity) is not None:
                        self.line(f"if {self.bind(self.faces.visible(entity))}[{kid}]:")
                        self.depth += 1
                    here = Place(entity, kid)
                case To():
                    row = self.step_to(here, here.prefix + step.ref)
                    if not row:
                        return None
                    self.line(f"if {self.visible(entity, row)}:")
                    self.depth += 1
                    here = Place(entity, row)
                case Links():
                    inside = self.loop(here, here.prefix + step.ref)
                    if not inside:
                        return None
                    self.line(f"if {self.visible(entity, inside)}:")
                    self.depth += 1
                    here = Place(entity, inside)
                case Items():
                    inside = self.loop(here, here.prefix + step.field)
                    if not inside:
                        return None
                    here = Place(entity, here.row, prefix, inside)
                    for owner in step.owners:
                        row = self.step_to(here, prefix + owner)
                        self.line(f"if {self.visible(fields_of(entity)[prefix + owner].to, row)}:")
                        self.depth += 1
        self.first = self.first or here
        return here

    def loop(self, place: Place, name: str) -> str:
        """Code for a loop over a stored list; the loop variable."""
        stored = self.cell(place, name)
        if stored:
            inside = self.fresh("i")
            self.line(f"for {inside} in {stored} or ():")
            self.depth += 1
            return inside
        return ""

    def leaf(self, chain: tuple[Node, ...], place: Place) -> None:
        """Code that leaves in ``x`` the value at the end of *chain*."""
        depth, here = self.depth, place
        for node in chain[:-1]:
            if isinstance(node, Hop):
                name = here.prefix + node.ref
                row = self.step_to(here, name)
                if not row:
                    self.depth = depth
                    return
                to = fields_of(here.entity)[name].to
                self.line(f"if {self.visible(to, row)}:")
                self.depth += 1
                here = Place(to, row)
            elif isinstance(node, Obj) and node.guard:
                to = fields_of(here.entity)[here.prefix + node.guard].to
                if self.faces.visible(to) is not None:
                    row = self.step_to(here, here.prefix + node.guard)
                    self.line(f"if {self.visible(to, row)}:" if row else "if False:")
                    self.depth += 1
        last = chain[-1]
        if isinstance(last, Val):
            value = self.value(last, here)
            self.line(f"x = {value}" if value else "pass")
        elif isinstance(last, Id | Href):
            self.line(f"x = {self.identity(last, here)}")
        elif isinstance(last, Const):
            self.line(f"x = {last.value!r}")
        else:
            self.line("pass")
        self.depth = depth


def _filled(lines: Sequence[str]) -> Iterator[str]:
    """The lines, with something in every block."""
    for line, after in zip(lines, (*lines[1:], ""), strict=True):
        yield line
        depth = len(line) - len(line.lstrip())
        if line.endswith(":") and len(after) - len(after.lstrip()) <= depth:
            yield " " * (depth + 1) + "pass"


def _present(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:  # noqa: ANN401  a stored value
        return None if value is None else step(value)

    return apply


def _each(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(values: Any) -> Any:  # noqa: ANN401  a stored list
        kept = [made for value in values or () if (made := step(value)) is not None]
        return kept or None

    return apply


def _open(faces: Faces, name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The released members of an open dictionary, in the order of their names."""

    def released(stored: Mapping[str, Any]) -> dict[str, Any]:
        kept = {}
        for member in sorted(stored):
            full = f"{name}.{member}"
            if faces.grant.releases(full):
                transform = faces.transform_name(full)
                value = stored[member] if transform is None else transform(stored[member])
                if value is not None:
                    kept[member] = value
        return kept

    return released


def _arranged(node: Many) -> Callable[[list[Any]], list[Any]]:
    """Order a rendered list by released content only."""
    order = node.order

    def key(item: Any) -> Any:  # noqa: ANN401  a rendered item
        return [str(item.get(name, "")) for name in order], orjson.dumps(item)

    def arranged(found: list[Any]) -> list[Any]:
        if node.bare:
            return sorted(set(found) if node.distinct else found, key=str)
        found.sort(key=key)
        if node.distinct:
            return [item for at, item in enumerate(found) if not at or item != found[at - 1]]
        return found

    return arranged
