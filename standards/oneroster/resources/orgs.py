"""OneRoster orgs and schools: every organization of a district."""

from __future__ import annotations

from standards.codes import outward
from standards.oneroster.resources.parts import HEAD, metadata, reference, references
from standards.view import Branch, Id, Kids, Node, View, v

MEMBERS: tuple[Node, ...] = (
    *HEAD,
    metadata("orgs"),
    v("name"),
    v("type", "kind", form=outward("organizationKind", "oneroster")),
    v("identifier"),
    Id("identifier"),
    reference("parent", "parent", "orgs", "org"),
    references("children", (Kids("organization", "parent"),), "orgs", "org"),
)
VIEWS = (
    View("orgs", "oneroster", "org", (Branch("organization", MEMBERS),)),
    View("schools", "oneroster", "org", (Branch("organization", MEMBERS, where=(("kind", frozenset({"school"})),)),)),
)
