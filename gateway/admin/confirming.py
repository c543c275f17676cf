"""Confirming: a second person lets a proposal be done, or declines it; each is decided once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.admin import people, settings
from gateway.admin.agreements import publishing, signing
from gateway.admin.clients.clients import confirm_end, confirm_register
from gateway.admin.clients.secrets import NewSecret, confirm_rotate
from gateway.admin.districts import connecting, steering
from gateway.admin.registers.registers import again as write_again
from gateway.admin.second_person import Confirmed, SecondPerson
from gateway.admin.taking_effect import permit_effect
from gateway.admin.transfers import deciding, keys
from gateway.people.active import ActivePeople
from gateway.people.actor import NotPermitted
from gateway.storage.people.agreements import PUBLISHED
from gateway.storage.people.proposals import CONFIRMED, DECLINED, REFUSED, UNCLEAR, WITHDRAWN, Proposals
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, Conflict, NotFound, StoreUnavailable, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.admin.administration import Administration
    from gateway.admin.second_person import TwoPersonRule
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal

    Handler = Callable[[Administration, TwoPersonRule, Actor, Proposal], object]

HANDLERS: Final[Mapping[str, Handler]] = {
    connecting.CONNECT: connecting.confirmed,
    steering.APPROVE: steering.confirmed,
    "register.write": write_again,
    "client.register": confirm_register,
    "client.rotate": confirm_rotate,
    "client.end": confirm_end,
    people.CHANGE: people.confirmed,
    people.INVITE: people.confirmed,
    settings.CHANGE: settings.confirmed,
    publishing.PUBLISH: publishing.confirmed,
    signing.SIGN: signing.confirmed,
    "transfer.decide": deciding.again,
    "transfer.keys": keys.again,
}
"""What does each action again once it is confirmed, by calling the method of the service that was called first."""

NEVER_ALONE: Final = frozenset({"transfer.decide", "transfer.keys"})
"""The actions that no operator confirms in the place of a second person, whoever is missing."""

OWED: Final = (
    "Whoever proposed this has given you the role by which you would confirm it, no two weeks ago: somebody else must."
)
NAME_CHARACTERS: Final = 80
"""How much of each of two names is in the name of both."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A proposal that was confirmed, and what its service answered."""

    proposal: Proposal
    done: object

    @property
    def secret(self) -> str:
        """The secret that was made, which the second person alone is shown, this once; empty where none was."""
        if isinstance(self.done, NewSecret):
            return self.done.secret
        return self.done if isinstance(self.done, str) and self.proposal.action == settings.CHANGE else ""

    @property
    def link(self) -> str:
        """The token of the link by which somebody comes in, shown to the second person alone; empty where none was."""
        asks = self.proposal.action in {people.INVITE, people.CHANGE}
        return self.done if isinstance(self.done, str) and asks else ""


