"""What is read live suffices to decide what is visible: a row rule may not leave out what its rows belong to."""

from __future__ import annotations

import pytest

from gateway.engine.plan import entities_of
from standards import registry
from standards.view import fields_of, prune
from tests.policies import documents


@pytest.mark.parametrize("population", ["{all: [{enrollment: active}]}", '{all: [{school: {in: ["101"]}}]}'])
@pytest.mark.parametrize("api", ["oneroster", "edfi"])
def test_with_an_entity_comes_everything_its_rows_belong_to(api, population):
    grant = documents.grant("* allow", population)
    for view in registry.views(api).values():
        pruned = prune(view, grant)
        if pruned is None:
            continue
        needed = entities_of(pruned, grant)
        owners = {field.to for entity in needed for field in fields_of(entity).values() if field.owner}
        assert owners <= needed, view.name
