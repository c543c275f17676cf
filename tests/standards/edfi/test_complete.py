"""The whole worlds of documents that other tests are given are whole, valid and always the same."""

from __future__ import annotations

from collections import Counter

import pytest

from adapters.simulators.edfi.shape import ResourceShapes
from standards.edfi.model import model
from tests.standards.edfi.complete import complete

SHAPE = ResourceShapes()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_every_document_is_valid_and_refers_to_what_came_before(share):
    known = set()
    for collection, document in complete(2, share=share):
        resource = model.by_collection(collection)
        assert model.validate(resource, document) == []
        for place in SHAPE.places(resource, document):
            assert SHAPE.meant(place) in known, (collection, place.path)
        identities = set(SHAPE.identities(resource, document))
        assert known.isdisjoint(identities), collection
        known |= identities


def test_every_resource_and_descriptor_is_there():
    counts = Counter(collection for collection, _ in complete(3))
    assert counts.keys() == {resource.collection for resource in model.resources().values()}
    assert all(counts[one.collection] >= 3 for one in model.resources().values() if not one.is_descriptor)


def test_the_same_arguments_give_the_same_documents():
    assert complete(2, seed=7) == complete(2, seed=7)
    assert complete(1, seed=7) != complete(1, seed=8)


def test_almost_every_member_of_the_model_is_there():
    """All but the parents of those whose kind has one, which only their second document has."""
    shown = {}
    for collection, document in complete(3):
        shown.setdefault(collection, set()).update(document)
    for resource in model.resources().values():
        if not resource.is_descriptor:
            assert shown[resource.collection] == set(resource.properties), resource.name


def test_many_worlds_share_school_years_and_nothing_else():
    known = set()
    for collection, document in complete(22, share=0.0):
        identity = next(SHAPE.identities(model.by_collection(collection), document))
        assert identity not in known
        known.add(identity)
