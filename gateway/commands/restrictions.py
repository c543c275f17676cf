"""``crossing restrictions``: the register of restrictions on what leaves about single students."""

from __future__ import annotations

from dataclasses import replace
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
    from gateway.registers.entries import Restriction
    from gateway.registers.events import RegisterEntry
    from gateway.registers.matching import Students

FILE = click.Path(dir_okay=False, path_type=Path)
KINDS = click.Choice(("directory", "acp", "court-order", "parent-objection", "do-not-transfer-discipline"))
HIDDEN = click.Choice(("contact",))
CONTACT = "The contact's id in the district's system"
COLUMNS = ("entry", "kind", "from", "until", "recipients", "elements", "ended")
NO_SUBSTITUTE = (
    "without a substitute address recipients get nothing of the address: give one by --substitute-from FILE, or say "
    "--without-substitute"
)
NOTHING_LEAVES = "Without a substitute no address leaves: `crossing restrictions substitute` gives one."
EFFECTS = {
    "directory": "The student is left out of agreements that rest on directory information, and of no other.",
    "acp": "For {whom} the substitute stands in the place of the address, and what tells a place is left out.",
    "court-order": "For {whom} the student does not exist.",
    "contact": "For {whom} that contact of the student does not exist.",
    "parent-objection": "What the parent objects to does not leave, for {whom}.",
    "do-not-transfer-discipline": "No incident and no action leaves to another district.",
}
"""What each kind of restriction does, in words."""
WITHOUT = click.option(
    "--without-substitute", "without", is_flag=True, help="Protect an address though recipients then get nothing of it."
)
SUBSTITUTE = click.option("--substitute-from", "substitute", type=FILE, help="The file with the substitute address.")


@click.group()
def restrictions() -> None:
    """Keep opt-outs, protected addresses, court orders and objections; each holds within a second."""


@restrictions.command()
@entries.DISTRICT
@click.option("--kind", required=True, type=KINDS, help="What kind of restriction.")
@click.option("--hide", type=HIDDEN, help="With a court order: hide a contact, whose id is asked for.")
@click.option("--recipient", "recipients", multiple=True, help="The organisation it holds for; all if not given.")
@click.option("--element", "elements", multiple=True, help="With an objection: what does not leave; all if not given.")
@click.option("--from", "begin", type=DAY, help="The first day; today if not given.")
@click.option("--until", type=DAY, help="The last day; none if not given.")
@SUBSTITUTE
@WITHOUT
@entries.BY
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def add(
    district: str, kind: str, hide: str | None, recipients: tuple[str, ...], elements: tuple[str, ...],
    begin: datetime | None, until: datetime | None, substitute: Path | None, without: bool, by: str, anyway: bool,
    reason: str, actor: str, file: Path,
) -> None:  # fmt: skip
    """Write down one restriction. The student is asked for, or read from standard input: it is no argument."""
    given = {
        "kind": kind, "recipient": " ".join(recipients), "element": " ".join(elements), **_address(substitute),
        "from": entries.typed_day(begin), "until": entries.typed_day(until),
    }  # fmt: skip
    if kind == "acp" and substitute is None and not without:
        raise click.UsageError(NO_SUBSTITUTE)
    with entries.open_registers(file, district) as opened:
        _made(opened, {}, {**given, **({"contact": "asked for"} if hide else {})})  # before anybody is asked for
        student = entries.ask_student(by, reason)
        asked = click.prompt(CONTACT, err=True).strip() if hide else ""
        students = opened.students(contacts=bool(hide))
        found = entries.meant(student, students, anyway=anyway)
        contact = _contact_tag(opened, students, asked, anyway=anyway) if asked else ""
        one = _made(opened, found.tags, {**given, **({"contact": contact} if contact else {})})
        entries.tell_written(opened.registers.write(district, [one], actor, reason))
    click.echo(_effect(one), err=True)
    if kind == "acp" and substitute is None:
        click.echo(NOTHING_LEAVES, err=True)


