"""``crossing transfers keys``: the public keys by which districts sign and open packages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from gateway.commands.clients import BY_THUMBPRINT, JSON, SETTINGS
from gateway.commands.transfers.asked import DISTRICT, REASON, listed, told
from standards.errors import InvalidBody

KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
COLUMNS: Final = ("kid", "use", "status", "pinnedBy")
MAX_KEY_BYTES: Final = 16_384
KID = click.argument("name", metavar="KID")


@click.group()
def keys() -> None:
    """List the public keys of a district for transfers, publish one more, retire and revoke them."""


@keys.command("list")
@DISTRICT
@JSON
@SETTINGS
def list_keys(district: str, as_json: bool, file: Path) -> None:
    """List the keys of a district, with the agreements that pin each."""
    listed(
        file, "transfers keys list", COLUMNS, "The district has published no key.", as_json=as_json, district=district
    )  # fmt: skip


@keys.command()
@click.argument("key_file", metavar="KEY-FILE", type=KEY_FILE)
@DISTRICT
@REASON
@JSON
@SETTINGS
def publish(key_file: Path, district: str, reason: str, as_json: bool, file: Path) -> None:
    """Publish the public key in KEY-FILE, a JWK; a private key must never leave the district's house."""
    with key_file.open("rb") as opened:
        content = opened.read(MAX_KEY_BYTES + 1)
    try:
        jwk = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidBody(f"{key_file.name} is no JWK.") from None
    told(
        file, "transfers keys publish", as_json=as_json, name="", district=district, jwk=jwk, reason=reason
    )  # fmt: skip


@keys.command(context_settings=BY_THUMBPRINT)
@KID
@DISTRICT
@REASON
@JSON
@SETTINGS
def retire(name: str, district: str, reason: str, as_json: bool, file: Path) -> None:
    """Let the key KID open and verify what there is, and nothing new."""
    told(file, "transfers keys retire", as_json=as_json, name=name, district=district, reason=reason)


@keys.command(context_settings=BY_THUMBPRINT)
@KID
@DISTRICT
@REASON
@JSON
@SETTINGS
def revoke(name: str, district: str, reason: str, as_json: bool, file: Path) -> None:
    """Revoke the key KID for ever, at once."""
    told(file, "transfers keys revoke", as_json=as_json, name=name, district=district, reason=reason)
