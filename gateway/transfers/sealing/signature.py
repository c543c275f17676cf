"""Signatures of manifests: a detached compact JWS (RFC 7515, appendix F), ES256, over the exact bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from joserfc import jws
from joserfc.errors import JoseError

from gateway.transfers.sealing.errors import HeaderRefused, PackageAltered
from gateway.transfers.sealing.key_set import SIGNING, KeyUse
from gateway.transfers.sealing.manifest import MAX_MANIFEST_BYTES, THUMBPRINT
from gateway.transfers.sealing.strict_json import decode, read_object

if TYPE_CHECKING:
    from datetime import datetime

    from joserfc.jwk import ECKey

    from gateway.transfers.sealing.key_set import KeySet

TYPE: Final = "crossing-transfer+jws"
SIGNATURE_BYTES: Final = 64
MAX_SIGNATURE_BYTES: Final = 512

NO_SIGNATURE = "The signature is not written as a signature of a manifest is."
ALTERED = "The signature is not one over this manifest by the key that it names."


class _ManifestRegistry(jws.JWSRegistry):
    max_payload_length = MAX_MANIFEST_BYTES * 4 // 3 + 4


REGISTRY: Final = _ManifestRegistry(algorithms=[SIGNING])


def sign_manifest(manifest: bytes, key: ECKey) -> bytes:
    """Sign the bytes of a manifest with a private *key*."""
    header = {"alg": SIGNING, "kid": key.thumbprint(), "typ": TYPE}
    return jws.detach_content(jws.serialize_compact(header, manifest, key, registry=REGISTRY)).encode("ascii")


def signer_kid(signature: bytes) -> str:
    """Return the thumbprint of the key that a signature names, if its header is all that it should be.

    Raises:
        HeaderRefused: it is anything else, whatever that would mean.
    """
    parts = signature.split(b".")
    if len(signature) > MAX_SIGNATURE_BYTES or [bool(part) for part in parts] != [True, False, True]:
        raise HeaderRefused(NO_SIGNATURE)
    try:
        header = read_object(decode(parts[0]))
        is_whole = len(decode(parts[2])) == SIGNATURE_BYTES
    except ValueError:
        raise HeaderRefused(NO_SIGNATURE) from None
    kid = header.get("kid")
    if header != {"alg": SIGNING, "kid": kid, "typ": TYPE} or not is_whole:
        raise HeaderRefused(NO_SIGNATURE)
    if not isinstance(kid, str) or not THUMBPRINT.fullmatch(kid):
        raise HeaderRefused(NO_SIGNATURE)
    return kid


def verify_signature(
    signature: bytes, manifest: bytes, signers: KeySet, now: datetime, *, for_new: bool = False
) -> None:
    """Verify that one of the pinned *signers* signed the exact bytes of a manifest.

    Raises:
        SealingError: none did, or with a key that may not be used so now.
    """
    key = signers.find(signer_kid(signature), KeyUse.SIGN, now, for_new=for_new).key
    try:
        jws.deserialize_compact(signature, key, registry=REGISTRY, payload=manifest)
    except (JoseError, ValueError, TypeError, KeyError):
        raise PackageAltered(ALTERED) from None