@restrictions.command("import")
@click.argument("source", type=FILE)
@entries.DISTRICT
@click.option("--kind", type=KINDS, help="The kind of lines that name none.")
@click.option("--dry-run", is_flag=True, help="Count the entries and name every mistake; write nothing.")
@WITHOUT
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def import_restrictions(
    source: Path, district: str, kind: str | None, dry_run: bool, without: bool, anyway: bool, reason: str, actor: str,
    file: Path,
) -> None:  # fmt: skip
    """Write down the restrictions in the CSV file SOURCE, all of them or none; the same file again changes nothing.

    A mistake is named by file, line and column, and what stands there is not repeated.
    """
    from gateway.registers.imports import RESTRICTION_COLUMNS, import_file
    from gateway.registers.stating import WrongPart
    from standards.errors import NotFound

    with entries.open_registers(file, district) as opened:
        students = opened.students(contacts=True)

        def make(tags: Mapping[str, str], cells: Mapping[str, str]) -> Restriction:
            given = {**({"kind": kind} if kind else {}), **cells}
            if given.get("contact"):
                try:
                    given["contact"] = _contact_tag(opened, students, given["contact"], anyway=anyway)
                except NotFound:
                    raise WrongPart("contact", "the district's system has no such contact") from None
            return restriction(tags, given)

        restriction = _maker(opened, without=without)
        read = import_file(source, RESTRICTION_COLUMNS, students, make, anyway=anyway)
        write, would_write = opened.registers.write, opened.registers.would_write
        plan = (lambda: would_write(district, read.states)) if dry_run else None
        entries.run_import(read, lambda: write(district, read.states, actor, reason), source.name, plan)


@restrictions.command()
@click.argument("entry", required=False)
@entries.DISTRICT
@click.option("--kind", type=KINDS, help="Only the restrictions of this kind.")
@entries.BY
@entries.WHY
@entries.ACTOR
@SETTINGS
def lift(entry: str | None, district: str, kind: str | None, by: str, reason: str, actor: str, file: Path) -> None:
    """Lift the restriction ENTRY, or without it those of one --kind of a student, who is asked for."""
    from gateway.registers.events import RESTRICTIONS
    from standards.errors import NotFound

    if entry is None and kind is None:
        raise click.UsageError("name the entry, or the --kind to lift of a student.")
    with entries.open_registers(file, district) as opened:
        names = [_one(opened, entry, kind).entry] if entry else []
        if not entry:
            present = [one for one in _entries(opened, kind) if one.ended is None]
            names = entries.to_end(entries.of_one_student(opened, present, by, unasked=False))
            if not names:
                raise NotFound("There is no such restriction on this student.")
        for name in opened.registers.end(district, names, RESTRICTIONS, actor, reason).changed:
            click.echo(f"{name}: lifted.")


@restrictions.command("substitute")
@click.argument("entry")
@entries.DISTRICT
@SUBSTITUTE
@entries.REASON
@entries.ACTOR
@SETTINGS
def replace_substitute(entry: str, district: str, substitute: Path | None, reason: str, actor: str, file: Path) -> None:
    """Put another substitute address in the place of that of ENTRY; without a file no address leaves at all."""
    from gateway.registers.events import RESTRICTIONS
    from gateway.registers.stating import substitute_of

    with entries.parts_as_options():
        anew = substitute_of(_address(substitute))
    with entries.open_registers(file, district) as opened:
        said = _said(_one(opened, entry, "acp"))
        written = opened.registers.change(district, entry, RESTRICTIONS, replace(said, substitute=anew), actor, reason)
        entries.tell_written(written)
    if not anew:
        click.echo(NOTHING_LEAVES, err=True)


@restrictions.command("list")
@entries.DISTRICT
@click.option("--kind", type=KINDS, help="Only those of this kind.")
@entries.OF_STUDENT
@entries.BY
@entries.ALL
@JSON
@SETTINGS
def list_restrictions(
    district: str, kind: str | None, of_student: bool, by: str, every: bool, as_json: bool, file: Path
) -> None:
    """List restrictions by their entries, kinds and dates; nobody's name, id or address is in it."""
    with entries.open_registers(file, district) as opened:
        found = [one for one in _entries(opened, kind) if every or one.ended is None]
        found = entries.shown(entries.of_one_student(opened, found, by)) if of_student else found
        entries.print_entries([_facts(one) for one in found], COLUMNS, as_json=as_json)


