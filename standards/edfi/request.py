"""Ed-Fi query parameters, read for a consumer: a name it may not see is a name that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from standards.edfi.changes import window
from standards.edfi.mapping import ordered
from standards.edfi.model import by_collection
from standards.errors import MalformedQuery, UnknownName
from standards.kinds import WRONG, reading
from standards.query import Both, Condition, Either, Query
from standards.view import Val, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from standards.edfi.model import Property, Resource
    from standards.query import Filter
    from standards.view import View

DEFAULT_LIMIT, LARGEST_LIMIT = 25, 500
LARGEST_OFFSET = 2**31 - 1
TRUTHS = {"true": True, "false": False}
KINDS = {
    "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "date": "a date", "datetime": "a date and time",
}  # fmt: skip
PAGING = {"offset": "offset", "limit": "limit", "totalcount": "totalCount", "pagetoken": "pageToken",
          "pagesize": "pageSize"}  # fmt: skip
BAD_LIMIT = f"Limit must be omitted or set to a numeric value between 0 and {LARGEST_LIMIT}."
BAD_OFFSET = "Offset must be a numeric value greater than or equal to 0."
BAD_TOTAL = "TotalCount must be a boolean value."
BAD_TOKEN = "The page token provided was invalid."  # noqa: S105  a message
SIZE_WITHOUT_TOKEN = "PageToken is required when pageSize is specified."  # noqa: S105  a message
SIZE_WITH_OFFSET = "Use limit instead of pageSize when using limit/offset paging."
TOKEN_WITH_OFFSET = (
    "Both offset and pageToken parameters were provided, but they support alternative paging approaches "  # noqa: S105
    "and cannot be used together."
)
TOKEN_WITH_LIMIT = "Use pageSize instead of limit when using cursor paging with pageToken."  # noqa: S105  a message


@dataclass(frozen=True, slots=True)
class EdFiRequest:
    """A page asked for in the Ed-Fi way; *total_count* asks for the number of all records."""

    query: Query
    total_count: bool = False


def read(views: Sequence[View], arguments: Sequence[tuple[str, str]]) -> EdFiRequest:
    """What *arguments* ask of the pruned *views* of one resource.

    Raises:
        MalformedQuery: a parameter is given twice, cannot be read, or does not go with another.
        UnknownName: a parameter is no member that the consumer may see and filter by.
    """
    values = _once(arguments)
    paging = {name: values.pop(name)[1] for name in PAGING if name in values}
    _refuse_tokens(paging)
    changed = window(values)
    query = Query(
        filter=_filter(views, values),
        offset=_number("offset", paging.get("offset", "0"), LARGEST_OFFSET, BAD_OFFSET),
        limit=_number("limit", paging.get("limit", str(DEFAULT_LIMIT)), LARGEST_LIMIT, BAD_LIMIT),
        window=changed,
    )
    total = TRUTHS.get(paging.get("totalcount", "false").lower())
    if total is None:
        raise MalformedQuery("totalCount", BAD_TOTAL)
    return EdFiRequest(query, total)


def read_one(views: Sequence[View], arguments: Sequence[tuple[str, str]]) -> Query:  # noqa: ARG001  asked like `read`
    """The query for one item, which takes no parameters."""
    for name, _ in arguments:
        raise UnknownName(name, name)
    return Query(limit=1)


@cache
def names(collection: str) -> Mapping[str, tuple[str, ...]]:
    """The parameters by which a resource may be asked for, in small letters, and the members each stands for.

    A member of a reference goes by its own name, behind the reference's role where it has one. Members that
    must agree share a name; where others would, the later goes by its reference's target too.
    """
    resource = by_collection(collection)
    assert resource is not None
    taken: dict[str, tuple[str, ...]] = {"id": ("id",)}
    if resource.descriptor_id:
        taken[resource.descriptor_id.lower()] = (resource.descriptor_id,)
    agreeing = _agreeing(resource)
    for path, spellings in choices(resource):
        for name in spellings:
            known = taken.get(name.lower())
            if known is None or not agreeing.get(path, frozenset()).isdisjoint(known):
                taken[name.lower()] = (*(known or ()), path)
                break
    return taken


def choices(resource: Resource) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The path of every member that may be asked by, with the names it may go by, the shortest first."""
    for known in ordered(resource):
        if known.reference:
            yield from _of_reference(known)
        elif known.type not in {"object", "array"}:
            yield known.name, (known.name,)


def _of_reference(known: Property) -> Iterator[tuple[str, tuple[str, ...]]]:
    target = known.reference[0].lower() + known.reference[1:]
    role = "" if known.name == f"{target}Reference" else known.name.removesuffix(f"{known.reference}Reference")
    for leaf in known.properties:
        tail = leaf[0].upper() + leaf[1:]
        path = f"{known.name}.{leaf}"
        named = leaf if leaf.lower().startswith(role.lower()) else role + tail
        yield path, (named, (role or target) + tail, path)


def _agreeing(resource: Resource) -> Mapping[str, frozenset[str]]:
    """For each path the paths whose values are always the same as its own."""
    groups: dict[str, frozenset[str]] = {}
    for left, right in resource.equality:
        together = groups.get(left, frozenset((left,))) | groups.get(right, frozenset((right,)))
        groups |= dict.fromkeys(together, together)
    return groups


def _once(arguments: Sequence[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    values: dict[str, tuple[str, str]] = {}
    for name, value in arguments:
        if name.lower() in values:
            raise MalformedQuery(name[:80], f"The parameter {name[:80]} is given twice.")
        values[name.lower()] = (name, value)
    return values


def _refuse_tokens(paging: Mapping[str, str]) -> None:
    """Pages are asked for by offset here; no token was ever given out, so that none is valid."""
    if "pagetoken" in paging:
        if "offset" in paging:
            raise MalformedQuery("pageToken", TOKEN_WITH_OFFSET)
        raise MalformedQuery("pageToken", TOKEN_WITH_LIMIT if "limit" in paging else BAD_TOKEN)
    if "pagesize" in paging:
        raise MalformedQuery("pageSize", SIZE_WITH_OFFSET if "offset" in paging else SIZE_WITHOUT_TOKEN)


def _number(name: str, text: str, largest: int, message: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest)) and int(text) <= largest):
        raise MalformedQuery(name, message)
    return int(text)


def _filter(views: Sequence[View], values: Mapping[str, tuple[str, str]]) -> Filter | None:
    parts = tuple(_condition(views, name, value) for name, value in values.values())
    return Both(parts) if len(parts) > 1 else parts[0] if parts else None


def _condition(views: Sequence[View], name: str, value: str) -> Filter:
    """The member has the value, in any of the places that must agree and that the consumer may see."""
    parts: dict[str, Condition] = {}
    for view in views:
        for path in names(view.name).get(name.lower(), ()):
            for branch in view.branches:
                chain = find(branch.nodes, path)
                if chain is not None:
                    last = chain[-1]
                    _check(name, value, last.type if isinstance(last, Val) else "text")
                    parts[path] = Condition(path, "=", value, name)
    if not parts:
        raise UnknownName(name, name)
    return Either(tuple(parts.values())) if len(parts) > 1 else next(iter(parts.values()))


def _check(name: str, value: str, kind: str) -> None:
    if kind in KINDS and reading(kind, textual=True)(value) is WRONG:
        raise MalformedQuery(name, f"The value of {name} must be {KINDS[kind]}.")
