"""Signed heads: the last entry of the record of disclosures, in a file beside it and in the registry."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import orjson

from gateway.storage.durable_files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "head.json"
NAME = "record"
"""The name under which the registry holds the last head."""
MEMBERS: Final = {
    "seq": "seq", "hash": "hash", "marked": "checkpoint", "agreements": "agreements", "held": "in_registry",
}  # fmt: skip
"""The members of the file, in their order, and what they are called here; a name in the file is never changed."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The last entry of the record at the time of signing; a record that was cut shorter does not match it.

    *hash* is the hash of entry *seq*. *checkpoint* is the entry from which on all bear a MAC; earlier ones were written
    by a version of the program that made none, and were kept unchanged. *agreements* names the agreements recorded so
    far (see `agreement_texts`). *in_registry* says that the registry has a head too.
    """

    seq: int
    hash: str
    checkpoint: int = 0
    agreements: str = ""
    in_registry: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A *number* that only grows and a *digest*, kept in the registry under a name."""

    number: int
    digest: str = ""


class Registry(Protocol):
    """The store of checkpoints, apart from the files they vouch for."""

    def read_checkpoint(self, name: str) -> Checkpoint | None:
        """Return the checkpoint called *name*."""

    def write_checkpoint(self, name: str, mark: Checkpoint) -> None:
        """Set the checkpoint called *name*."""


def write_head(folder: Path, head: AuditHead, key: bytes) -> None:
    """Sign and write the head."""
    replace_file(folder / HEAD, _text(head, key))


def read_head(folder: Path, key: bytes) -> AuditHead | None:
    """Read the head; None where it is missing or was not signed with *key*."""
    try:
        content = (folder / HEAD).read_bytes()
        read = orjson.loads(content)
        signature = read.pop("signature")
        head = AuditHead(**{MEMBERS[name]: value for name, value in read.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not read.keys() - {"seq", "hash"} and hmac.compare_digest(
        str(signature).encode(), _old_signature(head, key).encode()
    ):
        return head
    return head if hmac.compare_digest(content, _text(head, key)) else None


def _text(head: AuditHead, key: bytes) -> bytes:
    told = {member: getattr(head, name) for member, name in MEMBERS.items()}
    signature = hmac.new(key, b"signed head\x00" + orjson.dumps(told), hashlib.sha256).hexdigest()
    return orjson.dumps({**told, "signature": signature}) + b"\n"


def _old_signature(head: AuditHead, key: bytes) -> str:
    """Compute the signature of a version of the program that made no MACs."""
    return hmac.new(key, b"head\x00%d\x00%s" % (head.seq, str(head.hash).encode()), hashlib.sha256).hexdigest()
