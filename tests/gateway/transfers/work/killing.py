"""A process that dies at a boundary: before a statement, before a commit, around a write, after what was committed.

Once it is dead nothing of it does anything any more, its cleaning up neither, until another process begins.
"""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import event

from gateway.audit.log import Record
from gateway.storage.transfers.packages import SealedPackages
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.work.desk import with_times
from tests.gateway.transfers.work.world import AtOnce, World


class Killed(BaseException):
    """The end of a process."""


class Killer:
    """What kills at the boundary number *at*; 0 is for never."""

    def __init__(self):
        self.at = self.passed = 0
        self.dead = False

    def boundary(self, *_given):
        if self.dead:
            raise Killed
        self.passed += 1
        if self.passed == self.at:
            self.dead = True
            raise Killed

    def arm(self, at):
        self.at, self.passed, self.dead = at, 0, False


def _around(monkeypatch, owner, name, killer):
    """Let a method have a boundary before it and one after it."""
    method = getattr(owner, name)

    def bounded(*given, **more):
        killer.boundary()
        found = method(*given, **more)
        killer.boundary()
        return found

    monkeypatch.setattr(owner, name, bounded)


@contextmanager
def killer_of(world, monkeypatch):
    """Yield the killer of a world's processes."""
    world.region.gateway.ending()  # what looks after the region each second is no part of what dies here
    world.region.gateway.ending = lambda: None
    killer, engine = Killer(), world.desk.store.engine
    statement = lambda *_given: killer.boundary()  # noqa: E731  SQLAlchemy wants the very same to remove it
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", statement)
    with monkeypatch.context() as patch:
        _around(patch, Record, "append", killer)
        _around(patch, SealedPackages, "_write", killer)
        _around(patch, SealedPackages, "_unlink", killer)
        _around(patch, TransferLedger, "append", killer)
        try:
            yield killer
        finally:
            killer.arm(0)
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", statement)


class OneLane:
    """The lane of this very thread."""

    def begin(self, _district, work):
        work()
        return True

    def wait(self, _seconds):
        return True


def born_again(world):
    """Return the world of the next process: nothing of the last one's memory is in it."""
    worker = world.region.running.transfers()
    worker.desk = with_times(worker.desk, AtOnce(worker.desk.times))
    worker.lanes = OneLane()
    return World(world.region, worker)