class Confirming:
    """The proposals, for those who may confirm them."""

    def __init__(self, region: Administration, handlers: Mapping[str, Handler] = HANDLERS) -> None:
        self._region, self._handlers = region, handlers
        self._second, self._proposals = SecondPerson(region), Proposals(region.store, region.clock)

    def waiting(self, actor: Actor) -> tuple[Proposal, ...]:
        """List the proposals that wait, as far as the *actor* made them or may do such a thing itself."""
        return tuple(one for one in self._proposals.waiting() if _knows(actor, one))

    def list(self, actor: Actor) -> tuple[Proposal, ...]:
        """List every proposal, decided ones too, as far as the *actor* made it or may do such a thing itself."""
        return tuple(one for one in self._proposals.list() if _knows(actor, one))

    def about(self, actor: Actor, domain: str, thing: str) -> tuple[Proposal, ...]:
        """List what waits to be done, by an action of a *domain*, about a *thing*, as far as *waiting* has it."""
        return tuple(
            one for one in self.waiting(actor) if one.about == thing and one.action.partition(".")[0] == domain
        )

    def find(self, actor: Actor, name: str) -> Proposal:
        """Find a proposal.

        Raises:
            NotFound: there is none of that id that the *actor* may know of.
        """
        found = self._proposals.find(name)
        if found is None or not _knows(actor, found):
            raise NotFound("There is no such proposal here.")
        return found

    def confirm(self, actor: Actor, name: str, reason: str = "") -> Confirmation:
        """Do what was proposed, as both: everything is checked anew, as if it were asked for now.

        Raises:
            NotFound: the *actor* may not know of it.
            NotPermitted: the actor may not be the second person; or who proposed it may not do it any more.
            Unsupported: only a running gateway can do it, and none runs here; it still waits.
            Conflict: it was decided already, has lapsed, or what it is about has changed.
            TooManyRequests: its organisation has changed much within a minute; it still waits.
        """
        proposal = self.find(actor, name)
        stands_in = actor.kind == "operator"
        self._check_second(actor, proposal, reason)
        handler = self._handlers.get(proposal.action)
        if handler is None:
            raise NotFound(f"Nothing does {proposal.action} after a confirmation.")
        marked = {"inPlaceOfSecondPerson": 1} if stands_in else {}
        self._need_gateway(proposal)
        both = self._both(actor, proposal)
        if _is_to_take_effect(proposal):
            permit_effect(self._region, both, proposal.org, count=False)  # while it still waits
        act = self._second.act(actor, "act confirmed", proposal, reason, marked)
        self._proposals.decide(proposal, UNCLEAR, actor.name, reason, act)  # until it is done, however this ends
        return Confirmation(proposal, self._do(actor, both, proposal, handler))

    def decline(self, actor: Actor, name: str, reason: str) -> None:
        """Decline a proposal, or take one's own back.

        Raises:
            NotFound: the *actor* may not know of it.
            NotPermitted: a program does not decide.
            Conflict: it was decided already, or has lapsed.
        """
        proposal = self.find(actor, name)
        _need_reason(reason)
        if actor.kind == "machine":
            raise NotPermitted("Only a person may decline a proposal.")
        own = bool(proposal.person) and actor.person == proposal.person
        what = "proposal withdrawn" if own else "act declined"
        act = self._second.act(actor, what, proposal, reason)
        self._proposals.decide(proposal, WITHDRAWN if own else DECLINED, actor.name, reason, act)

    def _check_second(self, actor: Actor, proposal: Proposal, reason: str) -> None:
        """Refuse whoever may not be the second person of a *proposal*."""
        if actor.kind == "machine":
            raise NotPermitted("This needs two persons: a program may neither propose nor confirm it.")
        if actor.kind == "operator":
            self._check_operator(actor, proposal, reason)
        elif not actor.person or actor.person == proposal.person:
            raise NotPermitted("Nobody confirms what he or she has proposed: somebody else must.")
        else:
            actor.require(proposal.action, proposal.org)
            if not self._second.is_independent(actor, proposal):
                raise NotPermitted(OWED)
        if not proposal.waits(self._region.clock()):
            raise Conflict(
                Phrase("The proposal %(proposal)s waits no more: it was decided, or has lapsed.", proposal=proposal.id)
            )

    def _need_gateway(self, proposal: Proposal) -> None:
        """Refuse, while it still waits, what is about rows and agreements that only a running gateway holds."""
        removes = proposal.action == connecting.CONNECT and proposal.content.get("step") == "remove"
        if self._region.running is None and (removes or proposal.action == steering.APPROVE):
            raise Unsupported("Only a running gateway can do this: start it, and confirm then. It still waits.")

    def _check_operator(self, actor: Actor, proposal: Proposal, reason: str) -> None:
        """Refuse the operator's word where a person can be the second one, or must: to sign, for one."""
        actor.require(proposal.action, proposal.org)
        if proposal.action in NEVER_ALONE:
            raise NotPermitted("For this nobody stands in for a second person.")
        if others := self._second.confirmers(proposal):
            message = f"{len(others)} others may confirm this: {', '.join(others[:5])}. A command does not stand in."
            raise NotPermitted(message)
        _need_reason(reason)

    def _both(self, actor: Actor, proposal: Proposal) -> Actor:
        """Return the actor that does a confirmed act: who proposed it, with the roles of now, in both names."""
        together = f"{proposal.made_by[:NAME_CHARACTERS]}, confirmed by {actor.name[:NAME_CHARACTERS]}"
        if not proposal.person:
            return replace(actor, kind="operator", name=together, memberships=(), person="")
        found = ActivePeople(self._region.store, self._region.clock, self._region.kinds).find(proposal.person)
        if found is None:
            raise NotPermitted("Who proposed this has no access any more.")
        return replace(found.actor, name=together)

    def _do(self, actor: Actor, both: Actor, proposal: Proposal, handler: Handler) -> Any:
        """Do a confirmed act, and note it where it was not done: nobody can confirm it a second time."""
        confirmed = Confirmed(proposal)
        try:
            done = handler(self._region, confirmed, both, proposal)
        except Exception as error:
            refused = isinstance(error, CallerError) and not confirmed.done
            why = error.message if isinstance(error, CallerError) else "the gateway failed"
            what = "confirmed act refused" if refused else "confirmed act failed"
            act = self._second.act(actor, what, proposal, "", {"why": why[:200]})
            self._proposals.note(proposal, REFUSED if refused else UNCLEAR, act)
            raise
        if not confirmed.done:
            message = f"{proposal.action} does not ask whether a second person is needed"
            raise AssertionError(message)
        with suppress(StoreUnavailable):  # it is done, and what came of it is told this once
            self._proposals.settle(proposal, CONFIRMED)
        return done


def _knows(actor: Actor, proposal: Proposal) -> bool:
    """Tell whether an *actor* may know of a *proposal*: it made it, may do the same there, or holds the registry."""
    own = bool(proposal.person) and actor.person == proposal.person
    may = actor.kind == "operator" or (actor.kind == "person" and actor.allows(proposal.action, proposal.org))
    return own or may


def _is_to_take_effect(proposal: Proposal) -> bool:
    """Tell whether the gateway is to serve more for it: a change that is counted."""
    content = proposal.content
    return content.get("state") == PUBLISHED or content.get("step") in {"sign", "connect"}


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise CallerError("Say why, in one line: it stays on record.")
