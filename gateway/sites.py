"""The adapters of all districts, and the model that their systems speak together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters import registry
from adapters.defaults import Defaults
from standards.edfi import model
from standards.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapters.contract import Adapter
    from gateway.settings import District, Settings
    from standards.edfi.model import Resource


def adapters(settings: Settings) -> dict[str, Adapter]:
    """An adapter for each district; what their systems have beyond the standard belongs to the model from now on.

    To be called before an agreement is read, since an agreement may name what is there.

    Raises:
        SourceError: a system that is to describe itself does not.
    """
    found = {name: _adapter(name, spec) for name, spec in settings.districts.items()}
    model.extend(together(adapter.beyond() for adapter in found.values()))
    return found


def _adapter(name: str, spec: District) -> Adapter:
    """The adapter of a district, with what the district declares of its records."""
    adapter: Adapter = registry.find(spec.adapter)(name, spec.settings)
    adapter.defaults = Defaults(spec.defaults)
    return adapter


def learn(settings: Settings) -> None:
    """Let the model be what the districts' systems say, for whoever needs nothing else of them."""
    for adapter in adapters(settings).values():
        adapter.close()


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
