"""Members of OneRoster documents as the cells of a file; one that cannot be a cell is refused with its place alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.files.csv_checks import TRUTH_WORDS, Check
from standards.errors import SourceBroken
from standards.oneroster.csv import specification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Document = dict[str, Any]

DAY: Final = Check(specification.Column("", "date"))
YEAR: Final = Check(specification.Column("", "year"))
TRUTH: Final = {True: "true", False: "false"}
OPTIONAL: Final = frozenset({"classType", "roleType"})  # files require them; a missing one misleads no reader


def list_of(document: Mapping[str, Any], name: str, place: str) -> list[Any]:
    """Read a list; a single value stands for a list of one, and null for an empty one."""
    found = document.get(name)
    if found is None or found == "":
        return []
    if isinstance(found, list):
        return found
    if isinstance(found, str):
        return [part.strip() for part in found.split(",")]
    if isinstance(found, dict):
        return [found]
    raise SourceBroken("The member is no list.", f"{place}.{name}")


def object_of(value: Any, place: str) -> Document:
    """Read an item that is an object."""
    if isinstance(value, dict):
        return value
    raise SourceBroken("The item is no object.", place)


def text_of(value: Any, place: str) -> str:
    """Read a text; empty where it is null."""
    if value is None:
        return ""
    if isinstance(value, str):
        if "\0" in value:
            raise SourceBroken("The text holds a NUL character.", place)
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SourceBroken("The member is no text.", place)
    return str(value)


def word_of(value: Any, column: specification.Column, place: str) -> str:
    """Read a word of a closed list, as the standard writes it; of any other the place is reported, never the word."""
    text = text_of(value, place)
    if not text:
        if column.required and column.name not in OPTIONAL:
            raise SourceBroken(f"{column.name} is missing.", place)
        return ""
    found = column.closed.find(text) if column.closed else None
    if found is None:
        raise SourceBroken(f"{column.name} is not one of the listed values.", place)
    return found


def truth_of(value: Any, place: str) -> str:
    """Read true or false, in any of the ways in which systems write it."""
    text = TRUTH[value] if isinstance(value, bool) else text_of(value, place).lower()
    text = TRUTH_WORDS.get(text, text)
    if text in {"", "true", "false"}:
        return text
    raise SourceBroken("The member is neither true nor false.", place)


def day_of(value: Any, place: str) -> str:
    """Read a day, without the time of day that some systems add."""
    return _meant(DAY, value, place)


def year_of(value: Any, place: str) -> str:
    """Read a school year, by the calendar year in which it ends."""
    return _meant(YEAR, value, place)


def _meant(check: Check, value: Any, place: str) -> str:
    text = text_of(value, place)
    if not text:
        return text
    found = check.read(text)
    if found is None:
        raise SourceBroken(f"The member {check.reason(text)}.", place)
    return found


def pairs_of(items: Sequence[Any], place: str) -> str:
    """Join identifiers with their types as one cell writes them."""
    found = []
    for number, item in enumerate(items):
        pair = object_of(item, f"{place}[{number}]")
        kind, value = (text_of(pair.get(name), f"{place}[{number}].{name}") for name in ("type", "identifier"))
        if set(kind) & set("{}:") or set(value) & set("{}"):
            raise SourceBroken("The identifier holds braces or a colon.", f"{place}[{number}]")
        found.append(f"{{{kind}:{value}}}")
    return ",".join(found)


def quoted(part: str) -> str:
    """Quote an item of a list in a cell."""
    if not set(part) & set(',"\r\n') and part == part.strip():
        return part
    return '"' + part.replace('"', '""') + '"'
