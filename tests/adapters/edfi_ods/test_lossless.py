"""A document of every one of the 349 endpoints is read and written back field by field as it was."""

from __future__ import annotations

from functools import cache

import pytest

from adapters.edfi.records import lenses
from standards.edfi.model.model import by_collection, resources
from tests.adapters.edfi_ods.system import source, system
from tests.standards.edfi.complete import complete
from tests.standards.edfi.world import plain

SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])
SHARES = {0: 1.0, 1: 0.5, 2: 0.1}


@cache
def world(seed):
    return complete(1, seed, SHARES[seed])


def kept(ods, resource):
    """The documents that a system keeps of a resource, in an order of their own."""
    return plain([row.document for row in ods.state.rows[resource.name].values()])


@SEEDS
def test_what_is_read_of_one_ods_and_created_in_another_is_the_same_document(seed):
    with system(world(seed)) as there, source(there) as read, system(()) as here, source(here, writable=True) as write:
        everything = read.read(dict.fromkeys(read.manifest.entities))
        records = {(entity, record["key"]): record for entity, record in everything}
        for collection, document in world(seed):
            lens = lenses()[collection]
            write.save(lens.entity, records[lens.entity, lens.read(document)["key"]], new=True)
        for resource in resources().values():
            assert kept(here.ods, resource), resource.name
            assert kept(here.ods, resource) == kept(there.ods, resource), resource.name


@SEEDS
def test_what_is_written_onto_itself_stays_as_it_was(seed):
    with system(world(seed)) as running, source(running, writable=True) as adapter:
        before = {resource.name: kept(running.ods, resource) for resource in resources().values()}
        for entity, record in list(adapter.read(dict.fromkeys(adapter.manifest.writes))):
            if "id" in record:
                assert adapter.save(entity, record, new=False) == record["id"]
        for resource in resources().values():
            assert kept(running.ods, resource) == before[resource.name], resource.name


def test_every_record_is_found_by_its_id_and_by_its_key():
    with system(world(0)) as running, source(running) as adapter:
        found = 0
        for entity, record in list(adapter.read(dict.fromkeys(adapter.manifest.entities))):
            if "id" in record:
                assert adapter.find(entity, record["id"]) == record, entity
                assert adapter.locate(entity, record["key"]) == record, entity
                found += 1
        assert found >= 349


def test_the_worlds_of_these_tests_hold_every_resource():
    assert {by_collection(collection).name for collection, _ in world(0)} == resources().keys()
