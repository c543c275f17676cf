"""Pairs of local members and vocabulary fields, applied to documents and to rows of cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter, methodcaller
from typing import TYPE_CHECKING, Any

from standards.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Getter = Callable[[Any], Any]
    Step = Callable[[Any, dict[str, Any]], None]
    Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a pair: the resource for messages, the dialect of its codes, whether all is text."""

    resource: str
    dialect: str
    textual: bool

    @property
    def standard(self) -> str:
        """The standard by which companions of codes are named."""
        return self.dialect.rstrip("0123456789")

    def wrong(self, member: str, kind: str) -> MappingError:
        """Make the error for a member of a wrong kind; it never contains the value."""
        return MappingError(f"{self.resource}.{member} is not {kind}.")


@dataclass(frozen=True, slots=True)
class MemberLayout:
    """Local records that are dictionaries; *nested* where a dot in a path leads into an object."""

    nested: bool

    def at(self, path: str) -> Getter:
        """Make the function that finds the member at *path*; None where it is missing."""
        if not self.nested or "." not in path:
            return methodcaller("get", path)
        *parents, last = path.split(".")

        def take(row: Any) -> Any:
            for parent in parents:
                row = row.get(parent)
                if type(row) is not dict:
                    return None
            return row.get(last)

        return take

    def starting(self, prefix: str) -> Callable[[Any], list[tuple[str, Any]]]:
        """Make the function that finds all members whose name begins with *prefix*, without it."""
        cut = len(prefix)
        return lambda row: [(name[cut:], row[name]) for name in row if name.startswith(prefix)]

    def whole(self) -> Getter:
        """Make the function that returns the record as a dictionary."""
        return lambda row: row


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Local records that are lists of cells under fixed headings."""

    headings: tuple[str, ...]

    def at(self, path: str) -> Getter:
        """Make the function that finds the cell under a heading; None where there is no such column."""
        return itemgetter(self.headings.index(path)) if path in self.headings else lambda _row: None

    def starting(self, prefix: str) -> Callable[[Any], list[tuple[str, Any]]]:
        """Make the function that finds all cells whose heading begins with *prefix*, under the heading without it."""
        found = [(name.removeprefix(prefix), i) for i, name in enumerate(self.headings) if name.startswith(prefix)]
        return lambda row: [(name, row[i]) for name, i in found]

    def whole(self) -> Getter:
        """Make the function that returns the record as a dictionary."""
        return lambda row: dict(zip(self.headings, row, strict=False))


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Local members and the vocabulary fields they become; made by the functions of `standards.lenses.scalars`.

    *reader* makes the step that reads; *writer* makes the step that writes, None where the pair cannot be written.
    *companion* is the name under which exact tokens are kept beside the value.
    """

    word: str
    local_paths: tuple[str, ...]
    fields: tuple[str, ...]
    reader: Callable[[Context, MemberLayout | ColumnLayout], Step] | None
    writer: Callable[[Context], Step] | None
    kind: str = ""
    codes: str = ""
    pairs: tuple[Pair, ...] = ()
    companion: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TwoWayPairs:
    """Pairs applied to dictionaries, in both directions."""

    steps: tuple[tuple[Pair, Step | None, Step | None], ...]
    standard: str

    def read(self, local: Any) -> dict[str, Any]:
        """Read a local record through the pairs."""
        record: dict[str, Any] = {}
        for _, step, _ in self.steps:
            if step:
                step(local, record)
        return record

    def writable(self, record: Record) -> dict[str, Any]:
        """Return the part of *record* that could be written back."""
        lost = {name for pair, _, put in self.steps if not put for name in pair.fields}
        return {name: value for name, value in record.items() if name not in lost}

    def write(self, record: Record, local: dict[str, Any], before: Any) -> None:
        """Write *record* into *local*, leaving alone what *before* already states in its own way."""
        for pair, step, put in self.steps:
            if not put:
                continue
            if step and before:
                known: dict[str, Any] = {}
                step(before, known)
                if agrees({name: record[name] for name in self._names(pair) if name in record}, known):
                    continue
            put(record, local)

    def _names(self, pair: Pair) -> tuple[str, ...]:
        return (*pair.fields, *(f"{name}@{self.standard}" for name in (*pair.fields, pair.companion)))


def two_way(pairs: Sequence[Pair], context: Context) -> TwoWayPairs:
    """Apply *pairs* in *context*, in both directions."""
    members = MemberLayout(nested=not context.textual)
    return TwoWayPairs(
        tuple(
            (p, p.reader(context, members) if p.reader else None, p.writer(context) if p.writer else None)
            for p in pairs
        ),
        context.standard,
    )


def agrees(said: Any, known: Any) -> bool:
    """Tell whether what is *said* equals what is *known*; exact tokens that are not stated do not count."""
    if isinstance(said, dict) and isinstance(known, dict):
        names = said.keys() | {name for name in known if "@" not in name}
        return all(name in said and name in known and agrees(said[name], known[name]) for name in names)
    if isinstance(said, list) and isinstance(known, list):
        return len(said) == len(known) and all(map(agrees, said, known))
    return type(said) is type(known) and bool(said == known)


def put_in(local: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set *value* at *path*, making the objects on the way; None removes it together with objects left empty."""
    first, *rest = path
    if not rest:
        if value is None:
            local.pop(first, None)
        else:
            local[first] = value
        return
    inner = local.get(first)
    if not isinstance(inner, dict):
        if value is None:
            return
        inner = local[first] = {}
    put_in(inner, rest, value)
    if not inner:
        del local[first]


def place(context: Context, path: str) -> tuple[str, ...]:
    """Split a path into its steps: one in a file, one per dot in a document."""
    return (path,) if context.textual else tuple(path.split("."))
