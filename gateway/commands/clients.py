"""``crossing clients``: the registered clients and their secrets."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.actor import actor
from gateway.commands.days import DAY

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from gateway.config.settings import Settings
    from gateway.storage.registry import Client, SqlStore

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
    """Refuse a scope that no standard has."""
    from gateway.auth.scopes import known_scopes
    from standards.errors import suggestion

    scopes = tuple(dict.fromkeys(scope for words in given for scope in words.split()))
    for scope in scopes:
        if scope not in known_scopes():
            raise click.BadParameter(f"there is no scope {scope!r}{suggestion(scope, known_scopes())}")
    if not scopes:
        raise click.BadParameter("give at least one")
    return scopes


@clients.command()
@click.argument("name", callback=check_name)
@click.option("--org", required=True, help="The organisation the client belongs to.")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What kind of organisation that is.")
@click.option("--scope", "scopes", required=True, multiple=True, callback=check_scopes, help="What it may do at most.")
@click.option("--unknown-members", type=UNKNOWN_MEMBERS, default="ignore", show_default=True, help=UNKNOWN_HELP)
@JSON
@SETTINGS
def add(
    name: str, org: str, kind: str, scopes: tuple[str, ...], unknown_members: str, as_json: bool, file: Path
) -> None:
    """Register NAME, the client id that agreements use, and print its secret: this once, and never again."""
    from gateway.auth.client_secrets import new_secret
    from gateway.storage.registry import Client, Secret, utc_now

    secret, trace = new_secret()
    with closing(_open(file)) as store:
        client = Client(name, org, kind, scopes, (Secret(trace),), utc_now(), actor(), unknown_members=unknown_members)
        store.add_client(client)
    _show_secret(name, secret, as_json)


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
    from datetime import timedelta

    from gateway.auth.client_secrets import new_secret
    from gateway.storage.registry import utc_now

    secret, trace = new_secret()
    until = utc_now() + timedelta(days=keep_old) if keep_old else None
    with closing(_open(file)) as store:
        client = store.rotate_secret(name, trace, until, actor())
    _show_secret(name, secret, as_json)
    _tell_suspended(client)


@clients.command("set")
@click.argument("name")
@click.option("--unknown-members", type=UNKNOWN_MEMBERS, required=True, help=UNKNOWN_HELP)
@SETTINGS
def set_client(name: str, unknown_members: str, file: Path) -> None:
    """Change what is settled for NAME; it counts within a second, for the tokens that NAME has already too."""
    with closing(_open(file)) as store:
        client = store.treat_unknown_members(name, unknown_members, actor())
    click.echo(f"{name}: unknown members: {client.unknown_members}.")


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
    with closing(_open(file)) as store:
        click.echo(f"{name} is {store.change_status(name, step, actor()).status}.")


@clients.command()
@click.argument("name")
@click.option("--until", type=DAY, help="The last day, in UTC; a year from now if not given.")
@click.option("--off", is_flag=True, help="End the secret that NAME has instead.")
@JSON
@SETTINGS
def oauth1(name: str, until: datetime | None, off: bool, as_json: bool, file: Path) -> None:
    """Give NAME a secret to sign OneRoster 1.1 requests with (OAuth 1.0a); any such secret before it ends at once."""
    from gateway.auth.oauth1_secrets import PURPOSE, new_shared_secret

    if off and until:
        raise click.UsageError("--until and --off do not go together.")
    settings = _load(file)
    with closing(_open(file)) as store:
        if off:
            store.share_secret(name, None, actor())
            click.echo(f"{name} cannot sign requests any more.")
            return
        _check_may_sign(store.find_client(name))
        end = _end_of(until)
        secret, kept = new_shared_secret(settings.open_keys().derive(PURPOSE), name, end)
        client = store.share_secret(name, kept, actor())
    _show_secret(name, secret, as_json, ("consumer_key", "consumer_secret"))
    click.echo(f"It signs until {end:%Y-%m-%d}, midnight, UTC.", err=True)
    _tell_suspended(client)


def _check_may_sign(client: Client | None) -> None:
    """Refuse a secret that would give access to nothing; an unknown client is refused by the registry."""
    from gateway.auth.scopes import ONEROSTER_1_1
    from standards.errors import CallerError

    if client and not any(scope.startswith(ONEROSTER_1_1) for scope in client.scopes):
        raise CallerError(f"{client.client_id!r} has no scope of OneRoster 1.1, and signatures count nowhere else.")


def _end_of(last_day: datetime | None) -> datetime:
    """Return the moment at which *last_day* is over."""
    from datetime import UTC, timedelta

    from gateway.storage.registry import utc_now

    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    last = last_day.replace(tzinfo=UTC) if last_day else today + timedelta(days=SIGNING_DAYS)
    if last < today:
        raise click.BadParameter("this day is over", param_hint="'--until'")
    return last + timedelta(days=1)


def _load(file: Path) -> Settings:
    from gateway.config.settings import load

    return load(file)


def _open(file: Path) -> SqlStore:
    from gateway.storage.bounded_calls import MAX_COMMAND_SECONDS
    from gateway.storage.registry import open_store

    return open_store(_load(file).store_url, seconds=MAX_COMMAND_SECONDS)


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
