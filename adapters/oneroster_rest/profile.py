"""Vendor profiles: how each vendor serves OneRoster, one file each, checked by a schema, unknown words refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adapters.oneroster.end_dates import EXCLUSIVE
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = "adapters.dialects.oneroster"
GRADEBOOK: Final = frozenset(
    {"categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"}
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The behaviour of a vendor's server: *versions* are the base paths of each service, *page* the largest page size.

    *total* is whether it counts a collection (``always sometimes never``); *sort* the member to sort by, if any;
    *paging* ``offset`` or ``link``; *roles* where a user's roles are (``role``, ``roles`` or as the version says);
    *modified* whether asking for the last change is cheap and honest; *absent* names collections that are not there;
    *end_dates* whether an end is the last day (``inclusive``) or the day after it (``exclusive``).
    """

    name: str
    title: str
    versions: Mapping[str, Mapping[str, str]]
    page: int
    ceiling: int
    paging: str
    total: str
    sort: str
    filter: bool
    fields: bool
    modified: bool
    writes: bool
    roles: str
    absent: frozenset[str]
    headers: Mapping[str, Mapping[str, Any]]
    ids: str
    end_dates: str


@cache
def names() -> tuple[str, ...]:
    """List the vendors there is a profile for."""
    return tuple(sorted(place.name[:-5] for place in files(FOLDER).iterdir() if place.name.endswith(".yaml")))


@cache
def find(name: str) -> Profile:
    """Find the profile called *name*; a `SettingsError` proposes the nearest for a misspelt one."""
    if name not in names():
        raise SettingsError(f"there is no profile {name!r}{suggestion(name, names())}")
    return parse(name, files(FOLDER).joinpath(f"{name}.yaml").read_text("utf-8"))


def parse(name: str, text: str) -> Profile:
    """Parse the profile in *text*; a `SettingsError` names the word of it that is wrong."""
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        raise SettingsError("this is no YAML", f"{name}.yaml") from None
    for fault in sorted(_checker().iter_errors(document), key=lambda one: list(map(str, one.absolute_path))):
        place = ".".join(map(str, fault.absolute_path))
        raise SettingsError(f"{place}: {fault.message}" if place else fault.message, f"{name}.yaml")
    return Profile(
        name=name,
        title=document["title"],
        versions=MappingProxyType({one: MappingProxyType(paths) for one, paths in document["versions"].items()}),
        page=min(document["page"]["size"], document["page"]["ceiling"]),
        ceiling=document["page"]["ceiling"],
        paging=document.get("paging", "offset"),
        total=document["total"],
        sort=document["sort"],
        filter=document["filter"],
        fields=document["fields"],
        modified=document.get("modified", False),
        writes=document.get("writes", False),
        roles=document["roles"],
        absent=frozenset(document.get("absent", ())),
        headers=MappingProxyType(document.get("headers", {})),
        ids=document["ids"],
        end_dates=document.get("end_dates", EXCLUSIVE),
    )  # fmt: skip


def service_of(collection: str) -> str:
    """Return the service that a collection belongs to."""
    return "gradebook" if collection in GRADEBOOK else "resources" if collection == "resources" else "rostering"


@cache
def _checker() -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(files(FOLDER).joinpath("schema.json").read_bytes()))
