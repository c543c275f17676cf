"""The transfer office of one district: what every service of transfers works with, and what it asks of who acts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.people.actor import NotPermitted
from gateway.registers.tags import PURPOSE as REGISTERS
from gateway.registers.tags import RegisterKeys
from gateway.storage.acts import Act, write_acts
from gateway.storage.cipher import NotSealed, TokenCipher
from gateway.storage.secrets import derive_subkey
from gateway.transfers.districts.children import DistrictChildren
from gateway.transfers.districts.times import RegionTimes
from gateway.transfers.ledger.ledger import PURPOSE, TransferLedger
from gateway.transfers.ledger.limits import asking_limits
from gateway.transfers.ledger.lists import TransferLists
from gateway.transfers.machine.errors import NotPartyTo
from gateway.transfers.machine.event import TransferEvent, idempotency_key
from policies.compiler import NO_TRANSFER
from standards.errors import Forbidden, NotFound, Unsupported

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from gateway.admin.administration import Administration
    from gateway.gateway import Gateway
    from gateway.people.actor import Actor
    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.machine.words import EventKind, TransferParty
    from policies.agreement import Agreement
    from policies.grant import Grant

FOLLOW, READ, ASK, WITHDRAW = "transfer.follow", "transfer.read", "transfer.ask", "transfer.withdraw"
MATCH, DECIDE, RECEIVE = "transfer.match", "transfer.decide", "transfer.receive"
KEYS, REPORTS = "transfer.keys", "transfer.reports"

SCOPES: Final[Mapping[str, frozenset[str]]] = {
    ASK: frozenset({"transfer:request"}),
    WITHDRAW: frozenset({"transfer:request"}),
    FOLLOW: frozenset({"transfer:request", "transfer:receive"}),
    RECEIVE: frozenset({"transfer:receive"}),
}
"""The scopes by which a district's program may do an action; every other action is a person's."""

HIDDEN: Final = ""
"""The receiver's name where it is not to be told: a district of the region."""
TOLD: Final = frozenset({"approver", "privacy-officer"})
"""The roles that may know to which district a child with a protected address moves."""

NO_DISTRICT: Final = "There is no such district here, or it takes no part in transfers."


