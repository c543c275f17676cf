"""OneRoster academicSessions, terms and gradingPeriods: the calendar as a tree."""

from __future__ import annotations

from standards.codes import outward
from standards.lenses.formats import year
from standards.oneroster.resources.parts import HEAD, metadata, reference, references, until
from standards.view import Branch, Kids, Node, View, v

MEMBERS: tuple[Node, ...] = (
    *HEAD,
    metadata("academicSessions"),
    v("title", "name"),
    v("startDate", "begin", type="date"),
    until("end"),
    v("type", "kind", form=outward("sessionKind", "oneroster")),
    reference("parent", "parent", "academicSessions", "academicSession"),
    references("children", (Kids("session", "parent"),), "academicSessions", "academicSession"),
    v("schoolYear", form=year),
)


def _view(name: str, *kinds: str) -> View:
    where = (("kind", frozenset(kinds)),) if kinds else ()
    return View(name, "oneroster", "academicSession", (Branch("session", MEMBERS, where=where),))


VIEWS = (
    _view("academicSessions"),
    _view("terms", "term", "semester"),
    _view("gradingPeriods", "gradingPeriod"),
)
