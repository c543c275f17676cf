"""The commands ``crossing districts``: how districts are connected and served, their files, what is done about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.commands.actor import actor
from gateway.commands.days import MOMENT
from gateway.commands.region import opened_region
from gateway.config.districts.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE = click.Path(dir_okay=False, path_type=Path)
SETTINGS = click.option(
    "--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True
)
NAME = click.argument("name")
REASON = click.option("--reason", default="", help="Why; it stays on record.")
YES = click.option("--yes", is_flag=True, help="Do not ask again.")
UNSAID: Final = {"timezone": "America/Los_Angeles", "cache": "15m"}
PLACES: Final = {"shares": "NAME=SHARE", "facts": "NAME=VALUE", "numbers": "NUMBER", "number": "NUMBER"}
NOT_RUNNING: Final = "No gateway is running: this is what the registry says."


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a *command* the options of a district, one each; what has several values is repeated."""
    for one in reversed(list(OPTIONS.values())):
        flag, several = f"--{one.name.replace('_', '-')}", one.kind not in {"number", "text"}
        place = PLACES.get(one.kind, "TEXT")
        command = click.option(flag, one.name, multiple=several, metavar=place, help=one.plain)(command)
    return command


@click.group()
def districts() -> None:
    """Look at districts, connect them, upload their files, pause and read them, approve large changes."""


@districts.command("list")
@SETTINGS
def list_districts(file: Path) -> None:
    """List every district with its state."""
    _ask(file, "districts list")


@districts.command()
@NAME
@SETTINGS
def status(name: str, file: Path) -> None:
    """Tell how the district NAME is connected and served; no credential is shown."""
    _ask(file, "districts status", name=name)


@districts.command()
@NAME
@SETTINGS
def files(name: str, file: Path) -> None:
    """List what came of the readings and files of the district NAME in sixty nights, the newest first."""
    _ask(file, "districts files", name=name)


@districts.command("try")
@NAME
@SETTINGS
def try_district(name: str, file: Path) -> None:
    """Read the system of the district NAME now, and wait for it.

    Where what was written last is not connected, that is tried, and nothing of it is served.
    """
    _ask(file, "districts try", name=name)


@districts.command()
@NAME
@click.option("--until", type=MOMENT, help="A moment in UTC, as 2026-12-31T08:00.")
@click.option("--hours", type=click.FloatRange(0.1, 2880), help="For so many hours instead.")
@click.option("--reason", required=True, help="Why; it stays on record.")
@SETTINGS
def pause(name: str, until: datetime | None, hours: float | None, reason: str, file: Path) -> None:
    """Begin no refresh of the district NAME until then; what there is serves until it expires.

    Nothing is read while the pause lasts, not even by a gateway that starts: it refuses requests about the district.
    """
    if (until is None) == (hours is None):
        raise click.UsageError("give either --until or --hours")
    end = until.replace(tzinfo=UTC) if until is not None else datetime.now(UTC) + timedelta(hours=hours or 0)
    _ask(file, "districts pause", name=name, until=end.isoformat(), reason=reason)


@districts.command()
@NAME
@REASON
@SETTINGS
def resume(name: str, reason: str, file: Path) -> None:
    """End the pause of the district NAME."""
    _ask(file, "districts resume", name=name, reason=reason)


@districts.command()
@NAME
@click.option("--adapter", help="The adapter; without it what was written last is connected as it is.")
@click.option("--set", "given", multiple=True, metavar="SETTING=VALUE", help="A setting; repeat it for a list.")
@click.option("--secret", "secrets", multiple=True, metavar="SETTING", help="A credential, which is asked for.")
@click.option("--timezone", show_default=UNSAID["timezone"], help="Where its school days begin and end.")
@click.option("--cache", show_default=UNSAID["cache"], help="For how long data are kept in memory.")
@_options
@click.option("--draft", is_flag=True, help="Write it down, and do not connect it yet.")
@REASON
@SETTINGS
def connect(name: str, given: tuple[str, ...], secrets: tuple[str, ...], draft: bool, file: Path, **more: Any) -> None:
    """Connect the district NAME: it is written in the registry, tried, and served if that is good.

    A file that is uploaded is named by ``--set source=uploaded:``; then upload it before you connect, with --draft.
    With --adapter all of it is said anew: an option that is left out has its default, and a credential stays.
    """
    arguments: dict[str, Any] = {"name": name, "draft": draft, "reason": more["reason"]}
    if more["adapter"]:
        settings = _settings(given) | {one: click.prompt(one, hide_input=True) for one in secrets}
        common = {one: more[one] or unsaid for one, unsaid in UNSAID.items()}
        arguments["given"] = {"adapter": more["adapter"], **common, "settings": settings}
        arguments["options"] = {one: _lines(more[one]) for one in OPTIONS}
    elif given or secrets or any(more[one] for one in (*UNSAID, *OPTIONS)):
        raise click.UsageError("--set, --secret and the options of the district need --adapter")
    _ask(file, "districts connect", **arguments)


@districts.command()
@NAME
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@REASON
@SETTINGS
def upload(name: str, path: Path, reason: str, file: Path) -> None:
    """Upload the file at PATH for the district NAME: it is checked, kept sealed in the registry, and served."""
    _ask(file, "districts upload", name=name, path=str(path.absolute()), reason=reason)


@districts.command()
@NAME
@YES
@REASON
@SETTINGS
def remove(name: str, yes: bool, reason: str, file: Path) -> None:
    """Connect the district NAME no longer; its credentials and its uploaded file are deleted."""
    if not yes:
        click.confirm(f"Connect {name} no longer, and delete its credentials and its uploaded file?", abort=True)
    _ask(file, "districts remove", name=name, reason=reason)


@districts.command()
@NAME
@YES
@REASON
@SETTINGS
def approve(name: str, file: Path, yes: bool, reason: str) -> None:
    """Let the district NAME drop the rows that its last refresh was refused for.

    The rows are listed first, and only those are dropped; if the source loses more meanwhile, it is refused again. The
    approval is kept in the record of disclosures.
    """
    shown = _ask(file, "districts approve", name=name)
    if not yes:
        click.confirm("Drop them?", abort=True)
    _ask(file, "districts approve", name=name, digest=shown["digest"], reason=reason)


def _lines(said: str | tuple[str, ...] | None) -> list[str]:
    """Return what is said of an option, a line for each value."""
    return [said] if isinstance(said, str) else list(said or ())


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings among options; one that is said twice is a list."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.UsageError(f"write --set {name}=VALUE")
        known = found.get(name)
        found[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return found


def _ask(file: Path, command: str, **arguments: Any) -> dict[str, Any]:
    """Ask the running gateway, or the registry where that can answer; print the answer, and return its last line."""
    last: dict[str, Any] = {"ok": True}
    for last in _answers(file, command, arguments):
        if text := last.get("text"):
            click.echo(text, err=not last.get("ok", True))
    if last.get("ok", True) is False:
        raise click.exceptions.Exit(1)
    return last


def _answers(file: Path, command: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from gateway.config.settings import state_of
    from gateway.runtime.control import control_socket, districts_socket

    asked = {**arguments, "actor": actor()}
    try:
        yield from control_socket.ask(state_of(file), command, **asked)
    except control_socket.NotRunning:
        if command not in districts_socket.WITHOUT_GATEWAY:
            raise
        click.echo(NOT_RUNNING, err=True)
        with opened_region(file) as region:
            yield from map(dict, districts_socket.serve(command, lambda: region, asked))
