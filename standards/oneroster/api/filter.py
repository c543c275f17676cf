"""The OneRoster filter language: ``field PREDICATE 'value'``, joined by AND and OR."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from standards.errors import MalformedQuery
from standards.query import Both, Condition, Either

if TYPE_CHECKING:
    from standards.query import Filter, Operator

CLAUSE = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.:\-]*)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'")
JOINT = re.compile(r"\s+(AND|OR)(?=\s)", re.IGNORECASE)
MAX_CLAUSES = 50


def parse(text: str) -> Filter | None:
    """Parse a consumer's filter; None for a blank one. AND binds closer than OR.

    Raises:
        MalformedQuery: with the position of the first character that cannot be understood.
    """
    if not text.strip():
        return None
    groups: list[list[Condition]] = [[]]
    position = 0
    while True:
        clause = CLAUSE.match(text, position)
        if clause is None:
            raise _error(text, position)
        path, operator, value = clause.groups()
        groups[-1].append(Condition(path, cast("Operator", operator), value.replace("''", "'")))
        position = clause.end()
        if not text[position:].strip():
            break
        joint = JOINT.match(text, position)
        if joint is None or sum(map(len, groups)) >= MAX_CLAUSES:
            raise _error(text, position)
        if joint[1].upper() == "OR":
            groups.append([])
        position = joint.end()
    parts = tuple(group[0] if len(group) == 1 else Both(tuple(group)) for group in groups)
    return parts[0] if len(parts) == 1 else Either(parts)


def _error(text: str, position: int) -> MalformedQuery:
    at = position + len(text[position:]) - len(text[position:].lstrip()) + 1
    return MalformedQuery("filter", f"The filter cannot be understood at character {at}; write field='value'.")
