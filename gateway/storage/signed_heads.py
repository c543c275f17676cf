"""Signed heads: how far the record reached, in a file beside it and in the registry."""

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
    """How far the record reached when this was signed; who cuts it shorter is found out.

    *hash* is the end of entry *seq*. *checkpoint* is the entry from which on all bear a MAC; those before were written
    by a version of the program that made none, and were taken over as they were. *agreements* names the agreements
    recorded so far (see `agreement_texts`). *in_registry* says that the registry holds a head too.
    """

    seq: int
    hash: str
    checkpoint: int = 0
    agreements: str = ""
    in_registry: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the registry holds under a name: a *number* that only grows, and a *digest*."""

    number: int
    digest: str = ""


class Registry(Protocol):
    """What holds the last head apart from the record."""

    def read_checkpoint(self, name: str) -> Checkpoint | None:
        """What is held under *name*."""

    def write_checkpoint(self, name: str, mark: Checkpoint) -> None:
        """Hold *mark* under *name* from now on."""


def write_head(folder: Path, head: AuditHead, key: bytes) -> None:
    """Sign how far the record reaches now."""
    replace_file(folder / HEAD, _text(head, key))


def read_head(folder: Path, key: bytes) -> AuditHead | None:
    """How far the record reached when it was last signed; None if nobody with *key* signed it."""
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
    """The signature of a version of the program that made no MACs."""
    return hmac.new(key, b"head\x00%d\x00%s" % (head.seq, str(head.hash).encode()), hashlib.sha256).hexdigest()
