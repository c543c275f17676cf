"""Queries: what a consumer asks of a view, in its outward names, parsed from either standard's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a member with a text; *parameter* is where the consumer wrote it."""

    path: str
    operator: Operator
    value: str
    parameter: str = "filter"


@dataclass(frozen=True, slots=True)
class Item:
    """The condition that one item of the list at *path* has all the *members*, each a name and a text, in any case."""

    path: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Both:
    """The condition that every one of the parts holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """The condition that at least one of the parts holds."""

    parts: tuple[Filter, ...]


Filter = Condition | Item | Both | Either


@dataclass(frozen=True, slots=True)
class Window:
    """A window of change versions, both ends included; None where an end is open.

    *feed* selects in it the records as they are now, the deleted ones (``deletes``), or those with another natural key
    (``keyChanges``).
    """

    since: int | None = None
    until: int | None = None
    feed: Literal["", "deletes", "keyChanges"] = ""

    def holds(self, version: int) -> bool:
        """Tell whether a change *version* is in the window."""
        return (self.since is None or version >= self.since) and (self.until is None or version <= self.until)


@dataclass(frozen=True, slots=True)
class Query:
    """A page request: which records, in which order, which members, from where and how many.

    *window* narrows it to what has changed. *token* is where a walk by cursor goes on, as the consumer was given it.
    *warnings* lists tolerated faults: the parameter, and the name in it that does not exist.
    """

    filter: Filter | None = None
    sort: str = ""
    descending: bool = False
    fields: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100
    window: Window | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    token: str = ""

    @property
    def shape(self) -> str:
        """The query without its values, fit for a record: names and operators only."""
        parts = [_shape(self.filter)] if self.filter else []
        if self.window:
            parts.append(self.window.feed or "changes")
        if self.sort:
            parts.append(f"sort {self.sort}{' desc' if self.descending else ''}")
        if self.fields:
            parts.append(f"fields {','.join(self.fields)}")
        return "; ".join(parts)


def conditions(condition: Filter | None) -> tuple[Condition, ...]:
    """Return every comparison in a filter, in the order it was written."""
    match condition:
        case None:
            return ()
        case Condition():
            return (condition,)
        case Item(path, members):
            return tuple(Condition(f"{path}.{name}", "=", value, name) for name, value in members)
        case _:
            return tuple(leaf for part in condition.parts for leaf in conditions(part))


def _shape(condition: Filter) -> str:
    match condition:
        case Condition():
            return f"{condition.path} {condition.operator}"
        case Item(path, members):
            return "(" + " AND ".join(f"{path}.{name} =" for name, _ in members) + ")"
        case Both():
            return "(" + " AND ".join(map(_shape, condition.parts)) + ")"
        case Either():
            return "(" + " OR ".join(map(_shape, condition.parts)) + ")"
