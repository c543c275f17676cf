"""Keys of the two districts of a transfer, as they publish them and as their agreement pins them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.transfers.sealing.errors import KeyNotAccepted, KeySetRefused
from gateway.transfers.sealing.key_set import KeySet, KeyUse, read_key_set
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import PackageParties
from gateway.transfers.work.gateway_key import gateway_keys
from gateway.transfers.work.troubles import StepTrouble, TroubleReason

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from gateway.storage.transfers.district_keys import DistrictKeys
    from gateway.storage.transfers.packages import SealedPackage
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.desk import TransferDesk
    from policies.agreement import Agreement
    from policies.transfers.terms import TransferTerms


def pinned(keys: DistrictKeys, district: str, thumbprints: Collection[str]) -> KeySet:
    """Return those keys of a district that an agreement pins; one that cannot be read is none."""
    rows = [one for one in keys.of(district) if one.kid in thumbprints]
    if not rows:
        return KeySet(district, ())
    told = json.dumps({"keys": [dict(one.key) | {"status": one.status} for one in rows]}).encode()
    try:
        return read_key_set(told, district)
    except KeySetRefused:
        return KeySet(district, ())


def parties_of(desk: TransferDesk, transfer: Transfer, terms: TransferTerms) -> PackageParties:
    """Return the two districts of a transfer with the keys by which packages between them are signed and sealed."""
    signers = {
        SignedBy.DISTRICT: pinned(desk.district_keys, transfer.sender, terms.sender_keys),
        SignedBy.GATEWAY: gateway_keys(desk.keys),
    }
    recipients = pinned(desk.district_keys, transfer.receiver, terms.receiver_keys)
    return PackageParties(transfer.sender, transfer.receiver, signers, recipients)


def receiver_kid(parties: PackageParties, now: datetime) -> str:
    """Return the key to which a package is sealed now.

    Raises:
        StepTrouble: the receiver has none that is pinned and active.
    """
    try:
        return parties.recipients.current(KeyUse.SEAL, now).kid
    except KeyNotAccepted:
        raise StepTrouble(TroubleReason.RECEIVER_KEY) from None


def is_open_to(keys: DistrictKeys, kept: SealedPackage, agreement: Agreement, now: datetime) -> bool:
    """Tell whether the key that a package was sealed to still opens it: it is pinned, valid, and not revoked."""
    terms = agreement.transfer
    try:
        pinned(keys, kept.receiver, terms.receiver_keys if terms is not None else ()).find(kept.kid, KeyUse.SEAL, now)
    except KeyNotAccepted:
        return False
    return True


def signer_of(parties: PackageParties, now: datetime) -> SignedBy:
    """Return who signs: the sending district where it has published a key for it that is pinned, else the gateway.

    The gateway signs for nobody who has signed in its own house, whatever became of the key.

    Raises:
        StepTrouble: none of the keys of such a district is active.
    """
    own = parties.signers[SignedBy.DISTRICT]
    if not any(one.use is KeyUse.SIGN for one in own.keys):
        return SignedBy.GATEWAY
    try:
        own.current(KeyUse.SIGN, now)
    except KeyNotAccepted:
        raise StepTrouble(TroubleReason.SIGNATURE) from None
    return SignedBy.DISTRICT
