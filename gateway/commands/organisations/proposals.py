"""``crossing admins proposals``, ``confirm``, ``decline``, ``settings``: acts by two persons, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.actor import actor
from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.region import opened_region
from gateway.commands.register_entries import print_entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.config.settings import Settings

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

    with opened_region(file) as region:
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
    from gateway.commands.admins import show_link
    from gateway.config.settings import load

    settings, ok = load(file), True
    for line in _confirmed(file, settings, {"name": name, "reason": reason, "actor": actor()}):
        ok = bool(line.get("ok", True))
        if line.get("link"):
            show_link(settings, line["link"])
        if line.get("text"):
            click.echo(line["text"], err=not ok)
        if line.get("secret"):
            click.echo(f"secret, shown this once: {line['secret']}")
    if not ok:
        raise click.exceptions.Exit(1)


@click.command()
@ID
@REASON
@SETTINGS
def decline(name: str, reason: str, file: Path) -> None:
    """Decline the proposal ID."""
    from gateway.admin.confirming import Confirming
    from gateway.people.actor import operator

    with opened_region(file) as region:
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

    with opened_region(file) as region:
        found = OrganisationSettings(region).read(operator(actor()), org)
    for name, value in asdict(found).items():
        click.echo(f"{name.replace('_', '-')}: {', '.join(value) if isinstance(value, tuple) else value}")


def _confirmed(file: Path, settings: Settings, asked: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Let the running gateway do what is confirmed; without one it is done in the registry, as far as it can be."""
    from gateway.runtime.control import confirm_socket, control_socket

    try:
        yield from control_socket.ask(settings.state, confirm_socket.COMMAND, **asked)
    except control_socket.NotRunning:
        with opened_region(file) as region:
            yield from confirm_socket.serve(lambda: region, asked)
