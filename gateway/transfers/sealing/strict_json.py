"""Strict JSON and base64url: one spelling for one meaning, so that no two readers can differ about a text."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from string import ascii_letters, digits
from typing import Any, Final, NoReturn

ALPHABET: Final = f"{ascii_letters}{digits}-_".encode()
BITS_LEFT: Final = 1
"""The characters past a group of four that no bytes are ever written as."""


def read_object(text: bytes) -> dict[str, Any]:
    """Read a JSON object in UTF-8, at any depth without a name that is there twice.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError from None
    match found:
        case dict():
            return found
        case _:
            raise ValueError


def encode(raw: bytes) -> str:
    """Write bytes in base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: bytes) -> bytes:
    """Read the one base64url spelling of some bytes: no padding, no blanks, no bits left over.

    Raises:
        ValueError: it is not.
    """
    check_spelling(text)
    return b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)


def check_spelling(text: bytes) -> None:
    """Check that *text* is the one base64url spelling of some bytes, without decoding it all.

    Raises:
        ValueError: it is not.
    """
    over = len(text) % 4
    if over == BITS_LEFT or text.translate(None, ALPHABET):
        raise ValueError
    if over:
        end = text[-over:]
        if urlsafe_b64encode(b64decode(end + b"=" * (4 - over), b"-_")).rstrip(b"=") != end:
            raise ValueError


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object whose names are all there once."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _refuse(_constant: str) -> NoReturn:
    raise ValueError
