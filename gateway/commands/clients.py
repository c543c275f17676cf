"""``crossing clients``: the registered clients and their secrets."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.commands.actor import actor
from gateway.commands.days import DAY
from gateway.commands.region import opened_region

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from gateway.admin.second_person import Waiting
    from gateway.config.settings import Settings
    from gateway.people.actor import Actor
    from gateway.storage.registry import Client, SqlStore

Done = TypeVar("Done")

SIGNING_DAYS = 365
MAX_TABLE_CHARACTERS = 10_000
KINDS = ("vendor", "cbo", "district", "sea", "researcher")
SETTINGS = click.option(
    "--settings",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="gateway.toml",
    envvar="CROSSING_SETTINGS",
    show_default=True,
    help="The region's settings.",
)
UNKNOWN_MEMBERS = click.Choice(("ignore", "refuse"))
UNKNOWN_HELP = "What becomes of members of its Ed-Fi bodies that are not there for it."
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
BY_THUMBPRINT = {"ignore_unknown_options": True}
"""The settings of a command whose argument is a thumbprint of a key: one of 64 begins with a hyphen (RFC 4648 §5)."""


@click.group()
def clients() -> None:
    """Register clients, list them, give them new secrets, suspend, resume and end them."""


def check_name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    """Refuse a client id that agreements, headers or logs could not carry."""
    from gateway.storage.registry import CLIENT_ID

    if not CLIENT_ID.fullmatch(name) or name.startswith("-"):
        raise click.BadParameter("use letters, digits, '.', '_' and '-', at most 64 of them, and no '-' in front")
    return name


def check_scopes(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a scope that no standard has, and none at all."""
    scopes = check_some_scopes(_context, _parameter, given)
    if not scopes:
        raise click.BadParameter("give at least one")
    return scopes


