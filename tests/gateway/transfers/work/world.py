"""A region of two districts between which records move: Maple sends, Cedar receives, each with its own keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from itertools import count

from gateway.storage.acts import Act
from gateway.storage.transfers.district_keys import DistrictKey
from gateway.transfers.districts.standing import registered_tag
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.limits import AskingLimits
from gateway.transfers.machine.event import TransferEvent, idempotency_key
from gateway.transfers.machine.words import EventKind, TransferParty
from gateway.transfers.sealing.key_files import new_key
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.sealing.package import open_package
from gateway.transfers.work.keys import parties_of
from gateway.transfers.work.worker import TransferWorker
from tests.support.regions import NOW, Clock, running, small_sites

SENDER, RECEIVER = "maple", "cedar"
PARENTS = "parent-objection"
NUMBERS = count(1)
MANY = AskingLimits(100_000, 100_000, 100_000)
"""Limits for tests that ask more often than a district may."""
E = EventKind
SETTINGS = 'transfers = {districts = ["maple", "cedar"]}\n[limits]\nclient = ""\n'


@cache
def pair(whose):
    """Make somebody's pair of keys, once in a run."""
    return new_key()


def agreement_text(
    release=True,
    version=1,
    sender_keys=("maple sig",),
    begin="2026-09-01",
    end="2027-08-31",
    notify="",
    receiver_keys=("cedar enc",),
):
    """Write the agreement by which Maple sends records to Cedar."""
    opened_by = json.dumps([pair(one).thumbprint() for one in receiver_keys])
    pinned = json.dumps([pair(one).thumbprint() for one in sender_keys] or ["s" * 43])
    rule = "  release: {when: [stateId exact, birthDate exact, noRestriction, noHold], tracks: [info]}\n"
    return (
        f"apiVersion: dsa/v1\nid: maple-to-cedar\nversion: {version}\n"
        "parties: {provider: {district: maple}, recipient: {org: cedar, kind: district}}\n"
        'basis: {ferpa: "99.31(a)(2)", purpose: enrollment, legitimateInterest: "enroll a student who moves"}\n'
        f"validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}\n"
        'clients: [cedar-agent]\noperations: [transfer]\nelements:\n  - {path: "*", action: allow}\n'
        f"transfer:\n{rule if release else ''}  ask: [special-education, health, discipline]\n"
        f"  notify: {notify or 'annual-notice'}\n"
        f"  keys:\n    receiver: {opened_by}\n    sender: {pinned}\n"
    )  # fmt: skip


class AtOnce:
    """Times under which all leaves as soon as it is decided."""

    def __init__(self, times):
        self._times = times

    def school_days(self, district):
        return self._times.school_days(district)

    def next_batch(self, district, decided):
        return decided


