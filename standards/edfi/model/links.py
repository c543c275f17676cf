"""Links of references to records that a view does not read: their place in a document, and their target.

What a source states of them is kept beside the record, in one field: for each reference its name and its values, the
collection of its target, and the id that the source gives that target, or its natural key. The person whom a document's
only reference of a name is about is not among the values: a consumer may know a pseudonym instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from standards.edfi.model.model import ID, by_collection, resources
from standards.edfi.model.references import TARGETS, person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from standards.edfi.model.model import Property
    from standards.view import View

    Values = tuple[str, ...]

FIELD: Final = "edfi.links"
"""The field of every entity with its stated links; it is shown as links or not at all."""

HREF_PARTS: Final = 3
"""The schema, the collection and the id, with which the address in a link ends."""


@dataclass(frozen=True, slots=True)
class ReferenceSite:
    """A reference called *name* below the members *path*: its *target*, its *values*, and its *persons*."""

    path: tuple[str, ...]
    name: str
    target: str
    values: tuple[str, ...]
    persons: tuple[str, ...]

    def said(self, reference: Mapping[str, Any]) -> Values | None:
        """Return the values of a *reference* as texts; None where one of them, or a person, is missing."""
        if any(member not in reference for member in self.persons):
            return None
        found = [reference.get(member) for member in self.values]
        return None if None in found else tuple(map(str, found))


@dataclass(frozen=True, slots=True)
class StatedReference:
    """One reference as a source states it; *values* of None match any, *key* is for a target without its own *id*."""

    name: str
    values: Values | None
    collection: str
    id: str = ""
    key: Values = ()


@cache
def sites(collection: str) -> tuple[ReferenceSite, ...]:
    """Return the references in a *collection* to resources that the views of others do not read."""
    resource = by_collection(collection)
    return tuple(_sites(resource.properties, ())) if resource else ()


def _sites(
    properties: Mapping[str, Property], path: tuple[str, ...], *, inline: bool = False
) -> Iterator[ReferenceSite]:
    """Yield the references among *properties*; of those in an *inline* object, which is shown as it is, all."""
    for name, known in properties.items():
        if known.reference and (inline or known.reference not in TARGETS):
            persons = tuple(member for member in known.properties if person(member))
            values = tuple(member for member in known.properties if path or member not in persons)
            yield ReferenceSite(path, name, known.reference, values, persons)
        elif not known.reference:
            yield from _sites(known.properties, (*path, name), inline=inline or not known.collection)


def linked(view: View) -> View:
    """Add links to the branches of a *view* of the standard."""
    if not sites(view.name):
        return view
    ways = (("", view.name),)
    return replace(view, branches=tuple(replace(branch, linked=ways) for branch in view.branches))


def stated(collection: str, document: Mapping[str, Any], served: Callable[[str], bool]) -> str:
    """Write the links in a *document* of an ODS as one text, of those collections that are *served*."""
    found = []
    for site in sites(collection):
        for reference in references(document, site):
            values, place = site.said(reference), _place(reference.get("link"), site.target)
            if values is not None and place and served(place[0]):
                found.append(StatedReference(site.name, values, *place))
    return text(found)


def derived(collection: str, document: Mapping[str, Any], there: Callable[[str, Values], bool]) -> str:
    """Write the references in a *document* of a file as one text, as far as their targets are *there*."""
    found = []
    for site in sites(collection):
        members = key_members(site)
        for reference in references(document, site) if members else ():
            values, target = site.said(reference), resources()[site.target].collection
            key = tuple(str(reference.get(member)) for member in members)
            if values is not None and there(target, key):
                found.append(StatedReference(site.name, values, target, key=key))
    return text(found)


@cache
def key_members(site: ReferenceSite) -> tuple[str, ...]:
    """Return the members of a reference in the order of its target's key; none where their names do not tell it."""
    target = resources().get(site.target)
    identity = [path.rpartition(".")[2] for path in target.identity] if target else []
    if site.persons or len(set(identity)) != len(identity) or set(identity) != set(site.values):
        return ()
    return tuple(identity)


def references(document: Mapping[str, Any], site: ReferenceSite) -> Iterator[Mapping[str, Any]]:
    """Yield the references in a *document* that stand at a *site*."""
    found: list[Any] = [document]
    for step in (*site.path, site.name):
        inner = [one.get(step) for one in found if isinstance(one, dict)]
        found = [one for some in inner for one in (some if isinstance(some, list) else [some])]
    yield from (one for one in found if isinstance(one, dict))


def _place(link: Any, target: str) -> tuple[str, str] | None:
    """Return the collection and the id that a *link* leads to; None where it does not lead to a *target*."""
    href = link.get("href") if isinstance(link, dict) else None
    parts = href.split("/")[-HREF_PARTS:] if isinstance(href, str) else []
    if len(parts) < HREF_PARTS:
        return None
    schema, name, identifier = parts
    known = by_collection(name if schema == "ed-fi" else f"{schema}/{name}")
    own = identifier.replace("-", "").lower()
    if known is None or not ID.fullmatch(own) or (target in resources() and known.name != target):
        return None
    return known.collection, own


def text(told: Iterable[StatedReference]) -> str:
    """Write stated references as one text, equal for equal ones; empty for none."""
    found = {orjson.dumps([one.name, one.values, one.collection, one.id, one.key]) for one in told}
    return f"[{','.join(sorted(one.decode() for one in found))}]" if found else ""


def read(told: str) -> list[StatedReference]:
    """Read such a text; nothing where it is none."""
    try:
        return [StatedReference(name, values and tuple(values), collection, own, tuple(key))
                for name, values, collection, own, key in orjson.loads(told)]  # fmt: skip
    except (ValueError, TypeError):
        return []


def unlinked(value: Any) -> Any:
    """Remove the links from a *value* of a document."""
    if isinstance(value, dict):
        return {name: unlinked(inner) for name, inner in value.items() if name != "link"}
    return [unlinked(item) for item in value] if isinstance(value, list) else value
