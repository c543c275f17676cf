"""What sealing reads of a manifest: whose package it is, to whom, who signed, and the hash of every file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.sealing.errors import MalformedPackage, PackageTooLarge
from gateway.transfers.sealing.strict_json import read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT: Final = "crossing-transfer/1"
MAX_MANIFEST_BYTES: Final = 1 << 20
MAX_FILES: Final = 512
MAX_PATH_CHARACTERS: Final = 160
MAX_VERSION: Final = 9999

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""An id of a transfer or a district."""
PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}")
"""A file's place in a package: it leads nowhere else, whatever the system on which it is unpacked."""
THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")

NO_MANIFEST = "The manifest is not written as a manifest of this format is."
LARGE_MANIFEST = "The manifest is larger than a manifest can be."


class SignedBy(StrEnum):
    """Who signed a package: the district that sends it, or the gateway in its place."""

    DISTRICT = "district"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """The members of a manifest that sealing compares; *files* are the SHA-256 (hex) of each path, in order of path."""

    transfer: str
    version: int
    sender: str
    receiver: str
    receiver_kid: str
    signed_by: SignedBy
    files: Mapping[str, str]


def read_manifest(content: bytes) -> ManifestFacts:
    """Read the exact bytes of a ``manifest.json``.

    Raises:
        MalformedPackage: a member that sealing needs is missing, or none that it can be.
    """
    if len(content) > MAX_MANIFEST_BYTES:
        raise PackageTooLarge(LARGE_MANIFEST)
    try:
        return _read(read_object(content))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise MalformedPackage(NO_MANIFEST) from None


def _read(told: Mapping[str, Any]) -> ManifestFacts:
    if told["format"] != FORMAT:
        raise ValueError
    sender, receiver = told["sender"], told["receiver"]
    if receiver["kid"] != receiver["thumbprint"]:
        raise ValueError
    return ManifestFacts(
        _matching(NAME, told["transfer"]),
        _version(told["version"]),
        _matching(NAME, sender["district"]),
        _matching(NAME, receiver["district"]),
        _matching(THUMBPRINT, receiver["kid"]),
        SignedBy(told["signedBy"]),
        _files(told),
    )


def _files(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of each file, in order of path; a path is there once, however it is capitalised."""
    listed = [(_path(file["path"]), _matching(SHA256, file["sha256"])) for file in _listed(told)]
    if len({path.casefold() for path, _ in listed}) != len(listed) or len(listed) > MAX_FILES:
        raise ValueError
    return dict(sorted(listed))


def _listed(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the files of each section, and those of the package as a whole."""
    for section in told["sections"]:
        yield from section.get("files", ())
    yield from told.get("files", ())


def _path(text: object) -> str:
    path = _matching(PATH, text)
    if len(path) > MAX_PATH_CHARACTERS:
        raise ValueError
    return path


def _version(number: object) -> int:
    if type(number) is not int or not 1 <= number <= MAX_VERSION:
        raise ValueError
    return number


def _matching(pattern: re.Pattern[str], text: object) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError
    return text
