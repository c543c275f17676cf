"""Every fact the gateway can release, once: its name, type, sensitivity and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

SENSITIVITIES = (
    "identifier", "directory", "contact", "demographic", "education", "sensitive", "special", "never",
)  # fmt: skip
TYPES = ("id", "text", "integer", "number", "boolean", "date", "datetime", "time", "code", "group", "ref", "open", "json")
PERSONS = ("student", "staff", "contact")


@dataclass(frozen=True, slots=True)
class Field:
    """One fact about an entity; *release* is the name by which an agreement releases it."""

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


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of record; *held* says whether a district may let the gateway hold it in memory."""

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
    """The entities of the vocabulary by name (native entities are in `standards.edfi.native`)."""
    source = files("standards").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    document = YAML(typ="safe", pure=True).load(source)
    return {name: _entity(name, body) for name, body in document["entities"].items()}


def _entity(name: str, body: Mapping[str, Any]) -> Entity:
    alias = body.get("released_as", name)
    fields = {field: _field(name, alias, field, spec) for field, spec in body["fields"].items()}
    return Entity(name, fields, body.get("held", False), body.get("about", ""))


def _field(entity: str, alias: str, name: str, spec: Mapping[str, Any]) -> Field:
    kind, _, codes = str(spec.get("type", "text")).partition(":")
    kind, _, to = kind.partition(" ")
    release = spec.get("release") or f"{entity if name == 'id' else alias}.{name}"
    return Field(
        entity, name, kind, release, spec.get("class", "education"), spec.get("many", False), to,
        spec.get("owner", False), spec.get("lenient", False), codes, spec.get("ceds", ""), spec.get("about", ""),
    )  # fmt: skip
