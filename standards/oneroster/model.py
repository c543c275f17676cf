"""OneRoster 1.1 and 1.2 as facts: classes, operations, scopes, and the validation of documents."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

VERSIONS = ("1.1", "1.2")
OPEN = frozenset({"credential"})
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
YEAR = re.compile(r"[0-9]{4}")
GUID_REF = frozenset({"href", "sourcedId", "type"})


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a class.

    *type* is ``string enum date dateTime year float boolString bool|boolString uri metadata guidRef
    object``; *ref* is the class a guidRef points to, *class_name* the class of an object. *values* are
    an enumeration's tokens and *extension* the pattern of further ones; *minimum* counts items.
    """

    name: str
    type: str
    required: bool
    many: bool
    ref: str = ""
    class_name: str = ""
    values: tuple[str, ...] = ()
    legacy_values: tuple[str, ...] = ()
    extension: str = ""
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: *path* below the base path of its *service*."""

    service: str
    name: str
    method: str
    path: str
    query: tuple[str, ...]
    scopes: tuple[str, ...]
    statuses: tuple[int, ...]
    errors: tuple[int, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """The facts of a whole version: the paths of its services, its scopes and its closed lists of words."""

    version: str
    base_paths: Mapping[str, str]
    scope_prefix: str
    scopes: tuple[str, ...]
    guid_ref_types: frozenset[str]
    code_minor: Mapping[str, tuple[str, ...]]

    def base_path(self, service: str) -> str:
        """Return the path under which *service* answers."""
        return self.base_paths.get(service) or self.base_paths["all"]


@cache
def edition(version: str) -> Edition:
    """Return the facts of the whole of *version*."""
    facts = _facts()[version]
    return Edition(
        version=version,
        base_paths=MappingProxyType(facts["basePath"]),
        scope_prefix=facts["scopePrefix"],
        scopes=tuple(facts["scopes"]),
        guid_ref_types=frozenset(facts["guidRefTypes"]),
        code_minor=MappingProxyType({service: tuple(words) for service, words in facts.get("codeMinor", {}).items()}),
    )


@cache
def classes(version: str) -> Mapping[str, Mapping[str, Member]]:
    """Return every class of *version* with its fields, by name."""
    return MappingProxyType(
        {
            name: MappingProxyType({member: _member(member, facts) for member, facts in fields.items()})
            for name, fields in _facts()[version]["classes"].items()
        }
    )


@cache
def operations(version: str) -> tuple[Operation, ...]:
    """Return every operation of *version*, of all services."""
    return tuple(
        Operation(
            service=facts["service"],
            name=facts["op"],
            method=facts["method"],
            path=facts["path"],
            query=tuple(facts["query"]),
            scopes=tuple(facts["scopes"]),
            statuses=tuple(facts["ok"]),
            errors=tuple(facts.get("errors", ())),
            body=facts.get("body", ""),
        )
        for facts in _facts()[version]["operations"]
    )


@cache
def collections() -> Mapping[str, str]:
    """Return the class behind each collection: ``schools`` answers with ``org``."""
    return MappingProxyType(_facts()["collections"])


@cache
def grades() -> tuple[str, ...]:
    """Return the grade levels (CEDS) that both versions use."""
    return tuple(_facts()["gradesCEDS"])


def validate(version: str, class_name: str, document: Mapping[str, Any]) -> list[str]:
    """List everything in *document* that *class_name* of *version* does not allow, each as ``path: what is wrong``.

    Classes are closed; a null is never allowed. The answers never repeat a value.
    """
    return list(_object(version, class_name, document, "$"))


def _object(version: str, class_name: str, document: Any, path: str) -> Iterator[str]:
    if not isinstance(document, dict):
        yield f"{path}: is not an object"
        return
    members = classes(version)[class_name]
    for name, value in document.items():
        member = members.get(name)
        if member is not None:
            yield from _field(version, member, value, f"{path}.{name}")
        elif class_name not in OPEN:
            yield f"{path}.{name}: is not a member"
    for name, member in members.items():
        if member.required and name not in document:
            yield f"{path}.{name}: is missing"


def _field(version: str, member: Member, value: Any, path: str) -> Iterator[str]:
    if not member.many:
        yield from _value(version, member, value, path)
    elif not isinstance(value, list):
        yield f"{path}: is not an array"
    else:
        if len(value) < member.minimum:
            yield f"{path}: has fewer than {member.minimum} items"
        for number, item in enumerate(value):
            yield from _value(version, member, item, f"{path}[{number}]")


def _value(version: str, member: Member, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield f"{path}: is null"
    elif member.type == "object":
        yield from _object(version, member.class_name, value, path)
    elif member.type == "guidRef":
        yield from _guid_ref(version, value, path)
    elif member.type == "metadata":
        yield from _metadata(value, path)
    elif member.type == "enum":
        if not _listed(member, value):
            yield f"{path}: is not one of its listed values"
    elif not SCALARS[member.type](value):
        yield f"{path}: is not a {member.type}"


def _guid_ref(version: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: is not an object"
        return
    for name in sorted(GUID_REF ^ value.keys()):
        yield f"{path}.{name}: {'is missing' if name in GUID_REF else 'is not a member'}"
    if "href" in value and not _is_uri(value["href"]):
        yield f"{path}.href: is not an absolute address"
    if "sourcedId" in value and not _is_text(value["sourcedId"]):
        yield f"{path}.sourcedId: is not a string"
    if "type" in value and not (_is_text(value["type"]) and value["type"] in edition(version).guid_ref_types):
        yield f"{path}.type: is not one of its listed values"


def _metadata(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: is not an object"
        return
    for name, item in value.items():
        if item is None:
            yield f"{path}.{name}: is null"


def _listed(member: Member, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value in member.values or bool(member.extension and re.fullmatch(member.extension, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_uri(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and bool(DATE.fullmatch(value)) and _parses(date.fromisoformat, value)


def is_datetime(value: Any) -> bool:
    """Tell whether *value* is a moment with its zone, as the standard writes it."""
    return isinstance(value, str) and bool(DATETIME.fullmatch(value)) and _parses(datetime.fromisoformat, value)


def _is_year(value: Any) -> bool:
    return isinstance(value, str) and bool(YEAR.fullmatch(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_truth_text(value: Any) -> bool:
    return isinstance(value, str) and value in {"true", "false"}


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or _is_truth_text(value)


def _parses(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


SCALARS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "string": _is_text,
        "uri": _is_uri,
        "date": _is_date,
        "dateTime": is_datetime,
        "year": _is_year,
        "float": _is_number,
        "boolString": _is_truth_text,
        "bool|boolString": _is_truth,
    }
)


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(files("standards.oneroster").joinpath("model.json").read_text("utf-8"))
    return facts


def _member(name: str, facts: Mapping[str, Any]) -> Member:
    return Member(
        name=name,
        type=facts["type"],
        required=facts["required"],
        many=facts["many"],
        ref=facts.get("ref", ""),
        class_name=facts.get("class", ""),
        values=tuple(facts.get("enum", ())),
        legacy_values=tuple(facts.get("legacyEnum", ())),
        extension=facts.get("ext", ""),
        minimum=facts.get("min", 1 if facts["many"] and facts["required"] else 0),
    )
