"""The adapters of all districts, and the Ed-Fi model that their systems share."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters import registry
from adapters.defaults import Defaults
from gateway.cache import district_log
from gateway.districts.guarded_adapter import Guarded
from gateway.districts.retries import Retry
from standards.edfi.model import model
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapters.contract import Adapter
    from gateway.config.settings import DistrictSettings, Settings
    from standards.edfi.model.model import Resource

OPENING_SECONDS: Final = 60.0
"""How long the start waits for districts to open; a slower one is opened at its first request."""


def adapters(settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> dict[str, Guarded]:
    """Make an adapter for each district, and extend the model by what their systems have beyond the standard.

    Call this before reading agreements, since these may name extensions. The adapters are opened in parallel. The
    extensions of one that cannot be opened are unknown: an agreement that names them is invalid until the next start,
    and what the system sends of them when it is opened later is dropped as unknown.
    """
    found = {name: adapter_of(name, spec, monotonic) for name, spec in settings.districts.items()}
    threads = [
        threading.Thread(target=_open, args=(one,), name=f"open-{name}", daemon=True) for name, one in found.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + OPENING_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    model.extend(together(one.beyond() for one in found.values() if one.is_open))
    return found


def adapter_of(name: str, spec: DistrictSettings, monotonic: Callable[[], float] = time.monotonic) -> Guarded:
    """Make the adapter of one district, which is opened at its first use."""
    return Guarded(name, partial(make_adapter, name, spec), Retry(monotonic), partial(_tell, name))


def _open(adapter: Guarded) -> None:
    try:
        adapter.beyond()
    except SourceError:
        return  # logged by the adapter's guard, and retried


def _tell(name: str, error: SourceError) -> None:
    district_log.tell_failure("opening failed", name, error)


def make_adapter(name: str, spec: DistrictSettings) -> Adapter:
    """Make the adapter of a district, with the defaults that the district declares for its records."""
    adapter: Adapter = registry.find(spec.adapter)(name, spec.settings)
    adapter.defaults = Defaults(spec.defaults)
    if spec.uploads is not None:
        adapter.uploaded = spec.uploads.newest
    return adapter


def learn_extensions(settings: Settings) -> dict[str, SourceError]:
    """Extend the model by what the districts' systems have; return the errors of those that failed."""
    found = adapters(settings)
    failed = {name: one.opening.error for name, one in found.items() if one.opening.error is not None}
    for adapter in found.values():
        adapter.close()
    return failed


def is_known(beyond: Mapping[str, Resource]) -> bool:
    """Tell whether the model already has all of what a system has *beyond* the standard."""
    known = model.resources()
    return all(
        name in known and repr(model.joined(known[name], one)) == repr(known[name]) for name, one in beyond.items()
    )


def entities(settings: Settings) -> dict[str, frozenset[str] | None]:
    """Extend the model, and return each system's entities, None where it is unavailable."""
    found: dict[str, frozenset[str] | None] = {}
    for name, adapter in adapters(settings).items():
        try:
            found[name] = adapter.manifest.entities
        except SourceError:
            found[name] = None
        finally:
            adapter.close()
    return found


def together(several: Iterable[Mapping[str, Resource]]) -> dict[str, Resource]:
    """Join the extensions of several systems: of a resource that two describe, all members of either."""
    found: dict[str, Resource] = {}
    for resources in several:
        for name, resource in resources.items():
            known = found.get(name)
            found[name] = resource if known is None else model.joined(known, resource)
    return found
