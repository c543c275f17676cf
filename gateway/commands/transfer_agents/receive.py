"""``crossing receive``: the records that come to a district, fetched and filed in its own house."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from gateway.commands.transfer_agents.opened import HOUSE, agent

if TYPE_CHECKING:
    from pathlib import Path

TRANSFER = click.argument("transfer")


@click.group()
def receive() -> None:
    """Fetch the records of students who come, look at them, file them in the district's own system."""


@receive.command("list")
@HOUSE
def list_packages(file: Path) -> None:
    """List the packages that wait at the gateway, and those that are here."""
    with agent(file) as opened:
        found, here = opened.waiting(), opened.here()
    for one in found:
        until = f", until {one.expires}" if one.expires else ""
        click.echo(f"{one.transfer}: version {one.version} waits at the gateway, {one.size:,} bytes{until}")
    for transfer, version, step in here:
        click.echo(f"{transfer}: version {version} is here, {step}")
    click.echo(f"{len(found)} wait, {len(here)} are here.")


@receive.command()
@TRANSFER
@HOUSE
def fetch(transfer: str, file: Path) -> None:
    """Fetch the package of a TRANSFER, verify who signed it, and open it.

    Where an earlier attempt broke off, it goes on there.
    """
    with agent(file) as opened:
        received = opened.fetch(transfer)
    signed = received.manifest["signedBy"]
    who = received.sender if signed == "district" else "the gateway in its place"
    click.echo(f"{transfer}: version {received.version} of {received.sender} is here, signed by {who}.")


@receive.command()
@TRANSFER
@click.option("--section", "only", multiple=True, help="Only this section; may be given several times.")
@HOUSE
def show(transfer: str, only: tuple[str, ...], file: Path) -> None:
    """Show a record section by section: what is here, and what came. It is the child's: for the registrar alone."""
    from gateway.receiving.showing import lines

    with agent(file) as opened:
        received, planned, why = opened.show(transfer)
    for line in lines(received, planned, frozenset(only)):
        click.echo(line)
    if why:
        click.echo(f"\nNothing would be written now: {why}")


@receive.command()
@HOUSE
def questions(file: Path) -> None:
    """List the codes of other districts that nobody has mapped yet."""
    from gateway.receiving.showing import questions as told

    with agent(file) as opened:
        asked = opened.questions()
    for line in told(asked):
        click.echo(line)
    click.echo(f"{len(asked)} questions.")


@receive.command()
@click.argument("question")
@click.argument("answer")
@click.option("--once", "transfer", default="", metavar="TRANSFER", help="For this record alone, not for every one.")
@HOUSE
def answer(question: str, answer: str, transfer: str, file: Path) -> None:
    """Answer a QUESTION with a code of the district's own, with `document`, or for a course with `new`."""
    with agent(file) as opened:
        chosen = opened.answer(question, answer, transfer)
    click.echo(f"{question}: {chosen}, {f'for {transfer} alone' if transfer else 'from now on'}.")


@receive.command("file")
@TRANSFER
@click.option("--section", "only", multiple=True, help="Only this section; may be given several times.")
@click.option("--take", "takes", multiple=True, metavar="FIELD", help="Write this field over what is there.")
@click.option("--not-wanted", "declined", multiple=True, metavar="SECTION", help="Write nothing of this section.")
@click.option("--student", default="", help="The child's own id here, where it is not found by state id.")
@HOUSE
def file_record(
    transfer: str, only: tuple[str, ...], takes: tuple[str, ...], declined: tuple[str, ...], student: str, file: Path
) -> None:
    """File the record of a TRANSFER: write what is new, ask about what is unknown, leave what is there as it is.

    FIELD is named as `crossing receive show` names it. A second time changes nothing.
    """
    from gateway.receiving.filing.writing import FilingOutcome
    from gateway.receiving.running import report

    with agent(file) as opened:
        opened.resume(transfer)
        opened.decline(transfer, declined)
        if student:
            opened.know(transfer, student)
        *before, newest = opened.versions(transfer) or [0]
        earlier = [one for one in before if not opened.is_done(transfer, one)]
        reports = [opened.file(transfer, version=one) for one in earlier]
        reports.append(opened.file(transfer, only, takes, newest))
    for done in reports:
        for one in done.filed:
            if one.outcome is FilingOutcome.REFUSED:
                click.echo(f"  {one.planned.place}: refused by the district's own system: {one.why}")
        for name, how in done.sections.items():
            click.echo(f"  {name}: {how}")
        click.echo(f"{transfer}: {report(done)}.")


@receive.command()
@TRANSFER
@HOUSE
def undo(transfer: str, file: Path) -> None:
    """Delete what was written for a TRANSFER in the last 30 days, by its id, and nothing else."""
    with agent(file) as opened:
        done = opened.undo(transfer)
    for one in done:
        why = f": {one.why}" if one.why else ""
        click.echo(f"{one.resource} {one.id}: {one.outcome}{why}")
    click.echo(f"{sum(one.outcome != 'stays' for one in done)} of {len(done)} undone.")


@receive.command()
@click.option("--once", is_flag=True, help="Look once, and end.")
@HOUSE
def run(once: bool, file: Path) -> None:
    """Fetch what waits, file what needs no question, acknowledge; and look again, until told to end."""
    from gateway.receiving.errors import GatewayUnreachable
    from gateway.receiving.running import run_once

    while True:
        with agent(file) as opened:
            try:
                for line in run_once(opened):
                    click.echo(line)
            except GatewayUnreachable as error:
                if once:
                    raise
                click.echo(error.message, err=True)
            pause = opened.settings.gateway["every"]
        if once:
            return
        time.sleep(pause)
