"""The disclosures in an audit log: its events without the acts of administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.audit.acts import OPERATION
from gateway.audit.chain import read_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_disclosures(folder: Path) -> Iterator[dict[str, Any]]:
    """Read every event that is no act, oldest first."""
    return (event for event in read_events(folder) if event["operation"] != OPERATION)
