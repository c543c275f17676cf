"""The districts that somebody may know of: those of the file, those of the registry, and what of each is declared."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from gateway.request_slots import step_aside
from gateway.storage.database import transaction
from gateway.storage.people.written_districts import PURPOSE, find_written, newest_districts
from gateway.translations.phrases import Phrase
from standards.errors import NotFound, Overloaded, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.admin.administration import Administration, Running
    from gateway.config.settings import DistrictSettings
    from gateway.districts.district import District
    from gateway.people.actor import Actor
    from gateway.storage.people.written_districts import WrittenDistrict

READ: Final = "district.read"
NOBODY: Final = "There is no such district here."
MAX_TRIALS: Final = 2
"""How many trials and readings that people ask for may be under way at once: each holds a thread."""

_trials = threading.BoundedSemaphore(MAX_TRIALS)


class KnownDistricts:
    """The districts of the region, each for those who may know of it."""

    def __init__(self, region: Administration) -> None:
        self._region = region
        self.key = region.keys.derive(PURPOSE)

    def names(self, actor: Actor) -> tuple[str, ...]:
        """List the districts that the *actor* may know of."""
        every = self._region.settings().districts.keys() | self.written().keys()
        return tuple(name for name in sorted(every) if actor.allows(READ, name))

    def require(self, actor: Actor, name: str, action: str = READ) -> None:
        """Refuse an *action* on a district to whoever may not do it.

        Raises:
            NotFound: there is none of that name, or the *actor* may not know of it: nobody can tell which.
            NotPermitted: the actor may know of it, and may not do this.
        """
        actor.require_seen(READ, name, what=NOBODY)
        if name not in self._region.settings().districts and self.found(name) is None:
            raise NotFound(NOBODY)
        actor.require(action, name)

    def spec(self, name: str) -> DistrictSettings | None:
        """Return the settings by which a district is served; None where it is not."""
        return self._region.settings().districts.get(name)

    def declared_in_file(self, name: str) -> bool:
        """Tell whether the settings file of the gateway declares a district, so that it is read-only here."""
        spec = self.spec(name)
        return spec is not None and not spec.written

    def written(self) -> dict[str, WrittenDistrict]:
        """Return what people wrote of each district last."""

        def read() -> dict[str, WrittenDistrict]:
            with transaction(self._region.store.engine) as connection:
                return {one.name: one for one in newest_districts(connection, self.key)}

        return self._region.store.calls.run(read)

    def found(self, name: str) -> WrittenDistrict | None:
        """Return what people wrote of one district last."""

        def read() -> WrittenDistrict | None:
            with transaction(self._region.store.engine) as connection:
                return find_written(connection, self.key, name)

        return self._region.store.calls.run(read)

    def running(self) -> Running:
        """Return the running gateway.

        Raises:
            Unsupported: there is none here.
        """
        if self._region.running is None:
            raise Unsupported("No gateway is running here.")
        return self._region.running

    def served(self, name: str) -> District:
        """Return a district as the running gateway serves it.

        Raises:
            NotFound: it does not.
        """
        found = self.running().gateway.districts.get(name)
        if found is None:
            raise NotFound(Phrase("%(name)s is not connected yet.", name=name))
        return found


@contextmanager
def trial() -> Iterator[None]:
    """Hold one of the few places for trials until the end of the block.

    A system may take a minute to answer, or to say nothing: nobody else's request waits for the place of this one.

    Raises:
        Overloaded: none is free.
    """
    if not _trials.acquire(blocking=False):
        raise Overloaded
    try:
        step_aside()
        yield
    finally:
        _trials.release()


def digest_of(content: Mapping[str, Any] | None) -> str:
    """Return a digest of what is declared of a district, in which no credential is; empty for nothing."""
    if content is None:
        return ""
    return hashlib.sha256(json.dumps(dict(content), sort_keys=True).encode()).hexdigest()
