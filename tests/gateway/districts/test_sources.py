"""What several districts' systems have beyond the standard becomes one model."""

from __future__ import annotations

from gateway.districts.sources import together
from standards.edfi.model.model import Property, Resource


def resource(**members):
    properties = {name: Property(name, "object", properties=inner) for name, inner in members.items()}
    return Resource("Candidate", "/tpdm/candidates", is_descriptor=False, identity=("a",), properties=properties)


def test_a_resource_that_two_systems_describe_has_what_either_says():
    one = resource(a={}, _ext={"X": Property("X", "object")})
    other = resource(b={}, _ext={"Y": Property("Y", "object")})
    found = together([{"Candidate": one}, {}, {"Candidate": other, "Other": other}])
    assert found.keys() == {"Candidate", "Other"}
    assert found["Candidate"].properties.keys() == {"a", "b", "_ext"}
    assert found["Candidate"].properties["_ext"].properties.keys() == {"X", "Y"}
    assert found["Other"] is other
