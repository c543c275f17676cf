"""Code sets: the tokens of each standard for the same values, and how one becomes the other."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Inward = Callable[[str], str]

LOCAL = "uri://local/"
UNSAID = "-"  # in a table: this dialect has no word for the value and leaves the member out


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A code set; *open* is how OneRoster 1.2 extends it beyond its own tokens: ``ext``, ``free`` or ``closed``.

    *fallback* is the token for a value that a closed enumeration has no word for; empty means the member is left out.
    """

    name: str
    descriptor: str
    open: str
    fallback: str
    fallback11: str
    rows: tuple[dict[str, str], ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The vocabulary's values, each once, in the order of the table."""
        return tuple(dict.fromkeys(row["value"] for row in self.rows))


@cache
def names() -> tuple[str, ...]:
    """List the names of all code sets."""
    return tuple(row["set"] for row in _lines("sets"))


@cache
def table(name: str) -> CodeSet:
    """Return the code set called *name*."""
    for row in _lines("sets"):
        if row["set"] == name:
            return CodeSet(
                name, row["descriptor"], row["open"], row["fallback"], row["fallback11"], tuple(_lines(name))
            )
    msg = f"there is no code set {name}"
    raise LookupError(msg)


@cache
def inward(name: str, dialect: str) -> Inward:
    """Make the function that reads a token of *dialect*: the vocabulary's value, or the token itself if unknown."""
    known = _inward_edfi(table(name)) if dialect == "edfi" else _inward_oneroster(table(name))
    local = f"{LOCAL}{table(name).descriptor}#".lower()
    seen: dict[str, str] = {}

    def understand(token: str) -> str:
        value = seen.get(token)
        if value is None:
            folded = token.lower()
            value = known.get(folded)
            if value is None:
                value = token[len(local) :] or token if dialect == "edfi" and folded.startswith(local) else token
            keep(seen, token, value)
        return value

    return understand


@dataclass(frozen=True, slots=True)
class Outward:
    """The function that writes values of the code set *name* in *dialect*; two for the same set and dialect are equal.

    What is worked out from the model may be forgotten and made again, and a view still holds the one that it was made
    with: it is looked up by its content, as where an older version writes the code otherwise.
    """

    name: str
    dialect: str
    _known: dict[str, str] = field(compare=False, repr=False)
    _unsaid: frozenset[str] = field(compare=False, repr=False)
    _other: Callable[[CodeSet, str], str | None] = field(compare=False, repr=False)
    _seen: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, value: str) -> str | None:
        """Return the token for *value*; None only where a closed enumeration leaves the member out."""
        token = self._known.get(value) or self._seen.get(value)
        if token is None:
            token = self._other(table(self.name), value)
            if token is not None:
                keep(self._seen, value, token)
        return None if value in self._unsaid else token


@cache
def outward(name: str, dialect: str) -> Outward:
    """Make the function that writes a value of the code set *name* in *dialect*."""
    known: dict[str, str] = {}
    for row in table(name).rows:
        if token := _token(row, dialect):
            known.setdefault(row["value"], token)
    unsaid = frozenset(value for value, token in known.items() if token == UNSAID)
    other = {"edfi": _other_edfi, "oneroster": _other_oneroster, "oneroster11": _other_oneroster11}[dialect]
    return Outward(name, dialect, known, unsaid, other)


@cache
def fact(name: str, value: str, column: str) -> str:
    """Return what a table states of a value beside its tokens, as the SCED code of a subject; empty where nothing."""
    return next((row.get(column, "") for row in table(name).rows if row["value"] == value), "")


def _lines(name: str) -> Iterator[dict[str, str]]:
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return ({key: cell or "" for key, cell in row.items()} for row in csv.DictReader(text.splitlines()))


def _token(row: dict[str, str], dialect: str) -> str:
    if dialect == "oneroster11":
        return row.get("oneroster11") or row.get("oneroster", "")
    return row.get(dialect, "")


def _inward_edfi(codeset: CodeSet) -> dict[str, str]:
    known: dict[str, str] = {}
    for row in codeset.rows:
        if row["edfi"]:
            known.setdefault(row["edfi"].lower(), row["value"])
    return known


def _inward_oneroster(codeset: CodeSet) -> dict[str, str]:
    known: dict[str, str] = {}
    for column in ("oneroster", "oneroster11"):
        for row in codeset.rows:
            if (token := row.get(column, "")) and token != UNSAID:
                known.setdefault(token.lower(), row["value"])
    for value in codeset.values:
        known.setdefault(value.lower(), value)
    return known


def is_descriptor(text: str) -> bool:
    """Tell whether *text* can stand where Ed-Fi wants the URI of a descriptor value."""
    return "#" in text.partition("://")[2]


@cache
def descriptor(name: str) -> Callable[[Any], str]:
    """Make the function that writes a text where the URI of a value of the descriptor *name* must stand."""
    return lambda text: text if is_descriptor(str(text)) else f"{LOCAL}{name}#{text}"


def _other_edfi(codeset: CodeSet, value: str) -> str:
    return descriptor(codeset.descriptor)(value)


def _other_oneroster(codeset: CodeSet, value: str) -> str | None:
    if codeset.open == "free" or value.startswith("ext:"):
        return value.rpartition("#")[2] or value
    if codeset.open == "ext":
        return "ext:" + (re.sub(r"[^A-Za-z0-9._-]+", "-", value.rpartition("#")[2]).strip("-") or "other")
    return codeset.fallback or None


def _other_oneroster11(codeset: CodeSet, value: str) -> str | None:
    if codeset.open == "free":
        return value.rpartition("#")[2] or value
    return codeset.fallback11 or codeset.fallback or None


def keep(seen: dict[Any, Any], asked: Any, answer: Any) -> None:
    """Cache an answer; a source that sends endless new codes only costs time."""
    if len(seen) < 10_000:  # noqa: PLR2004  far above any real code set
        seen[asked] = answer
