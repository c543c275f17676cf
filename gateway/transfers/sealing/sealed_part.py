"""Sealed parts: a compact JWE (RFC 7516) for each file or chunk, in whose header everything is known beforehand.

Nothing in the header tells what the part holds: its place in the package is a hash that only the manifest explains.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.registry import HeaderParameter

from gateway.transfers.sealing.errors import HeaderRefused, KeySetRefused, MalformedPackage, PackageAltered
from gateway.transfers.sealing.key_set import WRAPPING, read_point
from gateway.transfers.sealing.manifest import FORMAT, THUMBPRINT
from gateway.transfers.sealing.strict_json import check_spelling, decode, encode, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from joserfc.jwk import ECKey, GuestProtocol, KeyCallable

TYPE: Final = "crossing-transfer+jwe"
ENCRYPTION: Final = "A256GCM"
CHUNK_BYTES: Final = 16 << 20
MAX_HEADER_CHARACTERS: Final = 1024
MAX_PACKAGE_CHARACTERS: Final = 96
KEY_CHARACTERS, IV_CHARACTERS, TAG_CHARACTERS = 54, 16, 22
"""A wrapped key of 40 bytes, a nonce of 12, a tag of 16, each in base64url."""
AROUND_CHARACTERS: Final = MAX_HEADER_CHARACTERS + KEY_CHARACTERS + IV_CHARACTERS + TAG_CHARACTERS + 4

FIXED: Final = {"alg": WRAPPING, "enc": ENCRYPTION, "typ": TYPE}
CONTENT_TYPES: Final = ("json", "jose", "octet-stream")
MEMBERS: Final = frozenset({*FIXED, "cty", "kid", "apu", "apv", "pkg", "part", "epk"})
POINT: Final = frozenset({"kty", "crv", "x", "y"})

NO_PART = "A part of the package is not one compact JWE in its one spelling."
LONG_HEADER = "A part's header is longer than any that is sealed here."
NO_HEADER = "A part's header says anything else than the headers of this format do."
ALTERED = "A part does not open with the receiver's key: it was sealed to another, or has been changed."


class _PartRegistry(jwe.JWERegistry):
    """The two algorithms and the members of our headers, for parts of up to a whole chunk."""

    max_ciphertext_length = CHUNK_BYTES * 4 // 3 + 4


REGISTRY: Final = _PartRegistry(
    {name: HeaderParameter("Place in a package", "str", required=True) for name in ("pkg", "part")},
    algorithms=[WRAPPING, ENCRYPTION],
)


def sealed_length(length: int) -> int:
    """Return how long a part of *length* bytes is at most when it is sealed."""
    return AROUND_CHARACTERS + (length * 4 + 2) // 3


def package_name(transfer: str, version: int) -> str:
    """Name a package in the clear part of its headers, so that another one is refused before anything is opened."""
    return f"{transfer}:{version}"


def place(package: str, digest: str, path: str, index: int, *, is_last: bool) -> str:
    """Return the hash of a part's place: the manifest (by its *digest*), the path, the chunk, whether it is the last.

    Who has not read the manifest cannot tell from it which file a part is of: the digest is as good as a key.
    """
    told = [FORMAT, package, digest, path, index, is_last]
    return encode(hashlib.sha256(json.dumps(told).encode()).digest())


def header_of(content_type: str, package: str, part: str, signer: str, receiver: str) -> dict[str, Any]:
    """Return a part's header but for its ephemeral key.

    The two thumbprints are the parties of the key agreement (RFC 7518, section 4.6.2): other ones make another key.
    """
    told = {"cty": content_type, "kid": receiver, "apu": signer, "apv": receiver, "pkg": package, "part": part}
    return {**FIXED, **told}


def seal_part(content: bytes, header: Mapping[str, Any], receiver: ECKey) -> bytes:
    """Encrypt a part to the *receiver*'s public key."""
    with _lent(receiver) as key:
        return jwe.encrypt_compact(dict(header), content, key, registry=REGISTRY).encode("ascii")


def read_header(token: bytes) -> dict[str, Any]:
    """Read the header of a part without its ephemeral key, if that is a point and all else is what it can be.

    Raises:
        SealingError: it is anything else; no key was used yet.
    """
    segments = _segments(token)
    try:
        header = read_object(decode(segments[0]))
    except ValueError:
        raise HeaderRefused(NO_HEADER) from None
    if header.keys() != MEMBERS or not _is_ours(header):
        raise HeaderRefused(NO_HEADER)
    return {name: value for name, value in header.items() if name != "epk"}


def open_part(token: bytes, key: ECKey) -> bytes:
    """Decrypt a part, whose header was read and found right, with the receiver's private *key*.

    Raises:
        PackageAltered: it does not open.
    """
    try:
        with _lent(key) as lent:
            opened = jwe.decrypt_compact(token, lent, registry=REGISTRY).plaintext
    except (JoseError, ValueError, TypeError, KeyError, AssertionError):
        raise PackageAltered(ALTERED) from None
    if opened is None:
        raise PackageAltered(ALTERED)
    return opened


@contextmanager
def _lent(key: ECKey) -> Iterator[KeyCallable]:
    """Lend *key* to the library, and undo its circle of objects: else a chunk stays until the next collection."""
    lent: list[GuestProtocol] = []

    def lend(recipient: GuestProtocol) -> ECKey:
        lent.append(recipient)
        return key

    try:
        yield lend
    finally:
        for recipient in lent:
            vars(recipient).clear()


def _segments(token: bytes) -> list[bytes]:
    """Return the five segments of a JWE, each as long as it can be and spelt in its one way."""
    end = token.find(b".", 0, MAX_HEADER_CHARACTERS + 1)
    if end < 0:
        raise HeaderRefused(LONG_HEADER)
    segments = token.split(b".", 5)
    lengths = [len(one) for one in segments[1:]]
    if [*lengths[:2], *lengths[3:]] != [KEY_CHARACTERS, IV_CHARACTERS, TAG_CHARACTERS]:
        raise MalformedPackage(NO_PART)
    try:
        for segment in segments:
            check_spelling(segment)
    except ValueError:
        raise MalformedPackage(NO_PART) from None
    return segments


def _is_ours(header: Mapping[str, Any]) -> bool:
    """Tell whether every member of a header is one that it can be."""
    texts = (header["kid"], header["apu"], header["apv"], header["part"])
    return (
        FIXED.items() <= header.items()
        and header["cty"] in CONTENT_TYPES
        and all(isinstance(text, str) and THUMBPRINT.fullmatch(text) for text in texts)
        and header["kid"] == header["apv"]
        and isinstance(header["pkg"], str)
        and len(header["pkg"]) <= MAX_PACKAGE_CHARACTERS
        and _is_point(header["epk"])
    )


def _is_point(epk: object) -> bool:
    """Tell whether an ephemeral key is a point of the curve, and says no more of itself."""
    if not isinstance(epk, dict) or epk.keys() != POINT:
        return False
    try:
        read_point(epk)
    except KeySetRefused:
        return False
    return True
