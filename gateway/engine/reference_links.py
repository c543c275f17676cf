"""Links to records that a view does not read: added where the target is released and certainly visible.

A link is made from the rendered reference, from the target's id as the source states it, and from the agreement; the
target's own row is never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from standards import registry
from standards.edfi.model.links import read, sites
from standards.edfi.model.model import by_collection
from standards.edfi.model.references import person
from standards.fields import fields_of
from standards.pruning import prune
from standards.view import Id, Reference
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.engine.visibility import Visibility
    from policies.grant import Grant
    from standards.edfi.model.links import ReferenceSite, StatedReference
    from standards.view import Branch
    from standards.vocabulary import Field

    Record = dict[str, Any]
    Place = tuple[str, tuple[str, ...] | None]
    Link = tuple[str, Record]
    """The collection of the target, and the link object."""

MAX_TEXTS: Final = 4096
NOWHERE: Final[tuple[str, dict[str, Any]]] = ("", {})


class Linker:
    """A function that adds links to documents of a *collection* made from rows of *entity*, under one grant."""

    def __init__(self, collection: str, entity: str, visibility: Visibility) -> None:
        self.sites, self._entity = sites(collection), entity
        self._grant, self._keyring, self._district = visibility.grant, visibility.keyring, visibility.snapshot.district
        self._tables: dict[str, Mapping[Place, Link]] = {}
        self._certain: dict[tuple[ReferenceSite, str], bool] = {}

    def __call__(self, document: Record, told: str) -> Record:
        """Return a copy of *document* with the links stated in *told*; cached values are never changed."""
        known = self._tables.get(told)
        if known is None:
            if len(self._tables) >= MAX_TEXTS:
                self._tables.clear()
            known = self._tables[told] = self._table(told)
        names = {name for name, _ in known}
        for site in self.sites:
            if site.name in names:
                document = _added(document, site, 0, self._finder(known, site))
        return document

    def _finder(self, known: Mapping[Place, Link], site: ReferenceSite) -> Callable[[Record], Record | None]:
        """Return a function from a rendered reference at *site* to its link."""

        def find(reference: Record) -> Record | None:
            values = site.said(reference)
            if values is None:
                return None
            leads, link = known.get((site.name, values)) or known.get((site.name, None)) or NOWHERE
            return link if link and self._is_certain(site, leads) else None

        return find

    def _table(self, told: str) -> Mapping[Place, Link]:
        found: dict[Place, Link] = {}
        for one in read(told):
            link = one.collection, self._written(one)
            if found.setdefault((one.name, one.values), link) != link:
                found[one.name, one.values] = NOWHERE  # two targets with the same rendered values
        return found

    def _written(self, told: StatedReference) -> Record:
        """Build the link to a target, with the id that its own document bears for this consumer."""
        known, branch = by_collection(told.collection), shown_whole(self._grant, told.collection)
        if known is None or branch is None or (branch.where and not told.id):
            return {}
        own = told.id or self._keyring.outward_ids(self._district, branch.entity, [told.key])[0]
        block = self._keyring.blocks(self._district, branch.entity, [own])
        rule = self._grant.rule(fields_of(branch.entity)["id"].release)
        hidden = rule is not None and rule.action == "pseudonym"
        shown = self._keyring.pseudonyms(self._grant.client, block)[0] if hidden else block.hex()
        return {"rel": known.name, "href": f"{known.endpoint}/{shown}"}

    def _is_certain(self, site: ReferenceSite, leads: str) -> bool:
        if (site, leads) not in self._certain:
            branch = shown_whole(self._grant, leads)
            guarded = _guarded(self._entity, site)
            certain = branch is not None and always_seen(self._grant, branch.entity, site, guarded=guarded)
            self._certain[site, leads] = certain
        return self._certain[site, leads]


def _added(inside: Record, site: ReferenceSite, at: int, find: Callable[[Record], Record | None]) -> Record:
    """Add links to *inside*, a part of a document, from the member *at* of the path to a *site* on."""
    if at == len(site.path):
        reference = inside.get(site.name)
        if type(reference) is not dict or "link" in reference:
            return inside
        link = find(reference)
        return inside if link is None else {**inside, site.name: {**reference, "link": link}}
    name = site.path[at]
    below = inside.get(name)
    if type(below) is list:
        return {**inside, name: [_added(one, site, at + 1, find) if type(one) is dict else one for one in below]}
    return {**inside, name: _added(below, site, at + 1, find)} if type(below) is dict else inside


def shown_whole(grant: Grant, collection: str) -> Branch | None:
    """Return the branch that shows every record of a *collection* that a source has there, or None."""
    view = registry.views("edfi").get(collection)
    pruned = prune(view, grant) if view is not None else None
    if view is None or pruned is None or len(view.branches) != 1:
        return None
    branch = pruned.branches[0]
    choosing = branch.only or branch.backed or branch.once
    return None if choosing or not all(_there(grant, branch, name) for name in branch.needs) else branch


def _there(grant: Grant, branch: Branch, name: str) -> bool:
    """Tell whether a required member is in every record: a reference by id to an entity that no row rule restricts."""
    return all(
        isinstance(node, Reference)
        and any(isinstance(inner, Id) for inner in node.nodes)
        and grant.unrestricted(fields_of(branch.entity)[node.ref].to)
        for node in branch.nodes
        if node.name == name
    )


def always_seen(grant: Grant, entity: str, site: ReferenceSite, *, guarded: bool) -> bool:
    """Tell whether a record of *entity* that a rendered reference at *site* names is visible in any district's data.

    A *guarded* reference is rendered only where the organization that it names is visible.
    """
    dated = fields_of(entity)["id"].release in grant.windows
    return (
        entity not in grant.rows
        and not dated
        and all(
            _person_seen(grant, owner, site)
            if owner.to in PERSONS
            else grant.unrestricted(owner.to) or (guarded and owner.to == "organization")
            for owner in fields_of(entity).values()
            if owner.owner
        )
    )


def _person_seen(grant: Grant, owner: Field, site: ReferenceSite) -> bool:
    """Tell whether the reference names the person itself, or the person may be absent and no row rule hides any."""
    if any(person(member) == owner.to for member in site.persons):
        return True
    return owner.lenient and grant.unrestricted(owner.to)


def _guarded(entity: str, site: ReferenceSite) -> bool:
    """Tell whether a reference at a *site* of *entity* is rendered only with the organization in its key."""
    end = ".".join((*site.path, f"{site.name}@"))
    return any(
        field.to == "organization" and (name == end or name.endswith(f".{end}"))
        for name, field in fields_of(entity).items()
    )
