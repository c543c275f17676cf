"""Files of a package: canonical bytes, the hash of each, and what each counts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file: its *path*, its bytes (*content*), and how many *records* it holds, where it holds records."""

    path: str
    content: bytes
    records: int | None = None

    def __repr__(self) -> str:
        """Write the path alone: the rest is a student's record."""
        return f"PackageFile({self.path!r})"

    def entry(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        entry: dict[str, Any] = {"path": self.path, "sha256": hashlib.sha256(self.content).hexdigest()}
        return entry if self.records is None else entry | {"records": self.records}


def written(value: Any) -> bytes:
    """Write a value as JSON that is always the same: members by name, no spaces, one line, in UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def read(content: bytes) -> Any:
    """Read the JSON of a file with every fraction as the decimal that is written there."""
    return json.loads(content, parse_float=Decimal)


def edfi_path(resource: str) -> str:
    """Return the path of the documents of an Ed-Fi resource."""
    return f"ed-fi/{resource}.json"


def edfi_file(resource: str, documents: tuple[Mapping[str, Any], ...]) -> PackageFile:
    """Write the documents of a resource."""
    return PackageFile(edfi_path(resource), written(list(documents)), len(documents))
