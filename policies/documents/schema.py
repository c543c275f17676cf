"""The JSON Schema of agreements, and its errors in words a person understands."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError, validators

from standards.errors import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.documents.loading import Document, Where
    from standards.errors import SettingsError

KINDS = {
    "object": "a group of keys and values",
    "array": "a list",
    "string": "a text (write it in quotes)",
    "integer": "a whole number",
}


@cache
def published() -> dict[str, Any]:
    """Return the JSON Schema of an agreement."""
    text = files("policies").joinpath("agreement.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Match a whole text: Python lets a `$` stand before a last line feed, which JSON Schema does not."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError("does not match the pattern")


_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})


@cache
def _validator(part: str) -> Any:
    schema = published()
    if part:
        schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}
    return _Validator(schema)


def problems(document: Document, part: str = "") -> Iterator[SettingsError]:
    """Yield everything in *document* that breaks the schema, or its *part* of that name."""
    for error in _validator(part).iter_errors(document.content):
        yield from _said(document, error)


def _said(document: Document, error: ValidationError) -> Iterator[SettingsError]:
    where: Where = tuple(error.absolute_path)
    name = _name(where)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        for key in error.instance:
            if key not in known:
                hint = suggestion(key, known)
                yield document.error((*where, key), f"unknown key {key!r}{hint}", at_key=True)
        return
    if error.validator == "required":
        missing = next(
            key for key in error.validator_value if key not in error.instance and f"'{key}'" in error.message
        )
        yield document.error(where, f"{missing} is missing{f' in {name}' if where else ''}")
        return
    yield document.error(where, f"{name} {_sentence(error)}")


def _sentence(error: ValidationError) -> str:
    if "x-says" in error.schema and error.validator != "minItems":
        return str(error.schema["x-says"])
    limit = error.validator_value
    match error.validator:
        case "type":
            said = f"must be {KINDS[limit]}"
        case "enum":
            known = [str(value) for value in limit]
            said = f"must be {', '.join(known[:-1])}{' or ' if known[1:] else ''}{known[-1]}{_hint(error, known)}"
        case "minItems" | "minLength":
            said = "must not be empty"
        case "minimum":
            said = f"must be at least {limit}"
        case "pattern":
            said = "has a control character"
        case _:
            said = "is too long" if error.validator in {"maxItems", "maxLength"} else "does not fit here"
    return said


def _hint(error: ValidationError, known: list[str]) -> str:
    return suggestion(error.instance, known) if isinstance(error.instance, str) else ""


def _name(where: Where) -> str:
    """Return the spoken name of a place: its last key, with its number where it stands in a list."""
    if not where:
        return "the document"
    if isinstance(where[-1], int):
        inside = next((str(part) for part in reversed(where) if isinstance(part, str) and part != "in"), "the list")
        return f"entry {where[-1] + 1} of {inside}"
    return str(where[-1])
