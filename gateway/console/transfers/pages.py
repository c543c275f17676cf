"""All pages of transfers, which share one blueprint."""

from __future__ import annotations

from typing import Final

from gateway.console.transfers import asking, attaching, deciding, home, keys, letters, receiving, reports, worklist
from gateway.console.transfers.office import blueprint

__all__ = ["blueprint"]

MODULES: Final = (home, asking, worklist, attaching, deciding, receiving, letters, keys, reports)
"""The modules that add their pages to the blueprint."""
