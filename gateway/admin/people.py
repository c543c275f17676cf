"""People of organisations: who may see, invite, change, suspend and let back in whom; every act on the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.admin.members import (
    NOBODY,
    OrganisationMember,
    PeopleOfOrganisation,
    digests,
    factors_of,
    keep_one,
    known_as,
    member_of,
    whole_person,
)
from gateway.admin.organisations import NOWHERE, Organisations
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.people.actor import REGION, NotPermitted
from gateway.people.invitations import (
    BOOTSTRAP,
    INVITATION,
    RECOVERY,
    Inviter,
    find_open,
    make_invitation,
    open_invitations,
    withdraw_for,
    withdraw_invitation,
)
from gateway.people.joining import forget_ways_in
from gateway.people.persons import (
    ACTIVE,
    ENDED,
    SUSPENDED,
    Person,
    end_role,
    find_by_mail,
    give_role,
    holders,
    holds,
    members,
    normal_mail,
    person_name,
    roles_of,
    set_status,
    withdraw_of,
    withdraw_role,
)
from gateway.storage.acts import Act, write_act
from gateway.storage.database import transaction
from gateway.storage.people.kinds import fits
from gateway.translations.phrases import Phrase
from policies.roles import action, roles
from standards.errors import CallerError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.organisations import Organisation
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal

NOT_YOURSELF: Final = "Nobody changes their own roles or access. Ask somebody else who may."
HAS_ROLE: Final = "This person has this role here already."
BOOTSTRAPPED: Final = "There is a region operator already, who can invite others; --again makes a link anyway."
CHANGE: Final = "person.change"
INVITE: Final = "person.invite"
SUSPEND: Final = "suspend"
RECOVERED: Final = "recovery link made"
STEPS: Final = {
    SUSPEND: ((ACTIVE,), SUSPENDED, "person suspended"),
    "resume": ((SUSPENDED,), ACTIVE, "person resumed"),
    "end": ((ACTIVE, SUSPENDED), ENDED, "person ended"),
}
Done = TypeVar("Done")


class Persons:
    """The people of a region's organisations."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._second = region, second or SecondPerson(region)
        self._organisations = Organisations(region)

    def organisations(self, actor: Actor) -> tuple[Organisation, ...]:
        """List the organisations whose people an actor may see, or whose first person it may invite."""
        known = self._organisations.known().values()
        seen = (one for one in known if actor.allows("person.read", one.name) or self._may_give(actor, one))
        return tuple(sorted(seen, key=lambda one: (one.kind, one.name)))

    def overview(self, actor: Actor, org: str) -> PeopleOfOrganisation:
        """Show the people of an organisation.

        Raises:
            NotFound: there is no such organisation for this actor.
        """
        one = self._seen(actor, org)
        may_give, may_change = self._may_give(actor, one), actor.allows("person.change", org)
        now, inside = self._region.clock(), actor.allows("person.read", org)

        def read(connection: Connection) -> PeopleOfOrganisation:
            found = members(connection, org, now) if inside else ()
            factors = factors_of(connection, [person.id for person, _ in found])
            listed = tuple(
                OrganisationMember(person, tuple(role.role for role in held), factors[person.id])
                for person, held in found
            )
            waiting = open_invitations(connection, org, now)
            mine = tuple(each for each in waiting if inside or each.made_by == actor.name)
            return PeopleOfOrganisation(one, listed, mine, may_give, may_change)

        return self._read(read)

    def member(self, actor: Actor, org: str, person: str) -> OrganisationMember:
        """Show one person of an organisation.

        Raises:
            NotFound: the organisation has no such person for this actor.
        """
        actor.require_seen("person.read", org, what=NOBODY)
        found = next((one for one in self.overview(actor, org).members if one.person.id == person), None)
        if found is None:
            raise NotFound(NOBODY)
        return found

    def invite(self, actor: Actor, org: str, mail: str, role: str, name: str = "") -> str | Waiting:
        """Invite somebody to an organisation; return the token of the link, which is not kept.

        Whether the address is somebody's already is not told.

        Raises:
            NotPermitted: the actor's roles do not invite that role there.
        """
        one, address = self._seen(actor, org, INVITE), normal_mail(mail)
        if actor.person and address == actor.name:
            raise NotPermitted(NOT_YOURSELF)
        if role not in self._may_give(actor, one):
            raise NotPermitted("You have no role that may invite somebody for this one here.")
        shown = person_name(name) if name.strip() else ""
        content = {"org": org, "role": role, "mail": address}

        def make(connection: Connection, now: datetime) -> str:
            known = find_by_mail(connection, address)
            if known is not None and holds(connection, known.id, org, role, one.kind, now):
                raise Conflict(HAS_ROLE)
            by = Inviter(actor.name, actor.person)
            return make_invitation(connection, INVITATION, address, org, role, by, now, shown, one.kind)

        asked = TwoPersonAct(INVITE, org, f"{role}: {address}"[:200], content | {"name": shown})
        return self._second.either(actor, asked, lambda: self._act(make, actor, "person invited", org, content))

    def withdraw(self, actor: Actor, org: str, invitation: str) -> None:
        """Take an invitation back.

        Raises:
            NotFound: the organisation has no such invitation for this actor.
        """
        self._seen(actor, org, INVITE)

        def change(connection: Connection, now: datetime) -> None:
            found = find_open(connection, invitation, now)
            mine = found is not None and (actor.allows(INVITE, org) or found.made_by == actor.name)
            if found is None or found.org != org or not mine or not withdraw_invitation(connection, invitation, now):
                raise NotFound("There is no such invitation here.")

        self._act(change, actor, "invitation withdrawn", org, {"org": org, "link": invitation})

    def give(self, actor: Actor, org: str, person: str, role: str, reason: str = "") -> Waiting | None:
        """Give a person of an organisation a further role there."""
        one = self._changed(actor, org, person)
        if role not in self._may_give(actor, one):
            raise NotPermitted("You have no role that may give this one here.")
        content = {"org": org, "role": role, "person": person}

        def change(connection: Connection, now: datetime) -> None:
            found = member_of(connection, org, person, now)
            with digests(connection, found, content, now):
                if not give_role(connection, person, org, role, actor.name, now, one.kind):
                    raise Conflict(HAS_ROLE)
                withdraw_role(connection, found.mail, org, role, now)

        return self._either(change, actor, "role given", content, reason)

    def end_role(self, actor: Actor, org: str, person: str, role: str, reason: str = "") -> Waiting | None:
        """End a role of a person in an organisation.

        Raises:
            Conflict: nobody would be left who has it, and somebody must.
        """
        self._changed(actor, org, person)
        content = {"org": org, "role": role, "person": person}

        def change(connection: Connection, now: datetime) -> None:
            found = member_of(connection, org, person, now)
            held = [one for one in roles_of(connection, person, now, lock=True) if (one.org, one.role) == (org, role)]
            if not held:
                raise NotFound("This person has no such role here.")
            with digests(connection, found, content, now):
                keep_one(connection, held, found, now)
                for one in held:
                    end_role(connection, one, found.mail, now)

        return self._either(change, actor, "role ended", content, reason)

    def change_status(self, actor: Actor, org: str, person: str, step: str, reason: str) -> Waiting | None:
        """Suspend, resume or end a person, as *step* says; whoever may not come in any more is out at once.

        Suspending, which can be taken back, waits for no second person.

        Raises:
            NotPermitted: the person has roles in organisations that are not the actor's to change.
            Conflict: nobody would be left who has a role that somebody must.
        """
        before, after, said = STEPS[step]
        self._changed(actor, org, person)
        _need_reason(reason)
        content = {"org": org, "person": person}

        def change(connection: Connection, now: datetime) -> None:
            found, held = whole_person(connection, actor, org, person, now)
            if found.status not in before:
                raise Conflict(Phrase("This person is %(state)s.", state=Phrase(found.status)))
            with digests(connection, found, content, now):
                if after != ACTIVE:
                    keep_one(connection, held, found, now)
                    withdraw_of(connection, found.id, now)
                    withdraw_for(connection, found.mail, now, RECOVERY)
                set_status(connection, person, after, now)
                if after == ENDED:
                    forget_ways_in(connection, person)
                    withdraw_for(connection, found.mail, now)

        if step == SUSPEND:
            return self._act(change, actor, said, org, content, reason)
        return self._either(change, actor, said, content, reason)

    def recover(self, actor: Actor, org: str, person: str, reason: str) -> str | Waiting:
        """Make a link by which a person sets up anew how to sign in; return its token, which is not kept.

        Raises:
            NotPermitted: the person has roles in organisations that are not the actor's to change.
        """
        self._changed(actor, org, person)
        _need_reason(reason)
        content = {"org": org, "person": person}

        def make(connection: Connection, now: datetime) -> str:
            found, _ = whole_person(connection, actor, org, person, now)
            if found.status != ACTIVE:
                raise Conflict(Phrase("This person is %(state)s.", state=Phrase(found.status)))
            withdraw_for(connection, found.mail, now, RECOVERY)
            by = Inviter(actor.name, actor.person)
            return make_invitation(connection, RECOVERY, found.mail, org, "", by, now, found.name)

        return self._either(make, actor, RECOVERED, content, reason)

    def find(self, actor: Actor, mail: str) -> tuple[Person, str]:
        """Find a person by mail for the operator, and an organisation it has a role in."""
        if not actor.everywhere("person.change"):
            raise NotFound(NOBODY)
        now = self._region.clock()

        def read(connection: Connection) -> tuple[Person, str]:
            found = find_by_mail(connection, normal_mail(mail))
            if found is None:
                raise NotFound(NOBODY)
            held = roles_of(connection, found.id, now)
            return found, held[0].org if held else ""

        return self._read(read)

    def bootstrap(self, actor: Actor, mail: str, name: str, *, again: bool) -> str:
        """Make the link for the region's first operator; return its token, which is not kept.

        Raises:
            NotPermitted: this is for the command line alone.
            Conflict: there is an operator already, who can invite others.
        """
        if actor.kind != "operator":
            raise NotPermitted("Only a command on the gateway's own machine may do this.")
        address, shown = normal_mail(mail) if mail else "", person_name(name) if name else ""
        content = {"org": REGION, "role": "region-operator", "mail": address}

        def make(connection: Connection, now: datetime) -> str:
            if not again and holders(connection, REGION, "region-operator", now):
                raise Conflict(BOOTSTRAPPED)
            withdraw_for(connection, address, now, BOOTSTRAP)
            by = Inviter(actor.name, actor.person)
            return make_invitation(connection, BOOTSTRAP, address, REGION, "region-operator", by, now, shown, REGION)

        return self._act(make, actor, "bootstrap link made", REGION, content)

    def _seen(self, actor: Actor, org: str, name: str = "person.read") -> Organisation:
        """Find an organisation that the actor may see in this way, or whose first person it may invite."""
        one = self._organisations.known().get(org)
        if one is None or not (actor.allows(name, org) or self._may_give(actor, one)):
            raise NotFound(NOWHERE)
        return one

    def _changed(self, actor: Actor, org: str, person: str) -> Organisation:
        """Find an organisation whose person the actor may change; nobody changes themselves."""
        actor.require_seen("person.read", org, what=NOBODY)
        actor.require("person.change", org)
        if person == actor.person:
            raise NotPermitted(NOT_YOURSELF)
        one = self._organisations.known().get(org)
        if one is None and actor.kind != "operator":
            raise NotFound(NOBODY)
        return one or Organisations(self._region).find(REGION)

    def _may_give(self, actor: Actor, one: Organisation) -> tuple[str, ...]:
        """Return the roles that an actor may invite somebody for in an organisation, or give there."""
        fitting = {name for name in roles() if fits(name, one.kind)}
        if actor.kind == "operator":
            return tuple(sorted(fitting))
        reach, given = action("person.invite").roles, set[str]()
        for mine in actor.memberships:
            far = reach.get(mine.role)
            first = bool(one.steward) and one.steward == mine.org and self._is_empty(one.name)
            if far == "region" or (far is not None and (mine.org == one.name or first)):
                given |= roles()[mine.role].invites & fitting
        return tuple(sorted(given))

    def _is_empty(self, org: str) -> bool:
        """Tell whether nobody acts for an organisation yet: only then its steward may invite somebody to it."""
        now = self._region.clock()
        return not self._read(lambda connection: members(connection, org, now))

    def _read(self, work: Callable[[Connection], Done]) -> Done:
        store = self._region.store

        def read() -> Done:
            with transaction(store.engine) as connection:
                return work(connection)

        return store.calls.run(read)

    def _either(
        self,
        work: Callable[[Connection, datetime], Done],
        actor: Actor,
        said: str,
        content: dict[str, Any],
        reason: str,
    ) -> Done | Waiting:
        """Change something about a person, or let it wait for a second person."""
        org, person, now = content["org"], content["person"], self._region.clock()
        before, mail = self._read(lambda connection: known_as(connection, person, now))
        asked = TwoPersonAct(CHANGE, org, f"{said}: {mail}"[:200], content | {"said": said}, before, reason)
        return self._second.either(actor, asked, lambda: self._act(work, actor, said, org, content, reason))

    def _act(
        self,
        work: Callable[[Connection, datetime], Done],
        actor: Actor,
        said: str,
        org: str,
        content: dict[str, Any],
        reason: str = "",
    ) -> Done:
        """Change something in one transaction with the act of it."""
        now, store = self._region.clock(), self._region.store
        district = org if org in self._region.settings().districts else ""

        def write() -> Done:
            with transaction(store.engine, write=True) as connection:
                done = work(connection, now)
                write_act(connection, Act(actor.name, said, district, content, reason), now)
            return done

        return store.calls.run(write)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise CallerError("Say why, in one line: it stays on record.")


def confirmed(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do a change of a person that was confirmed."""
    service, asked = Persons(region, second), proposal.content
    if proposal.action == INVITE:
        return service.invite(actor, asked["org"], asked["mail"], asked["role"], asked["name"])
    org, person, said = asked["org"], asked["person"], asked["said"]
    if said == "role given":
        return service.give(actor, org, person, asked["role"], proposal.reason)
    if said == "role ended":
        return service.end_role(actor, org, person, asked["role"], proposal.reason)
    if said == RECOVERED:
        return service.recover(actor, org, person, proposal.reason)
    steps = {name: step for step, (_, _, name) in STEPS.items()}
    return service.change_status(actor, org, person, steps[said], proposal.reason)
