"""A shortage of people: an organisation in which nobody else may confirm what somebody proposes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.people.active import ActivePeople
from policies.roles import action as known_action
from policies.roles import roles

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

NEEDED: Final = 2
INVITING: Final = "person.invite"


@dataclass(frozen=True, slots=True)
class Shortage:
    """Too few *people* of an organisation may do something: who of these *roles* is missing, and who may invite them.

    Without *inviters* it is for the region's operator, by a command.
    """

    org: str
    action: str
    people: tuple[str, ...]
    roles: tuple[str, ...]
    inviters: tuple[str, ...]


def shortage(region: Administration, action: str, org: str, proposer: str | None = None) -> Shortage | None:
    """Return the shortage of people who may do the *action* for *org*; None where there are two.

    Where somebody has proposed it, by the id of that person (empty for an operator), one other is enough.
    """
    active = ActivePeople(region.store, region.clock, region.kinds)
    able = active.allowed(action, org)
    if sum(one.actor.person != proposer for one in able) >= (NEEDED if proposer is None else 1):
        return None
    wanted = frozenset(known_action(action).roles)
    return Shortage(org, action, tuple(one.mail for one in able), tuple(sorted(wanted)), inviters(region, org, wanted))


def inviters(region: Administration, org: str, wanted: frozenset[str]) -> tuple[str, ...]:
    """Return the addresses of the people who may invite somebody to *org* for one of the *wanted* roles."""
    active = ActivePeople(region.store, region.clock, region.kinds)
    return tuple(one.mail for one in active.allowed(INVITING, org) if _invites(one.actor, org, wanted))


def _invites(actor: Actor, org: str, wanted: frozenset[str]) -> bool:
    """Tell whether a role by which the *actor* may invite people to *org* invites to one of the *wanted* roles."""
    known = roles()
    return any(
        replace(actor, memberships=(held,)).allows(INVITING, org) and wanted & known[held.role].invites
        for held in actor.memberships
        if held.role in known
    )
