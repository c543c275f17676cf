"""The registers of a district as they are now, and the fields that must be cached for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.cache.needed_fields import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.contract import Wanted
    from gateway.registers.effects_state import DistrictRegisters, RegisterWatch


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

    def with_needs(self, wanted: Wanted, entities: Iterable[str]) -> Wanted:
        """Return the *wanted* fields of some *entities*, and beside them those that the registers need."""
        return {one: joined(wanted.get(one, frozenset()), self.needs.get(one)) for one in entities}

    def _note(self, needs: Mapping[str, frozenset[str]]) -> None:
        every = needs.keys() | self.needs.keys()
        nothing = frozenset[str]()
        joined = {one: needs.get(one, nothing) | self.needs.get(one, nothing) for one in every}
        if joined != self.needs:
            self.needs, self.grown = joined, True
