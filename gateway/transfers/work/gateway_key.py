"""The gateway's own key: it signs manifests for districts that do not sign in their own house."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from gateway.storage.secrets import derive_subkey
from gateway.transfers.sealing.key_set import KeySet, KeyUse, publish

if TYPE_CHECKING:
    from gateway.storage.secrets import Keys

OWNER: Final = "gateway"
PURPOSE: Final = "transfer signatures"
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256: a private key is a number from 1 to one below it."""
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)


def gateway_key(keys: Keys) -> ECKey:
    """Return the private key of a region, which follows from its master key and is stored nowhere."""
    seed = keys.derive(PURPOSE)
    wide = int.from_bytes(seed + derive_subkey(seed, b"further bits"))
    return ECKey.import_key(ec.derive_private_key(wide % (ORDER - 1) + 1, ec.SECP256R1()))


def gateway_keys(keys: Keys) -> KeySet:
    """Return the keys that the gateway publishes."""
    return KeySet(OWNER, (publish(gateway_key(keys), KeyUse.SIGN, FROM, UNTIL),))
