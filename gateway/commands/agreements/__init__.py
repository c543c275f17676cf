"""``crossing agreements``: what agreements release, what a change of one would mean, and who can see what."""

from __future__ import annotations

import click

from gateway.commands.agreements import reasoning


@click.group()
def agreements() -> None:
    """Compare agreements, simulate them, and tell who can see what under them."""


for one in reasoning.COMMANDS:
    agreements.add_command(one)
