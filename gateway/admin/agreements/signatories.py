"""Signatories: who of each party has signed a version, whose signature waits for a second person, who is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.signing import SIGN
from gateway.admin.people import Persons
from gateway.admin.shortage import inviters
from gateway.people.active import ActivePeople
from gateway.storage.people.proposals import Proposals
from standards.errors import NotFound

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.people.actor import Actor
    from gateway.storage.approvals import Approval
    from gateway.storage.people.proposals import Proposal

SIGNATORY: Final = "approver"
"""The role of people who sign for their organisation."""

SIGNED: Final = "signed"


@dataclass(frozen=True, slots=True)
class WhoInvites:
    """Who can let a signatory in where a party has none: whoever asks (*mine*), or these people of the party (*by*).

    Where *mine* is not set and *by* is empty, the region's operator can.
    """

    mine: bool
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartySignature:
    """The signature of one *party*: *how* it has approved, whose word it is, and what it waits for.

    *proposal* is a signature that a second person of the party must confirm; *invitation* is set where nobody of the
    party can sign.
    """

    party: str
    how: str
    approvals: tuple[Approval, ...] = ()
    proposal: Proposal | None = None
    invitation: WhoInvites | None = None


class Signatories:
    """The signatures of the parties of versions, and the people who can give them."""

    def __init__(self, region: Administration) -> None:
        self._region, self._known = region, KnownAgreements(region)

    def of(self, actor: Actor, one: KnownVersion) -> tuple[PartySignature, ...]:
        """Tell of each party of a version, which the *actor* knows, how far its signature has come."""
        waiting = [each for each in Proposals(self._region.store, self._region.clock).waiting() if _signs(each, one)]
        active = ActivePeople(self._region.store, self._region.clock, self._region.kinds)
        known, found = self._known.parties(one.district, one.recipient, one.kind), []
        for party, how in one.approved:
            given = tuple(each for each in one.approvals if each.party == party)
            proposal = next((each for each in waiting if each.org == party), None)
            nobody = how != SIGNED and party in known and not active.allowed(SIGN, party)
            invitation = self._invitation(actor, party) if nobody else None
            found.append(PartySignature(party, how, given, proposal, invitation))
        return tuple(found)

    def missing(self, actor: Actor, one: KnownVersion) -> tuple[PartySignature, ...]:
        """Tell of the parties of a version for which nobody can sign."""
        return tuple(each for each in self.of(actor, one) if each.invitation is not None)

    def _invitation(self, actor: Actor, party: str) -> WhoInvites:
        """Tell who can invite a signatory of a *party*; the addresses of its people are told to its own people."""
        if self._may_invite(actor, party):
            return WhoInvites(mine=True)
        shown = actor.allows("person.read", party) or any(each.org == party for each in actor.memberships)
        return WhoInvites(mine=False, by=inviters(self._region, party, frozenset({SIGNATORY})) if shown else ())

    def _may_invite(self, actor: Actor, party: str) -> bool:
        """Tell whether the *actor* may let somebody of a *party* in who signs, or who lets one in who does."""
        try:
            return bool(Persons(self._region).overview(actor, party).may_give)
        except NotFound:
            return False


def _signs(proposal: Proposal, one: KnownVersion) -> bool:
    """Tell whether a *proposal* is a signature of a version."""
    return (proposal.action, proposal.about, proposal.content.get("step")) == (SIGN, one.name, "sign")
