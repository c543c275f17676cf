"""``crossing assignments``: the register of students who are assigned to a recipient's people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands import register_entries as entries
from gateway.commands.clients import JSON, SETTINGS
from gateway.commands.days import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.commands.register_entries import OpenRegisters
    from gateway.registers.entries import StaffAssignment
    from gateway.registers.events import RegisterEntry

FILE = click.Path(dir_okay=False, path_type=Path)
COLUMNS = ("entry", "agreement", "org", "person", "writtenBy", "from", "until", "ended")
AGREEMENT = click.option("--agreement", help="The id of the agreement, which says staffAssignment: required.")
PERSON = click.option("--person", help="The mail address by which the person signs in.")


@click.group()
def assignments() -> None:
    """Keep which student is assigned to whom of a recipient's people; an end holds within a second."""


@assignments.command()
@entries.DISTRICT
@AGREEMENT
@PERSON
@click.option("--from", "begin", type=DAY, help="The first day; today if not given.")
@click.option("--until", type=DAY, help="The last day; the agreement's if not given.")
@entries.BY
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def add(
    district: str, agreement: str | None, person: str | None, begin: datetime | None, until: datetime | None, by: str,
    anyway: bool, reason: str, actor: str, file: Path,
) -> None:  # fmt: skip
    """Assign one student to a person. The student is asked for, or read from standard input: it is no argument."""
    given = {
        "agreement": agreement or "", "person": person or "", "from": entries.typed_day(begin),
        "until": entries.typed_day(until),
    }  # fmt: skip
    with entries.open_registers(file, district) as opened:
        make = _maker(opened)
        with entries.parts_as_options():
            make({}, given)  # before anybody is asked for
        found = entries.meant(entries.ask_student(by, reason), opened.students(), anyway=anyway, opens=True)
        entries.tell_written(opened.registers.write(district, [make(found.tags, given)], actor, reason))


@assignments.command("import")
@click.argument("source", type=FILE)
@entries.DISTRICT
@AGREEMENT
@PERSON
@click.option("--dry-run", is_flag=True, help="Count the entries and name every mistake; write nothing.")
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def import_assignments(
    source: Path, district: str, agreement: str | None, person: str | None, dry_run: bool, anyway: bool, reason: str,
    actor: str, file: Path,
) -> None:  # fmt: skip
    """Assign the students in the CSV file SOURCE, all of them or none; the same file again changes nothing.

    A mistake is named by file, line and column, and what stands there is not repeated.
    """
    from gateway.registers.imports import ASSIGNMENT_COLUMNS, import_file

    rest = {"agreement": agreement or "", "person": person or ""}
    with entries.open_registers(file, district) as opened:
        assignment = _maker(opened)

        def make(tags: Mapping[str, str], cells: Mapping[str, str]) -> StaffAssignment:
            return assignment(tags, {**rest, **cells})

        read = import_file(source, ASSIGNMENT_COLUMNS, opened.students(), make, anyway=anyway)
        write, would_write = opened.registers.write, opened.registers.would_write
        plan = (lambda: would_write(district, read.states)) if dry_run else None
        entries.run_import(read, lambda: write(district, read.states, actor, reason), source.name, plan)


@assignments.command()
@click.argument("entry", required=False)
@entries.DISTRICT
@AGREEMENT
@PERSON
@entries.BY
@entries.WHY
@entries.ACTOR
@SETTINGS
def end(
    entry: str | None, district: str, agreement: str | None, person: str | None, by: str, reason: str, actor: str,
    file: Path,
) -> None:  # fmt: skip
    """End the assignment ENTRY, or without it those of a student, who is asked for.

    The person sees the student no more within a second.
    """
    from gateway.registers.events import ASSIGNMENTS
    from standards.errors import NotFound

    with entries.open_registers(file, district) as opened:
        every = _entries(opened, agreement, person)
        names = [one.entry for one in every if one.entry == entry]
        if entry is None:
            present = [one for one in every if one.ended is None]
            names = entries.to_end(entries.of_one_student(opened, present, by))
        if not names:
            raise NotFound(f"There is no such assignment in {district}.")
        written = opened.registers.end(district, names, ASSIGNMENTS, actor, reason)
        for name in written.changed:
            click.echo(f"{name}: ended.")
        for name in written.the_same:
            click.echo(f"{name}: had ended already.")


@assignments.command("list")
@entries.DISTRICT
@AGREEMENT
@PERSON
@entries.OF_STUDENT
@entries.BY
@entries.ALL
@JSON
@SETTINGS
def list_assignments(
    district: str, agreement: str | None, person: str | None, of_student: bool, by: str, every: bool, as_json: bool,
    file: Path,
) -> None:  # fmt: skip
    """List assignments by their entries, people and dates; no student's name or id is in it."""
    with entries.open_registers(file, district) as opened:
        found = [one for one in _entries(opened, agreement, person) if every or one.ended is None]
        found = entries.shown(entries.of_one_student(opened, found, by)) if of_student else found
        mails = {one: mail for mail, one in _people(opened).items()}
        entries.print_entries([_facts(one, mails) for one in found], COLUMNS, as_json=as_json)


def _maker(opened: OpenRegisters) -> Callable[[Mapping[str, str], Mapping[str, str]], StaffAssignment]:
    from gateway.admin.registers.entries import assignment_maker, consent_terms
    from gateway.registers.entries import PROVIDER

    return assignment_maker(opened.region, opened.district, PROVIDER, consent_terms(opened.region, opened.district))


def _people(opened: OpenRegisters) -> dict[str, str]:
    """Return the id of everybody who may sign in, by address."""
    from gateway.people.active import ActivePeople

    return {
        one.mail: one.actor.person
        for one in ActivePeople(opened.region.store, opened.region.clock, opened.region.kinds).list()
    }


def _entries(opened: OpenRegisters, agreement: str | None, person: str | None) -> list[RegisterEntry]:
    from gateway.registers.entries import StaffAssignment

    wanted = None if person is None else _people(opened).get(person.strip().lower(), "")
    every = [(one, one.states) for one in opened.registers.entries(opened.district)]
    return [
        one for one, said in every
        if isinstance(said, StaffAssignment) and agreement in {None, said.agreement} and wanted in {None, said.person}
    ]  # fmt: skip


def _facts(one: RegisterEntry, mails: Mapping[str, str]) -> dict[str, Any]:
    from gateway.registers.entries import StaffAssignment

    said = one.states
    assert isinstance(said, StaffAssignment)
    return {
        "entry": said.entry, "agreement": said.agreement, "org": said.org,
        "person": mails.get(said.person, said.person), "writtenBy": said.written_by, "from": said.begin.isoformat(),
        "until": said.until.isoformat() if said.until else None, **entries.history(one),
    }  # fmt: skip
