"""The header of a package: whose it is, for whom, under which agreement, which version, and when it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "crossing-transfer/1"


@dataclass(frozen=True, slots=True)
class SendingOffice:
    """The district that sends a record, and how its registrar is reached about what is not in the package."""

    district: str
    nces: str
    name: str
    telephone: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class ReceivingKey:
    """The district that receives a record, and the *kid*, a thumbprint, of the key that the package is sealed to."""

    district: str
    kid: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PackageHeader:
    """What a package says of itself: every moment in it is *made*, which is given, so that the bytes stay the same.

    It is *signed_by* the ``district`` that sends it, or by the ``gateway`` in its place.
    """

    transfer: str
    version: int
    sender: SendingOffice
    receiver: ReceivingKey
    basis: str
    agreement: str
    made: str
    signed_by: str
    replaces: int | None = None

    def entry(self, track: str) -> dict[str, Any]:
        """Return what the manifest of a *track* says of it."""
        found: dict[str, Any] = {
            "format": FORMAT,
            "transfer": self.transfer,
            "version": self.version,
            "track": track,
            "made": self.made,
            "sender": {"district": self.sender.district, "nces": self.sender.nces},
            "receiver": {
                "district": self.receiver.district, "kid": self.receiver.kid, "thumbprint": self.receiver.kid,
            },
            "basis": self.basis,
            "agreement": self.agreement,
            "signedBy": self.signed_by,
        }  # fmt: skip
        return found if self.replaces is None else found | {"replaces": self.replaces}
