"""A second person: acts that an organisation wants two people for are proposed by one and confirmed by another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sqlalchemy import select

from gateway.admin.independence import independent
from gateway.admin.shortage import Shortage, shortage
from gateway.people.active import ActivePeople
from gateway.people.actor import NotPermitted
from gateway.storage.acts import Act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.proposals import Proposal, Proposals, new_id
from gateway.storage.people.tables import organisation_settings
from gateway.translations.phrases import Phrase
from policies.roles import action as known_action
from standards.errors import CallerError, Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

Done = TypeVar("Done")
CHANGED_SINCE: Final = "What this is about was changed after it was proposed. Propose it anew."


class ChangedMeanwhile(Conflict):
    """What a proposal is about is not any more as it was when it was proposed."""

    code = "changed-meanwhile"


@dataclass(frozen=True, slots=True)
class TwoPersonAct:
    """An act that may need two persons: the *action* for *org*, *about* a thing.

    *content* says all that is needed to do it again, in JSON's types, *before* is the digest of what it changes, if
    that is there. Neither a student's value nor a secret may be in it: it is kept, and shown to the second person.
    """

    action: str
    org: str
    about: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    before: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an act came to that now waits for a second person; *shortage* where nobody is there to be one."""

    proposal: Proposal
    shortage: Shortage | None = None


class TwoPersonRule(Protocol):
    """What decides whether an act is done, or waits."""

    def either(
        self, actor: Actor, asked: TwoPersonAct, do: Callable[[], Done], *, always: bool = False
    ) -> Done | Waiting:
        """Do what is *asked*, or let it wait for a second person."""


class SecondPerson:
    """The acts that wait for a second person."""

    def __init__(self, region: Administration) -> None:
        self._region, self._proposals = region, Proposals(region.store, region.clock)
        self._engine, self.calls = region.store.engine, region.store.calls

    def either(
        self, actor: Actor, asked: TwoPersonAct, do: Callable[[], Done], *, always: bool = False
    ) -> Done | Waiting:
        """Do what is *asked* at once, or let it wait where the organisation wants two persons for it, or *always*.

        The caller has checked that the *actor* may do it; it is checked anew, for both, when it is confirmed.

        Raises:
            NotPermitted: a machine asks for what needs two persons.
            Conflict: the same waits already.
        """
        if not (always or asked.action in self.wanted(asked.org)):
            return do()
        if actor.kind == "machine":
            raise NotPermitted("This needs two persons: a program may neither propose nor confirm it.")
        if not known_action(asked.action).two_persons:
            raise CallerError(
                Phrase("Two persons cannot be asked for: %(action)s.", action=Phrase(known_action(asked.action).about))
            )
        proposal = Proposal(
            new_id(), asked.action, asked.org, asked.about, plain(asked.content), asked.before, self._region.clock(),
            actor.name, actor.person, asked.reason,
        )  # fmt: skip
        self._proposals.add(proposal, lambda one: self.act(actor, "act proposed", one, one.reason))
        return Waiting(proposal, shortage(self._region, asked.action, asked.org, actor.person))

    @timely
    def wanted(self, org: str) -> frozenset[str]:
        """Return the actions for which an organisation wants two persons."""
        mine = organisation_settings.c.org == org, organisation_settings.c.name == TWO_PERSONS
        with transaction(self._engine) as connection:
            found = connection.execute(select(organisation_settings.c.value).where(*mine)).scalar()
        return frozenset(found or ())

    def confirmers(self, proposal: Proposal) -> tuple[str, ...]:
        """Return the names of the people other than who proposed it who may confirm a *proposal*."""
        people = ActivePeople(self._region.store, self._region.clock, self._region.kinds)
        found = people.allowed(proposal.action, proposal.org)
        others = (one.actor for one in found if one.actor.person != proposal.person)
        return tuple(one.name for one in others if self.is_independent(one, proposal))

    def is_independent(self, actor: Actor, proposal: Proposal) -> bool:
        """Tell whether an *actor* owes the role by which it would confirm a *proposal* to somebody else."""
        return independent(self._region.store, actor, proposal, self._region.clock())

    def act(
        self, actor: Actor, what: str, proposal: Proposal, reason: str, more: Mapping[str, Any] | None = None
    ) -> Act:
        """Return the act on record of doing *what* about a *proposal*."""
        told = {
            "org": proposal.org, "proposal": proposal.id, "of": proposal.action, "about": proposal.about,
            "before": proposal.before, "proposedBy": proposal.made_by,
        }  # fmt: skip
        district = proposal.org if proposal.org in self._region.settings().districts else ""
        return Act(actor.name, what, district, told | dict(more or {}), reason)


class Confirmed:
    """The doing of one confirmed *proposal*: what is asked must be what was proposed, of the same state of things."""

    def __init__(self, proposal: Proposal) -> None:
        self._proposal, self.done = proposal, False

    def either(
        self,
        _actor: Actor,
        asked: TwoPersonAct,
        do: Callable[[], Done],
        *,
        always: bool = False,  # noqa: ARG002  as in the protocol
    ) -> Done | Waiting:
        """Do what is *asked*, once.

        Raises:
            ChangedMeanwhile: it is something else than what was proposed, or what it changes is not as it was.
        """
        given = self._proposal
        same = (asked.action, asked.org, asked.about) == (given.action, given.org, given.about)
        if self.done or not same or plain(asked.content) != plain(given.content) or asked.before != given.before:
            raise ChangedMeanwhile(CHANGED_SINCE)
        done = do()
        self.done = True
        return done


def plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a *content* as it is after it was written as JSON."""
    read: dict[str, Any] = json.loads(json.dumps(dict(content), sort_keys=True))
    return read
