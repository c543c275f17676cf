"""The registers of a district as they are now, and the fields that must be cached for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.registers.effects.state import DistrictRegisters, RegisterWatch


class NeededRegisters:
    """The registers that a *watch* finds, none without one; *widen* is called when they need more fields than before.

    *needs* are all fields that they have ever needed, by entity. They have *grown* while the snapshot may lack some.
    """

    def __init__(self, watch: RegisterWatch | None, widen: Callable[[], None]) -> None:
        self._watch, self._widen = watch, widen
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

    def _note(self, needs: Mapping[str, frozenset[str]]) -> None:
        every = needs.keys() | self.needs.keys()
        nothing = frozenset[str]()
        joined = {one: needs.get(one, nothing) | self.needs.get(one, nothing) for one in every}
        if joined != self.needs:
            self.needs, self.grown = joined, True
            self._widen()