@dataclass
class World:
    """A running region with the worker on its transfers."""

    region: object
    worker: TransferWorker

    @property
    def desk(self):
        return self.worker.desk

    @property
    def clock(self):
        return self.region.clock

    @property
    def state(self):
        return self.region.folder / "state"

    def later(self, **more):
        self.clock.now += timedelta(**more)

    def publish(self, district, name, use):
        """Publish a district's key."""
        key = publish(pair(name), use, NOW - timedelta(days=30), NOW + timedelta(days=330))
        row = DistrictKey(district, key.kid, use.value, "active", key.as_jwk())
        self.desk.district_keys.put(row, Act("ana", "key added", district, {}))

    def revoke(self, district, name):
        """Revoke a district's key."""
        found = next(one for one in self.desk.district_keys.of(district) if one.kid == pair(name).thumbprint())
        told = {**found.key, "status": "revoked"}
        self.desk.district_keys.put(replace(found, status="revoked", key=told), Act("ana", "key revoked", district, {}))

    def agree(self, text):
        """Put another agreement in force."""
        (self.region.folder / "agreements" / "1.yaml").write_text(text)
        assert self.region.running.reload().ok

    def look_again(self, transfer):
        """Let the worker look whether what lies ready may still leave; return the transfer as it is then."""
        self.worker.look_again(transfer.id)
        return self.find(transfer)

    def student(self, number=3):
        """Return what Maple's system knows a student by."""
        roll = self.desk.children.roll(self.region.gateway.districts[SENDER])
        return roll.index.rows[number]

    def values(self, child, **changes):
        name = {"given": child.given, "family": child.family, "middle": child.middle}
        found = {
            "state-id": child.state_id, "birth-date": child.birth_date, "name": json.dumps({k: v for k, v in name.items() if v}),
            "last-school": next(iter(child.schools), ""),
        } | changes  # fmt: skip
        return {name: text for name, text in found.items() if text}

    def ask(self, child=None, key=None, **changes):
        """Ask for a child as Cedar's registrar does."""
        values = self.values(child or self.student(), **changes)
        content = {
            "sender": SENDER, "receiver": RECEIVER, "known": sorted(values), "standing": "enrollment", "military": False,
        }  # fmt: skip
        return self.desk.ledger.ask(self.event(None, E.ASK, key=key, content=content), values).transfer

    def ask_back(self, child):
        """Ask for a child of Cedar as Maple's registrar does."""
        values = self.values(child)
        content = {
            "sender": RECEIVER, "receiver": SENDER, "known": sorted(values), "standing": "intent", "military": False,
        }  # fmt: skip
        made = replace(self.event(None, E.ASK, content=content), org=SENDER)
        return self.desk.ledger.ask(made, values).transfer

    def event(self, transfer, kind, party=None, content=None, reason="", key=None):
        party = party or {E.ASK: "receiver", E.DELIVER: "agent", E.ACCEPT: "agent", E.RESEND: "agent"}.get(
            kind, "sender-approver"
        )
        org = RECEIVER if party in {"receiver", "agent"} else SENDER
        given = key or f"key {next(NUMBERS)}"
        hashed = "a" * 64
        return TransferEvent(
            transfer.id if transfer else "", kind, TransferParty(party), org, f"somebody of {org}", self.clock(),
            idempotency_key(org, given), hashed, reason, content or {},
        )  # fmt: skip

    def does(self, transfer, kind, **more):
        """Append what a person does."""
        return self.desk.ledger.append(self.event(transfer, kind, **more)).transfer

    def approve(self, transfer, sections=("identity", "contacts", "enrollment", "schedule"), withheld=()):
        content = {"sections": list(sections), "withheld": list(withheld), "registered": self.registered(transfer)}
        return self.does(transfer, E.APPROVE, content=content)

    def supplement(self, transfer, sections, withheld=()):
        content = {"sections": list(sections), "withheld": list(withheld), "registered": self.registered(transfer)}
        return self.does(transfer, E.SUPPLEMENT, content=content | {"on_request": False})

    def registered(self, transfer):
        """Return the tag of what the registers say now of the student of a transfer."""
        found = self.find(transfer)
        with self.desk.visiting() as gateway:
            roll = self.desk.children.roll(gateway.districts[found.sender])
            grant = gateway.grants.transfer(found.sender, found.receiver)[1]
            return registered_tag(self.desk.register_keys, roll, found, grant, gateway.views.today(grant))

    def find(self, transfer):
        return self.desk.ledger.find(getattr(transfer, "id", transfer))

    def work(self, transfer):
        """Let the worker do all it can with a transfer; return it as it is then."""
        self.worker.advance(transfer.id)
        return self.find(transfer)

    def terms(self):
        with self.desk.visiting() as gateway:
            return gateway.grants.transfer(SENDER, RECEIVER)[0].transfer

    def container(self, transfer):
        packages = self.desk.packages
        found = self.find(transfer)
        return b"".join(packages.read(packages.find(found.id, found.version)))

    def opened(self, transfer, key="cedar enc"):
        """Open the package of a transfer with a key of Cedar."""
        found = self.find(transfer)
        parties = parties_of(self.desk, found, self.terms())
        return open_package(BytesIO(self.container(found)), found.id, found.version, parties, [pair(key)], self.clock())

    def deliver(self, transfer):
        found = self.find(transfer)
        return self.does(found, E.DELIVER, content={"version": found.version})

    def accept(self, transfer):
        found = self.find(transfer)
        echo = found.package.echo
        return self.does(found, E.ACCEPT, content={"version": found.version, "echo": echo})


def worlds(folder, agreements=None, at_once=True, store="", keys=(("cedar", "cedar enc", KeyUse.SEAL),), sites=None):
    """Yield a world; a fixture goes on with it."""
    settings = SETTINGS.replace("transfers = ", f"{store}transfers = ")
    sites = sites or small_sites(folder / "data")
    with running(folder / "region", sites, agreements or [agreement_text()], settings, Clock()) as region:
        worker = region.running.transfers()
        desk = worker.desk
        times = AtOnce(desk.times) if at_once else desk.times
        ledger = TransferLedger(desk.store, desk.key, desk.clock, times, MANY)
        worker.desk = replace(desk, times=times, ledger=ledger)
        world = World(region, worker)
        for key in keys:
            world.publish(*key)
        yield world


def replaced(world, **changes):
    """Return a world whose desk has other parts."""
    return World(world.region, TransferWorker(replace(world.desk, **changes)))
