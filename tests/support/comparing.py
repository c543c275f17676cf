"""Comparison and order for the oracle: every rendered record by itself, in the plainest way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from standards import collation
from standards import view as v
from standards.fields import fields_of, trail
from standards.query import Both, Condition, Either

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standards.query import Query

Record = dict[str, Any]


def _kind(branch: v.Branch, path: str) -> str | None:
    chain = v.find(branch.nodes, path)
    if chain is None:
        return None
    last = chain[-1]
    if isinstance(last, v.Stamp) and last.kind == "modified":
        return "datetime"
    return last.type if isinstance(last, v.Value) else "text"


def holds(answer: tuple[str, v.Branch, Record], condition: Any) -> bool:
    match condition:
        case Both(parts):
            return all(holds(answer, part) for part in parts)
        case Either(parts):
            return any(holds(answer, part) for part in parts)
    kind = _kind(answer[1], condition.path)
    if kind is None:
        return False
    value = found(answer[2], condition.path)
    return matches([] if value is None and _listed(answer[1], condition.path) else value, condition, kind)


def _listed(branch: v.Branch, path: str) -> bool:
    """Tell whether a path leads into a list, or to a field that is one."""
    entity, chain = branch.entity, v.find(branch.nodes, path) or ()
    for node in chain:
        if isinstance(node, v.List):
            return node.single == ""
        if isinstance(node, v.Reference):
            entity = fields_of(entity)[node.ref].to
        if isinstance(node, v.Value):
            return any(trail(entity, source)[-1].many for source in node.sources)
    return False


def found(record: Any, path: str) -> Any:
    if not path:
        return record
    if isinstance(record, list):
        flat: list[Any] = []
        for one in record:
            value = found(one, path)
            flat.extend(value if isinstance(value, list) else [] if value is None else [value])
        return flat
    if not isinstance(record, dict):
        return None
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        if ".".join(parts[:cut]) in record:
            return found(record[".".join(parts[:cut])], ".".join(parts[cut:]))
    return None


def _plain(text: str) -> str:
    """Fold a text: no case, its accents written in one way."""
    return normalize("NFC", normalize("NFD", text).casefold())


def matches(value: Any, condition: Condition, kind: str) -> bool:
    if condition.operator == "!=" and isinstance(value, list):
        return not matches(value, replace(condition, operator="="), kind)
    values: Iterable[Any] = value if isinstance(value, list) else [] if value is None else [value]
    if isinstance(value, list) and kind == "text" and condition.parameter == "filter" and "," in condition.value:
        asked = {_plain(part.strip()) for part in condition.value.split(",")}
        mine = [("true" if one else "false") if isinstance(one, bool) else _plain(str(one)) for one in value]
        if "" not in asked and condition.operator == "=" and set(mine) == asked:
            return True
        if "" not in asked and condition.operator == "~" and any(part in one for one in mine for part in asked):
            return True
    return any(_compares(one, condition, kind) for one in values)


def _number(value: Any) -> Any:
    try:
        return int(value) if isinstance(value, int | str) else float(value)
    except ValueError:
        return float(value)


def _compares(value: Any, condition: Condition, kind: str) -> bool:
    wanted: Any = _plain(condition.value)
    mine: Any = ("true" if value else "false") if isinstance(value, bool) else _plain(str(value))
    if condition.operator == "~":
        return wanted in mine
    if kind in {"date", "datetime"}:
        mine, wanted = _moment(str(value)), _moment(condition.value)
    elif kind in {"integer", "number"}:
        mine, wanted = _number(value), _number(condition.value)
    return {
        "=": mine == wanted, "!=": mine != wanted, ">": mine > wanted,
        ">=": mine >= wanted, "<": mine < wanted, "<=": mine <= wanted,
    }[condition.operator]  # fmt: skip


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def sort_key(answer: tuple[str, v.Branch, Record], query: Query) -> tuple[Any, ...]:
    kind = _kind(answer[1], query.sort)
    value = None if kind is None else found(answer[2], query.sort)
    if isinstance(value, list):
        value = value[0] if value else None
    number = kind in {"integer", "number"}
    if value is None:
        return (not query.descending,)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return (query.descending, not number, float(value) if number else collation.sort_key(text))
