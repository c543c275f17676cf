"""Ignored members of a body: those the resource, or the caller, does not have, and the header that lists them.

Whether a name is listed depends on what the Data Standard has published, and not on what is there or who asks: a member
that is hidden from the caller is treated as one that does not exist.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEADER = "X-Ignored-Members"
MAX_NAMED_MEMBERS = 20
"""The members of one body that are listed by name; the others are counted."""


@dataclass(slots=True)
class Ignored:
    """The paths of members of one body that were ignored, each once, as ``addresses[].name``."""

    paths: dict[str, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    def add(self, path: Sequence[str]) -> None:
        """Note the member at *path*; the step into a list ends in ``[]``."""
        self.paths[".".join(published(step) or "\0" + step for step in path)] = None

    def told(self) -> str:
        """Return the value of the header: ``name, addresses[].name; others=2``."""
        named = [path for path in self.paths if "\0" not in path][:MAX_NAMED_MEMBERS]
        others = len(self.paths) - len(named)
        return "; ".join(part for part in (", ".join(named), f"others={others}" if others else "") if part)


def published(step: str) -> str:
    """Return a step of a path as the standard spells it; empty where no published version has such a member."""
    bare = step.removesuffix("[]")
    name = _names().get(bare.lower())
    return name + step[len(bare) :] if name else ""


@cache
def _names() -> Mapping[str, str]:
    """Return the name of every member of a published Data Standard, 3.3 to 5.2, by its small letters."""
    return {name.lower(): name for name in _read()}


def _read() -> Iterator[str]:
    yield from json.loads(files("standards.edfi").joinpath("member-names.json").read_text("utf-8"))
