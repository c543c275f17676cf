"""What the gateway has of a child whose record moves, at each step: nothing to be found on its disk or in its memory."""

from __future__ import annotations

import base64

import pytest

from gateway.demo.search import search
from gateway.transfers.machine.words import TransferState
from tests.support.people.moving import moving_region


@pytest.fixture
def moving(tmp_path):
    with moving_region(tmp_path) as region:
        yield region


def written_down(moving, folder):
    """Write what the shared memory holds to a file, and search that with all that the gateway has written."""
    memory = moving.region.administered.memory
    lines = [name.encode() + b" " + value for name, (value, _) in memory._values.items()]
    (folder / "memory").write_bytes(b"\n".join(lines))
    child = moving.world.student()
    words = (child.given, child.family, f"{child.given} {child.family}", child.birth_date, child.state_id, child.id)
    return search([folder / "region" / "state", folder / "memory"], words), search([folder / "data"], words), lines


def test_a_child_is_nowhere_on_the_disk_or_in_the_memory_at_any_step(moving, tmp_path):
    cedar = moving.program("cedar-agent", "cedar")
    made = cedar.post("/transfers", moving.form())
    assert made.status_code == 201, made.get_data(as_text=True)
    name, states = made.json["id"], []

    def look():
        states.append(moving.world.find(name).state)
        found, own, lines = written_down(moving, tmp_path)
        assert found.found == ()
        assert found.size > 100_000
        assert lines
        assert own.found  # the district's own files have the child, and the search finds it there

    look()
    moving.world.worker.advance(name)
    look()
    (waits,) = cedar.get("/packages").json
    sealed = cedar.get(f"/transfers/{name}/package?version={waits['version']}", Accept_Encoding="identity")
    assert len(sealed.get_data()) == waits["size"]
    look()
    assert states == [TransferState.REQUESTED, TransferState.PACKED, TransferState.DELIVERED]


def test_the_search_would_find_the_child_in_the_memory(moving, tmp_path):
    memory = moving.region.administered.memory
    memory.put("leak", base64.b64encode(f"x{moving.world.student().state_id}".encode()), 60)
    found, _, _ = written_down(moving, tmp_path)
    assert found.found == ("memory",)
