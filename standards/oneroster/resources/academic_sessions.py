"""OneRoster academicSessions, terms and gradingPeriods: the calendar as a tree."""

from __future__ import annotations

from standards.codes import outward
from standards.lenses.formats import year
from standards.oneroster.resources.parts import HEAD, metadata, reference, references, until
from standards.view import Branch, Children, Node, View, value

MEMBERS: tuple[Node, ...] = (
    *HEAD,
    metadata("academicSessions"),
    value("title", "name"),
    value("startDate", "begin", type="date"),
    until("end"),
    value("type", "kind", form=outward("sessionKind", "oneroster")),
    reference("parent", "parent", "academicSessions", "academicSession"),
    references("children", (Children("session", "parent"),), "academicSessions", "academicSession"),
    value("schoolYear", form=year),
)


def _view(name: str, *kinds: str) -> View:
    where = (("kind", frozenset(kinds)),) if kinds else ()
    return View(name, "oneroster", "academicSession", (Branch("session", MEMBERS, where=where),))


VIEWS = (
    _view("academicSessions"),
    _view("terms", "term", "semester"),
    _view("gradingPeriods", "gradingPeriod"),
)
