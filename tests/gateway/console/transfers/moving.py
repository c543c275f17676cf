"""Two small districts between which records move, with their people at browsers and the worker stepped by hand."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape

from sqlalchemy import select

from gateway.admin.transfers.receiving import TransferReceiving
from gateway.people.actor import machine
from gateway.registers.entries import Restriction
from gateway.registers.tags import ID
from gateway.storage.acts import Act
from gateway.storage.database import transaction
from gateway.storage.tables import acts
from gateway.storage.transfers.district_keys import DistrictKey
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.work.worker import TransferWorker
from tests.gateway.transfers.work.world import agreement_text, pair
from tests.support.people.region import PeopleRegion, people_region
from tests.support.regions import NOW, small_sites

SETTINGS = 'transfers = {districts = ["maple", "cedar"], batch_every = "1s"}\n[limits]\nclient = ""\n'
NOBODY = {
    "state_id": "999888777", "given": "Quentin", "family": "Nobody", "birth_date": "2001-01-01", "standing": "intent",
}  # fmt: skip
"""What is stated of a student whom no district has."""

OFFICE = "the registrar of Maple, 555-0100"
PEOPLE = {
    "rosa": ("cedar", "registrar"), "ana": ("maple", "approver"), "abel": ("maple", "approver"), "rita": ("maple", "registrar"),
    "pia": ("maple", "privacy-officer"), "dana": ("maple", "district-admin"), "aldo": ("maple", "auditor"),
    "olga": ("region", "region-operator"), "vera": ("cedar", "vendor-contact"),
}  # fmt: skip
"""Somebody of each role; Rosa asks for records in Cedar, the others are in Maple, which has them."""


@dataclass
class Moving:
    """A region in which Cedar asks Maple for records."""

    region: PeopleRegion
    worker: TransferWorker
    site: object = None
    """Where its console is served, if a browser looks at it."""

    @property
    def ledger(self):
        return self.worker.desk.ledger

    def browser(self, name):
        """Return a browser in which somebody of the `PEOPLE` is signed in."""
        return self.region.browser(name, PEOPLE[name])

    def child(self, number=3):
        """Return what Maple's system knows a student by."""
        roll = self.worker.desk.children.roll(self.region.running.gateway.districts["maple"])
        return roll.index.rows[number]

    def stated(self, number=3, **changes):
        """Return the fields of a request for a child, as Rosa types them."""
        child = self.child(number)
        found = {
            "state_id": child.state_id, "given": child.given, "middle": child.middle, "family": child.family,
            "birth_date": child.birth_date, "sender": "maple", "standing": "enrollment",
        } | changes  # fmt: skip
        return {name: text for name, text in found.items() if text}

    def asked(self, number=3, browser=None, **changes):
        """Ask for a child's record; return the transfer's id."""
        rosa = browser or self.browser("rosa")
        rosa.get("/console/transfers/cedar/ask")
        answer = rosa.post("/console/transfers/cedar/ask", self.stated(number, **changes) | {"again": "y"})
        assert answer.status_code == 303, words(answer)
        return answer.headers["Location"].rpartition("/")[2]

    def release(self, browser, transfer, **sent):
        """Look at what would leave, and release exactly that; return the preview and the answer."""
        place = f"/console/transfers/maple/inbox/{transfer}"
        browser.get(f"{place}/release")
        shown = browser.post(f"{place}/preview", sent)
        return shown, browser.post(f"{place}/release", sent | {"shown": hidden(shown, "shown"), "key": transfer})

    def work(self, transfer, seconds=2):
        """Let some seconds pass and the worker do all it can with a transfer; return its state then."""
        self.region.clock.now += timedelta(seconds=seconds)
        self.worker.advance(transfer)
        return self.ledger.find(transfer).state.value

    def deliver(self, transfer):
        """Let Cedar's program read a package to its last byte."""
        found = self.ledger.find(transfer)
        for _ in self.agent().package(transfer, found.version).chunks:
            pass
        return self.ledger.find(transfer).state.value

    def accept(self, transfer):
        """Let Cedar's program say that the figures agree."""
        found = self.ledger.find(transfer)
        self.agent().accept(transfer, found.version, found.package.echo, f"accept {transfer} {found.version}")
        return self.ledger.find(transfer).state.value

    def agent(self):
        """Return what Cedar's program may do."""
        actor = machine("cedar-agent", "cedar", ())
        return TransferReceiving(self.region.administered, actor, "cedar", {"transfer:receive"})

    def protect(self, number):
        """Let the address of one of Maple's students be protected."""
        roll = self.worker.desk.children.roll(self.region.running.gateway.districts["maple"])
        own = roll.own_id(roll.rows[roll.index.rows[number].id])
        tag = self.worker.desk.register_keys.tag("maple", ID, own)
        entry = Restriction("", "maple", "acp", {ID: tag}, date(2026, 9, 1))
        self.region.running._parts.registers.write("maple", [entry], "pia")
        self.region.clock.now += timedelta(seconds=2)

    def acts(self):
        """Return all acts, carried over to the audit log or not yet, oldest first."""
        with transaction(self.region.administered.store.engine) as connection:
            return connection.execute(select(acts).order_by(acts.c.number)).all()

    def publish(self, district, name, use):
        """Publish a district's key."""
        key = publish(pair(name), use, NOW - timedelta(days=30), NOW + timedelta(days=330))
        row = DistrictKey(district, key.kid, use.value, "active", key.as_jwk())
        self.worker.desk.district_keys.put(row, Act("ana", "key added", district, {}))


@contextmanager
def moving(folder, third=False, **more):
    """Run such a region until the end of the block; a *third* district is Birch, which has what Maple has."""
    sites = small_sites(folder / "data")
    agreed = [agreement_text(**more).replace("notify: letter\n", f"notify: letter\n  office: {OFFICE}\n")]
    settings = SETTINGS
    if third:
        sites["birch"] = sites["maple"]
        agreed.append(agreed[0].replace("maple", "birch"))
        settings = SETTINGS.replace('"cedar"]', '"cedar", "birch"]')
    with people_region(folder / "region", sites, agreed, settings) as region:
        found = Moving(region, region.running.transfers())
        found.publish("cedar", "cedar enc", KeyUse.SEAL)
        yield found


def text(answer):
    return answer.get_data(as_text=True)


def words(answer):
    """Return what a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>|\s+", " ", text(answer))).split())


def hidden(answer, name):
    """Return the value of a hidden field of a page."""
    return re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', text(answer))[1]
