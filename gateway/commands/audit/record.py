"""``crossing audit``: read single events of the record, verify it, and hand out its first key."""

from __future__ import annotations

import getpass
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.clients import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.audit.proofs.signing import TreeHead
    from gateway.audit.reports.reading import AuditReader
    from gateway.config.settings import Settings
    from gateway.storage.registry import SqlStore

STUDENT = "The student's id in the district's system"


@click.group()
def audit() -> None:
    """Read the record of disclosures, check it, and keep its first key."""


@audit.command("student")
@click.argument("district")
@SETTINGS
def show_student(district: str, file: Path) -> None:
    """Tell who was shown what of one student of DISTRICT, when and why (34 CFR 99.32).

    The student's id is asked for, or read from standard input: it is no argument, which others could see.
    """
    settings = load_settings(file)
    known_district(settings, district, file)
    identifier, found = typed_student(), 0
    with open_reader(settings) as reading:
        for event in reading.about(district, identifier):
            found += 1
            click.echo(reading.words(event) + "\n")
    click.echo(f"{found} disclosures on record.")


@audit.command("event")
@click.argument("seq", type=click.IntRange(1))
@SETTINGS
def show_event(seq: int, file: Path) -> None:
    """Tell in words what event SEQ was: who asked for what, under which text, and which fields were shown."""
    from standards.errors import NotFound

    with open_reader(load_settings(file)) as reading:
        event = reading.event(seq)
        if event is None:
            raise NotFound(f"There is no event {seq} on record.")
        click.echo(reading.words(event))
        click.echo(reading.details(event))


@audit.command("acts")
@SETTINGS
def show_acts(file: Path) -> None:
    """Tell what administrators have done: agreements, approvals, keys, clients, registers; oldest first."""
    found = 0
    with open_reader(load_settings(file)) as reading:
        for event in reading.acts():
            found += 1
            click.echo(reading.words(event) + "\n")
    click.echo(f"{found} acts on record.")


@audit.command("verify")
@SETTINGS
@click.option(
    "--key",
    "key_file",
    type=click.File("r"),
    help="The file with the first key, or - for standard input: every entry's MAC is checked too.",
)
@click.option(
    "--witness",
    "witness_file",
    type=click.File("r"),
    help="A file of heads that `crossing audit witness` wrote: the record must go on from each of them.",
)
def verify_record(file: Path, key_file: Any, witness_file: Any) -> None:
    """Check the whole record: its chain, signed heads, keys, sets of students and fields, texts of agreements."""
    from gateway.audit import keys as audit_keys
    from gateway.audit.log import PURPOSE, verify
    from gateway.audit.students.index import SubjectIndex
    from gateway.one_line import one_line

    settings = load_settings(file)
    try:
        keys = audit_keys.read_keys(key_file.read()) if key_file else None
    except ValueError:
        raise click.BadParameter("this is no key that `crossing audit key` printed", param_hint="--key") from None
    folder, key = settings.audit.folder, settings.open_keys().derive(PURPOSE)
    witnessed = _witnessed(witness_file, key) if witness_file else ()
    with open_registry(settings) as registry:
        problems = verify(folder, key, registry, keys, witnessed)
    for problem in problems:
        click.echo(one_line(problem))
    for problem in SubjectIndex(folder).faults():  # after the lines of the record, which may be why it cannot be read
        problems.append(problem)
        click.echo(one_line(problem))
    if problems:
        raise click.exceptions.Exit(1)
    click.echo("The record is whole." if keys else "The record is whole, as far as can be told without its first key.")


@audit.command("key")
@SETTINGS
def hand_out_key(file: Path) -> None:
    """Print the first key of the record, once; from then on this machine has only the present one.

    Keep it where nobody who has this machine can get it. With it, `crossing audit verify --key` finds what even
    somebody with all keys of this machine has done to the record.
    """
    from gateway.audit import keys as audit_keys
    from gateway.audit.log import PURPOSE
    from standards.errors import NotFound

    settings = load_settings(file)
    folder, key = settings.audit.folder, settings.open_keys().derive(PURPOSE)
    sealed = audit_keys.sealed(folder, key)
    if not sealed:
        raise NotFound("No first key lies here: it was handed out before, or the gateway has not started yet.")
    for seq, text in sealed.items():
        click.echo(text)
        audit_keys.hand_out(folder, key, seq)


@audit.command("reopen")
@SETTINGS
@click.option("--reason", required=True, help="What happened, and why to go on; it stays in the record.")
def reopen_record(file: Path, reason: str) -> None:
    """Go on over a record that does not verify. What is there stays as it is, and the break is reported for ever."""
    from gateway.audit import opening
    from gateway.audit.log import PURPOSE

    settings = load_settings(file)
    with open_registry(settings) as registry:
        key = settings.open_keys().derive(PURPOSE)
        seq = opening.go_on(settings.audit.folder, key, registry, getpass.getuser(), reason)
    click.echo(f"The record goes on with event {seq}, which tells of the break.")


def _witnessed(file: Any, key: bytes) -> list[TreeHead]:
    """Read the heads that somebody else has kept, each of which this gateway must have signed."""
    import orjson

    from gateway.audit.proofs.signing import HeadKey, is_signed, read_head

    public, found = HeadKey(key).public, []
    for number, line in enumerate(file, start=1):
        try:
            told = orjson.loads(line)
            head = read_head(told)
            signed = is_signed(head, str(told.get("signature")), public)
        except ValueError:
            signed = False
        if not signed:
            raise click.BadParameter(f"line {number} is no head that this gateway signed", param_hint="--witness")
        found.append(head)
    return found


def typed_student() -> str:
    """Ask for a student's id, or read it from standard input, so that the answer begins on a line of its own."""
    identifier: str = click.prompt(STUDENT, err=True)
    if not sys.stdin.isatty():
        click.echo(err=True)
    return identifier.strip()


def load_settings(file: Path) -> Settings:
    """Load the settings in *file*."""
    from gateway.config import settings

    return settings.load(file)


def known_district(settings: Settings, district: str, file: Path) -> None:
    """Refuse a *district* that the settings in *file* do not name."""
    from standards.errors import SettingsError

    if district not in settings.districts:
        raise SettingsError(f"there is no district {district}", str(file))


@contextmanager
def open_reader(settings: Settings) -> Iterator[AuditReader]:
    """Open the record for reading, with the registry that has the keys of its student tags."""
    from gateway.audit.reports.reading import AuditReader

    with open_registry(settings) as registry:
        yield AuditReader(settings, registry)


@contextmanager
def open_registry(settings: Settings) -> Iterator[SqlStore]:
    """Open the registry for the time of a command."""
    from gateway.storage.registry import open_store

    with closing(open_store(settings.store_url)) as registry:
        yield registry
