"""``crossing consents``: the register of consents (34 CFR 99.30)."""

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
    from gateway.registers.entries import Consent
    from gateway.registers.events import RegisterEntry
    from gateway.registers.stating import ConsentTerms

FILE = click.Path(dir_okay=False, path_type=Path)
MAX_FORM_BYTES = 2**20
SIGNERS = click.Choice(("parent", "eligible-student"))
HOW = click.Choice(("paper", "electronic"))
COLUMNS = ("entry", "agreement", "form", "signer", "signed", "from", "until", "ended")
AGREEMENT = click.option("--agreement", help="The id of the agreement that the consent is to.")
FORM = click.option("--form", default="", help="The name of the form; the agreement's, unless it asks for none.")
TEXT = click.option("--form-text", type=FILE, help="The text of the form as it was signed; it is kept, sealed.")
HASH = click.option("--form-hash", default="", help="The SHA-256 of that text instead, in hex.")


@click.group()
def consents() -> None:
    """Keep the consents of parents and eligible students; withdrawn ones count no more within a second."""


@consents.command()
@entries.DISTRICT
@AGREEMENT
@FORM
@TEXT
@HASH
@click.option("--signer", required=True, type=SIGNERS, help="Who signed; a parent's ends at the 18th birthday.")
@click.option("--method", required=True, type=HOW, help="How it was signed.")
@click.option("--signed", required=True, type=DAY, help="The day of the signature.")
@click.option("--from", "begin", type=DAY, help="The first day; that of the signature if not given.")
@click.option("--until", type=DAY, help="The last day; the agreement's if not given.")
@click.option("--element", "elements", multiple=True, help="What it covers; all that the agreement releases now.")
@entries.BY
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def add(
    district: str, agreement: str | None, form: str, form_text: Path | None, form_hash: str, signer: str, method: str,
    signed: datetime, begin: datetime | None, until: datetime | None, elements: tuple[str, ...], by: str, anyway: bool,
    reason: str, actor: str, file: Path,
) -> None:  # fmt: skip
    """Write down one consent. The student is asked for, or read from standard input: it is no argument."""
    given = {
        "agreement": agreement or "", "form": form, "signer": signer, "method": method, "elements": " ".join(elements),
        "signed": entries.typed_day(signed), "from": entries.typed_day(begin), "until": entries.typed_day(until),
    }  # fmt: skip
    text, given["formHash"] = _form(form_text, form_hash)
    with entries.open_registers(file, district) as opened:
        make = _maker(opened)
        with entries.parts_as_options():
            make({}, given)  # before anybody is asked for
        found = entries.meant(entries.ask_student(by, reason), opened.students(), anyway=anyway, opens=True)
        written = opened.registers.write(district, [make(found.tags, given)], actor, reason, text)
        entries.tell_written(written)


@consents.command("import")
@click.argument("source", type=FILE)
@entries.DISTRICT
@AGREEMENT
@FORM
@TEXT
@HASH
@click.option("--dry-run", is_flag=True, help="Count the entries and name every mistake; write nothing.")
@entries.ANYWAY
@entries.REASON
@entries.ACTOR
@SETTINGS
def import_consents(
    source: Path, district: str, agreement: str | None, form: str, form_text: Path | None, form_hash: str,
    dry_run: bool, anyway: bool, reason: str, actor: str, file: Path,
) -> None:  # fmt: skip
    """Write down the consents in the CSV file SOURCE, all of them or none; the same file again changes nothing.

    A mistake is named by file, line and column, and what stands there is not repeated.
    """
    from gateway.registers.imports import CONSENT_COLUMNS, import_file

    text, hashed = _form(form_text, form_hash, required=False)
    rest = {"agreement": agreement or "", "form": form, "formHash": hashed}
    with entries.open_registers(file, district) as opened:
        consent = _maker(opened)

        def make(tags: Mapping[str, str], cells: Mapping[str, str]) -> Consent:
            return consent(tags, {**rest, **cells})

        read = import_file(source, CONSENT_COLUMNS, opened.students(), make, anyway=anyway)
        write, would_write = opened.registers.write, opened.registers.would_write
        plan = (lambda: would_write(district, read.states)) if dry_run else None
        entries.run_import(read, lambda: write(district, read.states, actor, reason, text), source.name, plan)


@consents.command()
@click.argument("entry", required=False)
@entries.DISTRICT
@click.option("--agreement", help="Only the consents to this agreement.")
@entries.BY
@entries.WHY
@entries.ACTOR
@SETTINGS
def withdraw(
    entry: str | None, district: str, agreement: str | None, by: str, reason: str, actor: str, file: Path
) -> None:
    """Withdraw the consent ENTRY, or without it all consents of a student, who is asked for.

    It counts no more within a second, on the next page of whoever is reading, too.
    """
    from gateway.registers.events import CONSENTS

    with entries.open_registers(file, district) as opened:
        names = [_one(opened, entry, agreement).entry] if entry else _present_of_student(opened, agreement, by)
        written = opened.registers.end(district, names, CONSENTS, actor, reason)
        for name in written.changed:
            click.echo(f"{name}: withdrawn.")
        count = len(written.changed)
        click.echo(f"{count} {'consent' if count == 1 else 'consents'} withdrawn.")
        click.echo(f"Who had seen what until now: crossing audit child {district}", err=True)
        click.echo("What recipients must destroy, and by when: crossing tasks list (from tomorrow on)", err=True)


