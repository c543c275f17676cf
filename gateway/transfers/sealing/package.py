"""Packages: a signed manifest and its files, sealed for one receiver, and opened by that one alone.

Opening goes from what costs nothing to what costs most: the container's next block, the form of a part, its header, the
keys that it names, and only then decryption. The manifest and its signature come first: what the sender did not sign is
neither read nor followed by more; nothing is given out before the last byte was read and found right.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.sealing.container import ContainerReader, write_container
from gateway.transfers.sealing.errors import (
    HeaderRefused,
    KeyNotAccepted,
    PackageAltered,
    PackageTooLarge,
    WrongPackage,
)
from gateway.transfers.sealing.key_set import UNKNOWN_KEY, KeySet, KeyUse
from gateway.transfers.sealing.manifest import MAX_MANIFEST_BYTES, read_manifest
from gateway.transfers.sealing.sealed_part import (
    CHUNK_BYTES,
    header_of,
    open_part,
    package_name,
    place,
    read_header,
    seal_part,
    sealed_length,
)
from gateway.transfers.sealing.signature import MAX_SIGNATURE_BYTES, signer_kid, verify_signature

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from joserfc.jwk import ECKey

    from gateway.transfers.sealing.container import ByteStream
    from gateway.transfers.sealing.manifest import ManifestFacts, SignedBy

MAX_PACKAGE_BYTES: Final = 64 << 20
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.jws"
JSON, JOSE, BYTES = "json", "jose", "octet-stream"

TOO_LARGE = "The files of the package are larger together than a package can be."
OTHER_FILES = "The files are not those that the manifest names, each with the content that it names."
OTHER_PLACE = "A part of the package is of another package, another file or another place in it."
OTHER_PACKAGE = "The package is of another transfer or another version than the one that is awaited."
OTHER_PARTIES = "The package is of another sender or another receiver than the one that is awaited."
OTHER_SIGNER = "The package was signed by somebody who signs nothing for this sender."


@dataclass(frozen=True, slots=True)
class PackageParties:
    """The two districts of a package, with the keys that their agreement pins.

    *signers* are the sender's keys, and the gateway's where it may sign; *recipients* are the receiver's.
    """

    sender: str
    receiver: str
    signers: Mapping[SignedBy, KeySet]
    recipients: KeySet


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """A package of which everything was verified: the bytes that were signed, and every file by its path."""

    facts: ManifestFacts
    manifest: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


def seal_package(
    manifest: bytes, signature: bytes, files: Mapping[str, bytes], parties: PackageParties, now: datetime
) -> Iterator[bytes]:
    """Seal a signed manifest and its files to the receiver that it names; two seals of one package differ.

    Everything is checked before the first byte is given out.

    Raises:
        SealingError: what would be sealed is not what was signed, or a key may not be used so now.
    """
    facts = read_manifest(manifest)
    if (facts.sender, facts.receiver) != (parties.sender, parties.receiver):
        raise WrongPackage(OTHER_PARTIES)
    if len(manifest) + sum(map(len, files.values())) > MAX_PACKAGE_BYTES:
        raise PackageTooLarge(TOO_LARGE)
    if facts.files != {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}:
        raise PackageAltered(OTHER_FILES)
    receiver = parties.recipients.find(facts.receiver_kid, KeyUse.SEAL, now, for_new=True)
    verify_signature(signature, manifest, _signers(parties, facts), now, for_new=True)
    return write_container(_sealed_parts(facts, manifest, signature, files, receiver.key))


def open_package(
    stream: ByteStream,
    transfer: str,
    version: int,
    parties: PackageParties,
    private_keys: Collection[ECKey],
    now: datetime,
) -> OpenedPackage:
    """Open the package of one version of a *transfer* with the receiver's *private_keys*.

    Raises:
        SealingError: it is another, or anything in it is not as it was sealed.
    """
    container = ContainerReader(stream)
    first = container.part(sealed_length(MAX_MANIFEST_BYTES))
    header = read_header(first)
    if header["pkg"] != package_name(transfer, version):
        raise WrongPackage(OTHER_PACKAGE)
    signers = _all_signers(parties)
    signers.find(header["apu"], KeyUse.SIGN, now)
    key = _private_key(header["kid"], parties, private_keys, now)
    manifest = open_part(first, key)
    parts = _PartReader(container, key, header, manifest)
    signature = parts.signature()
    if signer_kid(signature) != header["apu"]:
        raise HeaderRefused(OTHER_PLACE)
    verify_signature(signature, manifest, signers, now)
    facts = read_manifest(manifest)
    if (facts.transfer, facts.version) != (transfer, version):
        raise WrongPackage(OTHER_PACKAGE)
    if (facts.sender, facts.receiver, facts.receiver_kid) != (parties.sender, parties.receiver, header["kid"]):
        raise WrongPackage(OTHER_PARTIES)
    _signers(parties, facts).find(header["apu"], KeyUse.SIGN, now)
    files = {path: parts.file(path, digest) for path, digest in facts.files.items()}
    container.finish()
    return OpenedPackage(facts, manifest, signature, files)


class _PartReader:
    """The parts of a container after its manifest, each refused unless it is the one whose place it has."""

    def __init__(self, container: ContainerReader, key: ECKey, header: Mapping[str, Any], manifest: bytes) -> None:
        self._container, self._key, self._first = container, key, header
        self._digest = hashlib.sha256(manifest).hexdigest()
        self._left = MAX_PACKAGE_BYTES - len(manifest)
        if not self._is_at(header, JSON, MANIFEST, 0, is_last=True):
            raise PackageAltered(OTHER_PLACE)

    def signature(self) -> bytes:
        """Return the signature, which is the second part."""
        return self._part(JOSE, SIGNATURE, 0, MAX_SIGNATURE_BYTES)[0]

    def file(self, path: str, digest: str) -> bytes:
        """Return the content of one file from its chunks, if its hash is the *digest* of the manifest."""
        content, counted, index, is_last = BytesIO(), hashlib.sha256(), 0, False
        while not is_last:
            chunk, is_last = self._part(BYTES, path, index, min(CHUNK_BYTES, self._left))
            if not _is_cut_right(chunk, index, is_last=is_last):
                raise PackageAltered(OTHER_PLACE)
            self._left -= len(chunk)
            content.write(chunk)
            counted.update(chunk)
            index += 1
        if not hmac.compare_digest(counted.hexdigest(), digest):
            raise PackageAltered(OTHER_FILES)
        return content.getvalue()

    def _part(self, content_type: str, path: str, index: int, longest: int) -> tuple[bytes, bool]:
        """Decrypt the next part, and tell whether it is the last of its file."""
        token = self._container.part(sealed_length(longest))
        header = read_header(token)
        is_last = self._is_at(header, content_type, path, index, is_last=True)
        if not is_last and not self._is_at(header, content_type, path, index, is_last=False):
            raise PackageAltered(OTHER_PLACE)
        content = open_part(token, self._key)
        if len(content) > longest:
            raise PackageTooLarge(TOO_LARGE)
        return content, is_last

    def _is_at(self, header: Mapping[str, Any], content_type: str, path: str, index: int, *, is_last: bool) -> bool:
        """Tell whether a part is of this package and of one place in it."""
        part = place(self._first["pkg"], self._digest, path, index, is_last=is_last)
        return header == {**self._first, "cty": content_type, "part": part}


def _sealed_parts(
    facts: ManifestFacts, manifest: bytes, signature: bytes, files: Mapping[str, bytes], receiver: ECKey
) -> Iterator[bytes]:
    """Yield the sealed manifest, the sealed signature, and the chunks of every file in order of path."""
    digest = hashlib.sha256(manifest).hexdigest()
    name, signer = package_name(facts.transfer, facts.version), signer_kid(signature)

    def sealed(content_type: str, content: bytes, path: str, index: int, *, is_last: bool) -> bytes:
        part = place(name, digest, path, index, is_last=is_last)
        return seal_part(content, header_of(content_type, name, part, signer, facts.receiver_kid), receiver)

    yield sealed(JSON, manifest, MANIFEST, 0, is_last=True)
    yield sealed(JOSE, signature, SIGNATURE, 0, is_last=True)
    for path in facts.files:
        content = files[path]
        for index, begin in enumerate(range(0, max(len(content), 1), CHUNK_BYTES)):
            end = begin + CHUNK_BYTES
            yield sealed(BYTES, content[begin:end], path, index, is_last=end >= len(content))


def _is_cut_right(chunk: bytes, index: int, *, is_last: bool) -> bool:
    """Tell whether a chunk is as long as it must be, so that every file has one way to be cut."""
    return bool(chunk) or not index if is_last else len(chunk) == CHUNK_BYTES


def _signers(parties: PackageParties, facts: ManifestFacts) -> KeySet:
    """Return the keys of whoever the manifest says has signed."""
    found = parties.signers.get(facts.signed_by)
    if found is None:
        raise KeyNotAccepted(OTHER_SIGNER)
    return found


def _all_signers(parties: PackageParties) -> KeySet:
    """Return the keys of everybody who may sign for the sender; the manifest says who did, once it is verified."""
    return KeySet(parties.sender, tuple(key for keys in parties.signers.values() for key in keys.keys))


def _private_key(kid: str, parties: PackageParties, private_keys: Collection[ECKey], now: datetime) -> ECKey:
    """Return the receiver's private key *kid*, if its public one is published, and may be used so now."""
    published = parties.recipients.find(kid, KeyUse.SEAL, now)
    found = next((key for key in private_keys if key.thumbprint() == published.kid), None)
    if found is None:
        raise KeyNotAccepted(UNKNOWN_KEY)
    return found
