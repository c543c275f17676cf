"""``crossing admins``: the people who sign in to the console, and the link by which the first of them comes in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.actor import actor
from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.register_entries import print_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.admin.people import Persons
    from gateway.config.settings import Settings
    from gateway.people.actor import Actor

COLUMNS = ("mail", "name", "org", "roles", "state", "signs in by", "last sign-in")
REASON = click.option("--reason", required=True, help="Why; it stays on record.")
WAITS = "This waits for a second person of the organisation."
MAIL = click.argument("mail")


@click.group()
def admins() -> None:
    """Let the first person in, list people, invite them, suspend, resume and end them, and let them back in."""


@admins.command()
@click.option("--mail", default="", help="The address of whoever is to be the operator; else the person says it.")
@click.option("--name", default="", help="The person's name.")
@click.option("--again", is_flag=True, help="Even though there is a region operator already.")
@SETTINGS
def bootstrap(mail: str, name: str, again: bool, file: Path) -> None:
    """Print the one-time link by which the region's operator comes in."""
    with _people(file) as (people, operator, settings):
        show_link(settings, people.bootstrap(operator, mail, name, again=again))


@admins.command("list")
@click.option("--org", help="Only those of this organisation.")
@JSON
@SETTINGS
def list_people(org: str | None, as_json: bool, file: Path) -> None:
    """List the people of every organisation, with their roles and how they sign in."""
    with _people(file) as (people, operator, _):
        orgs = [org] if org is not None else [one.name for one in people.organisations(operator)]
        facts = [
            {
                "mail": one.person.mail,
                "name": one.person.name,
                "org": each,
                "roles": list(one.roles),
                "state": one.person.status,
                "signs in by": list(one.factors),
                "last sign-in": one.person.last_sign_in.isoformat() if one.person.last_sign_in else None,
            }
            for each in orgs
            for one in people.overview(operator, each).members
        ]
    if not facts and not as_json:
        click.echo("Nobody has joined yet: crossing admins bootstrap prints the first link.")
        return
    shown: list[dict[str, Any]] = facts
    if not as_json:
        shown = [one | {name: ", ".join(one[name]) for name in ("roles", "signs in by")} for one in facts]  # type: ignore[arg-type]
    print_entries(shown, COLUMNS, as_json=as_json)


@admins.command()
@MAIL
@click.option("--org", required=True, help="The organisation; the region's own people are of 'region'.")
@click.option("--role", required=True, help="The role, such as district-admin.")
@click.option("--name", default="", help="The person's name.")
@SETTINGS
def invite(mail: str, org: str, role: str, name: str, file: Path) -> None:
    """Print the one-time link by which whoever has the address MAIL joins an organisation."""
    with _people(file) as (people, operator, settings):
        made = people.invite(operator, org, mail, role, name)
        if not isinstance(made, str):
            click.echo(WAITS)
            return
        show_link(settings, made)


@admins.command()
@MAIL
@REASON
@SETTINGS
def suspend(mail: str, reason: str, file: Path) -> None:
    """Shut the person with the address MAIL out at once, until it is resumed."""
    _change(file, mail, "suspend", reason)


@admins.command()
@MAIL
@REASON
@SETTINGS
def resume(mail: str, reason: str, file: Path) -> None:
    """Let a suspended person in again."""
    _change(file, mail, "resume", reason)


@admins.command()
@MAIL
@REASON
@SETTINGS
def end(mail: str, reason: str, file: Path) -> None:
    """End a person's access for ever, and every role it has."""
    _change(file, mail, "end", reason)


@admins.command()
@MAIL
@REASON
@SETTINGS
def recover(mail: str, reason: str, file: Path) -> None:
    """Print the one-time link by which a person sets up anew how to sign in; what it had before counts no more."""
    with _people(file) as (people, operator, settings):
        found, org = people.find(operator, mail)
        made = people.recover(operator, org, found.id, reason)
        if not isinstance(made, str):
            click.echo(WAITS)
            return
        show_link(settings, made)


def _change(file: Path, mail: str, step: str, reason: str) -> None:
    from gateway.admin.people import STEPS

    with _people(file) as (people, operator, _):
        found, org = people.find(operator, mail)
        waits = people.change_status(operator, org, found.id, step, reason)
    click.echo(WAITS if waits else f"{found.mail}: {STEPS[step][1]}.")


@contextmanager
def _people(file: Path) -> Iterator[tuple[Persons, Actor, Settings]]:
    """Open the people of a region, for the account at the command line."""
    from contextlib import closing

    from gateway.admin.administration import Administration
    from gateway.admin.people import Persons
    from gateway.config.settings import load
    from gateway.people.actor import operator
    from gateway.storage.registry import open_store, utc_now

    settings = load(file)
    with closing(open_store(settings.store_url)) as store:
        region = Administration(store, None, settings.open_keys(), utc_now, lambda: settings)
        yield Persons(region), operator(actor()), settings


def show_link(settings: Settings, token: str) -> None:
    """Print a link, which begins as callers reach the gateway."""
    server = settings.server
    host = "localhost" if server.host in {"127.0.0.1", "::1", "0.0.0.0", "::"} else server.host  # noqa: S104 -- read
    base = server.public_url or f"http://{host}:{server.port}"
    click.echo(f"{base}/console/join/{token}")
    click.echo("Whoever opens it first comes in: give it on by a way that nobody else reads.", err=True)
