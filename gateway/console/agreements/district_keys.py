"""The keys of the two districts of an agreement about transfers, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.agreements.transfer_part import published_keys
from gateway.console.page import region
from gateway.console.wording import say
from gateway.transfers.sealing.key_set import KeyStatus, KeyUse
from gateway.transfers.work.gateway_key import gateway_keys

if TYPE_CHECKING:
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.storage.transfers.district_keys import DistrictKey


def key_lines(one: KnownVersion) -> list[str]:
    """Say which keys may be named: those to sign of the sending district, and those to seal to of the receiving one."""
    wanted = ((one.district, KeyUse.SIGN), (one.recipient, KeyUse.SEAL))
    found = [(use, key) for district, use in wanted for key in published_keys(region(), district) if key.use == use]
    told = [_said(key, use) for use, key in found]
    if any(use is KeyUse.SIGN for use, _ in found):
        return told
    gateway = {"district": one.district, "key": gateway_keys(region().keys).keys[0].kid}
    return [
        say("%(district)s has published no key that signs: the gateway signs for it, with %(key)s.") % gateway,
        *told,
    ]


def _said(key: DistrictKey, use: KeyUse) -> str:
    told = {"district": key.district, "key": key.kid}
    if key.status == KeyStatus.RETIRING:
        return say("%(key)s of %(district)s is being replaced by another.") % told
    if use is KeyUse.SIGN:
        return say("%(district)s signs with %(key)s.") % told
    return say("%(district)s opens with %(key)s.") % told
