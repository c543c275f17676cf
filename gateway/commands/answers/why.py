"""The command ``crossing why``: at which step a request of a client is refused, and who can mend it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.actor import actor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("why")
@click.argument("client")
@click.argument("address", default="-")
@click.option("--settings", "file", type=FILE, default="gateway.toml", envvar="CROSSING_SETTINGS", show_default=True)
@click.option("--purpose", default="", help="The purpose that the client's token names.")
@click.option("--recipient", is_flag=True, help="Tell no more than the recipient would be told.")
def why_command(client: str, address: str, file: Path, purpose: str, recipient: bool) -> None:
    """Tell why CLIENT would be refused at ADDRESS now; without one, or with "-", it is read from standard input.

    The running gateway takes the steps of such a request, by its own code, up to the first that says no. An address
    may hold an id: give one on standard input, so that no history of commands keeps it.
    """
    from gateway.config.settings import state_of
    from gateway.runtime.control import control_socket

    asked = sys.stdin.readline() if address == "-" else address
    arguments: dict[str, Any] = {
        "client": client,
        "address": asked,
        "purpose": purpose,
        "recipient": recipient,
        "actor": actor(),
    }
    for answer in control_socket.ask(state_of(file), "why", **arguments):
        if answer.get("ok") is False:
            raise click.ClickException(str(answer.get("text")))
        if "steps" in answer:
            for line in _lines(answer):
                click.echo(line)


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    verdict = answer["code"] or answer["refused"] or "not refused"
    yield f"{answer['client']} at {answer['view'] or 'the address'}: {verdict}"
    for step in answer["steps"]:
        more = "" if step["text"] == "yes" else f" {step['text']}"
        yield f"  {_said(step)}  {step['asked']}{more}"
        for one in step["details"]:
            place = f"  [{one['place']}]" if one["place"] else ""
            yield f"       {_said(one)}  {one['text']}{place}"
    for one in answer["mends"]:
        yield f"  =>   {one['text']} {one['role']} {one['org']}".rstrip()


def _said(one: Mapping[str, Any]) -> str:
    return "yes" if one["passed"] else "no "
