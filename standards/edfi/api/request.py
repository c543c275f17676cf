"""Ed-Fi query parameters, read for a consumer: a name it may not see is a name that does not exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from standards.edfi.api import identification_codes
from standards.edfi.api.change_versions import window
from standards.edfi.model.flat_key_names import flat_key_names
from standards.edfi.model.mapping import ordered
from standards.edfi.model.model import by_collection
from standards.edfi.model.values import wanted
from standards.errors import InvalidValue, MalformedQuery, UnknownName
from standards.query import Both, Condition, Either, Query
from standards.view import Value, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from standards.edfi.model.model import Property, Resource
    from standards.query import Filter
    from standards.view import Branch, View

DEFAULT_LIMIT, MAX_LIMIT = 25, 500
DEFAULT_PARTITIONS, MAX_PARTITIONS = 10, 200
IGNORED = frozenset({"usejoinauth", "allowsmallpartitions"})
"""Parameters that clients send to tune an ODS's own database: they select no records."""

MAX_OFFSET = 2**31 - 1
GUID = re.compile(r"[0-9a-f]{32}|(\{)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(1)\})", re.IGNORECASE)
TRUTHS = {"true": True, "false": False}
PAGING = {"offset": "offset", "limit": "limit", "totalcount": "totalCount", "pagetoken": "pageToken",
          "pagesize": "pageSize"}  # fmt: skip
UNFIT, UNFIT_ID = "The value '{}' is not valid for {}.", "The value '{}' is not valid."
DAY, DAY_UNFIT = "date", "The value is not valid for {}."
MAX_REPORTED_CHARACTERS = 80
"""The characters of an invalid value that are repeated to its sender."""
BAD_LIMIT = f"Limit must be omitted or set to a numeric value between 0 and {MAX_LIMIT}."
BAD_OFFSET = "Offset must be a numeric value greater than or equal to 0."
BAD_TOTAL = "TotalCount must be a boolean value."
BAD_SIZE = f"PageSize must be a value between 0 and {MAX_LIMIT}."
BAD_NUMBER = f"Number of partitions must be between 1 and {MAX_PARTITIONS}."
UNDIVIDED = "The '{}' parameter is not supported by the partitions endpoint."
BAD_TOKEN = "The page token provided was invalid."  # noqa: S105  a message
SIZE_WITHOUT_TOKEN = "PageToken is required when pageSize is specified."  # noqa: S105  a message
SIZE_WITH_OFFSET = "Use limit instead of pageSize when using limit/offset paging."
TOKEN_WITH_OFFSET = (
    "Both offset and pageToken parameters were provided, but they support alternative paging approaches "  # noqa: S105
    "and cannot be used together."
)
TOTAL_WITH_TOKEN = "The totalCount parameter cannot be set to true when using cursor paging with pageToken."  # noqa: S105
TOKEN_WITH_LIMIT = "Use pageSize instead of limit when using cursor paging with pageToken."  # noqa: S105  a message


@dataclass(frozen=True, slots=True)
class EdFiRequest:
    """A page request of the Ed-Fi API; *total_count* asks for the number of all records."""

    query: Query
    total_count: bool = False


def read(views: Sequence[View], arguments: Sequence[tuple[str, str]]) -> EdFiRequest:
    """Read *arguments* as a query of the pruned *views* of one resource.

    Raises:
        MalformedQuery: a parameter is given twice, cannot be read, or does not go with another.
        UnknownName: a parameter is no member that the consumer may see and filter by.
    """
    values = _once(arguments)
    paging = {name: values.pop(name)[1] for name in PAGING if name in values}
    _refuse_mixture(paging)
    changed = window(values)
    total = TRUTHS.get(paging.get("totalcount", "false").lower())
    if total is None:
        raise MalformedQuery("totalCount", BAD_TOTAL)
    named, message = ("pageSize", BAD_SIZE) if "pagetoken" in paging else ("limit", BAD_LIMIT)
    query = Query(
        filter=_filter(views, values),
        offset=_number("offset", paging.get("offset", "0"), MAX_OFFSET, BAD_OFFSET),
        limit=_number(named, paging.get(named.lower(), str(DEFAULT_LIMIT)), MAX_LIMIT, message),
        token=paging.get("pagetoken", ""),
        window=changed,
    )
    return EdFiRequest(query, total)


