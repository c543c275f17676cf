"""Options of a district as people type them, one value a line, and as the settings hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters import defaults
from gateway.config.districts.options import OPTIONS
from gateway.config.toml.schema_mistakes import guessed
from gateway.config.written_districts import REFUSED
from standards.errors import InvalidBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
DECIMAL: Final = re.compile(r"-?[0-9]{0,9}\.[0-9]{1,12}")
NO_PAIR: Final = "write each as NAME = VALUE"
TWICE: Final = "this is said twice"
ONE_ALONE: Final = "write one value alone"
NO_COUNT: Final = "write a whole number above 0"
NO_FACT: Final = "no fact of this name can be declared"


class _LineError(Exception):
    """What is wrong with a line, and at which place of the settings."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(text)
        self.place, self.text = place, text


def read_options(typed: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Return the values of options from the lines *typed* for each; one without lines has its default.

    Raises:
        InvalidBody: lines are not of their form; its places are those of the settings.
    """
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, lines in typed.items():
        kept = [line.strip() for line in lines if line.strip()]
        try:
            value = _value(name, kept) if kept else None
        except _LineError as mistake:
            wrong.setdefault(mistake.place, []).append(mistake.text)
        else:
            found |= {name: value} if kept else {}
    if wrong:
        raise InvalidBody(REFUSED, wrong)
    return found


def lines_of(value: Any, name: str = "") -> list[str]:
    """Return the lines that people type for a *value*, those of a table by their names."""
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in lines_of(inner, f"{name}.{key}" if name else str(key))]
    several = value if isinstance(value, (list, tuple)) else [value]
    return [f"{name} = {one}" if name else str(one) for one in several if one not in ("", None)]


def said_options(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lines of each option among *options* that is said, in the order of the list."""
    said = {name: lines_of(options.get(name)) for name in OPTIONS}
    return {name: lines for name, lines in said.items() if lines}


def _value(name: str, lines: list[str]) -> Any:
    kind = OPTIONS[name].kind
    if kind == "facts":
        return _facts(name, lines)
    if kind == "shares":
        return _shares(name, lines)
    values = [_number(line) if kind in {"number", "numbers"} else line for line in lines]
    if kind in {"numbers", "texts"}:
        return values
    if len(values) > 1:
        raise _LineError(name, ONE_ALONE)
    return values[0]


def _shares(option: str, lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _pairs(option, lines):
        if name in found:
            raise _LineError(f"{option}.{name}", TWICE)
        found[name] = _number(value)
    return found


def _facts(option: str, lines: list[str]) -> dict[str, Any]:
    """Return declared facts by their names; a list has a line for each of its values, and kinds have a name each."""
    known = {one.name: one for one in defaults.TABLE}
    found: dict[str, Any] = {}
    for name, text in _pairs(option, lines):
        above, _, kind = name.rpartition(".")
        one = known.get(name) or known.get(above)
        if one is None or (one.name == above and not one.by_kind):
            raise _LineError(f"{option}.{name}", guessed(NO_FACT, name, known))
        value = _number(text) if one.spec.type == "integer" else text
        if one.spec.type == "integer" and not isinstance(value, int):
            raise _LineError(f"{option}.{name}", NO_COUNT)
        if one.name == name and one.spec.many:
            found.setdefault(name, []).append(value)
            continue
        place, key = (found, name) if one.name == name else (found.setdefault(above, {}), kind)
        if not isinstance(place, dict) or key in place:
            raise _LineError(f"{option}.{name}", TWICE)
        place[key] = value
    return found


def _pairs(option: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals and value):
            raise _LineError(option, NO_PAIR)
        yield name.strip('"'), value


def _number(text: str) -> int | float | str:
    """Return the number that a *text* is; any other text stays, and is told where it stands in the settings."""
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text
