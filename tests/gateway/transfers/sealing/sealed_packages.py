"""Two districts with their keys, packages between them, and the parts of a sealed package to change by hand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path

import pytest

import gateway.transfers.sealing
from gateway.transfers.sealing.container import ContainerReader, write_container
from gateway.transfers.sealing.errors import SealingError
from gateway.transfers.sealing.key_files import new_key
from gateway.transfers.sealing.key_set import KeySet, KeyUse, publish
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import PackageParties, open_package, seal_package
from gateway.transfers.sealing.sealed_part import header_of, place, seal_part
from gateway.transfers.sealing.signature import sign_manifest, signer_kid
from gateway.transfers.sealing.strict_json import decode, encode

NOW = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
BEGIN, END = NOW - timedelta(days=30), NOW + timedelta(days=335)
TRANSFER, VERSION = "0197f3a2-transfer", 2
FILES = {
    "ed-fi/students.json": b'[{"studentUniqueId": "canary-4711", "lastSurname": "Quill-Canary"}]',
    "ed-fi/courseTranscripts.json": b"[" + b'{"course": "Canary studies"},' * 30 + b"{}]",
    "documents/empty.pdf": b"",
    "summary.html": "<p>Niño Canary</p>".encode(),
}


@cache
def pair(whose: str):
    """Make somebody's pair of keys, once in a run."""
    return new_key()


def published(whose, use, begin=BEGIN, end=END):
    return publish(pair(whose), use, begin, end)


def key_set(owner, *keys):
    return KeySet(owner, tuple(keys))


MAPLE = key_set("maple", published("maple sig", KeyUse.SIGN), published("maple enc", KeyUse.SEAL))
FIR = key_set("fir", published("fir sig", KeyUse.SIGN), published("fir enc", KeyUse.SEAL))
REGION = key_set("region", published("region sig", KeyUse.SIGN))
PARTIES = PackageParties("maple", "fir", {SignedBy.DISTRICT: MAPLE, SignedBy.GATEWAY: REGION}, FIR)


def manifest_of(contents=None, *, signed_by="district", to="fir enc", **changes):
    """Write a manifest as the package's own room writes it."""
    contents = FILES if contents is None else contents
    listed = [{"path": path, "sha256": hashlib.sha256(content).hexdigest()} for path, content in contents.items()]
    kid = pair(to).thumbprint()
    told = {
        "format": "crossing-transfer/1", "transfer": TRANSFER, "version": VERSION, "track": "full",
        "sender": {"district": "maple"}, "receiver": {"district": "fir", "kid": kid, "thumbprint": kid},
        "signedBy": signed_by, "sections": [{"name": "transcript", "state": "whole", "files": listed}],
    }  # fmt: skip
    return json.dumps(told | changes).encode()


@dataclass
class Crafted:
    """A package in which whoever knows the receiver's public key can lie about everything."""

    files: dict = field(default_factory=lambda: dict(FILES))
    manifest: bytes = b""
    signature: bytes = b""
    signer: str = "maple sig"
    to: str = "fir enc"
    name: str = f"{TRANSFER}:{VERSION}"
    parts: list = field(default_factory=list)

    def __post_init__(self):
        self.manifest = self.manifest or manifest_of(self.files, to=self.to)
        self.signature = self.signature or sign_manifest(self.manifest, pair(self.signer))
        self.parts = [
            self.part(self.manifest, "manifest.json", cty="json"),
            self.part(self.signature, "manifest.json.jws", cty="jose"),
            *(self.part(self.files[path], path) for path in sorted(self.files)),
        ]

    def part(self, content, path, index=0, *, is_last=True, cty="octet-stream", **changes):
        """Seal one part, with whatever *changes* of its header."""
        where = place(self.name, hashlib.sha256(self.manifest).hexdigest(), path, index, is_last=is_last)
        header = header_of(cty, self.name, where, signer_kid(self.signature), pair(self.to).thumbprint())
        return seal_part(content, header | changes, pair(self.to))

    def container(self):
        return b"".join(write_container(self.parts))


def sealed(files=None, *, signer="maple sig", parties=PARTIES, now=NOW, **changes):
    """Seal a package as it should be."""
    files = FILES if files is None else files
    manifest = manifest_of(files, **changes)
    return b"".join(seal_package(manifest, sign_manifest(manifest, pair(signer)), files, parties, now))


def opened(container, *, transfer=TRANSFER, version=VERSION, parties=PARTIES, now=NOW, keys=("fir enc",)):
    """Open a package as its receiver does."""
    return open_package(BytesIO(container), transfer, version, parties, [pair(whose) for whose in keys], now)


def parts_of(container):
    """Return the sealed parts of a container."""
    reader, parts = ContainerReader(BytesIO(container)), []
    while not container.endswith(bytes(1024)) or not _is_read(container, parts):
        parts.append(reader.part(1 << 30))
    return parts


def _is_read(container, parts):
    return len(b"".join(write_container(parts))) == len(container)


def header_text(token):
    """Return a part's header as JSON text."""
    return decode(token.split(b".")[0])


def with_header(token, text):
    """Return a part with another header, and all else as it was."""
    return b".".join([encode(text).encode(), *token.split(b".")[1:]])


MESSAGES = {
    value
    for path in Path(gateway.transfers.sealing.__file__).parent.glob("*.py")
    for name, value in vars(import_module(f"gateway.transfers.sealing.{path.stem}")).items()
    if name.isupper() and isinstance(value, str) and value.endswith(".")
}
"""Every text that an error of this room can have."""


def refused(kind, container, **given):
    """Check that a package is refused by one kind of error, in a fixed text."""
    with pytest.raises(SealingError) as error:
        opened(container, **given)
    assert type(error.value) is kind, error.value
    assert str(error.value) in MESSAGES
