"""What the commands of both registers share: whom an entry is about, how it is found, and how entries are listed."""

from __future__ import annotations

import getpass
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from gateway.admin.administration import Administration
    from gateway.config.settings import DistrictSettings, Settings
    from gateway.registers.events import RegisterEntry
    from gateway.registers.imports import Imported
    from gateway.registers.matching import Students
    from gateway.registers.resolving import EntriesOfStudent, Resolved
    from gateway.registers.store import Registers
    from gateway.registers.tags import RegisterKeys
    from gateway.registers.writing import Written

    Command = Callable[..., None]

MAX_SHOWN_MISTAKES = 200
SHORTEST_NAME = 3
STUDENT = {
    "id": (("studentId", "The student's id in the district's system"),),
    "state-id": (("stateId", "The student's id of the state"),),
    "name": (
        ("familyName", "The student's family name"),
        ("givenName", "The student's given name"),
        ("birthDate", "The student's date of birth (2015-01-31)"),
    ),
}
"""What is asked for, by the value of ``--by``: never an argument, which others could see."""

DISTRICT = click.option("--district", required=True, help="The district whose student it is.")
BY = click.option(
    "--by", type=click.Choice(tuple(STUDENT)), default="id", show_default=True, help="What to ask for of the student."
)
ANYWAY = click.option("--anyway", is_flag=True, help="Make the entry though it matches nobody, or several students.")
REASON = click.option("--reason", default="", help="Why; it stays on record, so name nobody.")
WHY = click.option("--reason", required=True, help="Why; it stays on record, so name nobody.")
ALL = click.option("--all", "every", is_flag=True, help="Those that have ended, too.")
OF_STUDENT = click.option("--student", "of_student", is_flag=True, help="Only those of one student, who is asked for.")


def current_user() -> str:
    """Return the operating system's user, who acts unless somebody else is named."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


ACTOR = click.option("--actor", default=current_user, show_default="the user of this machine", help="Who decides this.")


@dataclass(frozen=True, slots=True)
class OpenRegisters:
    """One district's registers, opened for one command."""

    region: Administration
    district: str
    registers: Registers
    keys: RegisterKeys

    @property
    def settings(self) -> Settings:
        """The region's settings."""
        return self.region.settings()

    @property
    def spec(self) -> DistrictSettings:
        """The district's settings."""
        return self.settings.districts[self.district]

    def students(self, *, contacts: bool = False) -> Students:
        """Read the students from the district's system."""
        from gateway.districts.students import known_students

        return known_students(self.spec, self.keys, contacts=contacts)


@contextmanager
def open_registers(file: Path, district: str) -> Iterator[OpenRegisters]:
    """Open the registers of a *district*."""
    from gateway.commands.region import opened_region
    from gateway.registers.store import Registers
    from gateway.registers.tags import PURPOSE, RegisterKeys
    from standards.errors import SettingsError, suggestion

    with opened_region(file) as region:
        known = region.settings().districts
        if district not in known:
            raise SettingsError(f"there is no district {district}{suggestion(district, known)}", str(file))
        keys = RegisterKeys(region.keys.derive(PURPOSE))
        yield OpenRegisters(region, district, Registers(region.store, keys, region.clock), keys)


def ask_student(by: str, reason: str = "") -> dict[str, str]:
    """Ask who the student is, or read it from standard input; refuse a *reason* that says it."""
    given = {part: click.prompt(text, err=True).strip() for part, text in STUDENT[by]}
    if not sys.stdin.isatty():
        click.echo(err=True)  # what follows begins on a line of its own
    told = reason.casefold()
    if any(len(text) >= SHORTEST_NAME and text.casefold() in told for text in given.values()):
        raise click.BadParameter("the reason says who the student is, and stays on record", param_hint="'--reason'")
    return given


def meant(given: Mapping[str, str], students: Students, *, anyway: bool, opens: bool = False) -> Resolved:
    """Return the tags of the student who is meant; one who matches nobody or several only *anyway*."""
    from gateway.registers.resolving import resolve, unconfirmed
    from standards.errors import Conflict

    with parts_as_options():
        found = unconfirmed(resolve(students, given)) if opens else resolve(students, given)
    if found.problem and not anyway:
        raise Conflict(f"Nothing was written: {found.problem}. With --anyway the entry is made, and a task with it.")
    if found.problem:
        click.echo(f"{found.problem}: `crossing tasks list` has it until that is settled.", err=True)
    return found


@contextmanager
def parts_as_options() -> Iterator[None]:
    """Tell of a wrong part of an entry by the option that gave it."""
    from gateway.registers.stating import WrongPart
    from standards.errors import CallerError

    try:
        yield
    except WrongPart as wrong:
        raise CallerError(f"{wrong.part}: {wrong.message}.") from None


