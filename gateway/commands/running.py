"""The commands ``crossing reload`` and ``crossing status``, answered by the running gateway."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.actor import actor

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("reload")
@click.argument("file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS")
def reload_command(file: Path) -> None:
    """Let the running gateway serve what FILE and its agreements say now.

    It reads and checks all of it first; a mistake leaves everything as it is, and the exit code is 1.
    """
    if _ask(file, "reload"):
        click.echo(f"{file}: is served now.")
    else:
        click.echo(f"{file}: is not served; everything is as it was.")
        raise click.exceptions.Exit(1)


@click.command("status")
@click.argument("file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS")
def status_command(file: Path) -> None:
    """Tell what the running gateway serves and since when; what is wrong comes first."""
    if not _ask(file, "status"):
        raise click.exceptions.Exit(1)


def _ask(file: Path, command: str) -> bool:
    """Print what the gateway answers to a *command*; return whether it succeeded."""
    from gateway.config import settings
    from gateway.runtime.control import control_socket

    answer = {}
    for answer in control_socket.ask(settings.state_of(file), command, actor=actor()):
        if "text" in answer:
            click.echo(answer["text"])
    return bool(answer.get("ok"))
