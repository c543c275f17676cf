"""A provider district at run time: its adapter, its hold, and what a request reads from either."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING

from adapters.contract import NO_HINTS
from gateway.hold import LINKED, build
from gateway.versions import Versions
from standards import native, vocabulary
from standards.errors import SourceBroken, SourceError
from standards.view import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapters.contract import Adapter, Hints
    from gateway.hold import Generation
    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.view import View

MOST_LOST = 0.2
LIVE_BUDGET = 2_000_000


def may_be_held(entity: str) -> bool:
    """Whether a district may let the gateway hold *entity*: its roster and its descriptors, nothing else."""
    known = vocabulary.entities()
    return known[entity].held if entity in known else entity.endswith("Descriptors")


class District:
    """One district's data as the gateway can reach it now.

    A hold lasts *seconds* at most and is renewed half-way; a renewal that would drop more than
    `MOST_LOST` of the rows of an entity is refused, because consumers delete what is missing. *renewed* is
    told of every renewal before it counts.
    """

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        keyring: Keyring,
        clock: Callable[[], float],
        *,
        seconds: float,
        wanted: Mapping[str, frozenset[str] | None],
    ) -> None:
        self.name, self.adapter, self._keyring, self._clock = name, adapter, keyring, clock
        self._seconds, self._wanted = seconds, wanted
        self._held: Generation | None = None
        self._number = 0
        self._versions = Versions(clock)
        self._written = False
        self._loading = threading.Lock()
        self._renewing = threading.Event()
        self.renewed: Callable[[Generation, Generation], None] = lambda _before, _fresh: None

    @property
    def holds(self) -> frozenset[str]:
        """The entities served from memory."""
        if not self._seconds:
            return frozenset()
        return frozenset(entity for entity in self.adapter.manifest.entities if may_be_held(entity))

    def has(self, view: View) -> bool:
        """Whether the district's system can show anything of *view*."""
        return any(branch.entity in self.adapter.manifest.entities for branch in view.branches)

    def generation(self, entities: frozenset[str], grant: Grant, hints: Hints = NO_HINTS) -> Generation:
        """The columns of *entities*: the hold, or the hold with what is read live for this one request."""
        available = entities & self.adapter.manifest.entities
        live = self._with_targets(available - self.holds)
        held = self.hold() if available - live else None
        if not live:
            return held or self._read({}, None)
        wanted = {entity: reads(entity, (grant,)) for entity in live}
        return self._read(wanted, held, hints)

    def _with_targets(self, live: frozenset[str]) -> frozenset[str]:
        """*live*, and what its rows refer to where a hold keeps no keys of it."""
        targets = {field.to for entity in live for field in fields_of(entity).values() if field.type == "ref"}
        return live | (targets - LINKED) & self.adapter.manifest.entities

    def hold(self) -> Generation:
        """The hold as it is now, loaded or renewed where its time has come."""
        held, age = self._held, self._age()
        if held is not None and not self._written and age < self._seconds / 2:
            return held
        if held is not None and not self._written and age < self._seconds:
            self._renew_aside()
            return held
        with self._loading:
            if self._held is None or self._written or self._age() >= self._seconds:
                self._renew()
            assert self._held is not None
            return self._held

    def newest(self) -> int:
        """The change version of what is served now: never one of data that are not served yet."""
        return self._versions.newest()

    def wrote(self, entity: str, identifiers: Iterable[str]) -> None:
        """The records of *entity* with these ids of the source's own were written: the next read sees them."""
        if entity in self.holds and tuple(identifiers):
            self._written = True

    def freshen(self) -> None:
        """Let what is read next be what the source has now, where asking it for that costs little."""

    def _age(self) -> float:
        return self._clock() - self._held.loaded if self._held else float("inf")

    def _renew_aside(self) -> None:
        """Renew in the background; the hold of before serves until then, and after a failure until it expires."""
        if self._renewing.is_set() or not self._loading.acquire(blocking=False):
            return
        self._renewing.set()

        def renew() -> None:
            try:
                self._renew()
            except SourceError:
                return
            finally:
                self._renewing.clear()
                self._loading.release()

        threading.Thread(target=renew, name=f"hold-{self.name}", daemon=True).start()

    def _renew(self) -> None:
        stamp, now = self.adapter.stamp(), self._clock()
        before, written = self._held, self._written
        self._number, self._written = self._number + 1, False
        try:
            self._load(before, stamp, now, written=written)
        except BaseException:
            self._written = self._written or written
            raise

    def _load(self, before: Generation | None, stamp: str, now: float, *, written: bool) -> None:
        if before is not None and before.stamp == stamp and not written:
            self._take(before, before.again(self._number, now))
            return
        wanted = {entity: self._wanted.get(entity, frozenset()) for entity in self.holds}
        fresh = build(
            self.adapter.read(wanted), self.name, self._keyring, number=self._number, loaded=now, entities=wanted
        )
        fresh.stamp = stamp
        if before is not None:
            _refuse_loss(before, fresh)
        self._take(before, fresh)
        give_back_memory()

    def _take(self, before: Generation | None, fresh: Generation) -> None:
        """Serve the *fresh* hold from now on, once it is known what it no longer has."""
        with self._versions.coming() as version:
            fresh.version = version
            if before is not None:
                self.renewed(before, fresh)
            self._held = fresh

    def _read(
        self, wanted: Mapping[str, frozenset[str] | None], base: Generation | None, hints: Hints = NO_HINTS
    ) -> Generation:
        records = self.adapter.read(wanted, hints) if wanted else ()
        made = build(
            records, self.name, self._keyring,
            number=base.number if base else 0, loaded=self._clock(), base=base, budget=LIVE_BUDGET,
        )  # fmt: skip
        made.version = self._versions.give()
        return made


def give_back_memory() -> None:
    """Return to the system what loading needed for a while, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _refuse_loss(before: Generation, fresh: Generation) -> None:
    for entity, table in before.tables.items():
        kept = fresh.table(entity).size
        if kept < table.size * (1 - MOST_LOST):
            raise SourceBroken(f"a renewal would drop {table.size - kept} of {table.size} rows", entity)


def reads(entity: str, grants: Iterable[Grant]) -> frozenset[str]:
    """What may be asked of a source: released fields, references, and what row rules read."""
    fields = fields_of(entity)
    names = {name for name, field in fields.items() if field.type == "ref"}
    for grant in grants:
        names |= grant.reads(entity)
    return frozenset(names)


def wanted_by(grants: Iterable[Grant]) -> dict[str, frozenset[str] | None]:
    """The fields of every entity that any of *grants* needs."""
    every = tuple(grants)
    known = (*vocabulary.entities(), *native.entities())
    return {entity: reads(entity, every) for entity in known if may_be_held(entity)}
