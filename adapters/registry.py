"""The registry of adapters: those that ship with the gateway and those that other distributions bring."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from adapters.contract import Adapter
from standards.errors import SettingsError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "crossingguard.adapters"
BUILT_IN = {
    "edfi_ods": "adapters.edfi_ods:EdFiOds",
    "edfi_xml": "adapters.edfi_xml:EdFiXml",
    "oneroster_csv": "adapters.oneroster_csv:OneRosterCsv",
    "oneroster_rest": "adapters.oneroster_rest:OneRosterRest",
}


def names() -> tuple[str, ...]:
    """List what an operator may write as a district's ``adapter``."""
    return tuple(sorted(_known()))


def find(name: str) -> type[Adapter]:
    """Find the adapter called *name*; a `SettingsError` proposes the nearest name for a misspelt one."""
    known = _known()
    if name not in known:
        raise SettingsError(f"there is no adapter {name!r}{suggestion(name, known)}")
    try:
        found = known[name].load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"the adapter {name!r} cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise SettingsError(f"the adapter {name!r} is not a subclass of adapters.contract.Adapter")
    return found


@cache
def _known() -> Mapping[str, EntryPoint]:
    """Return the entry points by name, built-ins first, so that no other distribution can take their names."""
    brought = {point.name: point for point in entry_points(group=GROUP)}
    own = {name: EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()}
    return brought | own
