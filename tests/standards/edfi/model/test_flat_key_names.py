"""One set of flat names: whoever speaks of a key outside its document calls its members alike."""

from __future__ import annotations

import pytest

from adapters.edfi_ods import plan
from adapters.simulators.edfi.shape import ResourceShapes
from standards.edfi.api.request import parameters
from standards.edfi.model.flat_key_names import flat_key_names, referred_keys
from standards.edfi.model.model import by_collection, resources

REFERRED = referred_keys(resources())
EVERY = sorted(one.collection for one in resources().values())


@pytest.fixture(scope="module")
def shape():
    return ResourceShapes()


def test_references_call_the_members_of_a_key_by_the_same_names():
    told = [name for name in REFERRED if name in resources()]
    assert len(told) > 60
    for name in told:
        assert set(flat_key_names(resources()[name].collection).values()) == REFERRED[name], name


@pytest.mark.parametrize("collection", EVERY)
def test_filters_adapters_and_simulators_call_them_so_too(collection, shape):
    names = flat_key_names(collection)
    for path, name in names.items():
        assert path in parameters(collection)[name]
        assert plan.parameters(collection)[path] == name
    assert shape.flat(by_collection(collection)).keys() == set(names.values())


@pytest.mark.parametrize(
    ("collection", "expected", "unknown"),
    [
        ("grades", {"schoolId", "schoolYear", "gradingPeriodSchoolYear"}, {"gradingPeriodSchoolId"}),
        ("reportCards", {"gradingPeriodSchoolId", "gradingPeriodSchoolYear"}, {"schoolId", "schoolYear"}),
        ("studentCompetencyObjectives", {"gradingPeriodSchoolId", "gradingPeriodSchoolYear"}, {"schoolId"}),
        ("programEvaluations", {"programEducationOrganizationId"}, {"educationOrganizationId"}),
        ("studentProgramAssociations", {"educationOrganizationId", "programEducationOrganizationId"}, set()),
    ],
)
def test_a_member_that_another_reference_has_too_is_called_by_its_reference(collection, expected, unknown):
    assert expected <= parameters(collection).keys()
    assert unknown.isdisjoint(parameters(collection))
