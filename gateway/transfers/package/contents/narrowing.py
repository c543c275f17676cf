"""Narrowing of a grant to one student: its own row rules and registers hold, and nobody else exists."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policies.grant import Rule
from policies.population import NOBODY as NO_ROW
from policies.population import UNNAMED, All, Child, In, Seen
from policies.records.places import tells_place
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.grant import Grant
    from policies.population import Clause

RESIDENTS: Final = ("student", "profile", "contact")
"""The entities whose fields about places are addresses and telephones."""

WITHOUT_PLACES: Final = "without places"


def of_one_student(grant: Grant, key: str) -> Grant:
    """Narrow *grant* to the student with a natural *key*.

    Its epoch stays, since all that is kept by it (what a view shows, what registers decide) is the same for everybody.
    """
    rules: Mapping[str, Clause] = {
        "student": In("key", frozenset({key})),
        "contact": Child("guardianship", "contact", Seen("student")),
        **dict.fromkeys(UNNAMED, NO_ROW),
    }
    rows = {**grant.rows, **{entity: _both(grant.rows.get(entity), clause) for entity, clause in rules.items()}}
    return replace(grant, rows=MappingProxyType(rows), parts=tuple(of_one_student(one, key) for one in grant.parts))


def without_places(grant: Grant) -> Grant:
    """Take from *grant* every name that tells where a student lives."""
    denied = {name: Rule("deny") for name in grant.rules if _tells_place(name)}
    denied |= {name: Rule("deny") for place in places() for name in (place, f"{place}.*")}
    return replace(
        grant,
        rules=MappingProxyType({**grant.rules, **denied}),
        epoch=f"{grant.epoch}, {WITHOUT_PLACES}",
        parts=tuple(without_places(one) for one in grant.parts),
    )


@cache
def places() -> frozenset[str]:
    """Return the released names of students and their contacts that tell where they live."""
    return frozenset(
        field.release for entity in RESIDENTS for name, field in fields_of(entity).items() if tells_place(entity, name)
    )


def _tells_place(name: str) -> bool:
    """Tell whether *name* or anything above it tells a place."""
    head = name
    while head:
        if head in places():
            return True
        head = head.rpartition(".")[0]
    return False


def _both(known: Clause | None, more: Clause) -> Clause:
    return more if known is None else All((known, more))
