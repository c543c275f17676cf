"""Random documents that the Ed-Fi model allows, hostile in everything that it does not forbid."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from standards import codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from standards.edfi.model.model import Property, Resource

HOSTILE = "aZ9 ß İ'\"\\\n,;{}<>&#/é́ 中🎓"
FIRST_DAY = date(1990, 1, 1)


def documents(resource: Resource, share: float = 0.5) -> st.SearchStrategy[dict[str, Any]]:
    """Documents of *resource*, each optional member present in about a *share* of them."""
    return st.randoms(use_true_random=False).map(lambda random: document(resource, random, share))


def document(resource: Resource, random: Random, share: float = 0.5) -> dict[str, Any]:
    """One document of *resource*; members that must agree do."""
    made = _trimmed(_members(resource.properties, random, share), resource.identity)
    for turn in range(3):
        for pair in resource.equality:
            left, right = pair if turn != 1 else reversed(pair)
            _agree(made, left.split("."), right.split("."))
    return made


def _members(properties: Mapping[str, Property], random: Random, share: float) -> dict[str, Any]:
    return {
        name: _value(known, random, share)
        for name, known in properties.items()
        if known.required or random.random() < share
    }


def _value(known: Property, random: Random, share: float) -> Any:
    if known.collection:
        return _items(known, random, share)
    if known.type == "object":
        return _members(known.properties, random, share) or _members(known.properties, random, 1.0)
    if known.type == "boolean":
        return random.random() < 0.5
    if known.type == "integer":
        width = 2**31 if known.format == "int32" else 2**63
        low = -width if known.min is None else int(known.min)
        high = width - 1 if known.max is None else int(known.max)
        some = random.choice((random.randint(max(low, 0), min(high, 3000)), random.randint(low, high)))
        return some or (1 if known.min is None and known.max is None else 0)  # 0 is no id, and no year
    if known.type == "number":
        return _number(known, random)
    return _string(known, random)


def _trimmed(made: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The same with no blank at an end of a text that is a key, which no ODS takes."""
    for name in keys:
        text = made.get(name)
        if isinstance(text, str) and text != text.strip():
            ends = (text[0], text[-1])
            first, last = ("x" if end.isspace() else end for end in ends)
            made[name] = first + text[1:-1] + last if len(text) > 1 else first
    return made


def _items(known: Property, random: Random, share: float) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _ in range(random.randint(1, 3)):
        item = _members(known.properties, random, share) or _members(known.properties, random, 1.0)
        item = _trimmed(item, known.item_key)
        found.setdefault(str([_at(item, part.split(".")) for part in known.item_key]).casefold(), item)
    return list(found.values())


def _number(known: Property, random: Random) -> float:
    digits = 10 ** ((known.precision or 9) - (known.scale or 0)) - 1
    low = -digits if known.min is None else known.min
    high = digits if known.max is None else known.max
    return round(random.uniform(max(low, -9999), min(high, 9999)), min(known.scale or 0, 4))


def _string(known: Property, random: Random) -> str:
    if known.descriptor:
        return _descriptor(known.descriptor, random)
    day = FIRST_DAY + timedelta(days=random.randrange(20000))
    hour, minute, second = random.randrange(24), random.randrange(60), random.randrange(60)
    if known.format == "date":
        return day.isoformat()
    if known.format == "time":
        return f"{hour:02}:{minute:02}:{second:02}"
    if known.format == "date-time":
        return f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}Z"
    shortest = max(known.min_length or 1, 1)
    length = random.randint(shortest, max(shortest, min(known.max_length or 40, shortest + 12)))
    return "".join(random.choice(HOSTILE) for _ in range(length))


@cache
def _known(name: str) -> tuple[str, ...]:
    rows = (row.get("edfi", "") for codeset in map(codes.table, codes.names()) for row in codeset.rows)
    return tuple(sorted({uri for uri in rows if f"/{name}#" in uri}))


def _descriptor(name: str, random: Random) -> str:
    known = _known(name)
    kind = random.random()
    if known and kind < 0.5:
        return random.choice(known)
    if known and kind < 0.7:
        return random.choice(known).upper().replace("URI://ED-FI.ORG/", "uri://ed-fi.org/").replace(name.upper(), name)
    return f"uri://{random.choice(('ed-fi.org', 'tea.texas.gov', 'local'))}/{name}#{random.choice(('A', 'b c', 'Ünï', 'x,y'))}"


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _agree(made: dict[str, Any], left: list[str], right: list[str]) -> None:
    value = _at(made, right)
    if value is None:
        return
    places: list[Any] = [made]
    for part in left[:-1]:
        name, inside = part.removesuffix("[*]"), part.endswith("[*]")
        found = [place[name] for place in places if isinstance(place, dict) and name in place]
        places = [item for items in found for item in items] if inside else found
    for place in places:
        if left[-1] in place:
            place[left[-1]] = value
