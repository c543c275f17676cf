"""A request reads the entities its answer shows, and those that decide what it shows."""

from __future__ import annotations

import pytest

from gateway.engine.plan import entities_of
from policies.population import Population
from standards import registry
from standards.view import prune
from tests.gateway.engine.school import grant


def needed(view, api="oneroster", of=None):
    of = of or grant()
    return entities_of(prune(registry.views(api)[view], of), of)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("orgs", {"organization"}),
        ("academicSessions", {"session", "organization"}),
        ("courses", {"course", "organization", "session", "resource"}),
        ("enrollments", {"placement", "teaching", "student", "staff", "section", "organization", "contact",
                         "studentInvolvement", "staffInvolvement", "contactInvolvement"}),
    ],
)  # fmt: skip
def test_a_view_needs_what_it_shows_and_what_owns_it(view, expected):
    assert needed(view) == expected


def test_who_teaches_says_who_is_a_teacher_where_that_is_released():
    assert "teaching" in needed("teachers")
    assert "teaching" not in needed("teachers", of=grant("teaching.staff"))
    assert "staffInvolvement" not in needed("teachers")


def test_titles_behind_references_are_needed_too():
    assert {"section", "offering", "course", "session"} <= needed("classes")


def test_what_is_not_released_is_not_read():
    assert needed("courses", of=grant("course.resources", "course.schoolYear")) == {"course", "organization"}


def test_a_population_needs_what_it_looks_at():
    of = grant(rows=Population(schools=("101",), active=True).rows())
    assert needed("demographics", of=of) >= {"student", "enrollment", "organization"}
    assert needed("staffs", "edfi", of) >= {"staff", "teaching", "section", "employment", "organization"}
    assert needed("contacts", "edfi", of) >= {"contact", "guardianship", "student", "enrollment"}


def test_a_guard_needs_what_it_guards():
    of = grant(**dict.fromkeys(("edfi__restraintEvents__id", "edfi__restraintEvents__schoolReference", "edfi__restraintEvents__schoolReference__schoolId"), "allow"))  # fmt: skip
    assert needed("restraintEvents", "edfi", of) == {"edfi.restraintEvents", "organization", "student"}
