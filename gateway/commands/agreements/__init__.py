"""``crossing agreements``: agreements as documents that parties sign."""

from __future__ import annotations

import click

from gateway.commands.agreements import approvals, offers, party_keys


@click.group()
def agreements() -> None:
    """List agreements, show them, have both parties sign them, and adopt an offer."""


for _command in (*approvals.COMMANDS, *offers.COMMANDS, *party_keys.COMMANDS):
    agreements.add_command(_command)
