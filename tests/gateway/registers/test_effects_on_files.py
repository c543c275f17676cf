"""Files that are being sent end where the registers change what their consumer may have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.auth.authorization import authorize
from gateway.reads.export import ExportRequest, export
from gateway.runtime.control.export_socket import caller_of
from standards.errors import WalkInterrupted
from tests.gateway.registers.memory import MemoryRegisters
from tests.policies import documents
from tests.support.consumers import Consumer


@pytest.fixture
def registers():
    return MemoryRegisters()


@pytest.fixture
def consumer(registers, tmp_path):
    def change(grant):
        return replace(grant, operations=grant.operations | {"bulk"})

    made = Consumer(
        tmp_path / "one", "everything but staff", documents.district(), registers=registers.watch(), change=change
    )
    yield made
    made.close()


def files(consumer):
    authorization = authorize(consumer.gateway.grants, caller_of(consumer.store, documents.CLIENT), None)
    return export(consumer.gateway, authorization, ExportRequest("1.2")).archive()


def test_they_end_where_a_child_is_hidden_meanwhile(consumer, registers):
    pieces = files(consumer)
    registers.restrict("court-order", "source-s1", recipients=("reading-partners",))
    with pytest.raises(WalkInterrupted):
        list(pieces)


def test_they_go_on_where_nothing_changes_for_their_consumer(consumer, registers):
    pieces = files(consumer)
    registers.restrict("court-order", "source-s1", recipients=("somebody-else",))
    assert b"".join(pieces).startswith(b"PK")
