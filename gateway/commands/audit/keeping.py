"""``crossing audit retention``, ``shred``, ``delete``: the end of what need not be kept any more."""

from __future__ import annotations

import getpass
from datetime import UTC
from typing import TYPE_CHECKING

import click

from gateway.commands.audit.record import audit, load_settings, open_registry
from gateway.commands.clients import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.audit.proofs.signing import TreeHead
    from gateway.audit.reports.retention import DueEnd
    from gateway.config.settings import Settings
    from gateway.storage.registry import SqlStore

DELETE = "record.delete"
"""The action of the act by which files of the record are deleted."""


@audit.command("retention")
@SETTINGS
def show_retention(file: Path) -> None:
    """Tell for what the time has come: keys of school years' student tags, and old files of the record."""
    settings = load_settings(file)
    with open_registry(settings) as registry:
        found = _due(settings, registry)
    for one in found:
        if one.school_year:
            click.echo(f"{one.district}: the school year {one.school_year} need not be kept since {one.since}:")
            click.echo(f"    crossing audit shred {one.district} {one.school_year} --reason …")
        else:
            click.echo(f"{len(one.files)} files of the record need not be kept since {one.since}:")
            click.echo("    crossing audit delete --reason …")
    if not found:
        click.echo("Nothing is due.")


@audit.command("shred")
@click.argument("district")
@click.argument("year", type=click.IntRange(2000, 2200))
@SETTINGS
@click.option("--reason", required=True, help="Why the key is destroyed; it stays in the record.")
@click.option("--force", is_flag=True, help="Do it before the retention has ended, or where it never ends.")
@click.option("--yes", is_flag=True, help="Do not ask again: there is no way back.")
def shred_year(district: str, year: int, file: Path, reason: str, force: bool, yes: bool) -> None:
    """Destroy the key of DISTRICT's student tags of the school year that ends in YEAR: nobody can be found by them.

    The record stays as it is and still verifies. Of the events of that year nobody can tell any more whom they were
    about. A copy of the registry that was made before still has the key: destroy it too.
    """
    from gateway.audit.students.subject_keys import PURPOSE, SHRED, SubjectKeys
    from gateway.storage.acts import Act
    from gateway.storage.registry import utc_now

    settings = load_settings(file)
    _refuse_early(settings, district, year, force=force)
    if not yes:
        click.confirm("There is no way back. Destroy the key?", abort=True, err=True)
    act = Act(getpass.getuser(), SHRED, district, {"schoolYear": year, "forced": force}, reason)
    with open_registry(settings) as registry:
        SubjectKeys(registry, settings.open_keys().derive(PURPOSE)).destroy(district, year, act, utc_now())
    click.echo(f"The key of {district} for the school year {year} is destroyed.")
    if not settings.store_url.startswith("sqlite"):
        click.echo("PostgreSQL keeps a dead row of it: run VACUUM FULL subject_keys there.", err=True)


@audit.command("delete")
@SETTINGS
@click.option("--reason", required=True, help="Why the files are deleted; it stays in the record.")
@click.option("--yes", is_flag=True, help="Do not ask again: there is no way back.")
def delete_files(file: Path, reason: str, yes: bool) -> None:
    """Delete the oldest files of the record of which nothing need be kept; a signed head stands for them."""
    from gateway.audit.deletion import delete_segments, leftovers
    from gateway.audit.log import PURPOSE
    from gateway.audit.tree_heads import deleted_before

    settings = load_settings(file)
    folder, key = settings.audit.folder, settings.open_keys().derive(PURPOSE)
    with open_registry(settings) as registry:
        left = leftovers(folder, key)
        if left and (begun := deleted_before(folder, key)):
            _note(registry, begun.head, tuple(path.name for path in left), reason)  # that command may not have
            click.echo(f"{len(left)} files are deleted, as an earlier command was to do.")
        for path in left:
            path.unlink()
        names = next((one.files for one in _due(settings, registry) if one.files), ())
        if not names:
            click.echo("Nothing is due.")
            return
        if not yes:
            click.confirm(f"There is no way back. Delete {len(names)} files?", abort=True, err=True)
        delete_segments(folder, key, registry, names, lambda head: _note(registry, head, names, reason))
    click.echo(f"{len(names)} files are deleted.")


def _note(registry: SqlStore, head: TreeHead, names: tuple[str, ...], reason: str) -> None:
    """Write the act of deleting files."""
    from gateway.storage.acts import Act, write_act
    from gateway.storage.database import transaction
    from gateway.storage.registry import utc_now

    content = {"files": list(names), "upTo": head.seq, "root": head.root}
    with transaction(registry.engine, write=True) as connection:
        write_act(connection, Act(getpass.getuser(), DELETE, "", content, reason), utc_now())


def _refuse_early(settings: Settings, district: str, year: int, *, force: bool) -> None:
    from gateway.audit.reports.retention import NEVER, ends
    from gateway.audit.students.subject_keys import school_year
    from gateway.storage.registry import utc_now
    from standards.errors import CallerError

    today = utc_now().astimezone(settings.zones.get(district, UTC)).date()
    if year >= school_year(today.isoformat()):
        raise CallerError(f"The school year {year} has not ended: its key is in use.")
    end = ends(settings, district, year)
    if end > today and not force:
        when = "for ever, by the settings" if end == NEVER else f"until {end}"
        raise CallerError(f"The disclosures of {district} of the school year {year} are kept {when}.")


def _due(settings: Settings, registry: SqlStore) -> tuple[DueEnd, ...]:
    from gateway.audit.reports.retention import due
    from gateway.audit.students.subject_keys import PURPOSE, SubjectKeys
    from gateway.storage.registry import utc_now

    keys = SubjectKeys(registry, settings.open_keys().derive(PURPOSE)).list()
    return due(settings, keys, utc_now())
