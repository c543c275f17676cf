"""Sentences of an ODS for errors in a body, at the places where an ODS reports them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standards.edfi.model.model import DESCRIPTOR, scalars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_URI_CHARACTERS = 306
"""The length of a descriptor's URI; a key's value is cut to it in a message, too."""

MAX_VALUES = 10
"""The conflicting values that are listed."""

PERSONAL = frozenset({"studentUniqueId", "staffUniqueId", "contactUniqueId", "personId"})
"""The keys of persons, which no error repeats."""

PLACE = re.compile(r"\[[0-9]+\]")
REPEATED, UNLIKE = "has the key of an earlier item", "differs from "
TEENS = frozenset({11, 12, 13})
SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


def told(name: str, document: Mapping[str, Any], path: str, said: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the sentence by which an ODS reports what the model *said* of *path* in a *document*."""
    if said == REPEATED:
        collection, _, at = path.removesuffix("]").rpartition("[")
        yield collection, repeated(collection, int(at) + 1)
    elif said.startswith(UNLIKE):
        other = said.removeprefix(UNLIKE)
        yield path, conflict(document, path, path, other)
        yield other, conflict(document, other, path, other)
    else:
        yield path, sentence(name, path, said)


def repeated(collection: str, number: int) -> str:
    """Say that the item of this *number* of a *collection* repeats an earlier one."""
    ending = "th" if number % 100 in TEENS else SUFFIXES.get(number % 10, "th")
    return (
        f"The {number}{ending} item of the {_title(collection)} has the same identifying values as another item"
        " earlier in the list."
    )


def conflict(document: Mapping[str, Any], place: str, left: str, right: str) -> str:
    """Say which values differ that the standard stores as one; the caller sent them, but no value names a person."""
    name = place.rpartition(".")[2]
    said = f"All values supplied for '{name}' must match. Review all references (including those higher up in the"
    if name in PERSONAL:
        return f"{said} resource's data) and align the conflicting values."
    values = dict.fromkeys(value for path in (left, right) for value in scalars(document, path.removeprefix("$.")))
    listed = ", ".join(f"'{str(value)[:MAX_URI_CHARACTERS]}'" for value in list(values)[:MAX_VALUES])
    return f"{said} resource's data) and align the following conflicting values: {listed}"


def sentence(name: str, path: str, said: str) -> str:
    """Say in one sentence what is wrong at *path*."""
    title = _title(path)
    if said == "is empty":
        return f"{name if path.count('.') == 1 else ''}{title} must have at least one item."
    if said == "is missing":
        return f"{title} is required."
    if said.startswith("is not a value of "):
        return nonexistent(said.removeprefix("is not a value of "), "")
    return f"{title} {said}."


def nonexistent(descriptor: str, uri: str) -> str:
    """Say that there is no such *descriptor*; a value that is no URI is not repeated."""
    repeatable = f" '{uri}'" if len(uri) <= MAX_URI_CHARACTERS and DESCRIPTOR.fullmatch(uri) else ""
    return f"{descriptor} value{repeatable} does not exist."


def _title(path: str) -> str:
    """Return the name of the member at *path*, as an ODS writes it."""
    name = PLACE.sub("", path).rpartition(".")[2]
    return f"{name[:1].upper()}{name[1:]}"
