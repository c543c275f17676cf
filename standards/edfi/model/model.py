"""The Ed-Fi Data Standard 5.2 as facts: every resource, its members, and the validation of documents."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ID = re.compile(r"[0-9a-f]{32}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
DESCRIPTOR = re.compile(r"[a-z][a-z0-9+.-]*://[^#\s]+#.+", re.IGNORECASE | re.DOTALL)
EXTENSIONS = "_ext"
REMEMBERING = type(cache(lambda: None))
PACKAGES = frozenset({"standards", "adapters", "policies", "gateway"})
WIDTHS = {"int32": 2**31, "int64": 2**63}


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """One member of a resource: a scalar, a reference, an inline object or a collection of objects.

    *type* is the JSON type (``string integer number boolean object array``); *reference* names the resource a reference
    points to, *descriptor* the descriptor a value belongs to. *item_key* are the paths, from the item, that distinguish
    two items of a collection.
    """

    name: str
    type: str
    format: str = ""
    required: bool = False
    identity: bool = False
    reference: str = ""
    descriptor: str = ""
    collection: bool = False
    item_key: tuple[str, ...] = ()
    max_length: int | None = None
    min_length: int | None = None
    max: float | None = None
    min: float | None = None
    precision: int | None = None
    scale: int | None = None
    properties: Mapping[str, Property] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource or descriptor of the API.

    *identity* are the paths (``schoolReference.schoolId``) of its natural key; *equality* are pairs of
    paths that must agree, since the standard stores both as one column.
    """

    name: str
    endpoint: str
    is_descriptor: bool
    identity: tuple[str, ...]
    properties: Mapping[str, Property]
    equality: tuple[tuple[str, str], ...] = ()

    @property
    def collection(self) -> str:
        """The last segment of its address: ``students``; with the segment before it where it is an extension's."""
        return self.endpoint.removeprefix("/ed-fi/").removeprefix("/")

    @property
    def descriptor_id(self) -> str:
        """The member in which the API numbers a descriptor; empty for any other resource."""
        return f"{self.endpoint.rpartition('/')[2].removesuffix('s')}Id" if self.is_descriptor else ""

    @property
    def standard(self) -> bool:
        """Whether it is one of the standard's own."""
        return self.endpoint.startswith("/ed-fi/")


_BEYOND: dict[str, Resource] = {}
"""The resources beyond the standard: a registry, filled by `extend`."""


@cache
def version() -> str:
    """Return the Data Standard that these facts describe."""
    return str(_facts()["version"])


@cache
def resources() -> Mapping[str, Resource]:
    """Return every resource and descriptor by its model name (``StudentSchoolAssociation``)."""
    return MappingProxyType({**own(), **_BEYOND})


@cache
def own() -> Mapping[str, Resource]:
    """Return the resources and descriptors of the standard as it is published."""
    return MappingProxyType({name: resource(name, facts) for name, facts in _facts()["resources"].items()})


def joined(one: Resource, other: Resource) -> Resource:
    """Merge two descriptions of a resource, keeping the members of either."""
    return replace(one, properties=_together(one.properties, other.properties))


def _together(one: Mapping[str, Property], other: Mapping[str, Property]) -> Mapping[str, Property]:
    both = {
        name: replace(one[name], properties=_together(one[name].properties, other[name].properties))
        for name in one.keys() & other.keys()
    }
    return MappingProxyType({**one, **other, **both})


def extend(beyond: Mapping[str, Resource]) -> None:
    """Extend the model by what is *beyond* the standard: further resources, or its own with an ``_ext``.

    Call it once, before anything reads the model: whatever was worked out from it is forgotten.
    """
    if dict(beyond) == _BEYOND:
        return
    _BEYOND.clear()
    _BEYOND.update(beyond)
    for module in [found for name, found in sys.modules.items() if name.partition(".")[0] in PACKAGES]:
        for thing in list(vars(module).values()):
            if type(thing) is REMEMBERING:
                thing.cache_clear()


def by_collection(name: str) -> Resource | None:
    """Find the resource whose address ends in *name*, in any case; None when there is none."""
    return _collections().get(name.lower())


