"""Pairs of keys of a district: made in its own house, the public part published, the private part never sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway.transfers.sealing.key_files import new_key, write_private_key
from gateway.transfers.sealing.key_set import KeyUse, publish

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.receiving.settings import HouseSettings

USES: Final = {"sign": KeyUse.SIGN, "seal": KeyUse.SEAL}
"""What a key is for, in the words of the command."""
KEY_DAYS: Final = 730
SKEW: Final = timedelta(minutes=5)
"""A key counts from a little before it was made: clocks differ."""


def make(settings: HouseSettings, name: str) -> str:
    """Make a pair and write its private part to the new file *name*; return its thumbprint.

    Raises:
        KeyFileRefused: the file is there, or others can look into its folder.
    """
    key, passphrase = new_key(), settings.keys["passphrase"]
    secret = settings.secret(passphrase).encode() if passphrase else None
    write_private_key(settings.file.parent / name, key, secret)
    return key.thumbprint()


def public_part(settings: HouseSettings, name: str, use: str, now: datetime, days: int = KEY_DAYS) -> dict[str, Any]:
    """Return the public part of the key in the file *name*, as people of the district publish it in the console."""
    key = settings.private_key(name)
    return publish(key, USES[use], now - SKEW, now + timedelta(days=days)).as_jwk()
