"""OneRoster query parameters, read for a consumer: names it may not see are names that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from standards.errors import MalformedQuery, UnknownName
from standards.oneroster.api.filter import parse
from standards.query import Query, conditions
from standards.view import find, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from standards.query import Filter
    from standards.view import View

T = TypeVar("T")
DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
COLLECTION = ("limit", "offset", "sort", "orderBy", "filter", "fields")
FIELDS = "fields"
SINGLETON = (FIELDS,)
MAX_NUMBER = 2**31 - 1


def read(
    views: Sequence[View],
    arguments: Sequence[tuple[str, str]],
    known: Iterable[str] = COLLECTION,
    *,
    lenient: bool = False,
) -> Query:
    """Read the query in *arguments*; parameters the standard does not know are ignored, as it asks.

    Where it is *lenient*, as 1.1 asks for, an unknown name in sort or fields is a warning: the order is the usual one,
    all fields are sent.

    Raises:
        MalformedQuery: a parameter other than fields is given twice, or one cannot be read.
        UnknownName: filter, sort or fields name what the consumer does not have.
    """
    values = given(arguments, known)
    warnings: list[tuple[str, str]] = []

    def try_name(read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except UnknownName as error:
            if not lenient or not error.name:
                raise
            warnings.append((error.parameter, error.name))
            return otherwise

    return Query(
        filter=_filter(views, values.get("filter", "")),
        sort=try_name(lambda: _sort(views, values.get("sort", "")), ""),
        descending=_descending(values.get("orderBy", "asc")),
        fields=try_name(lambda: _fields(views, values.get("fields")), ()),
        offset=_number("offset", values.get("offset", "0"), 0),
        limit=min(_number("limit", values.get("limit", str(DEFAULT_LIMIT)), 1), MAX_LIMIT),
        warnings=tuple(warnings),
    )


def given(arguments: Sequence[tuple[str, str]], known: Iterable[str] = COLLECTION) -> dict[str, str]:
    """Return the value of each *known* parameter; fields given one by one are joined to one list.

    The official documents describe fields as an array whose items may come as parameters of their own.

    Raises:
        MalformedQuery: another parameter is given twice, so that nobody knows which is meant.
    """
    names, values = frozenset(known), dict[str, str]()
    for name, value in arguments:
        if name not in values and name in names:
            values[name] = value
        elif name == FIELDS and name in names:
            values[name] += f",{value}"
        elif name in names:
            raise MalformedQuery(name, f"The parameter {name} is given twice.")
    return values


def select(record: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Return the members of *record* that *fields* name, in the record's order; a member's own name may have dots."""
    chosen: dict[str, Any] = {}
    for name, value in record.items():
        if name in fields:
            chosen[name] = value
        elif inside := [field[len(name) + 1 :] for field in fields if field.startswith(f"{name}.")]:
            kept = _within(value, inside)
            if kept not in ({}, []):
                chosen[name] = kept
    return chosen


def _within(value: Any, fields: Sequence[str]) -> Any:
    """Select *fields* of what lies inside a member; what has none of them vanishes, and is not left behind empty."""
    if isinstance(value, list):
        return [kept for item in value if (kept := _within(item, fields)) not in ({}, [])]
    return select(value, fields) if isinstance(value, dict) else value


def _number(name: str, text: str, least: int) -> int:
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(MAX_NUMBER)) and least <= int(text) <= MAX_NUMBER
    ):
        raise MalformedQuery(name, f"{name} must be a whole number from {least}.")
    return int(text)


def _descending(text: str) -> bool:
    if text.lower() not in {"asc", "desc"}:
        raise MalformedQuery("orderBy", "orderBy must be asc or desc.")
    return text.lower() == "desc"


def _has(views: Sequence[View], path: str) -> bool:
    return any(find(branch.nodes, path) is not None for view in views for branch in view.branches)


def _filter(views: Sequence[View], text: str) -> Filter | None:
    found = parse(text)
    for condition in conditions(found):
        if not _has(views, condition.path):
            raise UnknownName("filter", condition.path)
    return found


def _sort(views: Sequence[View], path: str) -> str:
    if path and not _has(views, path):
        raise UnknownName("sort", path)
    return path


def _fields(views: Sequence[View], text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    known = {path for view in views for branch in view.branches for path, _ in paths(branch.nodes)}
    for name in names:
        inside = any(path.startswith(f"{name}.") for path in known)
        if not name or not (name in known or inside or _has(views, name)):
            raise UnknownName("fields", name)
    return names
