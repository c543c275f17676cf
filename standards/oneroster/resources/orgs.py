"""OneRoster orgs and schools: every organization of a district."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Children, Id, Node, View, value

MEMBERS: tuple[Node, ...] = (
    *HEAD,
    metadata("orgs"),
    value("name"),
    value("type", "kind", form=outward("organizationKind", "oneroster")),
    value("identifier"),
    Id("identifier"),
    reference("parent", "parent", "orgs", "org"),
    references("children", (Children("organization", "parent"),), "orgs", "org"),
)
VIEWS = (
    View("orgs", "oneroster", "org", (Branch("organization", MEMBERS),)),
    View("schools", "oneroster", "org", (Branch("organization", MEMBERS, where=(("kind", frozenset({"school"})),)),)),
)
