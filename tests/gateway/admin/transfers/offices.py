"""Two districts with their people: Cedar asks Maple for records, and the worker does the gateway's part at once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from gateway.admin.transfers.asking import TransferAsking, TransferForm
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.preview import ReleasePreview
from gateway.registers.entries import Restriction
from gateway.registers.tags import ID
from gateway.transfers.machine.words import RequestStanding
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.work.desk import with_times
from tests.gateway.transfers.work.world import AtOnce, agreement_text, pair
from tests.support.people.region import people_region
from tests.support.regions import NOW, small_sites

SENDER, RECEIVER = "maple", "cedar"
ROLES = {
    "rita": (RECEIVER, "registrar"),
    "remy": (RECEIVER, "auditor"),
    "mona": (SENDER, "registrar"),
    "mia": (SENDER, "registrar"),
    "alma": (SENDER, "approver"),
    "arno": (SENDER, "approver"),
    "ada": (SENDER, "district-admin"),
    "pia": (SENDER, "privacy-officer"),
    "otto": (SENDER, "auditor"),
    "ella": (SENDER, "educator"),
    "olga": ("region", "region-operator"),
    "vic": ("acme", "vendor-contact"),
}
"""Whoever acts in tests, with the one role of each."""

SECTIONS = (
    "identity", "contacts", "enrollment", "schedule", "transcript", "attendance", "assessment", "programs",
    "special-education", "health", "discipline", "graduation", "restrictions", "documents",
)  # fmt: skip
SETTINGS = 'transfers = {{districts = ["maple", "cedar", "elm"], batch_every = "1s"{more}}}\n[limits]\nclient = ""\n'
NUMBERS = count(1)


def back_text():
    """The agreement by which Cedar sends records to Maple."""
    return agreement_text().replace("maple", "elm").replace("cedar", "maple").replace("elm", "cedar")


@dataclass
class Offices:
    """The region, and each service for whoever acts."""

    region: object
    worker: object
    actors: dict = field(default_factory=dict)

    @property
    def administration(self):
        return self.region.administered

    @property
    def ledger(self):
        return self.worker.desk.ledger

    def actor(self, name):
        if name not in self.actors:
            self.actors[name] = self.region.actor(name, ROLES[name])
        return self.actors[name]

    def of(self, service, name, org="", **more):
        """A service for somebody."""
        home = ROLES[name][0]
        return service(self.administration, self.actor(name), org or home, **more)

    def custody(self, name="alma"):
        return self.of(TransferCustody, name, SENDER)

    def shown(self, transfer, sections, name="alma"):
        """Show somebody what would leave; the tag by which that is approved."""
        return self.of(ReleasePreview, name, SENDER).show(transfer.id, sections).tag

    def asking(self, name="rita"):
        return self.of(TransferAsking, name, RECEIVER)

    def roll(self, district=SENDER):
        return self.worker.desk.children.roll(self.region.running.gateway.districts[district])

    def stated(self, number, **changes):
        """What Maple's system knows of its student of that number, as a form states it."""
        row = self.roll().index.rows[number]
        found = {"stateId": row.state_id, "family": row.family, "given": row.given, "birthDate": row.birth_date}
        return {name: text for name, text in (found | changes).items() if text}

    def ask(self, number=3, key="", standing=RequestStanding.INTENT, again=True, **changes):
        """Ask for a student of Maple; for one whom nobody knows with another *family* name and birth date."""
        form = TransferForm(SENDER, self.stated(number, **changes), standing, again=again)
        return self.asking().ask(form, key or self.key())

    def stranger(self):
        """Ask for somebody whom no district knows."""
        number = next(NUMBERS)
        family = NOBODY["family"] + "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}")
        student = NOBODY | {"stateId": f"98{number:06}7", "family": family}
        return self.asking().ask(TransferForm(SENDER, student, RequestStanding.INTENT, again=True), self.key())

    def worked(self, transfer):
        """Let the worker do all that it can."""
        self.worker.advance(transfer.id)
        if self.ledger.find(transfer.id).state == "approved":
            self.later(seconds=2)
            self.worker.advance(transfer.id)
        return self.ledger.find(transfer.id)

    def waiting(self, number, **changes):
        """Ask for a student whom no rule releases, and bring that before a person."""
        self.restrict(number, "parent-objection", elements=("student.email",))
        found = self.worked(self.ask(number, **changes))
        assert found.state == "waiting", found.state
        return found

    def near(self, number=5):
        """Ask for a student with another birth date and no state id, so that a person must find who it is."""
        found = self.worked(self.ask(number, stateId="", lastSchool="elsewhere"))
        assert found.state == "near", found.state
        return found

    def restrict(self, number, kind, **more):
        """Write a restriction on one of Maple's students."""
        tag = self.worker.desk.register_keys.tag(SENDER, ID, self.roll().own_id(number))
        entry = Restriction("", SENDER, kind, {ID: tag}, date(2026, 9, 1), **more)
        self.region.running._parts.registers.write(SENDER, [entry], "pia")
        self.later(seconds=2)

    def later(self, **more):
        self.region.clock.now += timedelta(**more)

    def key(self):
        return f"key {next(NUMBERS)}"

    def acts(self, action):
        """The acts of a kind on record, oldest first."""
        from sqlalchemy import select

        from gateway.storage.database import transaction
        from gateway.storage.tables import acts

        with transaction(self.administration.store.engine) as connection:
            return connection.execute(select(acts).where(acts.c.action == action).order_by(acts.c.number)).all()


NOBODY = {"family": "Zyxwvutsen", "given": "Qwertina", "birthDate": "2012-02-29", "stateId": "55443322"}


def jwk(name, use):
    """A published key as its district hands it in."""
    import json

    return json.dumps(publish(pair(name), use, NOW - timedelta(days=30), NOW + timedelta(days=330)).as_jwk()).encode()


@contextmanager
def offices(folder, more="", agreements=None, sites=None):
    """Run a region of two districts until the end of the block; Cedar has a key to which records are sealed."""
    from gateway.storage.acts import Act
    from gateway.storage.transfers.district_keys import DistrictKey

    sites = sites or small_sites(folder / "data")
    texts = agreements or [agreement_text(), back_text()]
    with people_region(folder / "region", sites, texts, SETTINGS.format(more=more)) as region:
        worker = region.running.transfers()
        worker.desk = with_times(worker.desk, AtOnce(worker.desk.times))
        key = publish(pair("cedar enc"), KeyUse.SEAL, NOW - timedelta(days=30), NOW + timedelta(days=330))
        row = DistrictKey(RECEIVER, key.kid, "enc", "active", key.as_jwk())
        worker.desk.district_keys.put(row, Act("ana", "key added", RECEIVER, {}))
        yield Offices(region, worker)
