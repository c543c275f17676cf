"""Code generation: lines of Python that read one value of one row from the columns of a snapshot."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.cache.snapshot_differences import UNIQUE
from standards.fields import fields_of, trail
from standards.view import Href, Id, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType

    from gateway.engine.visibility import Visibility

MAX_COMPILED_TEXTS = 1_024
"""Source texts kept compiled: each refresh of a district and each client needs the same ones again."""


@dataclass(frozen=True, slots=True)
class CodePosition:
    """A row of an entity, or an *item* of one of its groups, that the generated code is about."""

    entity: str
    row: str
    prefix: str = ""
    item: str = ""


@lru_cache(MAX_COMPILED_TEXTS)
def _compiled(source: str, name: str) -> CodeType:
    return compile(source, name, "exec")


class CodeWriter:
    """A collector of lines of code and of the objects that they use.

    *reads* are the columns that the lines read, by entity, including columns that its table lacks; `UNIQUE` stands for
    the unique ids of people.
    """

    def __init__(self, visibility: Visibility, api: str) -> None:
        self.visibility, self.api = visibility, api
        self.lines: list[str] = []
        self.depth = 1
        self.bound: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.reads: set[tuple[str, str]] = set()
        self.count = 0

    def function(self, name: str) -> Any:
        """Compile the lines; every bound object becomes a local variable of the enclosing function."""
        head = f"def make({', '.join(self.bound)}):\n"
        source = head + "\n".join(_filled(self.lines)) + f"\n return {name}"
        space: dict[str, Any] = {}
        exec(_compiled(source, f"<{name}>"), space)  # noqa: S102  the text comes from declarations only
        return space["make"](**self.bound)

    def line(self, text: str) -> None:
        """Append one line at the current depth."""
        self.lines.append(" " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write *head* and indent what is written in the ``with`` block."""
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    def enter(self, head: str) -> None:
        """Write *head* and indent what follows, until the caller resets the depth."""
        self.line(head)
        self.depth += 1

    def bind(self, thing: Any) -> str:
        """Return the variable name by which the code reaches *thing*."""
        name = self.names.get(id(thing))
        if name is None:
            name = self.names[id(thing)] = f"b{len(self.bound)}"
            self.bound[name] = thing
        return name

    def fresh(self, stem: str) -> str:
        """Return a variable name not used before."""
        self.count += 1
        return f"{stem}{self.count}"

    def identity(self, node: Id | Href, place: CodePosition, path: str = "") -> str:
        """Return the expression for an id or URL of the entity at *place*; *path* is the variable of a chosen path."""
        ids = self.visibility.ids(place.entity, self.api)
        self.reads.add((place.entity, UNIQUE))
        if isinstance(node, Id):
            chosen = self.visibility.unique_ids(place.entity) if node.unique else ids
            return f"{self.bind(chosen)}[{place.row}]"
        one = f"{self.bind(self.visibility.quoted_ids(place.entity, self.api))}[{place.row}]"
        lead = "" if self.api == "edfi" else "/"
        own = f"{lead!r} + {path} + '/'" if path else repr(f"{lead}{node.path}/")
        return f"base + {own} + {one}" if lead else f"{own} + {one}"

    def choice(self, by: str, table: Any, place: CodePosition) -> str:
        """Write a look-up of a field's value in *table*; return the variable, or "" where the column is missing."""
        stored = self.cell(place, place.prefix + by)
        if not stored:
            return ""
        found = self.fresh("c")
        self.line(f"{found} = {self.bind(table)}.get({stored})")
        return found

    def value(self, node: Value, place: CodePosition) -> str:
        """Write the code that computes the node's value; return its variable, or "" where every column is missing."""
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

    def source(self, node: Value, source: str, place: CodePosition, result: str) -> None:
        """Write the code that reads one source of a value into *result*."""
        fields = trail(place.entity, place.prefix + source)
        here, depth = place, self.depth
        for field in fields[:-1]:
            row = self.step_to(here, field.name)
            if not row:
                self.depth = depth
                return
            self.line(f"if {self.visible(field.to, row)}:")
            self.depth += 1
            here = CodePosition(field.to, row)
        self.column(node, fields[-1].name, here, result)
        self.depth = depth

    def step_to(self, place: CodePosition, ref: str) -> str:
        """Write the code that follows a reference; return the row's variable, or "" where the column is missing."""
        row = self.fresh("t")
        if place.item:
            self.line(f"{row} = {place.item}.get({ref.removeprefix(place.prefix)!r}, -1)")
            return row
        self.reads.add((place.entity, ref))
        refs = self.visibility.snapshot.table(place.entity).refs.get(ref)
        if refs is None:
            return ""
        self.line(f"{row} = {self.bind(refs)}[{place.row}]")
        return row

    def visible(self, entity: str, row: str) -> str:
        """Return the condition that the row in variable *row* is visible to the consumer."""
        mask = self.visibility.visible(entity)
        return f"{row} >= 0" if mask is None else f"{row} >= 0 and {self.bind(mask)}[{row}]"

    def column(self, node: Value, name: str, place: CodePosition, result: str) -> None:
        """Write the code that reads one field, applies the grant's transform and the standard's format."""
        field = fields_of(place.entity)[name]
        transform = self.visibility.transform(field)
        raw = self.cell(place, name)
        if not raw:
            return
        exact = self.cell(place, f"{name}@{self.api}") if transform is None else ""
        if exact:
            self.line(f"{result} = {exact}")
            self.line(f"if {result} is None:")
            self.depth += 1
        form = node.form_of(masked=transform is not None)
        steps = [step for step in (transform, form) if step is not None]
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

    def cell(self, place: CodePosition, name: str) -> str:
        """Return the expression for a stored value, or "" where the snapshot has no such column."""
        if place.item:
            return f"{place.item}.get({name.removeprefix(place.prefix)!r})"
        self.reads.add((place.entity, name))
        column = self.visibility.snapshot.table(place.entity).columns.get(name)
        return f"{self.bind(column)}[{place.row}]" if column is not None else ""

    def loop(self, place: CodePosition, name: str) -> str:
        """Begin a loop over a stored list; return the loop variable, or "" where there is no such column."""
        stored = self.cell(place, name)
        if stored:
            inside = self.fresh("i")
            self.line(f"for {inside} in {stored} or ():")
            self.depth += 1
            return inside
        return ""


def _filled(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, with ``pass`` in every empty block."""
    for line, after in zip(lines, (*lines[1:], ""), strict=True):
        yield line
        depth = len(line) - len(line.lstrip())
        if line.endswith(":") and len(after) - len(after.lstrip()) <= depth:
            yield " " * (depth + 1) + "pass"


def _present(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        return None if value is None else step(value)

    return apply


def _each(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(values: Any) -> Any:
        kept = [made for value in values or () if (made := step(value)) is not None]
        return kept or None

    return apply
