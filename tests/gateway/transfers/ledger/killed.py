"""A process that is killed again and again while it moves records: ``python -m tests.gateway.transfers.ledger.killed``.

It forks before it has a thread; each child opens the registry, goes on with what it finds there, and dies at any moment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

from gateway.storage.registry import open_store
from gateway.storage.transfers.packages import SealedPackages, note_package
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.limits import AskingLimits
from gateway.transfers.ledger.lists import TransferLists
from gateway.transfers.machine.words import EventKind
from tests.gateway.transfers.histories import draft
from tests.gateway.transfers.ledger.conftest import KEY, Bench, Times

E = EventKind
SEALED = b"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ.key.iv.text.tag"
WAY = (E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER, E.ACCEPT)


def opened(state: Path) -> Bench:
    """Open the registry, as a start does."""
    store, times = open_store(f"sqlite:///{state}/registry.db"), Times()
    ledger = TransferLedger(store, KEY, times.clock, times, AskingLimits(100_000, 100_000, 100_000))
    lists, packages = TransferLists(store, times.clock), SealedPackages(store, state, times.clock)
    return Bench(ledger, lists, packages, times, store, "maple", "fir")


def move(bench: Bench, number: int) -> None:
    """Move the record of one student, whatever of it was done before: each step has a key that says which it is."""
    transfer = bench.ask(key=f"ask {number}").transfer
    for kind in WAY:
        transfer = bench.ledger.find(transfer.id)
        event = replace(bench.event(transfer, kind, key=f"{number} {kind}"), transfer=transfer.id)
        if event.key in transfer.keys:
            continue
        written = bench.packages.write(transfer.id, 1, [SEALED], "fir", "k") if kind is E.PACK else None
        note = (lambda connection, _transfer, one=written: note_package(connection, one)) if written else None
        bench.ledger.append(event, beside=note)


def run(state: Path, students: int) -> None:
    """Move the records of so many students."""
    bench = opened(state)
    for number in range(students):
        move(bench, number)


def main(state: Path, students: int, kills: int, seed: int) -> None:
    """Let children do it, and kill each at a moment of its own, but for the first, which begins, and the last."""
    chance = Random(seed)
    for number in range(kills + 2):
        child = os.fork()
        if child == 0:
            try:
                run(state, students if number else 1)
            finally:
                os._exit(0)
        if 0 < number <= kills:
            time.sleep(chance.uniform(0.05, 0.3))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if number == kills:
            print(sum(1 for _ in (state / "sealed").iterdir()), "files after the last kill")


if __name__ == "__main__":
    draft(E.ASK)  # so that no child imports anything
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
