"""Which members of the Ed-Fi model state a fact of the vocabulary, and so are released by its name alone."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from standards import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def listed() -> Mapping[str, str]:
    """The name of the fact for every member that is listed, as ``edfi.<collection>.<member>``."""
    text = files("standards.edfi").joinpath("fields.csv").read_text(encoding="utf-8")
    return {row["member"]: row["name"] for row in csv.DictReader(text.splitlines())}


@cache
def fact(member: str) -> str:
    """The name of the fact a member states, as the longest listed part of its path says; empty for none.

    A list of small records says nothing about its members: each of them is a fact of its own, or none.
    """
    known, head = listed(), member
    while head and head not in known:
        head = head.rpartition(".")[0]
    name = known.get(head, "")
    return "" if name and head != member and vocabulary.names()[name].type == "group" else name


@cache
def parted(member: str) -> bool:
    """Whether members inside *member* are listed, so that it is released piece by piece."""
    return any(known.startswith(f"{member}.") for known in listed())


def instead(member: str) -> str:
    """What to write for a native *member*, or for all below it, where those are facts of the vocabulary."""
    name = fact(member)
    below = {told.partition(".")[0] for known, told in listed().items() if known.startswith(f"{member}.")}
    return name or (f"{below.pop()}.*" if len(below) == 1 else "")
