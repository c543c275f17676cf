"""Facts in the Ed-Fi model: members that state a fact of the vocabulary, and so are released by its name alone."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from standards import vocabulary
from standards.edfi.model.flat_key_names import ENROLLED, NAMED_AS, flat_key_names
from standards.edfi.model.model import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.edfi.model.model import Property

NUMBER = "organization.identifier"
NUMBERS = ("schoolid", "educationorganizationid", "educationagencyid", "educationservicecenterid",
           "organizationdepartmentid")  # fmt: skip
"""The endings of members with the number of an organization, wherever they stand."""

PLAIN = {"sourceSectionIdentifier": ("Section", "sectionIdentifier")}
"""Members outside references that hold another record's key, and the reference they stand for."""


@cache
def listed() -> Mapping[str, str]:
    """Return the name of the fact for every listed member, as ``edfi.<collection>.<member>``."""
    text = files("standards.edfi").joinpath("fields.csv").read_text(encoding="utf-8")
    return {row["member"]: row["name"] for row in csv.DictReader(text.splitlines())}


@cache
def fact(member: str) -> str:
    """Return the name of the fact a member states, by the longest listed part of its path; empty for none.

    A list of small records has no fact itself: each of its members is a fact of its own, or none.
    """
    known, head = listed(), member
    while head and head not in known:
        head = head.rpartition(".")[0]
    name = known.get(head, "")
    return "" if name and head != member and vocabulary.names()[name].type == "group" else name


@cache
def parted(member: str) -> bool:
    """Tell whether members inside *member* are listed, so that it is released piece by piece."""
    return any(known.startswith(f"{member}.") for known in listed())


def told(target: str, member: str) -> frozenset[str]:
    """Return the facts of another record that a *member* (of a reference to *target*) reveals by value or path."""
    target, member = PLAIN.get(member, (target, member))
    resource = resources().get(NAMED_AS if target == ENROLLED else target)
    found = {NUMBER} if member.lower().endswith(NUMBERS) else set()
    for path, name in flat_key_names(resource.collection).items() if resource else ():
        if resource and name == member:
            head, _, last = path.rpartition(".")
            own = fact(f"edfi.{resource.collection.replace('/', '.')}.{path}")
            school = bool(own) and vocabulary.names()[own].to == "organization"
            found |= {own} - {""} | (
                told("" if school else resource.properties[head].reference, last) if head else set()
            )
    return frozenset(found)


def tells(properties: Iterable[Property]) -> frozenset[str]:
    """Return the facts that references among *properties*, at any depth, reveal of their targets."""
    found: set[str] = set()
    for known in properties:
        inner = known.properties
        found |= tells(inner.values()).union(*(told(known.reference, name) for name in inner or (known.name,)))
    return frozenset(found)


def instead(member: str) -> str:
    """Return the vocabulary name to write for a native *member*, or for all below it, where those are its facts."""
    name = fact(member)
    below = {told.partition(".")[0] for known, told in listed().items() if known.startswith(f"{member}.")}
    return name or (f"{below.pop()}.*" if len(below) == 1 else "")
