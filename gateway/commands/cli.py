"""The command ``crossing``: a thin layer over the modules that do the work, imported only when they are needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.admins import admins
from gateway.commands.agreements import agreements
from gateway.commands.agreements.reasoning import CHILD
from gateway.commands.answers.why import why_command
from gateway.commands.assignments import assignments
from gateway.commands.audit import audit
from gateway.commands.clients import clients
from gateway.commands.consents import consents
from gateway.commands.districts import districts
from gateway.commands.export import export_command
from gateway.commands.organisations.proposals import confirm, decline, list_proposals, show_settings
from gateway.commands.restrictions import restrictions
from gateway.commands.running import reload_command, status_command
from gateway.commands.tasks import tasks
from gateway.commands.transfers.group import transfers
from standards.errors import GatewayError, StoreUnavailable, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.commands.answers.explanation import Steps
    from gateway.config.settings import Settings
    from policies.agreement import Agreement
    from standards.errors import SettingsError

FILE = click.Path(dir_okay=False, path_type=Path)


class Commands(click.Group):
    """Commands whose refusals are one line on standard error, and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            raise click.ClickException(error.message) from None
        except click.Abort:
            if sys.stdin.isatty():
                raise
            message = (
                "Standard input has ended before all that was asked for: give one answer in a line, in this order."
            )
            raise click.ClickException(message) from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click ends in silence where standard output is closed
        except Exception as error:  # noqa: BLE001  a traceback might quote what a source sent
            from gateway.failure_reasons import kind_of, raised

            raise click.ClickException(f"the program failed: {kind_of(error)} at {raised(error)}") from None


def show_version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    """Print the version and end; a checkout that nobody installed has none."""
    from importlib.metadata import PackageNotFoundError, version

    if not asked:
        return
    try:
        click.echo(f"crossing {version('crossingguard')}")
    except PackageNotFoundError:
        click.echo("crossing, from a checkout that is not installed")
    context.exit()


@click.group(cls=Commands)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the version and end.",
)
def main() -> None:
    """Crossing Guard: Ed-Fi and OneRoster for several districts, released only under agreement."""


for command in (list_proposals, confirm, decline, show_settings):
    admins.add_command(command)
for command in (
    admins, agreements, assignments, audit, clients, consents, districts, export_command, reload_command, restrictions,
    status_command, tasks, transfers, why_command,
):  # fmt: skip
    main.add_command(command)


@main.command()
@click.argument("file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS")
def serve(file: Path) -> None:
    """Serve the region that FILE describes, until told to end."""
    from gateway.config import settings
    from gateway.server import web_server as server

    server.serve(settings.load(file))


@main.command()
@click.argument("file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS")
@click.option("--document-settings", is_flag=True, help="Print the page about every setting instead.")
def check(file: Path, document_settings: bool) -> None:
    """Name every mistake in FILE, in its agreements and in what its districts provide.

    Of a FILE that is one agreement (.yaml), such as a draft, name the mistakes in it alone.
    """
    from gateway.config import reference, settings
    from policies.agreement import SUFFIXES

    if document_settings:
        click.echo(reference.reference(), nl=False)
        return
    if file.suffix.lower() in SUFFIXES:
        _end_with(file, _draft_problems(file))
        return
    read, mistakes = settings.read(file)
    problems = [str(mistake) for mistake in mistakes]
    if read is not None:
        problems += _agreement_problems(read)
        problems += _record_problems(read)
        problems += _district_problems(read)
        for warning in read.warnings:
            click.echo(f"warning: {warning}", err=True)
        _warn_of_links(read)
    _end_with(file, problems)


def _end_with(file: Path, problems: Iterable[str]) -> None:
    """Print the *problems* that were found in *file* and end with 1, or say that there are none."""
    found = list(problems)
    for problem in found:
        click.echo(problem)
    if found:
        raise click.exceptions.Exit(1)
    click.echo(f"{file}: no mistake found.")


def _draft_problems(file: Path) -> Iterator[str]:
    """List the mistakes in the agreement *file* that need no settings to be seen; warn of what its lines make."""
    from gateway.reasoning.examples import failures
    from gateway.reasoning.scopes import idle
    from policies import agreement
    from policies.reasoning import analysis

    sets = next((there for folder in file.parents[:2] if (there := folder / agreement.SETS).is_dir()), None)
    found, mistakes = agreement.read(file, sets)
    yield from map(str, mistakes)
    if found is not None:
        yield from (str(mistake) for mistake, _ in failures((found,)))
        for warning in (*found.warnings, *analysis.warnings(found), *idle((found,))):
            click.echo(f"warning: {warning}", err=True)


