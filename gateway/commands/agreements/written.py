"""The commands ``crossing agreements drafts``, ``publish`` and ``unpublish``: what people write in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.commands.actor import actor
from gateway.commands.clients import SETTINGS
from gateway.commands.region import opened_region

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.admin.agreements.publishing import Published, Publishing
    from gateway.admin.second_person import Waiting
    from gateway.people.actor import Actor

VERSION = click.option("--version", type=click.IntRange(1), required=True, help="The version.")


@click.command("drafts")
@SETTINGS
def drafts_command(file: Path) -> None:
    """List what people write in the registry, and what each version waits for."""
    from gateway.admin.agreements.reading import KnownAgreements
    from gateway.one_line import one_line
    from gateway.people.actor import operator

    with opened_region(file) as region:
        found = [one for one in KnownAgreements(region).list(operator(actor())) if one.written is not None]
    for one in found:
        missing = f", not signed by {' and '.join(one.waiting_for)}" if one.waiting_for else ""
        click.echo(one_line(f"{one.name}: {one.state}, {one.district} and {one.recipient}{missing}"))
    if not found:
        click.echo("Nobody has written an agreement in the registry.")


@click.command("publish")
@click.argument("name", metavar="ID")
@VERSION
@click.option("--reason", required=True, help="Why a command does it; it stays in the record.")
@SETTINGS
def publish_command(name: str, version: int, reason: str, file: Path) -> None:
    """Let a version of ID that people wrote take effect, within a second where a gateway runs."""
    _decide(file, name, version, lambda publishing, me, number: publishing.publish(me, name, version, number, reason))


@click.command("unpublish")
@click.argument("name", metavar="ID")
@VERSION
@click.option("--reason", required=True, help="Why; it stays in the record.")
@SETTINGS
def unpublish_command(name: str, version: int, reason: str, file: Path) -> None:
    """Withdraw a version of ID that people wrote: it releases nothing, within a second where a gateway runs."""
    _decide(file, name, version, lambda publishing, me, number: publishing.withdraw(me, name, version, number, reason))


def _decide(
    file: Path, name: str, version: int, decide: Callable[[Publishing, Actor, int], Published | Waiting]
) -> None:
    """Decide on a version as it is now, as the operator, and tell what came of it."""
    from gateway.admin.agreements.publishing import Publishing
    from gateway.admin.agreements.reading import KnownAgreements
    from gateway.people.actor import operator

    me = operator(actor())
    with opened_region(file) as region:
        done = decide(Publishing(region), me, KnownAgreements(region).find(me, name, version).number)
    _tell(done)


def _tell(done: Published | Waiting) -> None:
    from gateway.admin.agreements.publishing import Published

    if isinstance(done, Published):
        click.echo(f"{done.version.name}: {done.version.state}")
        return
    click.echo(f"It waits for a second person of {done.proposal.org}: proposal {done.proposal.id}.")


COMMANDS = (drafts_command, publish_command, unpublish_command)
