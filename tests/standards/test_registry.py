from __future__ import annotations

import pytest

from standards import registry, vocabulary
from standards.fields import fields_of


def test_a_lens_is_found_by_dialect_resource_and_entity():
    assert registry.lens("edfi", "students").entity == "student"
    assert registry.lens("oneroster.csv", "users.csv", "contact").entity == "contact"
    assert registry.lens("edfi", "students") is registry.lens("edfi", "students")


def test_an_unknown_lens_is_said_to_be_one():
    with pytest.raises(LookupError, match=r"pupils in edfi"):
        registry.lens("edfi", "pupils")


def test_every_view_stands_under_its_own_name():
    for api in ("oneroster", "edfi"):
        assert registry.views(api)
        assert all(view.name == name and view.api == api for name, view in registry.views(api).items())


def test_both_standards_are_there():
    assert {"orgs", "users", "classes", "enrollments"} <= set(registry.views("oneroster"))
    assert {"students", "sections", "calendars", "gradeLevelDescriptors"} <= set(registry.views("edfi"))


@pytest.mark.parametrize("lens", registry.lenses(), ids=str)
def test_a_lens_fills_only_fields_that_exist(lens):
    assert lens.fields <= set(fields_of(lens.entity))


def test_vocabulary_entities_of_the_roster_are_read_from_both_standards():
    both = {
        entity
        for entity in vocabulary.entities()
        if {lens.dialect.partition(".")[0] for lens in registry.lenses() if lens.entity == entity}
        >= {"edfi", "oneroster"}
    }
    assert both >= {
        "organization",
        "session",
        "course",
        "offering",
        "section",
        "student",
        "staff",
        "contact",
        "placement",
        "teaching",
    }
