"""The command ``crossing districts``: what an operator does about the districts of the running gateway."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def districts() -> None:
    """Deal with the districts of the running gateway."""


@districts.command()
@click.argument("name")
@click.option("--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask again before the rows go.")
def approve(name: str, file: Path, yes: bool) -> None:
    """Let the district NAME drop the rows that its last refresh was refused for.

    The rows are listed first, and only those are dropped; if the source loses more meanwhile, it is refused again. The
    approval is kept in the record of disclosures.
    """
    from gateway.config.settings import state_of

    state = state_of(file)
    shown = _ask(state, name=name)
    if not yes:
        click.confirm("Drop them?", abort=True)
    _ask(state, name=name, ticket=shown["ticket"], actor=getpass.getuser())


def _ask(state: Path, **arguments: Any) -> dict[str, Any]:
    """Ask the running gateway, and print what it answers; return its last answer."""
    from gateway.runtime import control_socket

    last: dict[str, Any] = {}
    for last in control_socket.ask(state, "districts approve", **arguments):
        if text := last.get("text"):
            click.echo(text, err=not last.get("ok", True))
    if not last.get("ok"):
        raise click.exceptions.Exit(1)
    return last