def check_some_scopes(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a scope that no standard has, where any is given."""
    from gateway.auth.scopes import administers, known_scopes, transfer_scopes
    from standards.errors import suggestion

    scopes = tuple(dict.fromkeys(scope for words in given for scope in words.split()))
    if administers(scopes):
        raise click.BadParameter("scopes of administration are given by add-admin")
    known = known_scopes() | transfer_scopes()
    for scope in scopes:
        if scope not in known:
            raise click.BadParameter(f"there is no scope {scope!r}{suggestion(scope, known)}")
    return scopes


@clients.command()
@click.argument("name", callback=check_name)
@click.option("--org", required=True, help="The organisation the client belongs to.")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What kind of organisation that is.")
@click.option("--scope", "scopes", required=True, multiple=True, callback=check_scopes, help="What it may do at most.")
@click.option("--unknown-members", type=UNKNOWN_MEMBERS, default="ignore", show_default=True, help=UNKNOWN_HELP)
@click.option("--steward", default="", help="The district whose people answer for it; the region's without one.")
@JSON
@SETTINGS
def add(
    name: str,
    org: str,
    kind: str,
    scopes: tuple[str, ...],
    unknown_members: str,
    steward: str,
    as_json: bool,
    file: Path,
) -> None:
    """Register NAME, the client id that agreements use, and print its secret: this once, and never again."""
    from gateway.admin.clients.clients import NewClient
    from gateway.admin.clients.secrets import ClientSecrets

    with opened_region(file) as region:
        new = NewClient(name, org, kind, scopes, steward, unknown_members)
        made = ClientSecrets(region).add(_operator(), new)
    _show_secret(name, made.secret, as_json)


@clients.command("add-admin")
@click.argument("name", callback=check_name)
@click.option("--org", required=True, help="The organisation that it acts for; region for the region's own.")
@click.option("--role", required=True, help="The role that it acts in, such as district-admin.")
@JSON
@SETTINGS
def add_admin(name: str, org: str, role: str, as_json: bool, file: Path) -> None:
    """Register NAME as a program that administers, in one role of an organisation, and print its secret this once.

    It never gets data, nor does what needs a person; no page and no other program can register one.
    """
    from gateway.admin.clients.secrets import ClientSecrets

    with opened_region(file) as region:
        made = ClientSecrets(region).add_admin(_operator(), name, org, role)
    _show_secret(name, made.secret, as_json)


@clients.command()
@click.argument("source")
@click.argument("name", callback=check_name)
@click.option("--org", default="", help="The organisation of the new client, if it is another one.")
@click.option("--kind", default="", help="What kind of organisation that is.")
@SETTINGS
def copy(source: str, name: str, org: str, kind: str, file: Path) -> None:
    """Register NAME as a draft with the scopes and settings of the client SOURCE, never with its secrets."""
    from gateway.admin.clients.clients import Clients

    with opened_region(file) as region:
        made = _done(Clients(region).copy(_operator(), source, name, org, kind))
    click.echo(f"{name} is {made.state}.")
    for one in made.lacks:
        click.echo(one, err=True)


@clients.command()
@click.argument("name")
@click.option("--set", "chosen", multiple=True, callback=check_some_scopes, help="Scopes that it has from now on.")
@JSON
@SETTINGS
def scopes(name: str, chosen: tuple[str, ...], as_json: bool, file: Path) -> None:
    """List the scopes of NAME and those that its agreements need, or --set others, which count within a second."""
    from gateway.admin.clients.clients import Clients

    with opened_region(file) as region:
        service, who = Clients(region), _operator()
        found = _done(service.change(who, name, chosen)) if chosen else service.find(who, name)
        suggestions = service.suggest(who, name)
    if as_json:
        needed = {one.api: list(one.scopes) for one in suggestions}
        click.echo(json.dumps({"scopes": list(found.client.scopes), "suggested": needed}, indent=2))
        return
    for scope in found.client.scopes:
        click.echo(scope)
    for one in suggestions:
        click.echo(f"its agreements need of {one.api}: {' '.join(one.scopes)}", err=True)


@clients.command()
@click.argument("name")
@click.option("--keep-old", type=click.IntRange(0, 90), default=7, help="Days for which the old secret still works.")
@click.option("--take-back", is_flag=True, help="Let the link that is open give nothing any more.")
@SETTINGS
def link(name: str, keep_old: int, take_back: bool, file: Path) -> None:
    """Print a link for NAME: whoever opens it within a day and presses its button gets a new secret, once."""
    from gateway.admin.clients.secrets import ClientSecrets

    with opened_region(file) as region:
        service, who = ClientSecrets(region), _operator()
        if take_back:
            service.take_back(who, name)
            click.echo(f"The link for {name} gives nothing any more.")
            return
        made = service.link(who, name, keep_old)
        click.echo(f"{_base_of(region.settings())}/once/{made.token}")
    click.echo(f"It works once, until {made.expires:%Y-%m-%d %H:%M} UTC.", err=True)


@clients.command("end-old-secret")
@click.argument("name")
@SETTINGS
def end_old_secret(name: str, file: Path) -> None:
    """End the old secret of NAME before its day, once the new one is in use."""
    from gateway.admin.clients.secrets import ClientSecrets

    with opened_region(file) as region:
        ClientSecrets(region).end_old(_operator(), name)
    click.echo(f"{name} has one secret.")


@clients.command("list")
@JSON
@SETTINGS
def list_clients(as_json: bool, file: Path) -> None:
    """Every client, whether it is enabled, when it last proved itself, and how long it may sign requests."""
    with closing(_open(file)) as store:
        found = store.list_clients()
    if as_json:
        click.echo(json.dumps([_facts(client) for client in found], indent=2))
        return
    from rich.table import Column, Table

    table = Table(Column("client", no_wrap=True), "organisation", "kind", "status", "created", "last used", "scopes")
    for client in found:
        used = client.last_used.date().isoformat() if client.last_used else "never"
        created = f"{client.created.date().isoformat()} by {client.created_by}"
        signs = [f"(signs until {_signs_until(client)})"] if client.oauth1 else []
        scopes = "\n".join([*client.scopes, *signs])
        table.add_row(client.client_id, client.org, client.kind, client.status, created, used, scopes)
    print_whole(table)


def print_whole(table: Table) -> None:
    """Print every cell whole: unwrapped where no terminal is, wrapped between words where one is."""
    from rich.console import Console

    console = Console()
    needed = console.measure(table, options=console.options.update(max_width=MAX_TABLE_CHARACTERS))
    Console(width=max(console.width, needed.minimum) if console.is_terminal else needed.maximum).print(table)


@clients.command()
@click.argument("name")
@click.option("--keep-old", type=click.IntRange(0, 90), default=0, help="Days for which the old secret still works.")
@JSON
@SETTINGS
def rotate(name: str, keep_old: int, as_json: bool, file: Path) -> None:
    """Give NAME a new secret; without --keep-old the old one and every token end at once."""
    from gateway.admin.clients.secrets import ClientSecrets

    with opened_region(file) as region:
        made = _done(ClientSecrets(region).rotate(_operator(), name, keep_old))
    _show_secret(name, made.secret, as_json)


@clients.command("set")
@click.argument("name")
@click.option("--unknown-members", type=UNKNOWN_MEMBERS, required=True, help=UNKNOWN_HELP)
@SETTINGS
def set_client(name: str, unknown_members: str, file: Path) -> None:
    """Change what is settled for NAME; it counts within a second, for the tokens that NAME has already too."""
    from gateway.admin.clients.clients import Clients

    with opened_region(file) as region:
        found = _done(Clients(region).change(_operator(), name, unknown_members=unknown_members))
    click.echo(f"{name}: unknown members: {found.client.unknown_members}.")


@clients.command()
@click.argument("name")
@SETTINGS
def suspend(name: str, file: Path) -> None:
    """Shut NAME out until it is resumed: its secrets and signatures stop counting within a second, its tokens end."""
    _take_step(name, "suspend", file)


@clients.command()
@click.argument("name")
@SETTINGS
def resume(name: str, file: Path) -> None:
    """Let NAME in again after a suspension; its secrets count again, its tokens of before do not."""
    _take_step(name, "resume", file)


@clients.command()
@click.argument("name")
@SETTINGS
def end(name: str, file: Path) -> None:
    """End NAME for ever: its secrets and its tokens stop working within a second, and its id is not given again."""
    _take_step(name, "end", file)


def _take_step(name: str, step: str, file: Path) -> None:
    from gateway.admin.clients.clients import Clients

    with opened_region(file) as region:
        found = _done(getattr(Clients(region), step)(_operator(), name))
    click.echo(f"{name} is {found.state}.")


@clients.command()
@click.argument("name")
@click.option("--until", type=DAY, help="The last day, in UTC; a year from now if not given.")
@click.option("--off", is_flag=True, help="End the secret that NAME has instead.")
@JSON
@SETTINGS
def oauth1(name: str, until: datetime | None, off: bool, as_json: bool, file: Path) -> None:
    """Give NAME a secret to sign OneRoster 1.1 requests with (OAuth 1.0a); any such secret before it ends at once."""
    from gateway.admin.clients.secrets import ClientSecrets

    if off and until:
        raise click.UsageError("--until and --off do not go together.")
    with opened_region(file) as region:
        service, who = ClientSecrets(region), _operator()
        if off:
            service.end_oauth1(who, name)
            click.echo(f"{name} cannot sign requests any more.")
            return
        end = _end_of(until)
        made = service.oauth1(who, name, end)
    _show_secret(name, made.secret, as_json, ("consumer_key", "consumer_secret"))
    click.echo(f"It signs until {end:%Y-%m-%d}, midnight, UTC.", err=True)
    _tell_suspended(made.client.client)


def _end_of(last_day: datetime | None) -> datetime:
    """Return the moment at which *last_day* is over."""
    from datetime import UTC, timedelta

    from gateway.storage.registry import utc_now

    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    last = last_day.replace(tzinfo=UTC) if last_day else today + timedelta(days=SIGNING_DAYS)
    if last < today:
        raise click.BadParameter("this day is over", param_hint="'--until'")
    return last + timedelta(days=1)


def _open(file: Path) -> SqlStore:
    from gateway.config.settings import load
    from gateway.storage.registry import open_store

    return open_store(load(file).store_url)


def _operator() -> Actor:
    from gateway.people.actor import operator

    return operator(actor())


def _done(found: Done | Waiting) -> Done:
    """Return what was done; of an act that waits for a second person say so, and end."""
    from gateway.admin.second_person import Waiting

    if isinstance(found, Waiting):
        click.echo(f"This waits for a second person: proposal {found.proposal.id}.")
        raise click.exceptions.Exit(0)
    return found


def _base_of(settings: Settings) -> str:
    """Return the address at which people reach the gateway."""
    server = settings.server
    return server.public_url or f"http://{server.host}:{server.port}"


def _show_secret(
    name: str, secret: str, as_json: bool, words: tuple[str, str] = ("client_id", "client_secret")
) -> None:
    if as_json:
        click.echo(json.dumps(dict(zip(words, (name, secret), strict=True))))
        return
    width = max(map(len, words)) + 2
    for word, value in zip(words, (name, secret), strict=True):
        click.echo(f"{word + ':':{width}}{value}")
    click.echo("Keep the secret now: it is shown this once.", err=True)


def _tell_suspended(client: Client) -> None:
    """Print that a secret works only after a resumption."""
    from gateway.storage.registry import SUSPENDED

    if client.status == SUSPENDED:
        click.echo(f"{client.client_id} is suspended: the secret works once it is resumed.", err=True)


def _facts(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "org": client.org,
        "kind": client.kind,
        "status": client.status,
        "scopes": list(client.scopes),
        "created": client.created.isoformat(),
        "created_by": client.created_by,
        "last_used": client.last_used.isoformat() if client.last_used else None,
        "oauth1_until": _signs_until(client),
        "unknown_members": client.unknown_members,
    }


def _signs_until(client: Client) -> str | None:
    """Return the last day of the client's OAuth 1.0a secret."""
    from datetime import timedelta

    return (client.oauth1.not_after - timedelta(days=1)).date().isoformat() if client.oauth1 else None