@main.command()
@click.argument("client")
@click.argument("element")
@click.option("--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True)
@click.option("--recipient", is_flag=True, help="Only what the recipient itself may be told.")
@CHILD
def explain(client: str, element: str, file: Path, recipient: bool, district: str | None) -> None:
    """Tell step by step why ELEMENT (student.birthDate, student) leaves to CLIENT, or does not.

    With --student, of one student: clause by clause, and what the registers have.
    """
    from gateway.audit import agreement_texts
    from gateway.commands.agreements.opened import counting, stopped
    from gateway.commands.agreements.reasoning import ask_of_child
    from gateway.commands.answers.explanation import ClientStanding, for_child, unserved
    from gateway.config import settings
    from gateway.districts import sources
    from gateway.every_agreement import load_every
    from gateway.storage.registry import registered, utc_now
    from policies import explain
    from policies.compiler import Grants

    read, now = settings.load(file), utc_now()
    has = sources.entities(read)
    every = agreement_texts.held_to(read, load_every(read))
    agreements = counting(read, every)
    found = next((one for one in registered(read.store_url) if one.client_id == client), None)
    standing = ClientStanding(client, found, Grants(agreements, lambda: now), has)
    steps: Steps = standing.steps
    if district is not None:
        agreements, every = (tuple(one for one in those if one.district == district) for those in (agreements, every))
        steps = for_child(standing.steps, ask_of_child(read, district, element, client))
    unsigned = stopped(read)
    lacking = [one for one in every if client in one.clients and (one.id, one.version) in unsigned]
    without = unserved(unsigned, steps)
    traces = [trace for one in lacking for trace in explain.explain([one], client, element, now, before=without)]
    if not lacking or any(client in one.clients for one in agreements):
        traces[:0] = explain.explain(agreements, client, element, now, before=steps)
    for text in explain.told(traces, "recipient" if recipient else "custodian"):
        click.echo(text)


@main.command()
@click.option("--settings", "file", type=FILE, help="Tell instead what the systems of the districts in FILE can do.")
def adapters(file: Path | None) -> None:
    """List the adapters there are, and what each asks for in a district's settings."""
    from adapters import registry

    if file is not None:
        _tell_abilities(file)
        return
    for name in registry.names():
        adapter = registry.find(name)
        click.echo(f"{name}: {(adapter.__doc__ or '').strip().splitlines()[0]}")
        for setting, kind in adapter.Settings().fields.items():
            click.echo(f"    {setting} ({_need(kind)}): {kind.metadata.get('description', '')}")


def _tell_abilities(file: Path) -> None:
    """List the operations of OneRoster that each district's source supports, and those that answer 501."""
    from gateway.config import settings
    from gateway.districts import sources
    from standards.oneroster.api.supported_operations import supported_operations
    from standards.oneroster.model import VERSIONS, operations

    for name, district in settings.load(file).districts.items():
        with sources.make_adapter(name, district) as adapter:
            manifest = adapter.manifest
        for version in VERSIONS:
            every, able = operations(version), supported_operations(version, manifest.entities, manifest.writes)
            click.echo(f"{name} ({district.adapter}), OneRoster {version}: {len(able)} of {len(every)} operations")
            for operation in every:
                if operation not in able:
                    click.echo(f"    not supported: {operation.name} ({operation.method} {operation.path})")


def _need(kind: Any) -> str:
    """Return whether a setting must be given, and what it is otherwise."""
    from marshmallow import missing

    if kind.required:
        return "required"
    if kind.load_default is missing:
        return "optional"
    default = kind.load_default() if callable(kind.load_default) else kind.load_default
    return f"default {json.dumps(default)}"


@main.command()
@click.option("--serve", is_flag=True, help="Keep the region up until told to end.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 takes any free one.")
@click.option("--facts", type=FILE, help="With --serve: the JSON file to write addresses, clients and secrets to.")
@click.option("--students", type=click.IntRange(1, 100_000), help="The size of each district.")
def demo(serve: bool, port: int, facts: Path | None, students: int | None) -> None:
    """Set up five made-up districts and their consumers, and show who sees what."""
    from gateway.demo import run as demo

    if serve != (facts is not None):
        raise click.UsageError("--serve and --facts FILE go together.")
    size = students or demo.STUDENTS
    if facts is not None:
        demo.serve(port, facts, size)
    else:
        demo.run(size, port)


def _agreement_problems(read: Settings) -> Iterator[str]:
    from gateway.districts.sources import learn_extensions
    from gateway.reasoning.examples import failures
    from policies.reasoning import analysis

    for name, error in learn_extensions(read).items():
        yield f"districts.{name}: {error.message}"
    found, mistakes = _documents(read)
    yield from map(str, mistakes)
    yield from (str(mistake) for mistake, _ in failures(found))
    for one in found:
        if one.district not in read.districts:
            hint = suggestion(one.district, read.districts)
            yield f"{one.place(one.district)}: the district {one.district} is not in {read.file.name}{hint}"
        for warning in (*one.warnings, *analysis.warnings(one)):
            click.echo(f"warning: {warning}", err=True)
    _warn_of_signatures(read)
    yield from _registration_problems(read, found)


def _documents(read: Settings) -> tuple[tuple[Agreement, ...], list[SettingsError]]:
    """Read every agreement; those of the folder alone where the registry cannot be used, which is told elsewhere."""
    from gateway.every_agreement import read_every
    from policies.agreement import read_folder

    try:
        return read_every(read)
    except StoreUnavailable:
        return read_folder(read.agreements)


def _warn_of_signatures(read: Settings) -> None:
    """Name each agreement in force that releases nothing, or would not, where both parties must have signed it."""
    from gateway.commands.agreements.opened import looked_into

    try:
        told = tuple(looked_into(read))
    except StoreUnavailable:
        return  # the check of registrations tells of it
    for line in told:
        click.echo(f"warning: {line}", err=True)


def _registration_problems(read: Settings, agreements: tuple[Agreement, ...]) -> Iterator[str]:
    from gateway.auth import registrations
    from gateway.reasoning.scopes import idle, out_of_reach
    from gateway.storage import registry as store

    now = store.utc_now()
    for warning in (
        *registrations.ending(agreements, now),
        *registrations.several_purposes(agreements, now),
        *registrations.lost_operations(agreements),
    ):
        click.echo(f"warning: {warning}", err=True)
    try:
        clients = store.registered(read.store_url)
    except StoreUnavailable as error:
        yield f"{read.file.name}: {error.message}"
        return
    yield from registrations.unregistered(agreements, clients, now)
    yield from map(str, registrations.misdirected(agreements, clients, now))
    others = registrations.registered_elsewhere(agreements, clients, now)
    for warning in (*others, *idle(agreements), *out_of_reach(agreements, clients)):
        click.echo(f"warning: {warning}", err=True)


def _warn_of_links(read: Settings) -> None:
    """Print the origin of links where others than this machine may ask and no public address is set."""
    from gateway.config.hosts import is_loopback

    server = read.server
    if not server.public_url and not is_loopback(server.host):
        message = "server.public_url is missing: links begin with the address listened on, unless a trusted proxy"
        click.echo(f"warning: {message} forwards the host; set it to the address that callers use", err=True)


def _record_problems(read: Settings) -> Iterator[str]:
    """List where the audit log contradicts the agreements, and what of it an operator has to do."""
    from gateway.audit import agreement_texts, keys

    found, _ = _documents(read)
    try:
        texts = agreement_texts.recorded(read)
        yield from (str(mistake) for mistake, _ in (*texts.differing(found), *texts.rebound(found)))
    except GatewayError as error:
        yield error.message
    for line in keys.notes(read.audit.folder):
        click.echo(f"warning: {line}", err=True)


def _district_problems(read: Settings) -> Iterator[str]:
    from adapters.defaults import unsaid
    from gateway.cache.needed_fields import programs_of, wanted_by
    from gateway.cache.program_members import unstated
    from gateway.districts import sources
    from gateway.districts.source_check import look
    from gateway.storage.registry import utc_now
    from policies.compiler import Grants

    grants = Grants(_documents(read)[0], utc_now)
    for name, district in read.districts.items():
        try:
            with sources.make_adapter(name, district) as adapter:
                mistakes = [str(problem) for problem in adapter.check()]
                if not mistakes:
                    found = look(adapter, district, wanted_by(grants.every(name)))
                    mistakes += found.problems
                    for line in unstated(programs_of(grants.every(name)), adapter.manifest.entities):
                        click.echo(f"warning: {_in_district(name, line)}", err=True)
                    for line in found.warnings:
                        click.echo(f"warning: {_in_district(name, line)}", err=True)
                    for line in found.told:
                        click.echo(_in_district(name, line), err=True)
                yield from (_in_district(name, problem) for problem in mistakes)
                for fact in unsaid(district.defaults) if adapter.declares else ():
                    click.echo(f"warning: districts.{name}: Ed-Fi requires {fact}; declare it in defaults", err=True)
        except GatewayError as error:
            yield _in_district(name, error.message)


def _in_district(name: str, problem: str) -> str:
    """Return a mistake with the district it is in, which adapters without files do not name themselves."""
    place = f"districts.{name}"
    return problem if problem.startswith((f"{place}:", f"{place}.")) else f"{place}: {problem}"
