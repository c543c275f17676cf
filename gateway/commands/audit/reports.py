"""``crossing audit child``, ``recipient``, ``element``, ``exposure``, ``export``: a privacy officer's questions."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.audit.record import (
    audit,
    known_district,
    load_settings,
    open_reader,
    open_registry,
    typed_student,
)
from gateway.commands.clients import SETTINGS
from gateway.commands.days import DAY
from gateway.commands.register_entries import SHORTEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, tzinfo

    from gateway.audit.reports.exposure import Exposed
    from gateway.audit.reports.printing import Print
    from gateway.audit.reports.reading import AuditReader
    from gateway.audit.reports.uses import Use
    from gateway.config.settings import Settings

FILE = click.Path(dir_okay=False, path_type=Path)
FROM = click.option("--from", "begin", type=DAY, help="Only from this day on, in the district's time zone.")
TO = click.option("--to", "end", type=DAY, help="Only up to this day, which is included.")
OUTPUT = click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="The file to write.")


@audit.command("child")
@click.argument("district")
@SETTINGS
@FROM
@TO
@click.option("--paper", type=click.Choice(["en", "es"]), help="The paper for a parent, in this language.")
@click.option("--format", "form", type=click.Choice(["text", "html", "pdf"]), default="text", show_default=True)
@click.option(
    "--inspection", help="Open the task of a parent's inspection, too: your number of it, which names nobody."
)
@click.option("--received", type=DAY, help="The day on which the parent asked to inspect; today if not given.")
@click.option("--output", type=FILE, help="The file to write to; without it, standard output.")
def show_child(
    district: str,
    file: Path,
    begin: datetime | None,
    end: datetime | None,
    paper: str | None,
    form: str,
    inspection: str | None,
    received: datetime | None,
    output: Path | None,
) -> None:
    """Tell who saw what of one child of DISTRICT: each party once, with what it got, when, why, and by which law.

    The child's id is asked for, or read from standard input: it is no argument, which others could see. Acts about
    the child, such as restrictions, are told to the custodian alone: the --paper for a parent does not have them.

    The paper leaves out, too, what rests on a subpoena or order of which nobody may be told (34 CFR 99.32(d)(5)).

    With --inspection, a task says by when the parent must have been let inspect the record: within a reasonable time,
    at most 45 days after the request came in (34 CFR 99.10(b)).
    """
    from gateway.audit.reports.child import report
    from gateway.audit.reports.printing import Print
    from gateway.storage.registry import utc_now

    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("A PDF is for a file: say which with --output.")
    settings = load_settings(file)
    known_district(settings, district, file)
    identifier = typed_student()
    if len(identifier) >= SHORTEST_NAME and identifier.casefold() in (inspection or "").casefold():
        raise click.BadParameter("it says who the student is, and stays on record", param_hint="'--inspection'")
    with open_reader(settings) as reader:
        found = report(reader, district, identifier, _day(begin), _day(end), utc_now())
    printed = Print(found, paper or "en", custodian=paper is None, numbered=paper is None)
    _write(printed, form, output)
    if inspection is not None:
        _open_inspection(settings, district, inspection, received)


def _write(printed: Print, form: str, output: Path | None) -> None:
    """Write a report in the format that was asked for, to a file or to standard output."""
    if form == "text":
        written = f"{printed.text()}\n".encode()
    else:
        from gateway.documents.kinds import FORMATS

        written = FORMATS[form](printed.document())
    if output is None:
        click.echo(written, nl=False)
    else:
        output.write_bytes(written)


def _open_inspection(settings: Settings, district: str, text: str, received: datetime | None) -> None:
    """Open the task of an inspection, and say when it is due."""
    from gateway.commands.actor import actor
    from gateway.storage.registry import utc_now
    from gateway.tasks.store import Tasks
    from gateway.tasks.task import INSPECTION, INSPECTION_DAYS, PRIVACY_OFFICER, midnight

    asked = received or utc_now().astimezone(settings.zones[district])
    due = midnight(asked.date() + timedelta(days=INSPECTION_DAYS))
    with open_registry(settings) as registry:
        task = Tasks(registry, utc_now).open(district, PRIVACY_OFFICER, text, due, actor(), INSPECTION)
    click.echo(f"Task {task.id}: let the parent inspect the record by {due:%Y-%m-%d} (34 CFR 99.10).", err=True)


@audit.command("recipient")
@click.argument("name")
@SETTINGS
@FROM
@TO
def show_recipient(name: str, file: Path, begin: datetime | None, end: datetime | None) -> None:
    """Tell what the organisation or program NAME got, of which districts, when and why."""
    from gateway.audit.reports.uses import DisclosureWalk, to_recipient

    settings = load_settings(file)
    with open_reader(settings) as reader:
        found = to_recipient(DisclosureWalk(reader, _day(begin), _day(end)), name)
        _tell_uses(reader, found)
    if not found:
        _tell_unknown(settings, name)


@audit.command("element")
@click.argument("path")
@SETTINGS
@FROM
@TO
def show_element(path: str, file: Path, begin: datetime | None, end: datetime | None) -> None:
    """Tell who was shown the fact PATH (student.birthDate, or student.* for all of a kind), when and why."""
    from gateway.audit.reports.uses import DisclosureWalk, of_element
    from policies import elements

    with open_reader(load_settings(file)) as reader:
        found = of_element(DisclosureWalk(reader, _day(begin), _day(end)), path)
        _tell_uses(reader, found)
    if not found and not elements.under(elements.Line(path, "allow")):
        click.echo(f"No element is called {path!r}{elements.guess(path)}.", err=True)


@audit.command("exposure")
@click.option("--client", required=True, help="The program whose data may be in wrong hands.")
@SETTINGS
@FROM
@TO
@click.option("--children", "district", help="List the children of this district, by the ids in its own system.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for the letters.")
def show_exposure(
    client: str, file: Path, begin: datetime | None, end: datetime | None, district: str | None, as_json: bool
) -> None:
    """Tell what a breach at a client may have laid open: children and facts by district, and what its letters need.

    Children are counted. Who they are is listed for one district at a time, and its system is asked for its ids: show
    the list to that district alone.
    """
    import orjson

    from gateway.audit.reports.exposure import as_data, exposed_children, exposure
    from gateway.audit.reports.uses import DisclosureWalk

    settings = load_settings(file)
    if district is not None:
        known_district(settings, district, file)
    with open_reader(settings) as reader:
        found = exposure(reader, DisclosureWalk(reader, _day(begin), _day(end)), client)
        if district is not None:
            for own in exposed_children(reader, found, district, _ids(settings, district)):
                _line(own)
        elif as_json:
            told = [as_data(reader, one) for one in found]
            click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
        else:
            _tell_exposure(reader, client, found)
    if not found:
        _tell_unknown(settings, client)


@audit.command("export")
@SETTINGS
@FROM
@TO
@click.option("--format", "form", type=click.Choice(["ndjson", "csv"]), default="ndjson", show_default=True)
@OUTPUT
def export_record(file: Path, begin: datetime | None, end: datetime | None, form: str, output: Any) -> None:
    """Write every event of the record, as its lines (JSON) or as CSV; no student's value is in it.

    The lines are written as they stand in the record: whoever has them and its signed heads can verify them. Where a
    line of the record is no event, the others are written, and the command fails.
    """
    from gateway.audit.chain import read_texts
    from gateway.audit.reports.export import as_csv, as_ndjson

    first, last, unread = _day(begin), _day(end), list[str]()

    def events(reader: AuditReader) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for place, text, line, _ in read_texts(reader.folder):
            within = None if line is None else _is_within(reader, line.event, first, last)
            if line is None or within is None:
                unread.append(place)
            elif within:
                yield text, line.event

    with open_reader(load_settings(file)) as reader:
        found = events(reader)
        if form == "csv":
            output.writelines(as_csv(event for _, event in found))
        else:
            output.writelines(as_ndjson(text for text, _ in found))
    if unread:
        click.echo(f"{len(unread)} lines are no events ({unread[0]}): `crossing audit verify` tells more.", err=True)
        raise click.exceptions.Exit(1)


def _is_within(reader: AuditReader, event: dict[str, Any], first: date | None, last: date | None) -> bool | None:
    """Tell whether an event is of these days by the clock of its district, else by UTC; None where it is of no day."""
    if first is None and last is None:
        return True
    try:
        day = datetime.fromisoformat(event["at"]).astimezone(reader.zone(reader.district(event))).date()
    except (KeyError, TypeError, ValueError):
        return None
    return (first is None or day >= first) and (last is None or day <= last)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _often(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _local(moment: str, zone: tzinfo) -> str:
    """Write a moment on record by the clock of a district."""
    return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _line(text: str) -> None:
    """Print what is on record, in one line."""
    from gateway.one_line import one_line

    click.echo(one_line(text))


def _tell_uses(reader: AuditReader, found: Sequence[Use]) -> None:
    """Print uses, each with its facts in words."""
    from gateway.audit.reports.uses import LABELS

    for one in found:
        labels = dict(zip(LABELS, one.labels, strict=True))
        _line(f"{labels['client']} of {labels['org'] or '-'}: {labels['operation']} of {labels['district']}")
        _line(f"  why: {labels['purpose'] or '-'}, on the basis of {labels['basis'] or '-'}")
        _line(f"  under: {', '.join(one.agreements) or '-'}")
        zone = reader.zone(labels["district"])
        _line(f"  when: {_often(one.times)}, first {_local(one.first, zone)}, last {_local(one.last, zone)}")
        _line(f"  records: {one.records}, about {len(one.students)} students (of a school year)")
        _line(f"  facts: {', '.join(_names(one.facts)) or '-'}")
        click.echo()
    _line(f"{len(found)} {'row' if len(found) == 1 else 'rows'}.")


def _tell_exposure(reader: AuditReader, client: str, found: Sequence[Exposed]) -> None:
    from gateway.audit.reports.facts import in_words

    for one in found:
        where = one.district if one.district != "*" else "several districts at once"
        _line(f"{where}: {client} of {', '.join(sorted(one.orgs)) or '-'} was sent data {_often(one.times)}")
        zone = reader.zone(one.district)
        _line(f"  first {_local(one.first, zone)}, last {_local(one.last, zone)} ({zone})")
        for year, count in one.counts().items():
            _line(f"  children of the school year {year - 1}-{year % 100:02}: {count}")
        for name, obligations in one.agreements.items():
            _line(f"  under {name}: {', '.join(obligations) or 'no obligation is written'}")
        click.echo("  facts:")
        for fact in in_words(one.facts, "en"):
            _line(f"    - {fact}")
    if not found:
        _line(f"Nothing on record was sent to {client}.")


def _tell_unknown(settings: Settings, name: str) -> None:
    """Say so where no client and no organisation is called *name*, since nothing on record of it means nothing then."""
    from gateway.storage.registry import registered
    from standards.errors import suggestion

    known = {word for one in registered(settings.store_url) for word in (one.client_id, one.org)}
    if name not in known:
        told = f"no client is registered by this name, and none of such an organisation{suggestion(name, known)}"
        click.echo(f"warning: {name}: {told}", err=True)


def _names(facts: Iterable[tuple[str, str]]) -> list[str]:
    return [name if action == "allow" else f"{name} ({action})" for name, action in sorted(facts)]


def _ids(settings: Settings, district: str) -> list[str]:
    """Ask a district's system for the ids of its students, as the record knew them."""
    from gateway.cache.snapshot import build_snapshot
    from gateway.districts.sources import adapter_of
    from standards.keys import Keyring

    wanted = {"student": frozenset({"id"})}
    keyring = Keyring(settings.open_keys().derive("ids"))
    adapter = adapter_of(district, settings.districts[district])
    try:
        records = adapter.read(wanted)
        return list(build_snapshot(records, district, keyring, entities=wanted).table("student").ids)
    finally:
        adapter.close()
