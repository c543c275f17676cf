"""Commands that write an agreement out for people, and draft one from a schedule of data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.commands.agreements.group import agreements

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.agreement import Agreement

FILE = click.Path(dir_okay=False, path_type=Path)
SETTINGS = click.option(
    "--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True
)
VERSION = click.option("--version", type=click.IntRange(1), help="The version; without it, the newest there is.")
LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "es"]), default="en", show_default=True, help="The language."
)
KIND = click.option(
    "--kind", type=click.Choice(["agreement", "schedule", "elements", "consent"]), default="agreement",
    show_default=True, help="Which document.",
)  # fmt: skip
FORMAT = click.option(
    "--format", "form", type=click.Choice(["html", "pdf", "text"]), default="text", show_default=True,
    help="How it is written.",
)  # fmt: skip
OUTPUT = click.option("--output", type=FILE, help="The file to write to; without it, standard output.")


@agreements.command("document")
@click.argument("name")
@VERSION
@KIND
@LANGUAGE
@FORMAT
@OUTPUT
@SETTINGS
def document_command(
    name: str, version: int | None, kind: str, language: str, form: str, output: Path | None, file: Path
) -> None:
    """Write the agreement NAME, an id or a file, for people to read and sign."""
    from gateway.documents.kinds import FORMATS, document

    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("A PDF is for a file: say which with --output.")
    written = FORMATS[form](document(_agreement(name, version, file), kind, language))
    if output is None:
        click.echo(written, nl=False)
        return
    output.write_bytes(written)
    click.echo(f"{output}: {kind} of {name}", err=True)


@agreements.command("form")
@click.argument("name")
@VERSION
@LANGUAGE
@SETTINGS
def form_command(name: str, version: int | None, language: str, file: Path) -> None:
    """Print the consent form of the agreement NAME, and the hash by which its text is registered."""
    from gateway.documents.consent_form import consent_form, digest
    from gateway.documents.formats import text
    from gateway.documents.words import Wording

    written = consent_form(_agreement(name, version, file), Wording(language))
    click.echo(text.render(written), nl=False)
    click.echo(f"\nsha-256: {digest(written)}")


def _frame_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for what a schedule does not say."""
    options = (
        click.option("--district", required=True, help="The district, as the settings call it."),
        click.option("--org", required=True, help="The recipient."),
        click.option("--kind", required=True, type=click.Choice(["district", "cbo", "vendor", "sea", "researcher"]),
                     help="The kind of recipient."),
        click.option("--id", "name", help="The id of the agreement; without it, the recipient and the district."),
        click.option("--basis", default="99.31(a)(1)", show_default=True, help="The section of 34 CFR Part 99."),
        click.option("--purpose", default="", help="One word for the purpose."),
        click.option("--interest", default="", help="The legitimate interest, in a sentence."),
        click.option("--from", "begin", default="", help="The first day."),
        click.option("--to", "end", default="", help="The last day."),
        click.option("--timezone", default="", help="The time zone of both days."),
        click.option("--client", "clients", multiple=True, help="A client that acts under it; may be given again."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@agreements.command("import")
@click.argument("schedule", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_frame_options
@OUTPUT
@SETTINGS
def import_command(
    schedule: Path, district: str, org: str, kind: str, name: str | None, basis: str, purpose: str, interest: str,
    begin: str, end: str, timezone: str, clients: tuple[str, ...], output: Path | None, file: Path,
) -> None:  # fmt: skip
    """Draft an agreement from the schedule of data in SCHEDULE, a CSV file with category, element and checked."""
    from gateway.config import settings
    from gateway.documents import drafts, schedule_csv
    from policies import agreement

    chosen = name or f"{org}-{district}"
    target = output or settings.load(file).agreements / "drafts" / f"{chosen}.yaml"
    frame = drafts.Frame(chosen, district, org, kind, basis, purpose, interest, begin, end, timezone, clients)
    found = schedule_csv.read(schedule)
    _write_new(target, drafts.draft(frame, found, str(schedule)))
    for row in found.unknown:
        click.echo(f"not read: {row}", err=True)
    click.echo(f"{target}: a draft of {len(found.rows)} checked elements; a person has to finish it.")
    for problem in agreement.read(target)[1]:
        click.echo(f"to fill in: {problem}", err=True)


def _write_new(target: Path, text: str) -> None:
    """Write a file that must not be there yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise click.ClickException(f"{target} is there already; nothing was written.") from None


def _agreement(name: str, version: int | None, file: Path) -> Agreement:
    """Find an agreement by its id in the folder of the region, or else its drafts, or load it from the file *name*."""
    from gateway.audit import agreement_texts
    from gateway.config import settings
    from gateway.districts.sources import learn_extensions
    from gateway.every_agreement import read_every
    from policies import agreement
    from standards.errors import NotFound, suggestion

    if Path(name).suffix.lower() in agreement.SUFFIXES:
        return agreement.load(Path(name))
    read = settings.load(file)
    learn_extensions(read)
    found, mistakes = read_every(read)
    drafts, _ = agreement.read_drafts(read.agreements)
    here, drawn = (
        [one for one in those if one.id == name and version in {None, one.version}] for those in (found, drafts)
    )
    versions = here or drawn
    if not versions:
        said = f" in version {version}" if version else ""
        wrong = f"; {len(mistakes)} mistakes are in {read.agreements}, see crossing check" if mistakes else ""
        raise NotFound(
            f"There is no agreement {name}{said}{suggestion(name, {one.id for one in (*found, *drafts)})}{wrong}."
        )
    return agreement_texts.held_to(read, [max(versions, key=lambda one: one.version)])[0]
