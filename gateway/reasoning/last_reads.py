"""Last reads: when each client was last sent each fact, by the record of disclosures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.chain import read_events
from gateway.audit.verification import field_sets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

SENT = frozenset({"read", "bulk", "transfer"})


def last_reads(folder: Path, names: Collection[str]) -> Mapping[tuple[str, str, str], str]:
    """Return the last moment at which each of the facts *names* was sent, by client, agreement and fact.

    The events of the record in *folder* name stored sets of fields; each set is read once.
    """
    stored, known, found = field_sets(folder), dict[str, frozenset[str]](), dict[tuple[str, str, str], str]()
    for event in read_events(folder) if folder.is_dir() else ():
        name = event.get("fields") if event.get("operation") in SENT and event.get("rows") else None
        if not name:
            continue
        if name not in known:
            known[name] = _facts(stored.read(name)) & frozenset(names) if stored.has(name) else frozenset()
        for fact in known[name]:
            for version in event.get("agreements", ()):
                found[event["client"], version.partition("@")[0], fact] = event["at"]
    return found


def _facts(text: bytes) -> frozenset[str]:
    """Return the vocabulary's names in a set of fields."""
    return frozenset(line.split("\t")[2].removesuffix(".*") for line in text.decode().splitlines())
