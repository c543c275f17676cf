"""``crossing admins proposals``, ``confirm``, ``decline``, ``settings``: acts by two persons, from the command line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gateway.commands.actor import actor
from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.register_entries import print_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.admin.administration import Administration

COLUMNS = ("id", "action", "org", "about", "by", "until")
ID = click.argument("name", metavar="ID")
REASON = click.option("--reason", required=True, help="Why; it stays on record.")


@click.command("proposals")
@JSON
@SETTINGS
def list_proposals(as_json: bool, file: Path) -> None:
    """List the acts that wait for a second person."""
    from gateway.admin.confirming import Confirming
    from gateway.people.actor import operator

    with _region(file) as region:
        found = Confirming(region).waiting(operator(actor()))
    facts = [
        {
            "id": one.id, "action": one.action, "org": one.org, "about": one.about, "by": one.made_by,
            "until": one.expires.isoformat(timespec="seconds"),
        }
        for one in found
    ]  # fmt: skip
    if not facts and not as_json:
        click.echo("Nothing waits for a second person.")
        return
    print_entries(facts, COLUMNS, as_json=as_json)


@click.command()
@ID
@REASON
@SETTINGS
def confirm(name: str, reason: str, file: Path) -> None:
    """Confirm the proposal ID in the place of a second person, where there is nobody else who could.

    The record says that an operator stood in, and why.
    """
    from gateway.admin.confirming import Confirming
    from gateway.commands.admins import show_link
    from gateway.people.actor import operator

    with _region(file) as region:
        done = Confirming(region).confirm(operator(actor()), name, reason)
        if done.link:
            show_link(region.settings(), done.link)
    click.echo(f"{name}: confirmed and done.")
    if done.secret:
        click.echo(f"secret, shown this once: {done.secret}")


@click.command()
@ID
@REASON
@SETTINGS
def decline(name: str, reason: str, file: Path) -> None:
    """Decline the proposal ID."""
    from gateway.admin.confirming import Confirming
    from gateway.people.actor import operator

    with _region(file) as region:
        Confirming(region).decline(operator(actor()), name, reason)
    click.echo(f"{name}: declined.")


@click.command("settings")
@click.argument("org")
@SETTINGS
def show_settings(org: str, file: Path) -> None:
    """Show what the organisation ORG has chosen: acts by two persons, and where notices go."""
    from dataclasses import asdict

    from gateway.admin.settings import OrganisationSettings
    from gateway.people.actor import operator

    with _region(file) as region:
        found = OrganisationSettings(region).read(operator(actor()), org)
    for name, value in asdict(found).items():
        click.echo(f"{name.replace('_', '-')}: {', '.join(value) if isinstance(value, tuple) else value}")


@contextmanager
def _region(file: Path) -> Iterator[Administration]:
    """Open the region for the account at the command line."""
    from contextlib import closing

    from gateway.admin.administration import Administration
    from gateway.config.settings import load
    from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
    from gateway.storage.registry import open_store, utc_now

    settings = load(file)
    with closing(open_store(settings.store_url, seconds=MAX_COMMAND_SECONDS)) as store:
        yield Administration(store, None, settings.open_keys(), utc_now, lambda: settings)
