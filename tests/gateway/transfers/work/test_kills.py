"""However often the gateway dies, every record arrives once, none leaves that nobody released, and none lies in clear."""

from __future__ import annotations

import json
import tempfile
from random import Random

import pytest
from sqlalchemy import select

from gateway.audit.reports.reading import AuditReader
from gateway.storage.database import transaction
from gateway.storage.tables import metadata
from gateway.storage.transfers.tries import CLAIM
from gateway.transfers.machine.words import EventKind, TransferState
from tests.gateway.transfers.work.killing import Killed, born_again, killer_of
from tests.gateway.transfers.work.world import SENDER, worlds
from tests.support import servers

E = EventKind
WAY = ["ask", "match", "release", "pack", "deliver", "accept"]


def texts(value):
    """Yield every text of a value that is no descriptor."""
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str) and len(value) >= 7 and not value.startswith("uri:"):
        yield value


def rows_of(world):
    """Return all rows of the registry as text, wherever it is."""
    with transaction(world.desk.store.engine) as connection:
        return b"\n".join(
            repr(connection.execute(select(table)).all()).encode() for table in metadata.tables.values()
        )  # fmt: skip


def in_clear(world, words):
    """Return the words that stand in any file of the gateway's state: the registry, its log, packages, the record."""
    files = [path for path in world.state.rglob("*") if path.is_file()]
    found = {path.name: path.read_bytes() for path in files} | {"rows of the registry": rows_of(world)}
    return {(name, word) for name, content in found.items() for word in words if word.encode() in content}


def words_of(world, *children):
    """Return what the records of children, and the requests for them, say that nothing else does."""
    found = set()
    for child in children:
        found |= {
            child.state_id,
            f"{child.given} {child.family}",
            child.birth_date,
            json.loads(world.values(child)["name"])["family"],
        }
    return {word for word in found if len(word) >= 7}


def move(world, child, name):
    """Move a child's record, whatever was done before; every request is sent twice, as a network does."""
    transfer = world.ask(child, key=f"ask {name}")
    assert world.ask(child, key=f"ask {name}").id == transfer.id
    world.worker.advance(transfer.id)
    found = world.find(transfer)
    if found.state in {TransferState.PACKED, TransferState.DELIVERED, TransferState.ACKNOWLEDGED}:
        assert found.release.by_rule
        content = {"version": found.version}
        for _ in range(2):
            world.does(found, E.DELIVER, content=content, key=f"deliver {name}")
        for _ in range(2):
            world.does(found, E.ACCEPT, content=content | {"echo": found.package.echo}, key=f"accept {name}")
    return world.find(transfer)


def lives(world, monkeypatch, children, moments):
    """Move the record of one child after the other while the process is killed after so many boundaries each time.

    Return the world after it, the transfers, and how many processes were killed.
    """
    words, kills = words_of(world, *children), 0
    with killer_of(world, monkeypatch) as killer:
        for number, at in enumerate(moments):
            child = children[number * len(children) // len(moments)]
            killer.arm(at)
            alive = born_again(world)
            try:
                move(alive, child, child.id)
                alive.worker.work_once()
            except Killed:
                kills += 1
            killer.arm(0)
            world.later(seconds=CLAIM.total_seconds() + 1)
            if number % 10 == 0:
                assert in_clear(world, words) == set()
    alive = born_again(world)
    return alive, [move(alive, child, child.id) for child in children], kills


def arrived_once(world, transfers, children):
    reader = AuditReader(world.region.running.settings, world.desk.store)
    for transfer, child in zip(transfers, children, strict=True):
        assert [one.kind.value for one in world.desk.ledger.events(transfer.id)] == WAY
        told = [one for one in reader.about(SENDER, child.id) if one["operation"] == "transfer"]
        assert {one["org"] for one in told} == {"cedar"}
    world.desk.packages.expire()
    world.later(days=365)  # files have the time of the machine
    world.desk.packages.sweep()
    assert list((world.state / "sealed").iterdir()) == []
    assert world.desk.tries.given_up() == ()
    assert in_clear(world, words_of(world, *children)) == set()


def boundaries(world, monkeypatch, child):
    """Count the boundaries of moving one record."""
    with killer_of(world, monkeypatch) as killer:
        killer.arm(0)
        move(world, child, child.id)
        return killer.passed


def test_what_is_looked_for_would_be_found(tmp_path):
    for world in worlds(tmp_path):
        child = world.student()
        (world.state / "leak").write_bytes(b"..." + child.state_id.encode())
        assert ("leak", child.state_id) in in_clear(world, words_of(world, child))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request):
    """The line of the settings that says where the registry is."""
    if request.param == "sqlite":
        yield ""
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield f'store = {{url = "{url.replace("postgresql+psycopg:", "postgresql:")}"}}\n'


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files of this process."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_a_record_arrives_once_though_the_gateway_dies_at_some_twenty_moments(tmp_path, monkeypatch, store, temporary):
    for world in worlds(tmp_path, store=store):
        most = boundaries(world, monkeypatch, world.student(30))
        children = [world.student(number) for number in (31, 32, 33)]
        moments = range(1, most, max(1, most // 20))
        alive, moved, kills = lives(world, monkeypatch, children, moments)
        assert kills >= 5
        arrived_once(alive, moved, children)
        assert [path for path in temporary.rglob("*") if path.is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_records_arrive_once_over_two_hundred_kills(tmp_path, monkeypatch, seed):
    for world in worlds(tmp_path):
        most = boundaries(world, monkeypatch, world.student(30))
        chance = Random(seed)
        children = [world.student(number) for number in range(60) if number != 30]
        moments = [chance.randint(1, most // 2) for _ in range(4 * len(children))]
        alive, moved, kills = lives(world, monkeypatch, children, moments)
        assert kills >= 200
        arrived_once(alive, moved, children)
