"""The check of a district's source: everything is read once and judged as in a load."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cache.completeness import told_lines
from gateway.cache.load_checks import completed
from gateway.cache.needed_fields import may_be_held
from gateway.cache.snapshot import build_snapshot
from gateway.config.load_limits import Shares
from gateway.districts.guarded_adapter import guarding
from gateway.districts.key_check import doubled, keyless
from standards.errors import Incomplete, SourceError
from standards.keys import KEY_BYTES, Keyring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Adapter
    from gateway.config.settings import DistrictSettings as Spec


@dataclass(frozen=True, slots=True)
class SourceFindings:
    """The problems of a source, warnings, and what else its operator should know, in lines."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def look(adapter: Adapter, spec: Spec, asked: Mapping[str, frozenset[str] | None]) -> SourceFindings:
    """Check what a load would find; of a server only the cacheable entities, with no more fields than *asked*."""
    with guarding():
        there = adapter.manifest
    held = [entity for entity in there.entities if may_be_held(entity)]
    wanted = dict.fromkeys(there.entities) if there.bulk else {name: asked.get(name, frozenset()) for name in held}
    keyring, shares = Keyring(secrets.token_bytes(KEY_BYTES)), Shares(spec.set_aside, spec.unresolved)
    try:
        with guarding():
            fresh = build_snapshot(adapter.read(wanted), spec.name, keyring, entities=wanted)
        fresh = completed(None, fresh, adapter.notes.page, keyring, wanted, shares)
    except Incomplete as error:
        return SourceFindings((*map(str, error.lacks), *_lines(error.places)), _remarks(adapter))
    except SourceError as error:
        return SourceFindings((error.message,))
    found = fresh.completeness
    assert found is not None
    aside = _lines((row.place, f"{row.told}: the row is set aside") for row in found.places)
    keys = _lines((*doubled(fresh), *keyless(fresh)))
    return SourceFindings((), (*aside, *keys, *_remarks(adapter)), tuple(told_lines(found, places=0)))


def _lines(places: Iterator[tuple[str, str]] | tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(f"{place}: {told}" for place, told in places)


def _remarks(adapter: Adapter) -> tuple[str, ...]:
    return _lines(tuple(adapter.notes.page.remarks))
