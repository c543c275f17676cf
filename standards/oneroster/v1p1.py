"""OneRoster 1.1 from the views of 1.2: members that 1.1 lacks are left out, others get its names and codes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from standards import codes
from standards.oneroster import model
from standards.oneroster.resources.parts import reference, references
from standards.oneroster.resources.users import SERVICES
from standards.oneroster.rest_lenses import WORTH
from standards.view import (
    Branch,
    Children,
    Const,
    Follow,
    Href,
    Id,
    Items,
    List,
    Native,
    Node,
    Object,
    Reference,
    Value,
    View,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

V1P1 = "oneroster11"
VERSIONS = {"oneroster": "1.2", V1P1: "1.1"}
ROLE = codes.outward("role", V1P1)

# 1.1 has one role per user, and a list of organizations; 1.2 a role at each organization.
ROLES: Mapping[str, tuple[Node, ...]] = {
    "student": (
        Const("role", "student"),
        references("orgs", (Children("enrollment", "student"), Follow("school")), "orgs", "org"),
    ),
    "staff": (
        List(
            "role",
            (Children("employment", "staff"),),
            (
                value("role", form=ROLE),
                value("role", "classification", form=codes.outward("staffClassification", V1P1)),
            ),
            bare=True,
            single="greatest",  # of several roles, teacher comes first: rosters are made of teachers
        ),
        List(
            "role",
            (Children("teaching", "staff"),),
            (value("role", form=codes.outward("enrollmentRole", V1P1)), Const("role", "teacher")),
            bare=True,
            single="greatest",
        ),
        Const("role", "aide"),
        references("orgs", (Children("employment", "staff"), Follow("organization")), "orgs", "org"),
        references("orgs", (Children("teaching", "staff"), Follow("section"), Follow("school")), "orgs", "org"),
        replace(
            references(
                "orgs", (Children(SERVICES, "staffReference.staffUniqueId"), Follow("schoolReference@")), "orgs", "org"
            ),
            adds=True,
        ),
    ),
    "contact": (
        List(
            "role",
            (Items("roles", owners=("organization",)),),
            (value("role", "kind", form=ROLE),),
            bare=True,
            single="least",
        ),
        List(
            "role",
            (Children("guardianship", "contact"),),
            (value("role", form=ROLE), value("role", "relation", form=codes.outward("relation", V1P1))),
            bare=True,
            single="least",
        ),
        Const("role", "guardian"),
        references("orgs", (Items("roles", owners=("organization",)), Follow("organization")), "orgs", "org"),
        references(
            "orgs",
            (
                Children("guardianship", "contact"),
                Follow("student"),
                Children("enrollment", "student"),
                Follow("school"),
            ),
            "orgs",
            "org",
        ),
    ),
}
# What 1.1 cannot do without and 1.2 can: the user's own id is its name, the term stands for its grading period,
# and work of which nobody says how much it is worth is worth 0 to 100, as docs/vendor.md tells.
MEMBERS_INSTEAD: Mapping[str, tuple[Node, ...]] = {
    "user": (Id("username"),),
    "lineItem": (
        reference("gradingPeriod", "session", "academicSessions", "academicSession"),
        *(Const(name, value) for name, value in WORTH.items()),
    ),
}
# A result without a score cannot be told in 1.1, and a zero would be a lie.
NEEDS: Mapping[str, tuple[str, ...]] = {"result": ("score",)}


def known(view: View) -> bool:
    """Tell whether 1.1 has the class of a view of 1.2."""
    return view.model in model.classes("1.1")


def as_v1p1(view: View) -> View:
    """Convert a *view* of 1.2 to 1.1."""
    branches = tuple(_branch(branch, view.model) for branch in view.branches)
    return View(view.name, V1P1, view.model, branches)


def _branch(branch: Branch, name: str) -> Branch:
    members = model.classes("1.1")[name]
    roles = ROLES[branch.entity] if name == "user" else ()
    nodes = (*_kept(branch.nodes, members), *roles, *MEMBERS_INSTEAD.get(name, ()))
    return replace(
        branch,
        nodes=tuple(map(_older, nodes)),
        backed=tuple(_older(node) for node in ROLES[branch.entity] if node.name == "orgs") if branch.backed else (),
        needs=tuple("orgs" if need == "roles" else need for need in branch.needs) + NEEDS.get(name, ()),
        only=tuple(("role", value) if path == "roles.role" else (path, value) for path, value in branch.only),
    )


def _kept(nodes: Iterable[Node], members: Mapping[str, Any]) -> Iterator[Node]:
    """Yield the nodes that put a member which 1.1 has; an unnamed reference puts several."""
    for node in nodes:
        if isinstance(node, Reference) and not node.name:
            if inside := tuple(_kept(node.nodes, members)):
                yield replace(node, nodes=inside)
        elif node.name in members or isinstance(node, Native):
            yield node


def _older(node: Node) -> Node:
    """Convert a node to the addresses and the tokens of 1.1."""
    match node:
        case Href(path=str(path)):
            return replace(node, path="v1p1/" + path.rpartition("/")[2])
        case Const(value="ext:unstated"):
            return replace(node, value="submitted")  # 1.1 has no extensions, and this word claims least
        case Value(form=form) if form in _forms():
            return replace(node, form=_forms()[form])
        case List():
            return replace(node, nodes=tuple(map(_older, node.nodes)), early=tuple(map(_older, node.early)))
        case Object() | Reference():
            return replace(node, nodes=tuple(map(_older, node.nodes)))
        case _:
            return node


@cache
def _forms() -> Mapping[Any, Any]:
    """Map each form of a code in 1.2 to its form in 1.1."""
    return {codes.outward(name, "oneroster"): codes.outward(name, V1P1) for name in codes.names()}
