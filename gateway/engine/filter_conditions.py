"""Filter conditions: compare rendered values with the value that a filter asks for."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from standards.collation import folded
from standards.errors import MalformedQuery
from standards.fields import fields_of, trail
from standards.view import List, Reference, Stamp, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from standards.query import Condition, Item
    from standards.view import Node


def kind_of(chain: tuple[Node, ...]) -> str:
    """Return the type by which values at the end of *chain* compare."""
    last = chain[-1]
    if isinstance(last, Value):
        return last.type
    return "datetime" if isinstance(last, Stamp) and last.kind == "modified" else "text"


def number(value: Any) -> float:
    """Parse a number exactly: the 64-bit id of an education organization does not fit a float."""
    try:
        return value if isinstance(value, int) else int(value) if isinstance(value, str) else float(value)
    except ValueError:
        return float(value)


def instant(text: str, parameter: str) -> float:
    """Parse a date or date-time to seconds since 1970; a date is its first moment in UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise MalformedQuery(parameter, "The value to compare with is not a date or a date and time.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def lists(entity: str, chain: tuple[Node, ...]) -> bool:
    """Tell whether the member at the end of *chain*, which begins at an *entity*, is a list or lies in one."""
    prefix = ""
    for node in chain:
        if isinstance(node, List):
            return not node.single
        if isinstance(node, Value):
            return any(trail(entity, prefix + source)[-1].many for source in node.sources)
        if isinstance(node, Reference):
            entity, prefix = fields_of(entity)[prefix + node.ref].to, ""
    return False


def matcher(condition: Condition, kind: str, *, listed: bool = False) -> Callable[[Any], bool]:
    """Compile a condition to a test of one rendered value, or of a list in which any element may match.

    OneRoster separates several values with commas: ``=`` asks for exactly these, ``~`` for any of them. On a list
    ``!=`` holds wherever ``=`` does not: a *listed* member that is missing counts as an empty list.
    """
    if condition.operator == "!=":
        same = matcher(replace(condition, operator="="), kind)
        return lambda value: listed if value is None else not same(value)
    test = _comparison(condition, kind)
    several = _several(condition, kind)

    def matches(value: Any) -> bool:
        if value is None:
            return False
        if isinstance(value, list | tuple):
            return any(test(one) for one in value) or (several is not None and several(value))
        return test(value)

    return matches


def _several(condition: Condition, kind: str) -> Callable[[Sequence[Any]], bool] | None:
    """Compile the test of a list for several values; None where the filter asks for one value."""
    wanted = [folded(one.strip()) for one in condition.value.split(",")]
    if condition.parameter != "filter" or kind != "text" or len(wanted) == 1 or not all(wanted):
        return None
    if condition.operator == "=":
        return lambda value: {folded(one) for one in value} == set(wanted)
    if condition.operator == "~":
        return lambda value: any(goal in folded(one) for one in value for goal in wanted)
    return None


def _comparison(condition: Condition, kind: str) -> Callable[[Any], bool]:
    operator, wanted = condition.operator, condition.value
    reading: Callable[[Any], Any] = folded
    goal: Any = folded(wanted)
    if operator == "~":
        return lambda value: goal in folded(value)
    if kind in {"date", "datetime"}:
        goal, reading = instant(wanted, condition.parameter), _moment
    elif kind in {"integer", "number"}:
        goal, reading = _goal(wanted, condition.parameter), number
    return _ORDER[operator](reading, goal)


def _goal(text: str, parameter: str) -> float:
    try:
        found = number(text)
    except ValueError:
        found = math.nan
    if not -math.inf < found < math.inf:
        raise MalformedQuery(parameter, "The value to compare with is not a number.")
    return found


def _moment(value: Any) -> float:
    """Parse a rendered date-time to seconds; NaN, which equals nothing, where it is not one."""
    try:
        return instant(str(value), "")
    except MalformedQuery:
        return math.nan


_ORDER: dict[str, Callable[[Callable[[Any], Any], Any], Callable[[Any], bool]]] = {
    "=": lambda reading, goal: lambda value: reading(value) == goal,
    ">": lambda reading, goal: lambda value: reading(value) > goal,
    ">=": lambda reading, goal: lambda value: reading(value) >= goal,
    "<": lambda reading, goal: lambda value: reading(value) < goal,
    "<=": lambda reading, goal: lambda value: reading(value) <= goal,
}


def having(rows: Sequence[int], lists: Iterable[Any], wanted: Item) -> list[int]:
    """Keep the *rows* in whose rendered list one item has every *wanted* member; order kept."""
    goals = [(name, value.casefold()) for name, value in wanted.members]

    def has(item: Any) -> bool:
        return isinstance(item, dict) and all(str(item.get(name, "")).casefold() == goal for name, goal in goals)

    return [row for row, items in zip(rows, lists, strict=True) if any(map(has, items or ()))]