def of_one_student(
    found: OpenRegisters, entries: Iterable[RegisterEntry], by: str, *, unasked: bool = True
) -> EntriesOfStudent:
    """Return the *entries* of one student, who is asked for, as the district's system knows the student.

    Where that cannot be asked, what was typed decides, or with not *unasked* nothing is sure.
    """
    from gateway.registers.matching import Students
    from gateway.registers.resolving import EntriesOfStudent, entries_of
    from standards.errors import SourceError

    given, asked = ask_student(by), True
    with parts_as_options():
        entries_of(Students(found.district, found.keys), given, ())  # before the system is asked
    try:
        students = found.students()
    except SourceError:
        click.echo("The district's system cannot be asked: only what was typed is compared.", err=True)
        students, asked = Students(found.district, found.keys), False
    there = entries_of(students, given, entries)
    return there if asked or unasked else EntriesOfStudent((), there.own + there.doubtful)


def to_end(there: EntriesOfStudent) -> list[str]:
    """Return the entries to end of one student, and name those that may be another's: nobody ends these unseen."""
    for one in there.doubtful:
        click.echo(f"{one.entry}: not ended, it may be another student's; name it to end it.", err=True)
    return [one.entry for one in there.own]


def shown(there: EntriesOfStudent) -> list[RegisterEntry]:
    """Return the entries to list of one student, those too that may be another's."""
    return [*there.own, *there.doubtful]


def tell_written(written: Written) -> None:
    """Print what was written."""
    for said, names in (("added", written.made), ("changed", written.changed), ("there already", written.the_same)):
        for name in names:
            click.echo(f"{name}: {said}.")


def run_import(read: Imported, write: Callable[[], Written], name: str, dry_run: Callable[[], Written] | None) -> None:
    """Print what a file says and its mistakes; *write* it where there is none, unless it is a *dry_run*."""
    for mistake in read.mistakes[:MAX_SHOWN_MISTAKES]:
        click.echo(mistake.message)
    if read.mistakes:
        more = len(read.mistakes) - MAX_SHOWN_MISTAKES
        click.echo(f"… and {more} more." if more > 0 else "", nl=more > 0)
        click.echo(f"{name}: {len(read.mistakes)} mistakes; nothing was written.")
        raise click.exceptions.Exit(1)
    unmatched = f", {read.unmatched} of which match nobody or several" if read.unmatched else ""
    written = dry_run() if dry_run else write()
    if dry_run:
        told = f"{len(written.made)} to add, {len(written.changed)} to change, {len(written.the_same)} there already"
        click.echo(f"{name}: {len(read.states)} entries{unmatched}: {told}; nothing was written.")
        return
    told = f"{len(written.made)} added, {len(written.changed)} changed, {len(written.the_same)} there already"
    click.echo(f"{name}: {told}{unmatched}.")


def print_entries(facts: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    """Print entries as a table, or all that may be shown of them as JSON."""
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    from rich.table import Column, Table

    from gateway.commands.clients import print_whole

    table = Table(Column(columns[0], no_wrap=True), *columns[1:])
    for one in facts:
        table.add_row(*(_cell(one.get(column)) for column in columns))
    print_whole(table)


def _cell(value: Any) -> str:
    from gateway.one_line import one_line

    return one_line(", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value))


def history(one: RegisterEntry) -> dict[str, Any]:
    """Return when an entry was made and ended, and by whom."""
    found = {"made": one.made.isoformat(timespec="seconds"), "by": one.actor, "reason": one.reason or None}
    return {**found, "ended": one.ended.isoformat(timespec="seconds") if one.ended else None}


def typed_day(day: Any) -> str:
    """Write a day that an option gave, as parts of entries are written."""
    return day.date().isoformat() if day else ""


def delete_entry(
    found: OpenRegisters, register: str, entry: str, ends: Mapping[str, date | None], actor: str, reason: str
) -> None:
    """Delete an entry, once it has ended for as long as entries are kept; *ends* are the last days of agreements."""
    from gateway.storage.registry import utc_now
    from standards.errors import CallerError

    known = next((one for one in found.registers.entries(found.district) if one.entry == entry), None)
    agreement_end = ends.get(getattr(known.states, "agreement", "")) if known else None
    if known is not None:
        last = known.last_day(agreement_end)
        kept_until = last + found.settings.keep_entries if last else None
        if kept_until is None or kept_until >= utc_now().date():
            told = f"is kept until {kept_until}" if kept_until else "has not ended, and is kept"
            raise CallerError(f"The entry {entry} {told}.")
    found.registers.delete(found.district, entry, register, actor, reason, agreement_end)
    click.echo(f"{entry}: deleted.")
