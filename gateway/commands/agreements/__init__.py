"""Commands about agreements, one module for each kind of work."""

from gateway.commands.agreements import approvals, documents, offers, party_keys, reasoning, written
from gateway.commands.agreements.group import agreements

__all__ = ["agreements", "documents"]

for _command in (*approvals.COMMANDS, *offers.COMMANDS, *party_keys.COMMANDS, *reasoning.COMMANDS, *written.COMMANDS):
    agreements.add_command(_command)