def read_one(views: Sequence[View], arguments: Sequence[tuple[str, str]]) -> Query:  # noqa: ARG001  asked like `read`
    """Make the query for one item, which takes no parameters."""
    for name, _ in _once(arguments).values():
        raise UnknownName(name, name)
    return Query(limit=1)


def read_partitions(views: Sequence[View], arguments: Sequence[tuple[str, str]]) -> Query:
    """Read the query whose answer is to be divided into partitions.

    Raises:
        MalformedQuery: a page of it is asked for.
        UnknownName: a parameter is no member that the consumer may see and filter by.
    """
    values = _once(arguments)
    values.pop("number", None)
    for spelt in ("pageToken", "pageSize", "limit", "offset", "totalCount"):
        if spelt.lower() in values:
            raise MalformedQuery(spelt, UNDIVIDED.format(spelt))
    changed = window(values)
    return Query(filter=_filter(views, values), limit=0, window=changed)


def read_number(arguments: Sequence[tuple[str, str]]) -> int:
    """Read how many partitions an answer is to be divided into at most.

    Raises:
        MalformedQuery: into none, or into too many.
    """
    _, text = _once(arguments).get("number", ("number", str(DEFAULT_PARTITIONS)))
    number = _number("number", text, MAX_PARTITIONS, BAD_NUMBER)
    if number < 1:
        raise MalformedQuery("number", BAD_NUMBER)
    return number


@cache
def names(collection: str) -> Mapping[str, tuple[str, ...]]:
    """Return the parameters of a resource in small letters, and the members each stands for."""
    return {name.lower(): paths for name, paths in parameters(collection).items()}


@cache
def parameters(collection: str) -> Mapping[str, tuple[str, ...]]:
    """Return the parameters of a resource as the standard spells them, and the members each stands for.

    The members of the natural key go by their flat names. Any other member of a reference goes by its own name,
    behind the reference's role where it has one. Members that must agree share a name; where others would, the
    later goes by its reference's target too.
    """
    resource = by_collection(collection)
    assert resource is not None
    taken: dict[str, tuple[str, ...]] = {"id": ("id",)}
    if resource.descriptor_id:
        taken[resource.descriptor_id] = (resource.descriptor_id,)
    spelt = {name.lower(): name for name in taken}
    agreeing = _agreeing(resource)
    for path, choices in _choices(resource):
        for choice in choices:
            name = spelt.setdefault(choice.lower(), choice)
            known = taken.get(name)
            if known is None or not agreeing.get(path, frozenset()).isdisjoint(known):
                taken[name] = (*(known or ()), path)
                break
    coded = identification_codes.members(collection).items()
    return taken | {name: (path,) for name, path in coded if name.lower() not in spelt}


def known_to(views: Sequence[View]) -> frozenset[str]:
    """Return the parameters by which a consumer may filter what the pruned *views* show it."""
    return frozenset(
        name
        for view in views
        for name, paths in parameters(view.name).items()
        if any(_shows(branch, path) for branch in view.branches for path in paths)
    )


def plain(identifier: str) -> str:
    """Return the id in an item's address as answers write it, from any notation of a GUID.

    Raises:
        InvalidValue: the text is no GUID.
    """
    found = _guid(identifier)
    if found is None:
        raise InvalidValue("id", UNFIT_ID.format(identifier[:MAX_REPORTED_CHARACTERS]))
    return found


def _guid(text: str) -> str | None:
    return text.strip("{}").replace("-", "").lower() if GUID.fullmatch(text) else None


def unfit(name: str, value: str) -> InvalidValue:
    """Make the error for a *value* that the member *name* cannot have, as an ODS words it; no day is repeated."""
    title = f"{name[:1].upper()}{name[1:]}"
    said = (
        DAY_UNFIT.format(title) if name.lower().endswith(DAY) else UNFIT.format(value[:MAX_REPORTED_CHARACTERS], title)
    )
    return InvalidValue(name, said)


