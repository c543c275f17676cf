"""``crossing agreements keys``: the public keys by which the parties of agreements sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.commands.actor import actor
from gateway.commands.agreements.opened import registry
from gateway.commands.clients import BY_THUMBPRINT, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection

KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """Register the public keys of parties, list them, retire them."""


@keys.command()
@click.argument("party")
@click.argument("key_file", metavar="FILE", type=KEY_FILE)
@SETTINGS
def add(party: str, key_file: Path, file: Path) -> None:
    """Register the public key in FILE, a JWK or PEM, as one of PARTY: a district, or the org of a recipient.

    Make sure first, by a way of your own, that it is the party's: whoever has its private part can sign for it.
    """
    from gateway.signing.party_keys import algorithms, public_part, read_key
    from gateway.storage.approvals import PartyKey
    from gateway.storage.registry import utc_now

    key = read_key(key_file.read_bytes(), str(key_file))
    with registry(file) as opened:
        _check_party(party, opened.settings.districts)
        opened.approvals.add_key(PartyKey(key.thumbprint(), party, public_part(key), utc_now(), actor()))
    click.echo(f"{key.thumbprint()}: {party} signs by it, with {algorithms(key)[0]}.")


def _check_party(party: str, districts: Collection[str]) -> None:
    from policies.documents.claims import NAME

    if not NAME.fullmatch(party):
        raise click.BadParameter("a party has the name of a district or of an org in agreements")
    if party in districts:
        click.echo(f"{party} is a district: its key signs for the district.", err=True)


@keys.command("list")
@SETTINGS
def list_keys(file: Path) -> None:
    """List every key with its party, since when it is registered and whether it is retired."""
    with registry(file) as opened:
        found = opened.approvals.keys()
    for one in found:
        ended = f", retired {one.retired:%Y-%m-%d}" if one.retired else ""
        added = f"added {one.added:%Y-%m-%d} by {one.added_by}{ended}"
        click.echo(f"{one.thumbprint}: {one.party}, {one.key['kty']}, {added}")
    click.echo(f"{len(found)} keys.")


@keys.command(context_settings=BY_THUMBPRINT)
@click.argument("thumbprint")
@click.option("--distrust", is_flag=True, help="Withdraw too what it has signed: somebody else may have had it.")
@click.option("--reason", required=True, help="Why; it stays in the record.")
@SETTINGS
def retire(thumbprint: str, distrust: bool, reason: str, file: Path) -> None:
    """Retire the key of that THUMBPRINT: what was signed and recorded before counts on, nothing else does."""
    from gateway.storage.registry import utc_now

    with registry(file) as opened:
        found = opened.approvals.retire_key(thumbprint, actor(), reason, utc_now(), distrusted=distrust)
    click.echo(f"{thumbprint} is retired" + (f"; {found} approvals by it are withdrawn." if distrust else "."))


COMMANDS = (keys,)
