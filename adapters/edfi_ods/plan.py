"""Query parameters for an ODS: by natural key, by pushed conditions, by a window of change versions."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from standards.edfi.api.request import parameters as questions
from standards.edfi.model.model import by_collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.contract import Hint
    from standards.edfi.model.model import Property
    from standards.lenses.lens import Lens
    from standards.lenses.pairs import Pair

Parameters = tuple[tuple[str, str], ...]
WINDOW: Final = {">=": "minChangeVersion", "<=": "maxChangeVersion"}
VERSION: Final = "changeVersion"
EXACT: Final = frozenset({"integer", "boolean", "date"})
_NEVER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""Characters that no value of a document has; tabs, line ends and spaces of any kind do occur."""


@cache
def parameters(collection: str) -> Mapping[str, str]:
    """Return the query parameter for each member of a collection that can be asked for, by its path."""
    return {path: name for name, paths in questions(collection).items() for path in paths}


def by_members(collection: str, members: Mapping[str, str]) -> Parameters | None:
    """Make the query for documents whose *members* have these values; None where no document can match."""
    known = parameters(collection)
    asked = []
    for path, value in members.items():
        if not _can_be(_property(collection, path), value):
            return None
        if path in known:
            asked.append((known[path], value))
    return tuple(asked)


def by_key(lens: Lens, key: tuple[str, ...]) -> Parameters | None:
    """Make the query for the document with a natural *key*; None where *lens* has none with such a key."""
    cut = len(lens.prefix)
    if key[:cut] != lens.prefix or len(key) - cut != len(lens.key):
        return None
    return by_members(lens.local, dict(zip(lens.key, key[cut:], strict=True)))


def by_reference(lens: Lens, field: str, key: tuple[str, ...]) -> Parameters | None:
    """Make the query for documents whose reference *field* leads to the record with a *key*."""
    pair = reference(lens, field)
    if pair is None:
        return ()
    prefix = tuple(pair.facts.get("prefix", ()))
    if key[: len(prefix)] != prefix or len(key) - len(prefix) != len(pair.local_paths):
        return None
    return by_members(lens.local, dict(zip(pair.local_paths, key[len(prefix) :], strict=True)))


def reference(lens: Lens, field: str) -> Pair | None:
    """Find the pair that reads a single reference, if it can be asked for."""
    known = parameters(lens.local)
    for pair in lens.pairs:
        if (
            pair.word == "split"
            and pair.writer
            and pair.fields == (field,)
            and all(path in known for path in pair.local_paths)
        ):
            return pair
    return None


def by_hint(lens: Lens, hint: Hint) -> Parameters | None:
    """Make the query for a *hint* about a plain field, only where the ODS compares as the gateway does."""
    if hint.field == VERSION:
        return ((WINDOW[hint.operator], hint.value),)
    if hint.field == "id" and hint.operator == "=":
        return (("id", hint.value),)
    pair = next(
        (pair for pair in lens.pairs if pair.word == "same" and pair.writer and pair.fields == (hint.field,)), None
    )
    if hint.operator != "=" or pair is None or pair.pairs or pair.local_paths[0] not in parameters(lens.local):
        return ()
    if pair.kind not in EXACT and hint.value.lower() != hint.value.upper():
        return ()  # some databases compare case, the gateway does not
    return by_members(lens.local, {pair.local_paths[0]: hint.value})


def window(since: int, until: int) -> Parameters:
    """Make the query for what changed after *since* and up to *until*."""
    return (("minChangeVersion", str(since + 1)), ("maxChangeVersion", str(until)))


def windowed(hints: Iterable[Hint]) -> bool:
    """Tell whether *hints* ask for a window of change versions."""
    return any(hint.field == VERSION for hint in hints)


def ends(hints: Iterable[Hint]) -> tuple[int, int]:
    """Return the window of change versions in *hints*: after the first number, up to the second."""
    low, high = 0, (1 << 63) - 1
    for hint in hints:
        if hint.field == VERSION and hint.operator == ">=":
            low = max(low, int(hint.value) - 1)
        elif hint.field == VERSION:
            high = min(high, int(hint.value))
    return low, high


def empty(hints: Iterable[Hint]) -> bool:
    """Tell whether the window of change versions in *hints* holds none."""
    low, high = ends(hints)
    return low >= high


def path_of(collection: str) -> str:
    """Return the path of a collection below the data address of an ODS: ``/ed-fi/students``."""
    resource = by_collection(collection)
    assert resource is not None
    return resource.endpoint


def _property(collection: str, path: str) -> Property | None:
    resource = by_collection(collection)
    found, properties = None, resource.properties if resource else {}
    for step in path.split("."):
        found = properties.get(step)
        if found is None:
            return None
        properties = found.properties
    return found


def _can_be(known: Property | None, value: str) -> bool:
    if not value or _NEVER.search(value):
        return False
    if known is not None and known.type == "integer":
        digits = value.removeprefix("-")
        return digits.isascii() and digits.isdigit() and len(digits) < 20  # noqa: PLR2004  digits of 64 bits
    return True
