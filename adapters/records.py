"""Records, hints, changes: the values that pass between an adapter and its caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Wanted = Mapping[str, frozenset[str] | None]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hint:
    """A comparison that every row asked for passes: a source that can apply it need not send the others.

    *field* is a vocabulary field, or ``id`` for the source's own id; of a reference, *value* is the id of the record it
    leads to, and with ``.key`` behind its name the only part of that record's natural key. The gateway tests every row
    again, so that an adapter may ignore a hint, except ``changeVersion``: it is the source's own, asked only of
    entities in `Manifest.delta`, and must be obeyed.
    """

    field: str
    operator: str
    value: str


Hints = Mapping[str, tuple[Hint, ...]]
NO_HINTS: Hints = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of a source: the record of *entity* as it is now, or None where *id* was deleted."""

    entity: str
    id: str
    record: Record | None


@dataclass(frozen=True, slots=True)
class Tagged:
    """A *record* as the source has it now, and the entity *tag* that the source itself gives exactly this state.

    The tag is empty where the source cannot make a change depend on one. *source* is what the adapter wants back when
    the record is written.
    """

    record: Record
    tag: str = ""
    source: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Departure:
    """A record that the source reports as deleted or given another key.

    Its own *id*, and the values of its *key* before (and after), by the document members of the standard.
    """

    id: str
    version: int
    key: Mapping[str, Any]
    new_key: Mapping[str, Any] | None = None
