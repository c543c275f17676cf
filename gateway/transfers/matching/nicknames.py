"""Nicknames: short forms of given names, from the published table ``nicknames.csv``."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gateway.transfers.matching.spelling import spell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.transfers.matching.spelling import Spelling


@cache
def short_forms() -> Mapping[str, frozenset[str]]:
    """Read which short forms each formal name has."""
    found: dict[str, set[str]] = defaultdict(set)
    table = files("gateway.transfers.matching").joinpath("nicknames.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        for formal in spell(row["formal"]).joined:
            found[formal] |= spell(row["short"]).joined
    return {formal: frozenset(short) for formal, short in found.items()}


def is_nickname(one: Spelling, other: Spelling) -> bool:
    """Tell whether either is a short form of the other; two short forms of one name are not."""
    forms = short_forms()
    return any(
        short in forms.get(formal, ()) or formal in forms.get(short, ())
        for formal in one.joined
        for short in other.joined
    )
