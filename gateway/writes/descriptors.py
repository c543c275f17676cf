"""The descriptors of a written Ed-Fi body, compared with the district's own: type and URI, in any case."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from gateway.writes.natural_keys import dialect
from standards.edfi.api.error_sentences import nonexistent
from standards.edfi.from_oneroster.default_descriptors import standard
from standards.edfi.model.model import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.writes.context import WriteContext
    from standards.edfi.model.model import Property

    Record = dict[str, Any]
    Spell = Callable[[str, str], str]


def spelt(context: WriteContext, given: Mapping[str, Any]) -> Record:
    """Spell every descriptor in *given* as the district spells it, where the consumer may see the district's."""

    def spell(descriptor: str, uri: str) -> str:
        return _catalogue(context, descriptor).get(uri.casefold(), uri)

    properties = resources()[context.request.view.model].properties
    return {name: _spelt(properties.get(name), value, spell) for name, value in given.items()}


def unknown_descriptors(
    context: WriteContext, given: Mapping[str, Any], shown: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return the paths of descriptors that the district does not have, where the consumer may see which it has.

    A source that knows descriptors judges also those of a record that a second source beside it keeps; one that
    knows none keeps whatever it is sent.
    """
    found = {}
    manifest, native = context.adapter.manifest, dialect(context).native
    beside = frozenset() if native and context.entity not in manifest.shared else _standard()
    for name, value in given.items():
        if name in dialect(context).words:
            continue
        known = resources()[context.request.view.model].properties.get(name)
        for place, one, uri in _descriptors(known, value, f"$.{name}") if known and value != shown.get(name) else ():
            if not native and _entity(one.descriptor) not in manifest.edfi:
                continue
            catalogue = _catalogue(context, one.descriptor)
            if catalogue and uri.casefold() not in catalogue and uri.casefold() not in beside:
                found[place] = [nonexistent(one.descriptor, uri)]
    return found


def _spelt(known: Property | None, value: Any, spell: Spell) -> Any:
    if known is None:
        return value
    if known.descriptor and isinstance(value, str):
        return spell(known.descriptor, value)
    if isinstance(value, list):
        return [_spelt(known, one, spell) for one in value]
    if isinstance(value, dict):
        return {name: _spelt(known.properties.get(name), inner, spell) for name, inner in value.items()}
    return value


def _descriptors(known: Property, value: Any, place: str) -> Iterator[tuple[str, Property, str]]:
    if known.descriptor and isinstance(value, str):
        yield place, known, value
    for number, item in enumerate(value if isinstance(value, list) else [value]):
        at = f"{place}[{number}]" if isinstance(value, list) else place
        for name, inner in item.items() if isinstance(item, dict) else ():
            if name in known.properties:
                yield from _descriptors(known.properties[name], inner, f"{at}.{name}")


@cache
def _standard() -> frozenset[str]:
    """Return the standard's descriptors, which records of a source that is no ODS are shown with, in lower case."""
    return frozenset(uri.casefold() for uri in standard())


def _entity(descriptor: str) -> str:
    target = resources().get(descriptor)
    return f"edfi.{target.collection}" if target else ""


def _catalogue(context: WriteContext, descriptor: str) -> Mapping[str, str]:
    """Return the URIs that the district has of a descriptor, by their lower case.

    There are none where they are not known, or not visible to the consumer.
    """
    district, entity = context.gateway.districts[context.grant.district], _entity(descriptor)
    shown = all(context.grant.plain(f"{entity}.{name}") for name in ("id", "namespace", "codeValue"))
    if entity not in district.cached_entities or not shown:
        return {}

    def make() -> Mapping[str, str]:
        columns = district.cached_snapshot().table(entity).columns
        pairs = zip(columns.get("namespace", ()), columns.get("codeValue", ()), strict=True)
        return {uri.casefold(): uri for uri in (f"{space}#{code}" for space, code in pairs)}

    return context.shown.visibility.once(("descriptors", entity), make)
