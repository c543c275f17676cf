"""The command ``crossing export``: the bulk files of one client, in a file that the operator names."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.config.settings import Settings
    from gateway.reads.export import ExportRequest
    from gateway.runtime.control.export_socket import Sent

FILE = click.Path(dir_okay=False, path_type=Path)
VERSIONS = ("1.1", "1.2")
PRIVATE = 0o600


@click.command("export")
@click.argument("client")
@click.option("--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True)
@click.option("--version", type=click.Choice(VERSIONS), default="1.2", show_default=True, help="Of OneRoster.")
@click.option("--out", type=FILE, required=True, help="The zip to write; nobody else may read it.")
@click.option("--since", default="", help="Only what changed after this moment, such as 2026-09-01T00:00:00Z.")
@click.option("--district", help="Only this district; otherwise every one that has an agreement with the client.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export_command(
    client: str, file: Path, version: str, out: Path, since: str, district: str | None, force: bool
) -> None:
    """Write what CLIENT may see as OneRoster CSV files into a zip, and record the disclosure.

    The running gateway makes it; where none runs, this command does, and writes the record itself.
    """
    from gateway.config.settings import load
    from gateway.engine.filter_conditions import instant
    from gateway.reads.export import ExportRequest
    from gateway.runtime.control import export_socket
    from gateway.runtime.control.control_socket import NotRunning

    if since:
        instant(since, "since")
    settings = load(file)
    _refuse(out, district, settings, force=force)
    asked = ExportRequest(version, district, since, "crossing export")
    try:
        made = export_socket.ask(settings.state, client, asked)
        _write(out, made, force=force)
    except NotRunning:
        made = _write_here(settings, client, asked, out, force=force)
    click.echo(f"{out}: {made.files} files for {client}. For what changes from now on: --since {made.moment}")


def _write_here(settings: Settings, client: str, asked: ExportRequest, out: Path, *, force: bool) -> Sent:
    """Export without a running gateway, as that would."""
    from gateway.auth.authorization import authorize
    from gateway.reads.export import export
    from gateway.runtime.control.export_socket import Sent, caller_of
    from gateway.runtime.startup import start
    from gateway.storage.registry import open_store

    store = open_store(settings.store_url)
    try:
        caller = caller_of(store, client)
    finally:
        store.close()
    _, gateway = start(settings)
    try:
        found = export(gateway, authorize(gateway.grants, caller, asked.district), asked)
        made = Sent(len(found.parts), found.records, found.moment, found.archive)
        _write(out, made, force=force)
    finally:
        gateway.close()
    return made


def _refuse(out: Path, district: str | None, settings: Settings, *, force: bool) -> None:
    if out.exists() and not force:
        raise SettingsError("the file is there already; --force writes over it", str(out))
    if district is not None and district not in settings.districts:
        raise SettingsError(f"there is no district {district}", str(settings.file))


def _write(out: Path, made: Sent, *, force: bool) -> None:
    """Write all of *made* under the name *out* at once, or nothing."""
    from rich.console import Console
    from rich.progress import Progress

    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=made.records)
            pieces = made.archive(lambda name, count: progress.update(task, description=name, advance=count))
            _fill(draft, pieces)
        if out.exists() and not force:
            raise SettingsError("the file has appeared meanwhile; nothing was written", str(out))
        draft.replace(out)
    except OSError as error:
        raise SettingsError(f"the file cannot be written: {error.strerror}", str(out)) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _fill(draft: Path, pieces: Iterable[bytes]) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
