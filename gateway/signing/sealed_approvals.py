"""Sealed approvals: what a signed-in person approved, under a key of the region: no row alone is a signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.storage.approvals import SIGNED_IN

if TYPE_CHECKING:
    from gateway.storage.approvals import Approval

PURPOSE: Final = "approvals by people"
"""What the key is derived for."""

CONFIRMED_BY: Final = ", confirmed by "
"""What stands between the names of two persons who have done one act together."""


def sealed(one: Approval, key: bytes) -> Approval:
    """Return the approval of a signed-in person with its seal."""
    return replace(one, signature=_seal(one, key))


def is_sealed(one: Approval, key: bytes) -> bool:
    """Tell whether an approval is one of a signed-in person that this region has sealed just as it is."""
    return one.method == SIGNED_IN and bool(one.person) and hmac.compare_digest(one.signature, _seal(one, key))


def signers(actor: str) -> frozenset[str]:
    """Return the names of the one person or the two who are an *actor*."""
    return frozenset(actor.split(CONFIRMED_BY))


def _seal(one: Approval, key: bytes) -> str:
    said = [
        one.agreement, one.version, one.party, one.method, one.text, one.elements, int(one.at.timestamp()), one.actor,
        one.person, one.session,
    ]  # fmt: skip
    return hmac.new(key, json.dumps(said).encode(), hashlib.sha256).hexdigest()
