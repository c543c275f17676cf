"""The canonical form of an agreement: the text that its hash covers, and the elements of its lines at first use.

The text is canonical JSON as in RFC 8785, so that another program can write the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from policies import elements
from policies.documents.loading import Document
from policies.transforms import meet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.documents.loading import Place, Where
    from policies.elements import Line, Settled

UNHASHED = frozenset({"approvals", "tests"})
"""The parts that may be added to a version without making it another one: they change nothing that is released."""

SIGNED = "dsa/v1 agreement with its expansion"
"""The kind of text that is signed, so that no signature of anything else can be taken for one."""

MAX_NUMBER = 2**53 - 1
"""The largest number that every reader of JSON reads as it is written (RFC 7493)."""

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
    return spell(spelt)


def spell(value: Any) -> str:
    """Write *value* as canonical JSON (RFC 8785).

    Raises:
        ValueError: it has what no agreement has and programs write differently: a fraction, a number beyond what
            every reader reads, a key that is no text, half a character.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))


def _ordered(value: Any) -> Any:
    """Return *value* with the keys of its objects in the order of their UTF-16 units."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key is no text")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    elif isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    elif value is not None and not (isinstance(value, int) and abs(value) <= MAX_NUMBER):
        raise ValueError("this has no canonical form")
    return value


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


def to_sign(spelt: str, covered: Expansion) -> bytes:
    """Write what the parties of an agreement sign: its text, and the action for each element that its lines cover."""
    return f'{{"agreement":{spelt},"elements":{spell(covered.elements)},"signed":"{SIGNED}"}}'.encode()


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
