"""The canonical form of an agreement: the text that its hash covers, and the elements of its lines at first use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.documents.loading import Document
from policies.transforms import meet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policies.documents.loading import Place, Where
    from policies.elements import Line, Settled

UNHASHED = frozenset({"approvals", "tests"})
"""The parts that may be added to a version without making it another one: they change nothing that is released."""

LATER = "the agreement did not release it so when it was first used"


@dataclass(frozen=True, slots=True)
class Expansion:
    """The elements that the lines of an agreement covered at its first use: an action for each, under a *name*."""

    name: str
    elements: Mapping[str, str]


def text(content: Mapping[str, Any], lines: Iterable[Line]) -> str:
    """Write an agreement in one spelling: without comments, approvals and tests, its sets replaced by their lines."""
    spelt = {name: value for name, value in content.items() if name not in UNHASHED}
    spelt["elements"] = [
        {"path": line.path, "action": line.action}
        | ({"set": line.bundle} if line.bundle else {})
        | ({"window": _window(*line.window)} if line.window else {})
        for line in lines
    ]
    return json.dumps(spelt, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def document(content: Mapping[str, Any], name: str) -> Document:
    """Return an agreement's canonical *content* as a parsed file called *name*, without places in it."""
    spelt = [{key: value for key, value in line.items() if key != "set"} for line in content["elements"]]
    places: dict[Where, Place] = {}
    _place({**content, "elements": spelt}, (), places)
    return Document(name, {**content, "elements": spelt}, places, places)


def _place(value: Any, where: Where, places: dict[Where, Place]) -> None:
    places[where] = 1, 1
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        _place(inner, (*where, key), places)


def _window(since: str | None, until: str | None) -> dict[str, str]:
    return {name: day for name, day in (("since", since), ("until", until)) if day is not None}


def digest(spelt: str) -> str:
    """Hash an agreement's text."""
    return hashlib.sha256(spelt.encode()).hexdigest()


def expansion(lines: Iterable[Line]) -> dict[str, str]:
    """Return the action for every element that the *lines* of an agreement name or cover now."""
    return {name: one.action for name, one in sorted(elements.settle(lines).items())}


def capped(settled: Mapping[str, Settled], recorded: Expansion | None) -> Mapping[str, Settled]:
    """Limit *settled* to what was *recorded* at the agreement's first use; all of it before that."""
    if recorded is None:
        return settled
    return {name: _capped(one, recorded.elements.get(name, "deny")) for name, one in settled.items()}


def _capped(one: Settled, then: str) -> Settled:
    if one.action in {then, "deny"}:
        return one
    return replace(one, action=meet((one.action, then)), cap=LATER)
