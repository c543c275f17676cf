"""The page about settings: every setting with its type, its default and its meaning, written from the schema."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from marshmallow import fields

from gateway.config.field_types import in_words
from gateway.config.schema import RegionSchema
from gateway.config.toml import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def reference() -> str:
    """Write the operator's page about every setting, in Markdown."""
    schema = RegionSchema()
    plain = {name: kind for name, kind in schema.fields.items() if "about" in kind.metadata}
    lines = ["## At the top of the file", "", *_table(plain)]
    for name, kind in schema.fields.items():
        inner = kind.value_field if isinstance(kind, fields.Dict) else kind
        if isinstance(inner, fields.Nested):
            title = f"{name}.NAME" if isinstance(kind, fields.Dict) else name
            about = (type(inner.schema).__doc__ or "").strip()
            lines += ["", f"## `[{title}]`", "", about, "", *_table(inner.schema.fields)]
            lines += _repeated(title, inner.schema.fields)
    return "\n".join([*lines, "", *renamed.reference()]) + "\n"


def _repeated(title: str, described: Mapping[str, Any]) -> Iterator[str]:
    """Write the tables of which there may be several in one."""
    for name, kind in described.items():
        if isinstance(inner := getattr(kind, "inner", None), fields.Nested):
            about = (type(inner.schema).__doc__ or "").strip()
            yield from ("", f"## `[[{title}.{name}]]`", "", about, "", *_table(inner.schema.fields))


def _table(described: Mapping[str, Any]) -> list[str]:
    rows = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for name, kind in described.items():
        rows.append(f"| `{name}` | {_kind(kind)} | {_default(kind)} | {kind.metadata['about']} |")
    return rows


def _kind(kind: Any) -> str:
    if isinstance(kind, fields.List):
        return f"list of {kind.metadata['item']}"
    names = {fields.Boolean: "yes or no", fields.Integer: "number", fields.Dict: "table", fields.String: "text"}
    return getattr(kind, "kind", None) or names[type(kind)]


def _default(kind: Any) -> str:
    if kind.required:
        return "required"
    value = kind.metadata.get("default", kind.load_default)
    if callable(value) or value is None or value == "":
        return "none"
    if isinstance(value, timedelta):
        return f"`{in_words(value)}`" if value.total_seconds().is_integer() else f"`{value.total_seconds():g}s`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
