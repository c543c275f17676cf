"""``crossing send``: a district's keys, and its signatures over the records that leave."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.commands.transfer_agents.opened import HOUSE, client

if TYPE_CHECKING:
    from pathlib import Path

USE = click.option("--use", type=click.Choice(["sign", "seal"]), required=True, help="What the key is for.")
NAME = click.argument("name", metavar="FILE")


@click.group()
def send() -> None:
    """Make the district's keys, and sign what leaves with the one that never leaves."""


@send.group()
def keys() -> None:
    """Make keys, and print their public parts."""


@keys.command()
@NAME
@USE
@HOUSE
def new(name: str, use: str, file: Path) -> None:
    """Make a pair; the private part is written to FILE, beside the settings, and to nowhere else."""
    from gateway.receiving.settings import load
    from gateway.sending import key_pairs

    settings = load(file)
    kid = key_pairs.make(settings, name)
    click.echo(f"{kid}: {name} is the private part. Next: crossing send keys publish {name} --use {use}")


@keys.command()
@NAME
@USE
@click.option("--days", type=click.IntRange(1, 1825), default=730, show_default=True, help="How long it is valid.")
@HOUSE
def publish(name: str, use: str, days: int, file: Path) -> None:
    """Print the public part of the key in FILE, which two persons of the district publish in the console.

    They retire it there, too: a program of the district can do neither.
    """
    from gateway.receiving.settings import load
    from gateway.sending import key_pairs

    click.echo(json.dumps(key_pairs.public_part(load(file), name, use, datetime.now(UTC), days), indent=1))


@send.command()
@click.argument("transfers", nargs=-1)
@HOUSE
def sign(transfers: tuple[str, ...], file: Path) -> None:
    """Sign the manifests that wait, or those of the TRANSFERS named, with the district's own key.

    One that is not to be signed, or waits no more, keeps no other from being signed.
    """
    from gateway.receiving.errors import GatewayRefused, PackageRefused
    from gateway.sending import signing
    from gateway.transfers.sealing.errors import SealingError

    signed = 0
    with client(file) as (settings, opened):
        found = [one for one in signing.waiting(opened) if not transfers or one.transfer in transfers]
        for one in found:
            try:
                unsigned = signing.fetch(opened, settings, one)
                signing.sign(opened, settings, unsigned)
            except (GatewayRefused, PackageRefused, SealingError) as error:
                click.echo(f"{one.transfer}: version {one.version} is not signed: {error.message}", err=True)
                continue
            signed += 1
            told = ", ".join(f"{name} {state}" for name, state in unsigned.sections.items())
            click.echo(f"{one.transfer}: version {one.version} to {unsigned.receiver} is signed ({told})")
    click.echo(f"{signed} signed.")
    if signed < len(found):
        raise click.exceptions.Exit(1)
