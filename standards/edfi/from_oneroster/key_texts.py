"""Key texts for records of a source whose own texts need not be unique: each carries a part of the record's id."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import Final

MAX_CHARACTERS: Final = 60
"""The length that Ed-Fi allows the codes and names among the keys."""

MARK: Final = "~"
TAIL_BYTES: Final = 10
TAIL_CHARACTERS: Final = 12


def key_text(label: str, identifier: str) -> str:
    """Make a text of *label* and a hash of *identifier*, so that no other record has it, whatever its case.

    It follows from this record alone: neither a hidden record nor a new one changes it.
    """
    digest = b32encode(sha256(identifier.encode("utf-8", "surrogatepass")).digest()[:TAIL_BYTES])
    tail = digest[:TAIL_CHARACTERS].decode("ascii").lower()
    said = " ".join(label.split())[: MAX_CHARACTERS - len(MARK) - len(tail)].rstrip()
    return f"{said}{MARK}{tail}"


def number_text(district: str, identifier: str) -> str:
    """Make the text from which the number of an organization is derived whose source states none."""
    return f"{district} sourcedId {identifier}"
