"""A lens: a local resource or file and an entity of the vocabulary, as pairs that read and write."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from standards.lenses.lists import each, flags, joined
from standards.lenses.pairs import ColumnLayout, Context, MemberLayout, Pair, TwoWayPairs, two_way
from standards.lenses.scalars import coded, const, converted, opened, read_only, same, split
from standards.lenses.types import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standards.lenses.pairs import Getter, Record

__all__ = [
    "Lens", "Pair", "coded", "const", "converted", "each", "flags", "joined", "opened", "read_only", "same", "split",
]  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Lens:
    """One local resource or file and one entity of the vocabulary.

    *dialect* is ``edfi``, ``oneroster.csv`` or ``oneroster11.csv``; *key* names the local members that make the natural
    key, after the constant parts in *prefix*.
    """

    dialect: str
    local: str
    entity: str
    pairs: tuple[Pair, ...]
    key: tuple[str, ...]
    prefix: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.dialect} {self.local} {self.entity}"

    __repr__ = __str__

    @cached_property
    def context(self) -> Context:
        """The context of the lens's pairs."""
        dialect, _, form = self.dialect.partition(".")
        return Context(self.local, dialect, form == "csv")

    @cached_property
    def local_paths(self) -> frozenset[str]:
        """Every local path that a pair reads."""
        return frozenset(path for pair in self.pairs for path in pair.local_paths) | set(self.key)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every vocabulary field that a pair fills."""
        return frozenset(name for pair in self.pairs for name in pair.fields)

    @cached_property
    def local_path_of(self) -> Mapping[str, str]:
        """The local path of each field that stands alone and can be written, so that a filter can be pushed down."""
        return {
            pair.fields[0]: pair.local_paths[0]
            for pair in self.pairs
            if pair.writer and pair.reader and not pair.pairs and len(pair.fields) == len(pair.local_paths) == 1
        }

    @cached_property
    def read(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """The function that reads a local record into the vocabulary's fields."""
        return self._reading(MemberLayout(nested=not self.context.textual))

    def read_partial(self, local: Mapping[str, Any]) -> dict[str, Any]:
        """Read a local record that may lack parts of its key."""
        return self._both.read(local)

    def reader(self, columns: Sequence[str]) -> Callable[[list[str]], dict[str, Any]]:
        """Make a `read` for rows of cells under *columns*; a short row lacks its last cells."""
        width = len(columns)
        read = self._reading(ColumnLayout(tuple(columns)))

        def read_row(row: list[str]) -> dict[str, Any]:
            return read(row if len(row) >= width else row + [""] * (width - len(row)))

        return read_row

    def write(self, record: Record, onto: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write *record* as a local record; what the lens does not know of *onto* stays as it is."""
        local: dict[str, Any] = deepcopy(dict(onto)) if onto else {}
        self._both.write(record, local, onto)
        return local

    @cached_property
    def _both(self) -> TwoWayPairs:
        return two_way(self.pairs, self.context)

    def _reading(self, places: MemberLayout | ColumnLayout) -> Callable[[Any], dict[str, Any]]:
        steps = tuple(pair.reader(self.context, places) for pair in self.pairs if pair.reader)
        natural = self._natural(places)

        def read(row: Any) -> dict[str, Any]:
            record: dict[str, Any] = {}
            for step in steps:
                step(row, record)
            record["key"] = natural(row)
            return record

        return read

    def _natural(self, places: MemberLayout | ColumnLayout) -> Callable[[Any], tuple[str, ...]]:
        takes = tuple((places.at(member), member) for member in self.key)

        def natural(row: Any) -> tuple[str, ...]:
            return (*self.prefix, *(part(row, take, member) for take, member in takes))

        def part(row: Any, take: Getter, member: str) -> str:
            text = as_text(take(row))
            if text is None:
                raise self.context.wrong(member, "there, and the record's key needs it")
            return text

        if not self.prefix and len(takes) == 1:
            ((only, name),) = takes
            return lambda row: (part(row, only, name),)
        return natural
