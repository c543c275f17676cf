"""Mapped resources: Ed-Fi resources that the vocabulary covers, each with its lens, its view and its native rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standards.codes import outward
from standards.edfi.model.members import MappedMembers, MemberSite, member, members, said, scalar
from standards.edfi.model.model import EXTENSIONS, by_collection
from standards.edfi.model.references import TARGETS, organization_number
from standards.lenses.lens import Lens, each, same
from standards.view import Branch, Id, Items, List, Object, Once, Reference, Stamp, Value, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standards.edfi.model.model import Property, Resource
    from standards.lenses.lens import Pair
    from standards.view import Node
    from standards.vocabulary import Field

STAMPS: tuple[Node, ...] = (Stamp("_etag", "etag"), Stamp("_lastModifiedDate"))
PERSONAL = frozenset({"student", "profile", "contact", "guardianship", "enrollment", "placement"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """One resource and one entity: the *lens*, the *view*, and the *remainder* as extra fields of the entity."""

    lens: Lens
    view: View
    remainder: tuple[Field, ...]


def mapped(
    collection: str,
    entity: str,
    key: Sequence[str],
    pairs: Sequence[Pair],
    nodes: Sequence[Node] = (),
    otherwise: Sequence[Node] = (),
    where: tuple[tuple[str, frozenset[str]], ...] = (),
    prefix: tuple[str, ...] = (),
    extra: Sequence[Field] = (),
    once: Once | None = None,
    needs: Sequence[str] = (),
) -> Mapped:
    """Make the mapping of a *collection* from *pairs*.

    A member is shown by the *nodes* of its name where there are any, else as its pair reads it, else, where no pair
    does, under its own name; the nodes in *otherwise* stand in where that shows nothing. *extra* are further fields
    that pairs fill beyond the vocabulary; *once* handles what a source may repeat under one key, *needs* are the
    references that may lead nowhere and without which there is no document.
    """
    resource = by_collection(collection)
    if resource is None:
        msg = f"the Ed-Fi model has no {collection}"
        raise LookupError(msg)
    site = MemberSite(entity, f"edfi.{collection}", f"edfi.{collection}.", "", _class_of(entity))
    made = _MappingMaker(site, tuple(nodes), tuple(otherwise), tuple(pairs)).all(ordered(resource))
    lens = Lens("edfi", collection, entity, (same("id", "id"), *made.pairs), tuple(key), prefix)
    branch = Branch(entity, (Id("id"), *made.nodes, *STAMPS), where, tuple(needs), once=once)
    return Mapped(lens, View(collection, "edfi", resource.name, (branch,)), (*made.fields, *extra))


def ordered(resource: Resource) -> list[Property]:
    """Sort the members as the standard lists them: first the natural key, then the required ones, then the rest."""
    keys = [path.partition(".")[0] for path in resource.identity]
    return sorted(
        (known for known in resource.properties.values() if known.name != EXTENSIONS),
        key=lambda known: (keys.index(known.name) if known.name in keys else len(keys), not known.required),
    )


def _class_of(entity: str) -> str:
    return "sensitive" if entity in PERSONAL else "education"


@dataclass(frozen=True, slots=True)
class _MappingMaker:
    """A maker of mappings, which decides for each member of a resource how it is read and shown."""

    site: MemberSite
    nodes: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    pairs: tuple[Pair, ...]

    def all(self, properties: Iterable[Property]) -> MappedMembers:
        """Map all members."""
        made = MappedMembers(pairs=[pair for pair in self.pairs if not _listing(pair)])
        for known in properties:
            telling = [pair for pair in self.pairs if any(_head(path) == known.name for path in pair.local_paths)]
            made.add(self.told(known, telling) if telling else member(known, self.site))
            made.nodes += [node for node in self.otherwise if node.name == known.name]
        return made

    def told(self, known: Property, telling: list[Pair]) -> MappedMembers:
        """Map a member that at least one pair reads: the nodes that show it, and its parts that no pair reads."""
        own = [node for node in self.nodes if node.name == known.name]
        listed = next((pair for pair in telling if _listing(pair)), None)
        if listed:
            made = self.items(known, listed)
        else:
            made = MappedMembers()
            told = {path for pair in telling for path in pair.local_paths}
            for leaf in known.properties.values() if known.reference else ():
                if f"{known.name}.{leaf.name}" not in told:
                    made.add(scalar(leaf, f"{known.name}.{leaf.name}", self.site, known.reference))
            made.nodes = made.nodes if own else _derived(known, telling, made.nodes)
        made.nodes = own or made.nodes
        return made

    def items(self, known: Property, pair: Pair) -> MappedMembers:
        """Map a collection that a pair reads item by item, with the rest of each item beside it."""
        name, told = pair.fields[0], {inner.local_paths[0]: inner for inner in pair.pairs}
        rest = members(
            [inner for inner in known.properties.values() if inner.name not in told],
            replace(self.site.inside(known.name), prefix=f"{self.site.release}.{known.name}.", group=f"{name}."),
        )
        nodes = [_simple(inner, told[inner.name]) for inner in known.properties.values() if inner.name in told]
        pairs = (*pair.pairs, *rest.pairs)
        by = [inner.fields[0] for inner in pairs if inner.local_paths[0] in known.item_key]
        listed = List(known.name, (Items(name),), (*nodes, *rest.nodes))
        return MappedMembers(rest.fields, [each(known.name, name, pairs, by)], [listed])


def _listing(pair: Pair) -> bool:
    """Tell whether a pair is one of an item's pairs with a group, so that more of the item can be kept along."""
    return pair.word == "each" and not pair.facts.get("bare")


def _head(path: str) -> str:
    return path.partition(".")[0]


def _derived(known: Property, telling: list[Pair], rest: list[Node]) -> list[Node]:
    """Return the nodes that show a member as the reversible pairs write it."""
    ways = [pair for pair in telling if pair.writer]
    if not ways:
        return []
    if known.reference and ways[0].word == "split":
        target = TARGETS[known.reference]
        return [Reference(known.name, ways[0].fields[0], (*target.nodes, *target.link(known.reference)))]
    if known.reference:
        nodes = [_simple(known.properties[way.local_paths[0].partition(".")[2]], way) for way in ways]
        return [Object(known.name, (*nodes, *rest))]
    return [_listed(known, ways[0]) if known.collection else _simple(known, ways[0])]


def _simple(known: Property, pair: Pair) -> Value:
    """Show a single value: a code in the standard's words, an identifier as a number, anything else as it is."""
    source = pair.fields[0]
    if pair.word == "coded":
        return Value(known.name, (source,), outward(pair.codes, "edfi"))
    if pair.kind == "integer_text":
        return organization_number(known.name)
    return said(known, source, pair.kind)


def _listed(known: Property, pair: Pair) -> Value:
    """Show a list of objects with one code each, from a field with several values."""
    (inner,) = pair.pairs
    say = outward(inner.codes, "edfi")
    return Value(known.name, (pair.fields[0],), lambda value: {inner.local_paths[0]: say(value)})
