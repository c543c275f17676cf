"""Echo of a package: the keyed digest of its figures, by which the receiver's side shows that it has read them.

Beside it the traces of its sections: keyed tags of what each holds, by which the next version knows what has changed.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from gateway.storage.secrets import derive_subkey
from gateway.transfers.package.files import written

if TYPE_CHECKING:
    from collections.abc import Mapping

PURPOSE: Final = b"echoes"
TRACES: Final = b"traces"


def echo_of(key: bytes, transfer: str, figures: Mapping[str, Any]) -> str:
    """Return the digest of the *figures* of a transfer's package under the *key* for transfers.

    A plain hash would tell the figures to whoever tries them all.
    """
    subkey = derive_subkey(derive_subkey(key, PURPOSE), transfer.encode())
    return hmac.digest(subkey, written(dict(figures)), hashlib.sha256).hex()


def trace_of(key: bytes, transfer: str, section: str, held: Any) -> str:
    """Return the tag of what a package holds of a *section*: a plain hash of a small one could be guessed."""
    subkey = derive_subkey(derive_subkey(key, TRACES), transfer.encode())
    return hmac.digest(subkey, written([section, held]), hashlib.sha256).hex()
