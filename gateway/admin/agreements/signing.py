"""Signing by people: who must still sign a version, and the signature of somebody who is signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.second_person import SecondPerson, TwoPersonAct, Waiting
from gateway.admin.taking_effect import permit_effect, take_effect
from gateway.people.actor import NotPermitted
from gateway.reasoning.examples import failures
from gateway.signing.approval_book import signed_text, subject
from gateway.signing.overview import DRAFT
from gateway.signing.sealed_approvals import PURPOSE, sealed, signers
from gateway.storage.approvals import SIGNED_IN, Approval, Approvals
from gateway.storage.people.agreements import CHANGED, require_unchanged
from policies.comparison.review import parties
from standards.errors import CallerError, Conflict, PreconditionFailed

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.agreements.reading import KnownVersion
    from gateway.admin.second_person import TwoPersonRule
    from gateway.admin.taking_effect import Effect
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from policies.agreement import Agreement

SIGN: Final = "agreement.sign"
NO_PARTY: Final = "You sign for no such party of this agreement."
BOTH_SIDES: Final = "Nobody signs for both parties: somebody else must sign for this one."
AMBIGUOUS: Final = "The recipient has the name of a district and is none: nobody can sign for it."
NOT_YET: Final = "It is a draft: ask for its approval first."


@dataclass(frozen=True, slots=True)
class ToSign:
    """What somebody would sign: the version, the *digest* of the very text, and the parties to sign for."""

    version: KnownVersion
    agreement: Agreement
    digest: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedVersion:
    """A version that a party has just signed, or taken its signature back from; *fresh* where that changed anything."""

    version: KnownVersion
    fresh: bool
    effect: Effect


class Signing:
    """The signatures of people who are signed in."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._known, self._approvals = KnownAgreements(region), Approvals(region.store)

    def to_sign(self, actor: Actor, name: str, version: int) -> ToSign:
        """Return what the *actor* would sign, with the parties that it may sign for and that have not signed yet.

        Raises:
            NotFound: the actor may not know of it.
            CallerError: it has mistakes, or it is no more than a draft.
        """
        one = self._known.find(actor, name, version)
        if one.found is None:
            raise CallerError("This version has mistakes, or is withdrawn: nobody can sign it.")
        if one.state == DRAFT:
            raise CallerError(NOT_YET)
        mine = [party for party in one.waiting_for if self._may(actor, one.found, party)]
        return ToSign(one, one.found, text_digest(one.found), tuple(mine))

    def sign(
        self, actor: Actor, name: str, version: int, party: str, shown: str, session: str
    ) -> SignedVersion | Waiting:
        """Sign a version for a *party*; *shown* is the digest of the text that the person was shown.

        *session* says how the person had signed in.

        Raises:
            NotPermitted: it is no person, one of another organisation, or one who has signed for the other party.
            PreconditionFailed: the text is another one by now.
        """
        asked = self.to_sign(actor, name, version)
        about = asked.agreement
        self._require(actor, about, party)
        for mistake, _ in failures((about,)):
            raise CallerError(mistake.message)
        if shown != asked.digest:
            raise PreconditionFailed(CHANGED)
        self._refuse_both_sides(actor, asked.version, party)
        content = {
            "agreement": name, "version": version, "party": party, "shown": shown, "session": session, "step": "sign",
        }  # fmt: skip
        wanted = TwoPersonAct(SIGN, party, asked.version.name, content, shown)
        return self._second.either(actor, wanted, lambda: self._sign(actor, asked, party, session))

    def take_back(self, actor: Actor, name: str, version: int, party: str, reason: str) -> SignedVersion | Waiting:
        """Take back what a *party* has approved, however it had; it ends within a second.

        Raises:
            NotPermitted: the *actor* signs for no such party.
            CallerError: nobody says why, or there is nothing to take back.
        """
        one = self._known.find(actor, name, version)
        if one.found is None or party not in {given.party for given in one.approvals}:
            raise CallerError("There is no approval of this party to take back.")
        self._require(actor, one.found, party)
        if not reason.strip():
            raise CallerError("Say why, in one line: it stays on record.")
        content = {"agreement": name, "version": version, "party": party, "step": "take back"}
        wanted = TwoPersonAct(SIGN, party, one.name, content, text_digest(one.found), reason)
        return self._second.either(actor, wanted, lambda: self._take_back(actor, one, party, reason))

    def _may(self, actor: Actor, about: Agreement, party: str) -> bool:
        known = self._known.parties(about.district, about.org, about.kind)
        return actor.kind == "person" and party in known and actor.allows(SIGN, party, [party])

    def _require(self, actor: Actor, about: Agreement, party: str) -> None:
        if actor.kind != "person" or not actor.person:
            raise NotPermitted("Only a person who is signed in signs an agreement.")
        if party in parties(about) and party not in self._known.parties(about.district, about.org, about.kind):
            raise Conflict(AMBIGUOUS)
        if not self._may(actor, about, party):
            raise NotPermitted(NO_PARTY)

    def _refuse_both_sides(self, actor: Actor, one: KnownVersion, party: str) -> None:
        for given in one.approvals:
            same = given.person == actor.person or signers(given.actor) & signers(actor.name)
            if given.method == SIGNED_IN and given.party != party and same:
                raise NotPermitted(BOTH_SIDES)

    def _sign(self, actor: Actor, asked: ToSign, party: str, session: str) -> SignedVersion:
        about, written = asked.agreement, asked.version.written
        permit_effect(self._region, actor, party)
        given = Approval(
            *subject(about, party, SIGNED_IN), self._region.clock(), actor.name, person=actor.person, session=session
        )
        key = self._region.keys.derive(PURPOSE)

        def check(connection: Connection) -> None:
            if written is not None:
                require_unchanged(connection, written)

        fresh = self._approvals.record(sealed(given, key), about.district, "", check)
        effect = take_effect(self._region, actor, about.district)
        return SignedVersion(self._known.find(actor, about.id, about.version), fresh, effect)

    def _take_back(self, actor: Actor, one: KnownVersion, party: str, reason: str) -> SignedVersion:
        found = self._approvals.withdraw(
            one.id, one.version, party, actor=actor.name, reason=reason, district=one.district, at=self._region.clock()
        )
        effect = take_effect(self._region, actor, one.district)
        return SignedVersion(self._known.find(actor, one.id, one.version), bool(found), effect)


def text_digest(about: Agreement) -> str:
    """Hash the bytes that the parties sign: the canonical text, and what its lines cover."""
    return hashlib.sha256(signed_text(about)).hexdigest()


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Sign, or take a signature back, as it was confirmed."""
    service, content = Signing(region, second), proposal.content
    about = content["agreement"], content["version"], content["party"]
    if content["step"] == "sign":
        return service.sign(actor, *about, content["shown"], content["session"])
    return service.take_back(actor, *about, proposal.reason)
