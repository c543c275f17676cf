"""Keys of districts for transfers: published, retired and revoked by people, and pinned by agreements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.admin.transfers.office import TransferOffice

if TYPE_CHECKING:
    from gateway.admin.second_person import Waiting
    from gateway.storage.transfers.district_keys import DistrictKey
    from gateway.transfers.sealing.key_set import KeySet

GATEWAY = "gateway"
"""The owner of the gateway's own keys, with which it signs for districts; no district is called so."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A key of a district, and the agreements in force that pin it, each with what the key is to them."""

    key: DistrictKey
    pinned_by: tuple[str, ...] = ()


class TransferKeys(TransferOffice):
    """The public keys of a district; private ones never come here."""

    def listed(self) -> tuple[PinnedKey, ...]:
        """List the keys of the district, revoked ones too."""
        raise NotImplementedError

    def publish(self, jwk: bytes, reason: str = "") -> PinnedKey | Waiting:
        """Publish one more public key, as a JWK.

        Raises:
            KeySetRefused: it is none that a district may publish, or one too many.
        """
        raise NotImplementedError

    def retire(self, kid: str, reason: str = "") -> PinnedKey | Waiting:
        """Let a key open and verify what there is, and nothing new."""
        raise NotImplementedError

    def revoke(self, kid: str, reason: str = "") -> PinnedKey | Waiting:
        """Revoke a key for ever, at once."""
        raise NotImplementedError

    def key_set(self, district: str) -> KeySet:
        """Return what a district publishes; that of the `GATEWAY` for the gateway's own. Everybody may know it.

        Raises:
            NotFound: there is no such district here, or it has published nothing.
        """
        raise NotImplementedError
