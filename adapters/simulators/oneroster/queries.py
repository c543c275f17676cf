"""The OneRoster query language, as far as the simulated system understands it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.oneroster.api.filter import parse
from standards.query import Both, Condition, Either, Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standards.query import Filter

    Document = dict[str, Any]


def matching(documents: Iterable[Document], text: str) -> list[Document]:
    """Select the documents for which the filter *text* holds."""
    asked = parse(text)
    return [document for document in documents if asked is None or _holds(asked, document)]


def ordered(documents: Sequence[Document], name: str, *, descending: bool) -> list[Document]:
    """Sort the documents by one member, and by their ids where that is the same."""
    by_id = sorted(documents, key=lambda one: one["sourcedId"])
    if not name:
        return list(documents)
    return sorted(by_id, key=lambda one: str(one.get(name, "")), reverse=descending)


def chosen(document: Mapping[str, Any], names: str) -> Document:
    """Select the members of a document that a client asks for."""
    heads = {name.strip().partition(".")[0] for name in names.split(",")}
    return {name: value for name, value in document.items() if name in heads}


def _holds(asked: Filter, document: Document) -> bool:
    match asked:
        case Both(parts):
            return all(_holds(part, document) for part in parts)
        case Either(parts):
            return any(_holds(part, document) for part in parts)
        case Condition(path, operator, value):
            return any(
                _compares(operator, str(found).lower(), value.lower()) for found in _found(document, path.split("."))
            )
        case Item():
            return False  # which OneRoster's filter language cannot express


def _found(value: Any, path: Sequence[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _found(item, path)]
    if not path:
        return [] if value is None else [value]
    return _found(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


def _compares(operator: str, left: str, right: str) -> bool:
    answers = {"=": left == right, "!=": left != right, ">": left > right, ">=": left >= right, "<": left < right,
               "<=": left <= right, "~": right in left}  # fmt: skip
    return answers[operator]
