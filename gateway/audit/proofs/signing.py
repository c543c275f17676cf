"""Signatures of tree heads: ES256, by a key derived from the region's, whose public half anybody may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gateway.storage.secrets import derive_subkey

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTEXT: Final = b"Crossing Guard tree head\n"
"""What is signed before the head's text, so that the signature is of nothing else."""
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the curve P-256: private keys are the numbers from 1 to one less."""
NUMBER_BYTES: Final = 32
_ALGORITHM: Final = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The *root* of the tree over the first *size* lines of the record, the last of them entry *seq*, at a moment.

    *end* is what the next entry of the chain seals: the hash and the mark of that entry.
    """

    at: str
    seq: int
    size: int
    root: str
    end: str

    def text(self) -> bytes:
        """Return the one spelling that is signed."""
        told = {"at": self.at, "end": self.end, "root": self.root, "seq": self.seq, "size": self.size}
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def read_head(told: Mapping[str, Any]) -> TreeHead:
    """Read a head from its members.

    Raises:
        ValueError: it is none.
    """
    names = {"at": str, "seq": int, "size": int, "root": str, "end": str}
    try:
        found = [kind(told[name]) for name, kind in names.items()]
        bytes.fromhex(str(told["root"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("this is no tree head") from None
    return TreeHead(*found)


class HeadKey:
    """The region's key for tree heads, derived from that of the audit log."""

    def __init__(self, key: bytes) -> None:
        halves = (derive_subkey(key, b"tree heads: %d" % part) for part in range(2))
        self._private = ec.derive_private_key(int.from_bytes(b"".join(halves)) % (ORDER - 1) + 1, ec.SECP256R1())
        self.public = self._private.public_key()

    def sign(self, head: TreeHead) -> str:
        """Sign a *head*: the two numbers of the signature, as hex digits."""
        first, second = decode_dss_signature(self._private.sign(CONTEXT + head.text(), _ALGORITHM))
        return b"".join(one.to_bytes(NUMBER_BYTES) for one in (first, second)).hex()

    def pem(self) -> str:
        """Return the public key as it is printed."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def is_signed(head: TreeHead, signature: str, public: ec.EllipticCurvePublicKey) -> bool:
    """Tell whether a *signature* of a *head* is by the owner of the *public* key."""
    try:
        numbers = bytes.fromhex(signature)
        first, second = (int.from_bytes(numbers[at : at + NUMBER_BYTES]) for at in (0, NUMBER_BYTES))
        if len(numbers) != 2 * NUMBER_BYTES or numbers.hex() != signature:
            return False
        public.verify(encode_dss_signature(first, second), CONTEXT + head.text(), _ALGORITHM)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def read_public_key(pem: bytes) -> ec.EllipticCurvePublicKey:
    """Read a public key for tree heads.

    Raises:
        ValueError: it is none.
    """
    found = load_pem_public_key(pem)
    if isinstance(found, ec.EllipticCurvePublicKey) and isinstance(found.curve, ec.SECP256R1):
        return found
    raise ValueError("this is no key of the curve P-256")
