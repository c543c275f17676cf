"""The successor of a district with other settings or more fields: loaded beside the present one, then replacing it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.cache.refresh import SyncState
from gateway.districts.district import District

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.contract import Adapter, Wanted
    from gateway.cache.snapshot import Snapshot
    from gateway.config.settings import DistrictSettings as Spec
    from gateway.runtime.state import Parts


class Successor(District):
    """The district that is to replace the one *before*, and continues its cursors and versions.

    Until then that one serves. Records written to it meanwhile are read again by both.
    """

    def __init__(self, before: District, parts: Parts, adapter: Adapter, spec: Spec, wanted: Wanted) -> None:
        super().__init__(before.name, adapter, parts.keyring, parts.now, wanted=wanted, **parts.options(spec))
        self._numbers, self._versions = before._numbers, before._versions  # noqa: SLF001  both are districts
        self._before: District | None = before
        self.pause.until = before.pause.until
        self._fresh: tuple[Snapshot | None, Snapshot, SyncState] | None = None
        self._rests = False
        self.coming = before.coming
        before._heir = self  # noqa: SLF001  likewise

    def load(self) -> None:
        """Read the source, and find what is shown of it; a large loss is refused if it is the same source.

        Raises:
            SourceError: the source cannot be read.
            StoreUnavailable: the registers cannot be read.
        """
        before = self._before
        assert before is not None
        same = before.adapter is self.adapter
        if same:
            before.pause.check()
        before.rest(resting=True)  # a later reading than this one would know of rows that this one lacks
        self._rests, cached = True, before._cached  # noqa: SLF001  likewise
        if not self.cached_entities:
            return
        number, registers = next(self._numbers), self.registers.now()
        with self._readings.watching(cached) as tell, self.registers.reading():
            fresh, sync = self._refresher.refresh(cached if same else None, SyncState(0.0), number, {}, anew=True)
            tell(fresh)
        fresh.registers = registers
        if cached is not None:
            self.coming(cached, fresh)
        self._fresh = cached, fresh, sync

    def abandon(self) -> None:
        """Close, leaving the district before in place."""
        before, self._before = self._before, None
        if before is None:
            return
        self._wake(before)
        if before._heir is self:  # noqa: SLF001  likewise
            before._heir = None  # noqa: SLF001  likewise
        if before.adapter is not self.adapter:
            self.adapter.close()

    def _wake(self, before: District) -> None:
        if self._rests:
            self._rests = False
            before.rest(resting=False)

    @contextmanager
    def taking_over(self) -> Iterator[None]:
        """Serve what was loaded; by the end of the block requests must be sent here, no longer to the one before.

        A refresh of that one may be under way, for as long as its source likes: it makes no snapshot any more.
        """
        before, self._before = self._before, None
        assert before is not None
        self._wake(before)
        before.is_over = True
        if self._fresh is None:
            yield
            return
        with before._taking, self._versions.coming() as version:  # noqa: SLF001  likewise
            (expected, fresh, self._sync), self._fresh = self._fresh, None
            cached = before._cached  # noqa: SLF001  likewise
            if cached is not expected:  # refreshed meanwhile
                fresh.number = next(self._numbers)
            fresh.version, fresh.begun = version, cached.begun if cached else version
            if cached is not None:
                self.refreshed(cached, fresh)
            self._cached = fresh
            yield
