"""A ledger of transfers in a registry of each test file, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from gateway.storage.registry import open_store
from gateway.storage.transfers.packages import SealedPackages
from gateway.transfers.clocks.school_days import school_days
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.lists import TransferLists
from gateway.transfers.machine.words import EventKind
from tests.gateway.transfers.histories import draft, without
from tests.support import servers

KEY = b"t" * 32
NOON = datetime(2026, 9, 14, 19, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")
TAUGHT = [day for number in range(286) if (day := date(2026, 9, 2) + timedelta(days=number)).weekday() < 5]
VALUES = {"state-id": "7000000001", "name": "Xylocanary Quillfeather", "birth-date": "2012-03-04"}
NUMBERS = count(1)


@dataclass
class Times:
    """What the ledger asks of districts, and a clock that a test moves."""

    now: datetime = NOON
    days: dict = field(default_factory=dict)
    wait: timedelta = timedelta(0)

    def clock(self):
        return self.now

    def later(self, **more):
        self.now += timedelta(**more)

    def school_days(self, district):
        return self.days.get(district, school_days(PACIFIC, TAUGHT))

    def next_batch(self, district, decided):
        return decided + self.wait


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('ledger')}/state/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture(scope="module")
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()


@dataclass
class Bench:
    """A ledger, its lists and packages, and a district that nobody else asks or is asked by."""

    ledger: TransferLedger
    lists: TransferLists
    packages: SealedPackages
    times: Times
    store: object
    sender: str
    receiver: str

    def ask(self, key=None, values=None, **content):
        made = draft(EventKind.ASK, key=key, org=content.get("receiver", self.receiver), **self.parties() | content)
        return self.ledger.ask(without(made, "due"), VALUES if values is None else values)

    def parties(self):
        return {"sender": self.sender, "receiver": self.receiver}

    def event(self, transfer, kind, **more):
        """Return an event that may follow, as somebody of the transfer's districts would write it."""
        made = draft(kind, transfer, **more)
        sending = str(made.party).startswith("sender")
        own = "" if made.party == "gateway" else transfer.sender if sending else transfer.receiver
        made = replace(made, org=more.get("org", own))
        return without(made, "subject", "child") if made.content.get("result", "one") != "one" else made

    def go(self, transfer, *kinds, **more):
        """Append events of these kinds; return the transfer after them."""
        for kind in kinds:
            transfer = self.ledger.append(self.event(transfer, kind, **more)).transfer
        return transfer


@pytest.fixture
def bench(store, tmp_path):
    times, number = Times(), next(NUMBERS)
    ledger = TransferLedger(store, KEY, times.clock, times)
    lists, packages = TransferLists(store, times.clock), SealedPackages(store, tmp_path / "state", times.clock)
    return Bench(ledger, lists, packages, times, store, f"maple{number}", f"fir{number}")
