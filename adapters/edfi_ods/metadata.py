"""Extensions that an ODS describes in its metadata: resources of other schemas, members below ``_ext``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from standards.edfi.model import model
from standards.edfi.model.model import EXTENSIONS, WIDTHS, Property, Resource
from standards.errors import SourceBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Schema = Mapping[str, Any]

NAME: Final = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)
ADDRESS: Final = re.compile(r"/([a-z][a-z0-9-]{0,49})/([A-Za-z]\w{0,99})", re.ASCII)
OWN: Final = frozenset({"id", "link", "_etag", "_lastModifiedDate", EXTENSIONS})
SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})
FORMATS: Final = frozenset({"date", "date-time", "time"})
IDENTITY: Final = "x-Ed-Fi-isIdentity"
MAX_DEPTH, MAX_RESOURCES, MAX_MEMBERS = 8, 1000, 200_000
PLACE: Final = "metadata"


def beyond(documents: Iterable[Any]) -> dict[str, Resource]:
    """Return the resources that *documents* (Swagger 2 or OpenAPI 3) describe and the standard does not, by name.

    A resource of the standard is among them where it has members below ``_ext``.
    """
    found: dict[str, Resource] = {}
    for document in documents:
        if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise SourceBroken("The description is none.", PLACE)
        try:
            found |= _Described(document).resources()
        except (AttributeError, TypeError, KeyError, IndexError):
            raise SourceBroken("The description is not as OpenAPI has it.", PLACE) from None
    if len(found) > MAX_RESOURCES:
        raise SourceBroken(f"There are more than {MAX_RESOURCES} resources beyond the standard.", PLACE)
    return found


@dataclass(slots=True)
class _Described:
    document: Mapping[str, Any]
    members: int = 0

    def resources(self) -> dict[str, Resource]:
        found = dict(self._grown())
        for path, item in self.document["paths"].items():
            address = ADDRESS.fullmatch(path)
            if address and address[1] != "ed-fi" and isinstance(item, dict):
                made = self._resource(path, item)
                found[made.name] = made
        return found

    def _resource(self, path: str, item: Schema) -> Resource:
        """Return a resource of another schema; one with the name of the standard's own is told apart by its schema."""
        schema = _body(item)
        name = _camelled(schema.partition("_")[2])
        descriptor = name.endswith("Descriptor")
        flagged = {one.get("name") for one in _parameters(item) if one.get(IDENTITY) is True}
        number = f"{path.rpartition('/')[2].removesuffix('s')}Id" if descriptor else ""
        properties = {key: one for key, one in self._properties(schema).items() if key != number}
        identity = ("codeValue", "namespace") if descriptor else tuple(_identity(properties, flagged))
        if not identity:
            raise SourceBroken("A resource has no key.", f"{PLACE}{path}")
        known = name in model.own()
        return Resource(f"{path.split('/')[1]}.{name}" if known else name, path, descriptor, identity, properties)

    def _grown(self) -> Iterator[tuple[str, Resource]]:
        """Yield the standard's resources that have members below ``_ext``."""
        for name, resource in model.own().items():
            schema = self._schema(f"edFi_{name[0].lower()}{name[1:]}")
            below = schema.get("properties", {}).get(EXTENSIONS)
            if isinstance(below, dict) and (inner := self._properties(_pointed(below))):
                whole = Property(EXTENSIONS, "object", properties=inner)
                yield name, replace(resource, properties=MappingProxyType({**resource.properties, EXTENSIONS: whole}))

    def _properties(self, schema: str, depth: int = 0) -> Mapping[str, Property]:
        if depth > MAX_DEPTH:
            raise SourceBroken("The description is too deep.", PLACE)
        said = self._schema(schema)
        needed = said.get("required") or ()
        found = {}
        for name, one in said.get("properties", {}).items():
            if name in OWN or not NAME.fullmatch(name) or not isinstance(one, dict):
                continue
            made = self._property(name, one, depth)
            found[name] = replace(made, required=name in needed)
        return MappingProxyType(found)

    def _property(self, name: str, said: Schema, depth: int) -> Property:
        self.members += 1
        if self.members > MAX_MEMBERS:  # a few schemas that name each other many times make very many
            raise SourceBroken("The description has too many members.", PLACE)
        if said.get("type") == "array":
            inner = self._properties(_pointed(said.get("items", {})), depth + 1)
            keys = tuple(_identity(inner, frozenset()))
            return Property(name, "array", collection=True, item_key=keys, properties=inner)
        if pointed := _pointed(said):
            inner = self._properties(pointed, depth + 1)
            target = pointed.partition("_")[2]
            if name.endswith("Reference") and target.endswith("Reference"):
                return Property(name, "object", reference=_camelled(target.removesuffix("Reference")), properties=inner)
            return Property(name, "object", properties=inner)
        kind = said.get("type")
        if kind not in SCALARS:
            raise SourceBroken("A member is of no known type.", f"{PLACE}.{name}")
        form = str(said.get("format", ""))
        width = form if form in WIDTHS else "int64"
        known = width if kind == "integer" else form if form in FORMATS else ""
        descriptor = _descriptor(name) if kind == "string" else ""
        length = said.get("maxLength")
        return Property(
            name, str(kind), known, identity=said.get(IDENTITY) is True, descriptor=descriptor,
            max_length=length if type(length) is int and not descriptor else None,
        )  # fmt: skip

    def _schema(self, name: str) -> Schema:
        schemas = self.document.get("definitions") or self.document.get("components", {}).get("schemas", {})
        found = schemas.get(name)
        return found if isinstance(found, dict) else {}


def _identity(properties: Mapping[str, Property], flagged: Iterable[Any]) -> Iterator[str]:
    """Yield the paths of a natural key: marked members, and references of which every member is marked."""
    marked = set(flagged)
    for name, known in properties.items():
        if known.reference:
            role = name.removesuffix("Reference")
            leaves = list(known.properties)
            if all(not marked or {leaf, f"{role}{leaf[0].upper()}{leaf[1:]}"} & marked for leaf in leaves):
                yield from (f"{name}.{leaf}" for leaf in leaves)
        elif known.identity:
            yield name


def _body(item: Schema) -> str:
    """Return the name of the schema of what is sent to a collection."""
    post = item.get("post", {})
    for said in post.get("requestBody", {}).get("content", {}).values():
        return _pointed(said.get("schema", {}))
    for one in _parameters(item, "post"):
        if one.get("in") == "body":
            return _pointed(one.get("schema", {}))
    return ""


def _parameters(item: Schema, method: str = "get") -> list[Schema]:
    found = item.get(method, {}).get("parameters", [])
    return [one for one in found if isinstance(one, dict)]


def _pointed(said: Any) -> str:
    """Return the name of the schema that a pointer leads to; empty for none."""
    pointer = said.get("$ref") if isinstance(said, dict) else None
    return pointer.rpartition("/")[2] if isinstance(pointer, str) else ""


def _camelled(name: str) -> str:
    """Return a schema's name as the model spells it: the standard's own where only capitals differ."""
    known = {own.lower(): own for own in model.own()}
    return known.get(name.lower(), f"{name[:1].upper()}{name[1:]}")


def _descriptor(name: str) -> str:
    """Return the descriptor whose values a member has, found in its name after its role."""
    if not name.endswith("Descriptor"):
        return ""
    fits = [own for own, known in model.own().items() if known.is_descriptor and name.lower().endswith(own.lower())]
    return max(fits, key=len, default=f"{name[0].upper()}{name[1:]}")