def _choices(resource: Resource) -> Iterator[tuple[str, tuple[str, ...]]]:
    keys = flat_key_names(resource.collection)
    yield from ((path, (name,)) for path, name in keys.items())
    for known in ordered(resource):
        if known.reference:
            yield from ((path, names) for path, names in _of_reference(known) if path not in keys)
        elif known.name in keys:
            continue
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
    """Return for each path the paths whose values are always the same as its own."""
    groups: dict[str, frozenset[str]] = {}
    for left, right in resource.equality:
        together = groups.get(left, frozenset((left,))) | groups.get(right, frozenset((right,)))
        groups |= dict.fromkeys(together, together)
    return groups


def _once(arguments: Sequence[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return every known parameter, by its name in small letters."""
    values: dict[str, tuple[str, str]] = {}
    for name, value in arguments:
        if name.lower() in IGNORED:
            continue
        if name.lower() in values:
            raise MalformedQuery(name[:80], f"The parameter {name[:80]} is given twice.")
        values[name.lower()] = (name, value)
    return values


def _refuse_mixture(paging: Mapping[str, str]) -> None:
    """Refuse offset and page token in one request.

    Who sends the size of a page under both names, as generated clients do, means the one that the paging goes by.
    """
    if "pagetoken" in paging:
        if "offset" in paging:
            raise MalformedQuery("pageToken", TOKEN_WITH_OFFSET)
        if "limit" in paging and "pagesize" not in paging:
            raise MalformedQuery("pageToken", TOKEN_WITH_LIMIT)
        if TRUTHS.get(paging.get("totalcount", "").lower()):
            raise MalformedQuery("totalCount", TOTAL_WITH_TOKEN)
        if not paging["pagetoken"]:
            raise MalformedQuery("pageToken", BAD_TOKEN)
    elif "pagesize" in paging and "limit" not in paging:
        raise MalformedQuery("pageSize", SIZE_WITH_OFFSET if "offset" in paging else SIZE_WITHOUT_TOKEN)
    for name, message in (("limit", BAD_LIMIT), ("pagesize", BAD_SIZE)):
        if name in paging:
            _number(PAGING[name], paging[name], MAX_LIMIT, message)


def _number(name: str, text: str, largest: int, message: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest)) and int(text) <= largest):
        raise MalformedQuery(name, message)
    return int(text)


def _filter(views: Sequence[View], values: Mapping[str, tuple[str, str]]) -> Filter | None:
    parts: list[Filter] = []
    coded: list[tuple[str, str]] = []
    for name, value in values.values():
        path = _coded(views, name)
        if path:
            coded.append((path, value))
        else:
            parts.append(_condition(views, name, value))
    if coded:
        parts.append(identification_codes.item(coded))
    return Both(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def _coded(views: Sequence[View], name: str) -> str:
    """Return the path of the identification code's member that a parameter filters by; empty where it filters none."""
    for view in views:
        paths = names(view.name).get(name.lower(), ())
        coded = frozenset(identification_codes.members(view.name).values()).intersection(paths)
        for path in coded:
            if any(_shows(branch, path) for branch in view.branches):
                return path
    return ""


def _shows(branch: Branch, path: str) -> bool:
    """Tell whether the consumer may see the member at *path*: by itself, or inside a list that is shown as it is."""
    listed = find(branch.nodes, path.rpartition(".")[0])
    return find(branch.nodes, path) is not None or (listed is not None and isinstance(listed[-1], Value))


def _condition(views: Sequence[View], name: str, value: str) -> Filter:
    """Make the condition that the member has the value, in any of the agreeing places that the consumer may see."""
    parts: dict[str, Condition] = {}
    for view in views:
        for path in names(view.name).get(name.lower(), ()):
            for branch in view.branches:
                chain = find(branch.nodes, path)
                if chain is not None:
                    last = chain[-1]
                    kind = "id" if path == "id" else last.type if isinstance(last, Value) else "text"
                    parts[path] = Condition(path, "=", _wanted(name, value, kind), name)
    if not parts:
        raise UnknownName(name, name, known_to(views) | {*PAGING.values()})
    return Either(tuple(parts.values())) if len(parts) > 1 else next(iter(parts.values()))


def _wanted(name: str, value: str, kind: str) -> str:
    """Return the value a parameter compares with, as the standard writes values of this *kind*.

    Raises:
        InvalidValue: there is no such value.
    """
    found = _guid(value) if kind == "id" else wanted(kind, value)
    if found is None:
        raise unfit(name, value)
    return found
