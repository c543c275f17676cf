"""The adapters of all districts, and the model that their systems speak together."""

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
"""How long the start waits for districts to open; one that takes longer is opened when it is asked for."""


def adapters(settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> dict[str, Guarded]:
    """An adapter for each district; what their systems have beyond the standard belongs to the model from now on.

    To be called before an agreement is read, since an agreement may name what is there. Each is opened by itself. Of
    one that cannot be opened nothing beyond the standard is known: an agreement that names such things is wrong until
    the next start, and what the system sends of them when it is opened later is dropped as unknown.
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
    """The adapter of one district, which is opened when it is first asked."""
    return Guarded(name, partial(_adapter, name, spec), Retry(monotonic), partial(_tell, name))


def _open(adapter: Guarded) -> None:
    try:
        adapter.beyond()
    except SourceError:
        return  # told by the adapter's guard, and tried again


def _tell(name: str, error: SourceError) -> None:
    district_log.tell_failure("opening failed", name, error)


def _adapter(name: str, spec: DistrictSettings) -> Adapter:
    """The adapter of a district, with what the district declares of its records."""
    adapter: Adapter = registry.find(spec.adapter)(name, spec.settings)
    adapter.defaults = Defaults(spec.defaults)
    return adapter


def learn_extensions(settings: Settings) -> dict[str, SourceError]:
    """Let the model be what the districts' systems say, for whoever needs nothing else; why some say nothing."""
    found = adapters(settings)
    failed = {name: one.opening.error for name, one in found.items() if one.opening.error is not None}
    for adapter in found.values():
        adapter.close()
    return failed


def is_known(beyond: Mapping[str, Resource]) -> bool:
    """Whether the model has all of what a system has *beyond* the standard already."""
    known = model.resources()
    return all(
        name in known and repr(model.joined(known[name], one)) == repr(known[name]) for name, one in beyond.items()
    )


def entities(settings: Settings) -> dict[str, frozenset[str] | None]:
    """Which entities each district's system has, None where it does not say; the model is what they say from now on."""
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
    """What several systems have beyond the standard: of what two describe, all that either does."""
    found: dict[str, Resource] = {}
    for resources in several:
        for name, resource in resources.items():
            known = found.get(name)
            found[name] = resource if known is None else model.joined(known, resource)
    return found
