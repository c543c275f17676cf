"""The registers of a district as they are now, and the fields to cache: those of grants, and what registers need."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.cache.needed_fields import joined, may_be_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.contract import Adapter, Wanted
    from gateway.registers.effects.state import DistrictRegisters, RegisterWatch


class NeededRegisters:
    """The registers that a *watch* finds, none without one.

    *needs* are all fields that they have ever needed, by entity. They have *grown* while the snapshot may lack some.
    """

    def __init__(self, watch: RegisterWatch | None) -> None:
        self._watch = watch
        self._known: DistrictRegisters | None = None
        self.needs: Mapping[str, frozenset[str]] = {}
        self.grown = False

    def now(self) -> DistrictRegisters | None:
        """Return the registers as they are now, the same object while they are the same.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        if self._watch is None:
            return None
        found = self._watch.now()
        if found is not None and found is not self._known:
            self._note(found.needs())
            self._known = found
        return found

    @property
    def version(self) -> str:
        """The version of the registers as they are now; "" where they are empty."""
        found = self.now()
        return "" if found is None else str(found.state.version)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read all fields needed now in the block; what is needed from then on, or after a failure, is lacking."""
        grown, self.grown = self.grown, False
        try:
            yield
        except BaseException:
            self.grown = self.grown or grown
            raise

    def _note(self, needs: Mapping[str, frozenset[str]]) -> None:
        every = needs.keys() | self.needs.keys()
        nothing = frozenset[str]()
        joined = {one: needs.get(one, nothing) | self.needs.get(one, nothing) for one in every}
        if joined != self.needs:
            self.needs, self.grown = joined, True


class CachedFields:
    """The fields that an *adapter* is asked for: those *wanted*, and what the *registers* need besides."""

    def __init__(self, adapter: Adapter, registers: NeededRegisters, wanted: Wanted) -> None:
        self._adapter, self._registers, self.wanted = adapter, registers, wanted
        self._entities: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        self._known: tuple[object, object, frozenset[str], Wanted] = None, None, frozenset(), {}

    @property
    def entities(self) -> frozenset[str]:
        """The entities of the adapter's system that may be cached."""
        there = self._adapter.manifest.entities
        if there is not self._entities[0]:
            self._entities = there, frozenset(entity for entity in there if may_be_held(entity))
        return self._entities[1]

    @property
    def may_be_cached(self) -> bool:
        """Whether anything of the system may be cached, as far as is known; what is known is not asked for."""
        return bool(self._entities[1] or not self._entities[0])

    def of(self, entities: frozenset[str]) -> Wanted:
        """Return the fields of each of these *entities*, the same object while they are the same."""
        wanted, needs = self.wanted, self._registers.needs
        if self._known[0] is not wanted or self._known[1] is not needs or self._known[2] is not entities:
            fields = {one: joined(wanted.get(one, frozenset()), needs.get(one)) for one in entities}
            self._known = wanted, needs, entities, fields
        return self._known[3]
