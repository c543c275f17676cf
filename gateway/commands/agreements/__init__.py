"""Commands about agreements, one module for each kind of work."""

from gateway.commands.agreements import documents
from gateway.commands.agreements.group import agreements

__all__ = ["agreements", "documents"]