@restrictions.command()
@click.argument("entry")
@entries.DISTRICT
@SETTINGS
def show(entry: str, district: str, file: Path) -> None:
    """Show the restriction ENTRY and its whole history, without the address that it may keep."""
    import json

    with entries.open_registers(file, district) as opened:
        click.echo(json.dumps(_facts(_one(opened, entry, None)), indent=2))


@restrictions.command("delete")
@click.argument("entry")
@entries.DISTRICT
@entries.WHY
@entries.ACTOR
@SETTINGS
def delete_restriction(entry: str, district: str, reason: str, actor: str, file: Path) -> None:
    """Delete the restriction ENTRY, once it has ended for as long as entries are kept.

    That it was there stays on record; whoever it was about cannot be told from the record any more.
    """
    from gateway.registers.events import RESTRICTIONS

    with entries.open_registers(file, district) as opened:
        entries.delete_entry(opened, RESTRICTIONS, entry, {}, actor, reason)


def _maker(
    opened: OpenRegisters, *, without: bool = True
) -> Callable[[Mapping[str, str], Mapping[str, str]], Restriction]:
    """Return the function that makes a restriction of tags and parts; whether *without* a substitute address, too."""
    from gateway.admin.registers.entries import restriction_maker

    return restriction_maker(opened.region, opened.district, without_substitute=without)


def _made(opened: OpenRegisters, tags: Mapping[str, str], given: Mapping[str, str]) -> Restriction:
    with entries.parts_as_options():
        return _maker(opened)(tags, given)


def _contact_tag(opened: OpenRegisters, students: Students, typed: str, *, anyway: bool) -> str:
    """Return the tag of a contact; one that the source does not have only *anyway*."""
    from gateway.admin.registers.entries import contact_tag

    return contact_tag(opened.keys, students, typed, anyway=anyway)


def _address(path: Path | None) -> dict[str, str]:
    """Read a substitute address from a file with one part in a line, such as ``street: PO Box 257``."""
    from gateway.registers.entries import ADDRESS
    from standards.errors import SettingsError, suggestion

    if path is None:
        return {}
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError("the file cannot be read, or is not UTF-8 text", str(path)) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, colon, text = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if name not in ADDRESS or not colon:
            hint = suggestion(name, ADDRESS) if colon else ""
            raise SettingsError(
                f"write street: …, one part in a line, of {', '.join(ADDRESS)}{hint}", str(path), number, 1
            )
        if name in found:
            raise SettingsError(f"{name} is there twice", str(path), number, 1)
        found[name] = text
    return found


def _effect(one: Restriction) -> str:
    """Say what a restriction does, and to whom."""
    told = EFFECTS["contact" if one.contact else one.kind]
    whom = " and ".join(one.recipients) if one.recipients else "every recipient"
    return f"{told.format(whom=whom)} It holds within a second of its first day, {one.begin}."


def _one(opened: OpenRegisters, entry: str, kind: str | None) -> RegisterEntry:
    from standards.errors import NotFound

    found = next((one for one in _entries(opened, kind) if one.entry == entry), None)
    if found is None:
        raise NotFound(f"There is no such restriction {entry[:40]!r} in {opened.district}.")
    return found


def _entries(opened: OpenRegisters, kind: str | None) -> list[RegisterEntry]:
    from gateway.registers.entries import Restriction

    found = [(one, one.states) for one in opened.registers.entries(opened.district)]
    return [one for one, said in found if isinstance(said, Restriction) and kind in {None, said.kind}]


def _said(one: RegisterEntry) -> Restriction:
    from gateway.registers.entries import Restriction

    said = one.states
    assert isinstance(said, Restriction)
    return said


def _facts(one: RegisterEntry) -> dict[str, Any]:
    said = _said(one)
    return {
        "entry": said.entry, "kind": said.kind, "from": said.begin.isoformat(),
        "until": said.until.isoformat() if said.until else None, "recipients": list(said.recipients),
        "elements": list(said.elements), "hidesContact": bool(said.contact), "substitute": bool(said.substitute),
        **entries.history(one),
    }  # fmt: skip
