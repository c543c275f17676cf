"""Whatever the Ed-Fi model allows is read and written back unchanged, by every lens."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standards import registry
from standards.edfi.model import catalogue
from standards.edfi.model.model import resources, validate
from standards.view import fields_of
from tests.standards.edfi.documents import document

BY_COLLECTION = {resource.collection: resource for resource in resources().values()}
LENSES = {lens.local: lens for lens in registry.lenses() if lens.dialect == "edfi"}


def test_every_resource_and_descriptor_of_the_model_has_a_lens_and_a_view():
    assert set(LENSES) == set(BY_COLLECTION) == set(registry.views("edfi"))
    assert len(LENSES) == 349


@pytest.mark.parametrize("collection", sorted(catalogue.MAPPED))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
def test_a_mapped_document_is_written_back_as_it_was_read(collection, seed):
    _goes_around(collection, seed, share=0.5)


@pytest.mark.parametrize("collection", sorted(catalogue.native()))
def test_a_native_document_is_written_back_as_it_was_read(collection):
    for seed in range(5 if BY_COLLECTION[collection].is_descriptor else 0, 6):  # one function makes all descriptors
        _goes_around(collection, seed, share=0.2 * seed)


@pytest.mark.parametrize("collection", sorted(BY_COLLECTION))
def test_a_record_has_fields_of_its_entity_only(collection):
    lens, fields = LENSES[collection], fields_of(LENSES[collection].entity)
    record = lens.read(document(BY_COLLECTION[collection], Random(7), share=1.0))
    for name, value in record.items():
        if name != "key":
            assert name in fields or name.partition("@")[0] in fields, name
            field = fields.get(name)
            if field is not None and field.type == "group":
                _items_are_known(value, name, fields)


def _items_are_known(items, group, fields):
    for item in items:
        for name, value in item.items():
            full = f"{group}.{name}"
            if full not in fields:
                full = full.partition("@")[0]
            assert full in fields, full
            if fields[full].type == "group":
                _items_are_known(value, full, fields)


def _goes_around(collection, seed, share):
    resource, lens = BY_COLLECTION[collection], LENSES[collection]
    sent = document(resource, Random(seed), share)
    assert validate(resource, sent) == []
    record = lens.read(sent)
    assert lens.write(record) == sent
    assert lens.write(record, onto=sent) == sent