@consents.command("list")
@entries.DISTRICT
@click.option("--agreement", help="Only the consents to this agreement.")
@entries.OF_STUDENT
@entries.BY
@entries.ALL
@JSON
@SETTINGS
def list_consents(
    district: str, agreement: str | None, of_student: bool, by: str, every: bool, as_json: bool, file: Path
) -> None:
    """List consents by their entries, agreements and dates; nobody's name or id is in it."""
    with entries.open_registers(file, district) as opened:
        found = [one for one in _entries(opened, agreement) if every or one.ended is None]
        found = entries.shown(entries.of_one_student(opened, found, by)) if of_student else found
        entries.print_entries([_facts(one) for one in found], COLUMNS, as_json=as_json)


@consents.command()
@click.argument("entry")
@entries.DISTRICT
@SETTINGS
def show(entry: str, district: str, file: Path) -> None:
    """Show the consent ENTRY: what it covers, and its whole history."""
    import json

    with entries.open_registers(file, district) as opened:
        found = _one(opened, entry, None)
        covered = sorted(getattr(found.states, "elements", ()))
        click.echo(json.dumps({**_facts(found), "elements": covered}, indent=2))


@consents.command("form")
@click.argument("entry")
@entries.DISTRICT
@SETTINGS
def show_form(entry: str, district: str, file: Path) -> None:
    """Print the text of the form that was signed with the consent ENTRY, where it was given."""
    from standards.errors import NotFound

    with entries.open_registers(file, district) as opened:
        found = next((one for one in _entries(opened, None) if one.entry == entry), None)
        text = opened.registers.form_text(district, _facts(found)["formHash"]) if found else None
        if text is None:
            raise NotFound(f"No text of the form of {entry[:40]!r} is kept in {district}.")
        click.echo(text, nl=not text.endswith("\n"))


@consents.command("delete")
@click.argument("entry")
@entries.DISTRICT
@entries.WHY
@entries.ACTOR
@SETTINGS
def delete_consent(entry: str, district: str, reason: str, actor: str, file: Path) -> None:
    """Delete the consent ENTRY, once it has ended for as long as entries are kept; that it was there stays on record.

    Whoever it was about cannot be told from the record any more.
    """
    from gateway.registers.events import CONSENTS

    with entries.open_registers(file, district) as opened:
        ends = {name: one.end for name, one in _terms(opened).items()}
        entries.delete_entry(opened, CONSENTS, entry, ends, actor, reason)


def _maker(opened: OpenRegisters) -> Callable[[Mapping[str, str], Mapping[str, str]], Consent]:
    """Return the function that makes a consent of tags and parts."""
    from gateway.admin.registers.entries import consent_maker

    return consent_maker(opened.region, opened.registers, opened.district)


def _present_of_student(opened: OpenRegisters, agreement: str | None, by: str) -> list[str]:
    from standards.errors import NotFound

    present = [one for one in _entries(opened, agreement) if one.ended is None]
    found = entries.to_end(entries.of_one_student(opened, present, by))
    if not found:
        raise NotFound(
            "There is no consent of this student that holds: `crossing consents list --all` has those that have ended."
        )
    return found


def _one(opened: OpenRegisters, entry: str, agreement: str | None) -> RegisterEntry:
    from standards.errors import NotFound

    found = next((one for one in _entries(opened, agreement) if one.entry == entry), None)
    if found is None:
        raise NotFound(f"There is no such consent {entry[:40]!r} in {opened.district}.")
    return found


def _entries(opened: OpenRegisters, agreement: str | None) -> list[RegisterEntry]:
    from gateway.registers.entries import Consent

    every = opened.registers.entries(opened.district)
    found = [(one, one.states) for one in every]
    return [one for one, said in found if isinstance(said, Consent) and agreement in {None, said.agreement}]


def _facts(one: RegisterEntry) -> dict[str, Any]:
    from gateway.registers.entries import Consent

    said = one.states
    assert isinstance(said, Consent)
    return {
        "entry": said.entry, "agreement": said.agreement, "form": said.form, "formHash": said.form_hash,
        "signer": said.signer_role, "method": said.method, "signed": said.signed.isoformat(),
        "from": said.begin.isoformat(), "until": said.until.isoformat() if said.until else None,
        "elements": len(said.elements), **entries.history(one),
    }  # fmt: skip


def _terms(opened: OpenRegisters) -> dict[str, ConsentTerms]:
    """Return what consents to the district's agreements are about, as the gateway uses these."""
    from gateway.admin.registers.entries import consent_terms

    return consent_terms(opened.region, opened.district)


def _form(path: Path | None, form_hash: str, *, required: bool = True) -> tuple[tuple[str, ...], str]:
    """Return the text of a form, where it is given, and its hash."""
    from gateway.registers.events import text_hash
    from standards.errors import SettingsError

    if path is None:
        if required and not form_hash:
            raise click.UsageError("give the form's text with --form-text, or its hash with --form-hash.")
        return (), form_hash
    try:
        data = path.read_bytes()
        text = data.decode()
    except (OSError, UnicodeDecodeError):
        raise SettingsError("the file cannot be read, or is not UTF-8 text", str(path)) from None
    if len(data) > MAX_FORM_BYTES:
        raise SettingsError(f"the text is longer than {MAX_FORM_BYTES:,} bytes", str(path))
    if form_hash and form_hash.lower() != text_hash(text):
        raise SettingsError("the text has another hash than --form-hash", str(path))
    return (text,), text_hash(text)
