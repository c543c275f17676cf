"""Regions whose agreements both parties must sign, and the parties that sign them."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit.acts import read_acts
from gateway.audit.agreement_texts import Texts
from gateway.config.settings import load
from gateway.signing import signatures
from gateway.signing.approval_book import signed_text, subject
from gateway.signing.party_keys import public_part
from gateway.storage.approvals import ASSERTED, SIGNED, Approval, Approvals, PartyKey
from gateway.storage.registry import open_store
from policies import agreement as agreements
from tests.gateway.signing.keys import key_of
from tests.support.regions import agreement, wait_until
from tests.support.reloading import reloadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from joserfc.jwk import Key

    from policies.agreement import Agreement
    from tests.support.regions import Site
    from tests.support.reloading import Reloaded

REQUIRED = 'approvals = "required"\n'
NAMES = (("student.id", "pseudonym"), ("student.name.given", "allow"), ("student.name.family", "allow"))
FEWER = NAMES[:2]
BORN = (*NAMES, ("student.birthDate", "allow"))
STUDENTS = "/ims/oneroster/rostering/v1p2/students?limit=1000"


def tutoring(version: int = 1, lines: tuple[tuple[str, str], ...] = NAMES, **more: str) -> str:
    """Write the agreement between maple and tutor."""
    return agreement("maple", lines, client="tutor", purpose="tutoring", version=version, **more)


@dataclass
class SignedRegion:
    """A region and its parties, maple and tutor, each with a key."""

    region: Reloaded
    approvals: Approvals

    def held(self, name: str) -> Agreement:
        """Return the agreement in the file *name*, with what its lines cover."""
        record = self.region.gateway.record
        return Texts(*record.agreements).held_to(agreements.load(self.region.folder / "agreements" / f"{name}.yaml"))

    def key(self, party: str, kind: str = "EC P-256", whose: str = "") -> Key:
        """Register the key of a party."""
        key = key_of(kind, whose or party)
        now = self.region.clock()
        self.approvals.add_key(PartyKey(key.thumbprint(), party, public_part(key), now, "ana"))
        return key

    def signature(self, name: str, whose: str, kind: str = "EC P-256") -> str:
        """Sign the agreement in the file *name* by somebody's key."""
        return signatures.sign(signed_text(self.held(name)), key_of(kind, whose))

    def put(self, name: str, text: str, *, signed_by: tuple[str, ...] = (), by: Mapping[str, str] = {}) -> None:
        """Write an agreement with the signatures of parties, or with those given in *by*, in its document."""
        self.region.write(name, text)
        told = {party: self.signature(name, party) for party in signed_by} | dict(by)
        entries = "".join(f"  - {{by: {party}, sig: {sig}}}\n" for party, sig in told.items())
        self.region.write(name, text + (f"approvals:\n{entries}" if entries else ""))

    def sign(self, name: str, *parties: str) -> None:
        """Record the signatures of parties in the registry, as the command does."""
        one = self.held(name)
        for party in parties:
            key = key_of("EC P-256", party)
            values = (*subject(one, party, SIGNED), self.region.clock(), "ana", self.signature(name, party))
            self.approvals.record(Approval(*values, key.thumbprint()), one.district)

    def state_by_word(self, name: str, party: str) -> None:
        """Record the operator's word for an approval."""
        one = self.held(name)
        self.approvals.record(Approval(*subject(one, party, ASSERTED), self.region.clock(), "ana"), one.district)

    def withdraw(self, version: int, party: str) -> None:
        """Withdraw what a party has approved of the agreement with tutor."""
        now = self.region.clock()
        self.approvals.withdraw("tutor-maple", version, party, actor="ana", reason="a breach", district="maple", at=now)

    @property
    def served(self) -> list[str]:
        """The versions that are served now."""
        return sorted(f"{one.id}@{one.version}" for one in self.region.running.state.standing.agreements)

    @property
    def pending(self) -> dict[str, str]:
        """The versions that are not, and why."""
        every = self.region.running.state.standing.pending
        return {f"{one.agreement.id}@{one.agreement.version}": one.words() for one in every}

    def follows(self, *served: str) -> float:
        """Wait until the gateway serves just these versions; return after how many seconds it does."""
        begun = time.monotonic()
        wait_until(lambda: self.served == sorted(served), 10)
        return time.monotonic() - begun

    def acts(self) -> list[dict[str, object]]:
        """Read the acts in the audit log."""
        return list(read_acts(self.region.folder / "state" / "audit"))


@contextmanager
def signed_region(
    folder: Path, sites: Mapping[str, Site], texts: Mapping[str, str] = {}, settings: str = REQUIRED
) -> Iterator[SignedRegion]:
    """Start a region where signatures are required, with the keys of maple and tutor."""
    with reloadable(folder, sites, texts, settings) as region:
        url = load(folder / "gateway.toml").store_url
        with closing(open_store(url, region.clock)) as store:
            one = SignedRegion(region, Approvals(store))
            one.key("maple")
            one.key("tutor")
            yield one
