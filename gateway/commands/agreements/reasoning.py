"""The commands ``crossing agreements diff``, ``simulate``, ``who-can-see`` and ``can``: reasoning about agreements."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.audit.record import open_registry, typed_student
from gateway.commands.clients import JSON, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.config.settings import Settings
    from gateway.reasoning.simulation import Simulation
    from gateway.reasoning.who_can_see import Viewer
    from gateway.registers.effects.state import DistrictRegisters
    from gateway.runtime.control.child_socket import ChildAnswer, Question
    from gateway.storage.registry import Client
    from policies.agreement import Agreement

NOT_SERVED = "the running gateway does not serve this version of the agreement"
CHILD = click.option(
    "--student",
    "district",
    metavar="DISTRICT",
    help="Of one student of this district, whose id is asked for or read from standard input.",
)


@click.command("diff")
@click.argument("before")
@click.argument("after")
@JSON
@SETTINGS
def diff_command(before: str, after: str, as_json: bool, file: Path) -> None:
    """Tell what the agreement AFTER changes against BEFORE: facts, students, clients, dates, duties, resources.

    Each is a file, or ID@VERSION of the folder or of the texts on record.
    """
    from gateway.reasoning.named_agreements import named
    from policies.reasoning.diff import diff

    settings = _load(file)
    found = diff(named(settings, before), named(settings, after))
    _print(found.document(), found.lines(), as_json=as_json)


@click.command("simulate")
@click.argument("agreement")
@JSON
@SETTINGS
def simulate_command(agreement: str, as_json: bool, file: Path) -> None:
    """Tell what AGREEMENT (a file, or ID@VERSION) would change in the district's live data, in counts.

    The district's system is read once, for what the agreement needs, and consents and restrictions count as they stand
    now. No value and no id is printed, nor a number of fewer than ten students.
    """
    from gateway.reasoning.named_agreements import named

    settings = _load(file)
    found = _simulated(settings, named(settings, agreement))
    _print(found.document(), found.lines(), as_json=as_json)


def _simulated(settings: Settings, agreement: Agreement) -> Simulation:
    from gateway.commands.agreements.opened import in_force
    from gateway.reasoning.simulation import Scene, grants_of, simulate
    from gateway.reasoning.source_reading import read
    from gateway.storage.registry import utc_now
    from standards.errors import SettingsError
    from standards.keys import KEY_BYTES, Keyring

    district, now = agreement.district, utc_now()
    if district not in settings.districts:
        raise SettingsError(f"there is no district {district}", agreement.file)
    present = tuple(one for one in in_force(settings, now) if one.district == district)
    every = (*present, agreement)
    grants = grants_of(every, {client for one in every for client in one.clients})
    keyring = Keyring(bytes(KEY_BYTES))  # of ids that are never printed
    today = now.astimezone(settings.zones[district]).date().isoformat()
    snapshot, there = read(settings, district, grants, keyring, _registers(settings, district))
    scene = Scene(snapshot, keyring, today, there)
    return simulate(agreement, present, scene, _warnings(settings, agreement, present))


def _registers(settings: Settings, district: str) -> DistrictRegisters | None:
    """Return what the registers of a district state now, with what is declared of its system; None without any."""
    from gateway.registers.effects.state import RegisterWatch
    from gateway.registers.store import Registers
    from gateway.registers.tags import PURPOSE, RegisterKeys

    keys = RegisterKeys(settings.open_keys().derive(PURPOSE))
    with open_registry(settings) as store:
        return RegisterWatch(Registers(store, keys), keys, district, settings.districts[district].registers).now()


def _warnings(settings: Settings, agreement: Agreement, present: Iterable[Agreement]) -> Iterator[str]:
    """Yield what speaks against an agreement whatever the data are."""
    from gateway.reasoning.examples import failures
    from gateway.reasoning.scopes import out_of_reach
    from gateway.storage.registry import utc_now
    from policies.agreement import clashing
    from policies.reasoning import analysis

    if not agreement.active(day := agreement.today(utc_now())):
        yield f"{agreement.file}: it is in force from {agreement.begin} to {agreement.end}, and not on {day}"
    yield from (str(mistake) for mistake, _ in failures([agreement]))
    others = [one for one in present if one.id != agreement.id]
    yield from (str(mistake) for mistake, *two in clashing([*others, agreement]) if agreement in two)
    yield from agreement.warnings
    yield from analysis.warnings(agreement)
    yield from out_of_reach([agreement], _clients(settings))


@click.command("who-can-see")
@click.argument("element")
@CHILD
@JSON
@SETTINGS
def who_can_see_command(element: str, district: str | None, as_json: bool, file: Path) -> None:
    """Tell who can see ELEMENT (student.birthDate, student.address) now: by which agreement, where, until when.

    With --student, tell of each whether it is shown that child, as a request would be.
    """
    from gateway.commands.agreements.opened import in_force
    from gateway.reasoning import who_can_see
    from gateway.storage.registry import utc_now

    settings = _load(file)
    present = in_force(settings, utc_now())
    found = [one for one, _ in who_can_see.viewers(present, element, _clients(settings), settings.audit.folder)]
    if district is not None:
        found = _of_child([one for one in found if one.district == district], ask_of_child(settings, district, element))
    _print(who_can_see.document(found), who_can_see.lines(found), as_json=as_json)


def _of_child(found: Iterable[Viewer], told: Iterable[ChildAnswer]) -> list[Viewer]:
    words = {(one.agreement, one.version, one.client, one.element): one.words for one in told}
    return [
        replace(one, child=words.get((one.agreement, one.version, one.client, one.element), NOT_SERVED))
        for one in found
    ]  # fmt: skip


def ask_of_child(settings: Settings, district: str, element: str, client: str = "") -> tuple[ChildAnswer, ...]:
    """Ask for a student's id, and the running gateway what is shown of the student; where none runs, start one.

    Raises:
        SettingsError: there is no such district.
        NotFound: there is no such student.
    """
    from gateway.runtime.control import child_socket
    from gateway.runtime.control.control_socket import NotRunning
    from standards.errors import SettingsError

    if district not in settings.districts:
        raise SettingsError(f"there is no district {district}", str(settings.file))
    question = child_socket.Question(district, typed_student(), element, client)
    with suppress(NotRunning):
        return child_socket.ask(settings.state, question)
    return _answered_here(settings, question)


def _answered_here(settings: Settings, question: Question) -> tuple[ChildAnswer, ...]:
    """Answer without a running gateway, as that would."""
    from gateway.runtime.control import child_socket
    from gateway.runtime.startup import start

    _, gateway = start(settings)
    try:
        return tuple(child_socket.answers(gateway, question))
    finally:
        gateway.close()


@click.command("can")
@click.argument("client")
@click.argument("first")
@click.argument("second")
@JSON
@SETTINGS
def can_command(client: str, first: str, second: str, as_json: bool, file: Path) -> None:
    """Tell whether CLIENT can ever see both FIRST and SECOND of one student in one purpose, and why.

    The answer is yes, no, or apart: both leave, but nothing that leaves says that they are of one student.
    """
    from gateway.audit import agreement_texts
    from gateway.every_agreement import load_every
    from policies.reasoning.exposure import can

    settings = _load(file)
    every = agreement_texts.held_to(settings, load_every(settings))
    found = can(every, client, first, second)
    _print(asdict(found), (found.answer, *(f"  {one}" for one in found.reasons)), as_json=as_json)


def _load(file: Path) -> Settings:
    """Read the settings, and what the districts' systems have beyond the model, which agreements may name."""
    from gateway.config import settings
    from gateway.districts import sources

    read = settings.load(file)
    sources.learn_extensions(read)
    return read


def _clients(settings: Settings) -> tuple[Client, ...]:
    from gateway.storage.registry import registered

    return tuple(registered(settings.store_url))


def _print(document: Any, lines: Iterable[str], *, as_json: bool) -> None:
    import orjson

    from gateway.one_line import one_line

    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    for line in lines:
        click.echo(one_line(line))


COMMANDS = (diff_command, simulate_command, who_can_see_command, can_command)
