"""Figures of a package: what its receiver says back, so that a wrong reading shows before anybody relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.transfers.package.manifest import CHECKED, VALIDATED

if TYPE_CHECKING:
    from collections.abc import Mapping


def figures_of(manifest: Mapping[str, Any], check: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return how many records each section holds, and the totals of the transcript.

    The sender takes the totals that its manifest states. The receiver gives the *check* of what it has read back from
    its own system.
    """
    sections = {one["name"]: sum(map(_records, one["files"])) for one in manifest["sections"]}
    stated = next((one.get("check", {}) for one in manifest["sections"] if one["name"] == CHECKED), {})
    return {"sections": sections, "check": dict(stated if check is None else check)}


def _records(entry: Mapping[str, Any]) -> int:
    """Return how many records a file holds; what only says records again holds none."""
    return 0 if VALIDATED in entry else int(entry.get("records", 0))