def natural_key(resource: Resource, document: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values that identify *document* among those of its *resource*; None stands for a missing one."""
    return tuple(_member(document, steps) for steps in _steps(resource.identity))


def _member(document: Any, steps: Iterable[str]) -> Any:
    """Return the value in *document* at *steps*, through no list; None where there is nothing."""
    for step in steps:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


@cache
def _steps(paths: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in paths)


def validate(resource: Resource, document: Mapping[str, Any]) -> list[str]:
    """List everything in *document* that the standard does not allow, each as ``path: what is wrong``.

    The API's own members (id, _etag, _lastModifiedDate, a reference's link, a descriptor's number) are allowed. The
    answers never repeat a value.
    """
    own: dict[str, type] = {"id": str, "_etag": str, "_lastModifiedDate": str}
    if resource.is_descriptor:
        own[resource.descriptor_id] = int
    problems = [f"$.{name}: is of the wrong type" for name, kind in own.items() if _mistyped(document, name, kind)]
    if isinstance(document.get("id"), str) and not ID.fullmatch(document["id"]):
        problems.append("$.id: is not 32 hexadecimal digits")
    problems += _members(resource.properties, document, "$", frozenset(own))
    for left, right in resource.equality:
        wanted = set(scalars(document, right))
        if wanted and not set(scalars(document, left)) <= wanted:
            problems.append(f"$.{left}: differs from $.{right}")
    return problems


def scalars(document: Mapping[str, Any], path: str) -> list[Any]:
    """Return the scalars at *path*, leaving out values of another type, which are reported anyway."""
    return [value for value in _at(document, path.split(".")) if not isinstance(value, list | dict)]


def _mistyped(document: Mapping[str, Any], name: str, kind: type) -> bool:
    return name in document and not isinstance(document[name], kind)


def _members(
    properties: Mapping[str, Property], document: Mapping[str, Any], path: str, own: frozenset[str]
) -> Iterator[str]:
    for name, value in document.items():
        known = properties.get(name)
        if known is not None:
            yield from _value(known, value, f"{path}.{name}")
        elif name not in own:
            yield f"{path}.{name}: is not a member"
    for name, known in properties.items():
        if known.required and name not in document:
            yield f"{path}.{name}: is missing"


def _value(known: Property, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield f"{path}: is null"
    elif known.collection:
        yield from _items(known, value, path)
    elif known.type == "object":
        if isinstance(value, dict):
            yield from _members(known.properties, value, path, frozenset({"link"} if known.reference else ()))
        else:
            yield f"{path}: is not an object"
    else:
        problem = SCALARS[known.type](known, value)
        if problem:
            yield f"{path}: {problem}"


def _items(known: Property, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: is not an array"
        return
    if known.required and not value:
        yield f"{path}: is empty"
    seen = set()
    for number, item in enumerate(value):
        place = f"{path}[{number}]"
        if not isinstance(item, dict):
            yield f"{place}: is not an object"
            continue
        yield from _members(known.properties, item, place, frozenset())
        key = tuple(next(_at(item, part.split(".")), None) for part in known.item_key)
        folded = tuple(str(part).lower() for part in key)
        if known.item_key and folded in seen:
            yield f"{place}: has the key of an earlier item"
        seen.add(folded)


def _string(known: Property, value: Any) -> str:
    if not isinstance(value, str):
        return "is not a string"
    if known.format:
        return "" if _parses(known.format, value) else f"is not a {known.format}"
    if not (known.min_length or 0) <= len(value) <= (known.max_length or len(value)):
        return f"must be {_length(known)} characters in length"
    return f"is not a value of {known.descriptor}" if known.descriptor and not DESCRIPTOR.fullmatch(value) else ""


def _length(known: Property) -> str:
    """Say how long a text may be, in an ODS's words."""
    if known.max_length is None:
        return f"at least {known.min_length}"
    return f"between {known.min_length} and {known.max_length}" if known.min_length else f"at most {known.max_length}"


def _parses(form: str, value: str) -> bool:
    try:
        if form == "date":
            return bool(DATE.fullmatch(value) and date.fromisoformat(value))
        if form == "time":
            time.fromisoformat(value)
            return bool(TIME.fullmatch(value))
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _integer(known: Property, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is not an integer"
    width = WIDTHS[known.format]
    return _range(known, value) if -width <= value < width else f"is not an {known.format}"


def _number(known: Property, value: Any) -> str:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "is not a number"
    if known.precision is not None and known.scale is not None:
        if abs(value) >= 10 ** (known.precision - known.scale):
            return f"has more than {known.precision - known.scale} digits before the point"
        if round(value, known.scale) != value:
            return f"has more than {known.scale} digits after the point"
    return _range(known, value)


def _range(known: Property, value: float) -> str:
    if known.min is not None and value < known.min:
        return f"is less than {known.min}"
    if known.max is not None and value > known.max:
        return f"is more than {known.max}"
    return ""


def _boolean(_: Property, value: Any) -> str:
    return "" if isinstance(value, bool) else "is not a boolean"


SCALARS: Mapping[str, Callable[[Property, Any], str]] = MappingProxyType(
    {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean}
)


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield every value of *value* at *path*; a part that ends in ``[*]`` stands for all items."""
    if not path:
        yield value
    elif isinstance(value, dict) and (found := value.get(path[0].removesuffix("[*]"))) is not None:
        for item in found if path[0].endswith("[*]") else [found]:
            yield from _at(item, path[1:])


@cache
def _collections() -> Mapping[str, Resource]:
    return MappingProxyType({resource.collection.lower(): resource for resource in resources().values()})


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(files("standards.edfi").joinpath("model-ds52.json").read_text("utf-8"))
    return facts


def resource(name: str, facts: Mapping[str, Any]) -> Resource:
    """Make the resource that its *facts* describe."""
    return Resource(
        name=name,
        endpoint=facts["endpoint"],
        is_descriptor=facts["isDescriptor"],
        identity=tuple(path.removeprefix("$.") for path in facts["identity"]),
        properties=properties(facts["properties"]),
        equality=tuple(
            (left.removeprefix("$."), right.removeprefix("$.")) for left, right in facts.get("equality", ())
        ),
    )


def properties(facts: Mapping[str, Any]) -> Mapping[str, Property]:
    """Make the members that their *facts* describe."""
    return MappingProxyType({name: _property(name, fact) for name, fact in facts.items()})


def _property(name: str, facts: Mapping[str, Any]) -> Property:
    return Property(
        name=name,
        type=facts["type"],
        format=facts.get("format", ""),
        required=facts.get("required", False),
        identity=facts.get("identity", False),
        reference=facts.get("reference", ""),
        descriptor=facts.get("descriptor", ""),
        collection=facts.get("collection", False),
        item_key=tuple(path.removeprefix("$.") for path in facts.get("itemKey", ())),
        max_length=facts.get("maxLength"),
        min_length=facts.get("minLength"),
        max=facts.get("max"),
        min=facts.get("min"),
        precision=facts.get("precision"),
        scale=facts.get("scale"),
        properties=properties(facts.get("properties", {})),
    )
