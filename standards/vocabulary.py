"""The vocabulary: every fact the gateway can release, once, with its name, type, sensitivity and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from standards import codes
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SENSITIVITIES = (
    "identifier", "directory", "contact", "demographic", "education", "sensitive", "special", "never",
)  # fmt: skip
TYPES = (
    "id",
    "text",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "time",
    "code",
    "group",
    "ref",
    "open",
    "json",
)
PERSONS = ("student", "staff", "contact")


@dataclass(frozen=True, slots=True)
class Field:
    """One fact about an entity; *release* is the name by which an agreement releases it.

    A *lenient* reference may point to nothing; where it is to a person, it may only be absent. A text that may carry
    the id of the person it is about is *capped*: this action is the most that happens to it where that id does not
    leave as it is. A field that *tells* facts of another record leaves only where these leave as they are. *schedule*
    is its category in a schedule of data; `standards.schedule` knows that of native fields.
    """

    entity: str
    name: str
    type: str
    release: str
    sensitivity: str = "education"
    many: bool = False
    to: str = ""
    owner: bool = False
    lenient: bool = False
    codes: str = ""
    ceds: str = ""
    about: str = ""
    capped: str = ""
    tells: frozenset[str] = frozenset()
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of record; *held* is whether a district may let the gateway cache it in memory."""

    name: str
    fields: dict[str, Field]
    held: bool = False
    about: str = ""

    @property
    def owners(self) -> tuple[Field, ...]:
        """The references without which a row does not exist for a consumer."""
        return tuple(field for field in self.fields.values() if field.owner)


@cache
def entities() -> Mapping[str, Entity]:
    """Return the entities of the vocabulary by name (native entities are in `standards.native`)."""
    found = _declared(read_own_yaml("standards", "vocabulary.yaml"))
    if faults := problems(found):
        raise SettingsError("; ".join(faults), "vocabulary.yaml")
    return found


@cache
def names() -> Mapping[str, Field]:
    """Return every name by which an agreement can release a fact, with the first field that bears it."""
    found: dict[str, Field] = {}
    for entity in entities().values():
        for field in entity.fields.values():
            found.setdefault(field.release, field)
    return found


def parse(source: str) -> dict[str, Entity]:
    """Parse the entities a vocabulary file declares, without checking them."""
    return _declared(parse_own_yaml(source))


def _declared(document: Mapping[str, Any]) -> dict[str, Entity]:
    return {name: _entity(name, body) for name, body in document["entities"].items()}


def problems(found: Mapping[str, Entity]) -> list[str]:
    """List what is wrong with a vocabulary, a sentence for each fault."""
    return [
        f"{entity.name}.{field.name} {fault}"
        for entity in found.values()
        for field in entity.fields.values()
        for fault in _faults(field, entity, found)
    ] + [f"{name} has no id" for name, entity in found.items() if "id" not in entity.fields]


def _faults(field: Field, entity: Entity, found: Mapping[str, Entity]) -> Iterator[str]:
    if field.type not in TYPES:
        yield f"has the unknown type {field.type}"
    if field.sensitivity not in SENSITIVITIES:
        yield f"has the unknown class {field.sensitivity}"
    if field.type == "code" and field.codes not in codes.names():
        yield f"uses the unknown code set {field.codes}"
    if field.type == "ref" and field.to not in found:
        yield f"refers to the unknown entity {field.to}"
    if field.owner and (field.type != "ref" or field.many):
        yield "is an owner, which only a single reference can be"
    if field.capped not in {"", "deny", *({"hash"} if field.type == "text" else ())}:
        yield f"is capped by {field.capped}, which does not fit it"
    if field.type == "group" and not any(name.startswith(f"{field.name}.") for name in entity.fields):
        yield "is a group without fields"
    head = field.name.rpartition(".")[0]
    if head in entity.fields and entity.fields[head].type not in {"group", "open"}:
        yield f"stands below {head}, which is no group"
    if not field.about:
        yield "says nothing about itself"


def _entity(name: str, body: Mapping[str, Any]) -> Entity:
    alias = body.get("released_as", name)
    usual = {"schedule": body.get("schedule", "")}
    fields = {field: _field(name, alias, field, usual | spec) for field, spec in body["fields"].items()}
    return Entity(name, fields, body.get("held", False), body.get("about", ""))


def _field(entity: str, alias: str, name: str, spec: Mapping[str, Any]) -> Field:
    kind, _, coded = str(spec.get("type", "text")).partition(":")
    kind, _, to = kind.partition(" ")
    release = spec.get("release") or f"{entity if name == 'id' else alias}.{name}"
    return Field(
        entity, name, kind, release, spec.get("class", "education"), spec.get("many", False), to,
        spec.get("owner", False), spec.get("lenient", False), coded, spec.get("ceds", ""), spec.get("about", ""),
        spec.get("capped", ""), schedule=spec.get("schedule", ""),
    )  # fmt: skip


def read_own_yaml(package: str, name: str) -> Any:
    """Return the document in the YAML file *name* that *package* ships, such as the vocabulary."""
    return parse_own_yaml(files(package).joinpath(name).read_text(encoding="utf-8"))


def parse_own_yaml(text: str) -> Any:
    """Return the document that the *text* of a file that the project ships is, made of plain values.

    The parser is libyaml's: every command and every worker waits for it, and one written in Python takes twenty times
    as long. It tells no places and lets a key be given twice, so what people write is read by `policies.documents`.
    """
    return yaml.load(text, yaml.CSafeLoader)