class TransferOffice:
    """One *actor* acting for *org*, a district; a program of the district by the *scopes* of its token.

    A program may do what its scope says (`transfer:request`, `transfer:receive`) and is never asked to decide.
    """

    def __init__(self, region: Administration, actor: Actor, org: str, scopes: Collection[str] = frozenset()) -> None:
        self.region, self.actor, self.org, self.scopes = region, actor, org, frozenset(scopes)
        self.key = region.keys.derive(PURPOSE)
        self.times = RegionTimes(region.settings, lambda: region.running.gateway if region.running else None)
        limits = asking_limits(region.settings().transfers)
        if actor.kind == "machine":
            limits = replace(limits, asked_by_person=limits.asked)
        self.ledger = TransferLedger(region.store, self.key, region.clock, self.times, limits)
        self.lists = TransferLists(region.store, region.clock)
        self.register_keys = RegisterKeys(region.keys.derive(REGISTERS))

    @property
    def gateway(self) -> Gateway:
        """The running gateway.

        Raises:
            Unsupported: none is running.
        """
        if self.region.running is None:
            raise Unsupported("Only a running gateway can do this: it alone reads the systems of districts.")
        return self.region.running.gateway

    def need(self, action: str) -> None:
        """Refuse an action that the actor may not do for the district.

        Raises:
            NotFound: the district takes no part in transfers, or the actor has nothing to do with it.
            NotPermitted: no role of the actor, and no scope of its token, allows it.
        """
        self.takes_part()
        if self.actor.kind == "machine":
            if not SCOPES.get(action, frozenset()) & self.scopes:
                raise NotPermitted("No scope of this token allows this, or nothing but a person may do it.")
            return
        self.actor.require_seen(FOLLOW, self.org, what=NO_DISTRICT)
        self.actor.require(action, self.org)

    def need_children(self) -> None:
        """Refuse whoever may not look at the district's own students: a command shows none of them.

        Raises:
            NotPermitted: no registrar, and no program of the district that may ask, looks.
        """
        self.need(ASK)
        if self.actor.kind == "operator":
            raise NotPermitted("A command shows no students: a registrar of the district does this.")

    def may(self, action: str) -> bool:
        """Tell whether the actor may do an action for the district."""
        if self.actor.kind == "machine":
            return bool(SCOPES.get(action, frozenset()) & self.scopes)
        return self.actor.allows(action, self.org)

    def takes_part(self) -> None:
        """Refuse a district that takes no part in transfers."""
        settings = self.region.settings()
        if self.org not in settings.districts or not settings.transfers.takes_part(self.org):
            raise NotFound(NO_DISTRICT)

    @property
    def is_told(self) -> bool:
        """Whether the actor may know where a child with a protected address moves."""
        return any(one.org == self.org and one.role in TOLD for one in self.actor.memberships)

    def agreement(self, sender: str, receiver: str) -> tuple[Agreement, Grant]:
        """Return the agreement in force about transfers from one district to another, with its grant.

        Raises:
            Forbidden: there is none, or one of them takes no part in transfers.
        """
        takes_part = self.region.settings().transfers.takes_part
        if not (takes_part(sender) and takes_part(receiver)):
            raise Forbidden(NO_TRANSFER)
        return self.gateway.grants.transfer(sender, receiver)

    def sent_to_us(self, transfer: str) -> Transfer:
        """Find a transfer that is asked of this district.

        Raises:
            NotPartyTo: it is not.
        """
        found = self.ledger.find(transfer)
        if found.sender != self.org:
            raise NotPartyTo
        return found

    def asked_by_us(self, transfer: str) -> Transfer:
        """Find a transfer that this district has asked for.

        Raises:
            NotPartyTo: it has not.
        """
        found = self.ledger.find(transfer)
        if found.receiver != self.org:
            raise NotPartyTo
        return found

    def event(
        self,
        transfer: str,
        kind: EventKind,
        party: TransferParty,
        key: str,
        content: Mapping[str, Any] | None = None,
        reason: str = "",
        agreement: str = "",
    ) -> TransferEvent:
        """Return the event that the actor makes happen for the district, under the idempotency *key* that it gave."""
        at, hashed = self.region.clock(), idempotency_key(self.org, key)
        name = self.actor.name
        return TransferEvent(transfer, kind, party, self.org, name, at, hashed, agreement, reason, content or {})

    def roll(self, district: str = "") -> DistrictRoll:
        """Return the students of a district, by default the own one."""
        return DistrictChildren().roll(self.gateway.districts[district or self.org])

    def roll_with(self, own: str) -> DistrictRoll:
        """Return own students with the one whom the district's system calls *own*."""
        return DistrictChildren().roll_with(self.gateway.districts[self.org], own)

    def roll_about(self, transfer: Transfer) -> DistrictRoll:
        """Return own students with the one who was found for a *transfer*, if there still is one."""
        return DistrictChildren().roll_about(self.gateway.districts[self.org], self.register_keys, transfer.subject)

    def today(self, district: str = "") -> date:
        """Return the present day in a district, by default the own one."""
        spec = self.region.settings().districts[district or self.org]
        return self.region.clock().astimezone(spec.timezone).date()

    def handle(self, about: str, text: str) -> str:
        """Seal an id of the district's system as a handle *about* one thing, that opens for this district alone."""
        sealed = self._handles().seal(text.encode(), [self.org.encode(), about.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def opened(self, about: str, handle: str) -> str:
        """Open a handle.

        Raises:
            NotFound: it is none of this district about this thing.
        """
        try:
            sealed = base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))
            return self._handles().open(sealed, [self.org.encode(), about.encode()]).decode()
        except (NotSealed, binascii.Error, ValueError):
            raise NotFound("This names none of the students that were shown: look again.") from None

    def tag(self, about: bytes, text: str) -> str:
        """Return a keyed tag of a text, by which nobody without the key learns it."""
        return derive_subkey(derive_subkey(self.key, about), text.encode("utf-8", "surrogatepass")).hex()

    def record(self, action: str, transfer: str = "", content: Mapping[str, Any] | None = None) -> None:
        """Write an act that changes nothing: that somebody looked."""
        about = {"transfer": transfer} if transfer else {}
        act = Act(self.actor.name, action, self.org, {**about, **(content or {})})
        write_acts(self.region.store, [act], self.region.clock())

    def _handles(self) -> TokenCipher:
        return TokenCipher(derive_subkey(self.key, b"handles"))
