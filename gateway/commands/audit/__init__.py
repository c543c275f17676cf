"""``crossing audit``: the record of disclosures, for a privacy officer and for whoever keeps it."""

from gateway.commands.audit import keeping, proofs, reports
from gateway.commands.audit.record import audit

__all__ = ["audit", "keeping", "proofs", "reports"]
