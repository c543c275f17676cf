"""Asking the running gateway about transfers, or the registry where that can answer; and what is printed of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.commands.actor import actor
from gateway.commands.region import opened_region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOT_RUNNING: Final = "No gateway is running: this is what the registry says."
KEY: Final = click.option("--key", help="A word of your own: the same command with it is done once.")
REASON: Final = click.option(
    "--reason", required=True, help="Why you act for the district; it stays on record, so name nobody."
)
DISTRICT: Final = click.option("--district", required=True, help="The district for which you ask.")
ID: Final = click.argument("name", metavar="ID")


def told(file: Path, command: str, *, as_json: bool, **arguments: Any) -> dict[str, Any]:
    """Print the answer to a *command* in lines, or its row as JSON; return its last line.

    Raises:
        click.exceptions.Exit: it was refused.
    """
    rows, last = _read(file, command, arguments, quiet=as_json)
    if as_json:
        click.echo(json.dumps(rows[0], indent=2))
    return last


def counted(file: Path, command: str, *, as_json: bool, **arguments: Any) -> None:
    """Print the figures of a *command* in lines, or all of its rows as JSON."""
    rows, _ = _read(file, command, arguments, quiet=as_json)
    if as_json:
        click.echo(json.dumps(rows, indent=2))


def listed(file: Path, command: str, columns: tuple[str, ...], nothing: str, *, as_json: bool, **more: Any) -> None:
    """Print the rows of a *command* as a table or JSON, and where the next page begins; *nothing* if there are none."""
    from gateway.commands.register_entries import print_entries

    rows, last = _read(file, command, more, quiet=True)
    if rows or as_json:
        print_entries(rows, columns, as_json=as_json)
    else:
        click.echo(nothing)
    if last.get("next"):
        click.echo(f"There is more: --cursor {last['next']}", err=True)
    if last.get("due"):
        click.echo(f"{last['due']} steps are to be done now; the running gateway does them.", err=True)


def _read(
    file: Path, command: str, arguments: dict[str, Any], *, quiet: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows of an answer and its last line; its texts are printed unless it is *quiet*."""
    rows: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    for last in _answers(file, command, arguments):
        if "row" in last:
            rows.append(last["row"])
        wrong = last.get("ok") is False
        if (text := last.get("text")) and (wrong or not quiet):
            click.echo(text, err=wrong)
    if last.get("ok") is False:
        raise click.exceptions.Exit(1)
    return rows, last


def _answers(file: Path, command: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from gateway.config.settings import state_of
    from gateway.runtime.control import control_socket, transfers_socket

    asked = {**arguments, "actor": actor()}
    try:
        yield from control_socket.ask(state_of(file), command, **asked)
    except control_socket.NotRunning:
        if command in transfers_socket.NEEDS_GATEWAY:
            raise
        click.echo(NOT_RUNNING, err=True)
        with opened_region(file) as region:
            yield from map(dict, transfers_socket.serve(command, lambda: region, asked))
