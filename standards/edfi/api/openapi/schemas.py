"""The schemas of the Ed-Fi documents: every resource, its references and the items of its collections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from standards.edfi.model.flat_key_names import flat_key_names
from standards.edfi.model.mapping import ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.edfi.model.model import Property, Resource

Document = dict[str, Any]

SCHEMA = "edFi"
IDENTITY = "x-Ed-Fi-isIdentity"
LINK = "link"
MAX_DESCRIPTOR_CHARACTERS = 306
ENDINGS = (("trices", "trix"), ("noses", "nosis"), ("tuses", "tus"), ("ies", "y"), ("sses", "ss"), ("s", ""))
FORMATS: Mapping[str, str] = MappingProxyType({"number": "double"})
DESCRIPTOR_NUMBER = "The number of the descriptor, where the ODS is older than 7.2 and gives one; ignored in a body."
ID = "The id by which the item is addressed: 32 hexadecimal digits. A client never gives one."
ETAG = "A tag of the item as it is shown; another one means that it has changed."
MODIFIED = "When what is shown of the item last changed."


@dataclass(frozen=True, slots=True)
class OpenApiVersion:
    """One version of OpenAPI: where it keeps schemas, and how it says that a value may be null."""

    version: str
    root: str
    null: str

    def ref(self, name: str) -> Document:
        """Make a pointer to the schema *name*."""
        return {"$ref": f"{self.root}{name}"}


SWAGGER = OpenApiVersion("2.0", "#/definitions/", "x-nullable")
OPENAPI = OpenApiVersion("3.0.3", "#/components/schemas/", "nullable")


def camel(name: str) -> str:
    """Spell a model name as members and schemas do: ``studentSchoolAssociation``, ``cteProgramServiceDescriptor``."""
    run = 0
    while run < len(name) and name[run].isupper():
        run += 1
    first = run if run in {1, len(name)} else run - 1
    return name[:first].lower() + name[first:]


def schema_name(resource: Resource) -> str:
    """Return the name of a resource's schema."""
    return f"{SCHEMA}_{camel(resource.name)}"


def singular(name: str) -> str:
    """Return the singular of a collection's *name*."""
    for ending, instead in ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return name


def schemas(resource: Resource, edition: OpenApiVersion) -> Document:
    """Return the schemas of one resource: itself, the references it holds and the items of its collections."""
    made = _SchemaMaker(edition, {})
    made.resource(resource)
    return made.found


def tracked(resource: Resource, edition: OpenApiVersion) -> Document:
    """Return the schemas of a resource's ``/deletes`` and ``/keyChanges``."""
    name = schema_name(resource)
    key = f"trackedChanges_{name}Key"
    known = dict(leaves(resource))
    version: Document = {
        "type": "integer",
        "format": "int64",
        "description": "When it happened, as change versions go.",
    }
    own: Document = {"id": {"type": "string", "description": ID}, "changeVersion": version}
    return {
        key: _object({name: scalar(known[path], edition) for name, path in key_members(resource).items()}),
        f"trackedChanges_{name}Delete": _object({**own, "keyValues": edition.ref(key)}),
        f"trackedChanges_{name}KeyChange": _object(
            {**own, "oldKeyValues": edition.ref(key), "newKeyValues": edition.ref(key)}
        ),
    }


def key_members(resource: Resource) -> Mapping[str, str]:
    """Return the members of a resource's natural key by their flat names, and the path of each."""
    found: dict[str, str] = {}
    for path, name in flat_key_names(resource.collection).items():
        found.setdefault(name, path)
    return found


def scalar(known: Property, edition: OpenApiVersion) -> Document:
    """Return the schema of a single value."""
    made: Document = {"type": known.type}
    if form := known.format or FORMATS.get(known.type, ""):
        made |= {} if form == "time" else {"format": form}
    if known.descriptor or known.max_length is not None:
        made["maxLength"] = MAX_DESCRIPTOR_CHARACTERS if known.descriptor else known.max_length
    if known.min_length is not None:
        made["minLength"] = known.min_length
    made |= {word: value for word, value in (("minimum", known.min), ("maximum", known.max)) if value is not None}
    if not known.required:
        made[edition.null] = True
    return made


@dataclass(frozen=True, slots=True)
class _SchemaMaker:
    """A maker of the schemas of a resource, collected in *found*."""

    edition: OpenApiVersion
    found: Document

    def resource(self, resource: Resource) -> None:
        name = schema_name(resource)
        keys = {path.partition(".")[0] for path in resource.identity}
        own: Document = {"id": {"type": "string", "description": ID}}
        if resource.is_descriptor:
            number = {"type": "integer", "format": "int32", "readOnly": True, "description": DESCRIPTOR_NUMBER}
            own[resource.descriptor_id] = number
        members = self.members(ordered(resource), keys, name)
        stamps = {
            "_etag": {"type": "string", "description": ETAG},
            "_lastModifiedDate": {"type": "string", "format": "date-time", "description": MODIFIED},
        }
        required = [known.name for known in ordered(resource) if known.required]
        self.found[name] = _object({**own, **members, **stamps}, required)

    def members(self, properties: Iterable[Property], keys: Iterable[str], owner: str) -> Document:
        return {known.name: self.member(known, known.name in keys, owner) for known in properties}

    def member(self, known: Property, key: bool, owner: str) -> Document:
        if known.collection:
            name = self.part(known, singular(known.name), owner, {path.partition(".")[0] for path in known.item_key})
            return {"type": "array", "items": self.edition.ref(name)}
        if known.reference:
            return self.edition.ref(self.reference(known))
        if known.type == "object":
            return self.edition.ref(self.part(known, known.name, owner, frozenset()))
        return scalar(known, self.edition) | ({IDENTITY: True} if key else {})

    def part(self, known: Property, word: str, owner: str, keys: Iterable[str]) -> str:
        """Add the schema of a collection's item, or of an object within the resource; return its name."""
        name = f"{owner}{word[0].upper()}{word[1:]}"
        inner = list(known.properties.values())
        members = self.members(inner, keys, name)
        self.found[name] = _object(members, [one.name for one in inner if one.required])
        return name

    def reference(self, known: Property) -> str:
        name = f"{SCHEMA}_{camel(known.reference)}Reference"
        if name not in self.found:
            # one schema serves every place: the facts state the shortest length at some of them and not at others
            whole = [replace(one, min_length=None) for one in known.properties.values()]
            members = {one.name: scalar(one, self.edition) | {IDENTITY: True} for one in whole}
            self.found[LINK] = _object({"rel": {"type": "string"}, "href": {"type": "string"}})
            self.found[name] = _object({**members, LINK: self.edition.ref(LINK)}, list(members))
        return name


def _object(properties: Document, required: Iterable[str] = ()) -> Document:
    needed = list(required)
    return {"type": "object", **({"required": needed} if needed else {}), "properties": properties}


def leaves(resource: Resource) -> Iterable[tuple[str, Property]]:
    """Yield the single values of a resource that no collection holds, by their paths."""
    for known in resource.properties.values():
        if known.reference:
            yield from ((f"{known.name}.{leaf.name}", leaf) for leaf in known.properties.values())
        elif known.type not in {"object", "array"}:
            yield known.name, known
