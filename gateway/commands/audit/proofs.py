"""``crossing audit prove``, ``witness``, ``public-key``: what others can check without this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.audit.record import audit, load_settings
from gateway.commands.clients import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


@audit.command("prove")
@click.argument("seq", type=click.IntRange(1), nargs=-1, required=True)
@SETTINGS
@click.option("--output", type=click.File("wb"), required=True, help="The file to write the proof to.")
def prove_events(seq: tuple[int, ...], file: Path, output: Any) -> None:
    """Write a file that proves that the events SEQ are in the record, for whoever has the region's public key."""
    import orjson

    from gateway.audit.log import PURPOSE
    from gateway.audit.reports.proof_file import proof

    settings = load_settings(file)
    made = proof(settings.audit.folder, settings.open_keys().derive(PURPOSE), frozenset(seq))
    output.write(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    click.echo(f"The proof of {len(made['entries'])} events goes up to the head of {made['head']['at']}.", err=True)


@audit.command("witness")
@SETTINGS
@click.option("--to", "target", type=click.File("ab"), help="The file to append to; it is printed otherwise.")
def witness_head(file: Path, target: Any) -> None:
    """Hand out the last signed head of the record, one line, to be kept where nobody who has this machine can get it.

    `crossing audit verify --witness FILE` finds a record that is shorter than a head in FILE, or differs from it.
    """
    import orjson

    from gateway.audit.log import PURPOSE
    from gateway.audit.tree_heads import TreeFile
    from standards.errors import NotFound

    settings = load_settings(file)
    found = TreeFile(settings.audit.folder, settings.open_keys().derive(PURPOSE)).read()
    if found is None:
        raise NotFound("The record has no signed head yet: the gateway signs one a minute, and when it ends.")
    line = orjson.dumps(found.told(), option=orjson.OPT_SORT_KEYS) + b"\n"
    if target is None:
        click.echo(line, nl=False)
    else:
        target.write(line)


@audit.command("public-key")
@SETTINGS
def print_public_key(file: Path) -> None:
    """Print the public key by which anybody checks the heads of this region's record."""
    from gateway.audit.log import PURPOSE
    from gateway.audit.proofs.signing import HeadKey

    click.echo(HeadKey(load_settings(file).open_keys().derive(PURPOSE)).pem(), nl=False)
