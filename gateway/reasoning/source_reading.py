"""A district's records read for one command and dropped with it: what the grants need, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.cache.load_checks import completed
from gateway.cache.needed_fields import joined, may_be_held, reads
from gateway.cache.snapshot import build_snapshot
from gateway.config.load_limits import Shares
from gateway.districts import sources
from gateway.registers.effects.needs import needed_beside
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapters.contract import Manifest
    from gateway.cache.snapshot import Snapshot
    from gateway.config.settings import Settings
    from gateway.registers.effects.state import DistrictRegisters
    from policies.grant import Grant
    from standards.keys import Keyring


def read(
    settings: Settings,
    district: str,
    grants: Collection[Grant],
    keyring: Keyring,
    registers: DistrictRegisters | None = None,
) -> tuple[Snapshot, frozenset[str]]:
    """Read from a district's source what the *grants* and the *registers* need; return its entities too.

    Records that may not be cached are read only of a source that cannot be asked for less than everything.

    Raises:
        SourceError: the source cannot be read, or lacks too much.
    """
    spec = settings.districts[district]
    adapter = sources.adapter_of(district, spec)
    try:
        wanted = _wanted(adapter.manifest, grants, registers)
        fresh = build_snapshot(adapter.read(wanted), district, keyring, entities=wanted)
        shares = Shares(spec.set_aside, spec.unresolved)
        whole = completed(None, fresh, adapter.notes.page, keyring, wanted, shares)
        return replace(whole, registers=registers), adapter.manifest.entities
    finally:
        adapter.close()


def _wanted(
    manifest: Manifest, grants: Collection[Grant], registers: DistrictRegisters | None
) -> dict[str, frozenset[str]]:
    """Return the fields to read by entity: what is released, what rules read, and what students are matched by."""
    asked = entities(manifest, grants)
    beside = [needed_beside(registers, asked, kind) for kind in {grant.registered.kind for grant in grants}]
    every = asked | (manifest.entities & {entity for one in beside for entity in one})
    matched = {entity: frozenset().union(*(one.get(entity, ()) for one in beside)) for entity in every}
    return {entity: frozenset(joined(reads(entity, grants), matched[entity]) or ()) for entity in every}


def entities(manifest: Manifest, grants: Collection[Grant]) -> frozenset[str]:
    """Return the entities to read of a source: all that may be cached, and of files all that any grant releases."""
    return frozenset(
        entity
        for entity in manifest.entities
        if may_be_held(entity)
        or (manifest.bulk and any(grant.releases(fields_of(entity)["id"].release) for grant in grants))
    )
