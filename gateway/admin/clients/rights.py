"""Rights over clients: whose a client is, which districts use it, and who may do what about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.admin.organisations import parties_of
from gateway.every_agreement import read_every
from gateway.people.actor import Actor, Membership, NotPermitted
from gateway.storage.registry import CLIENT_ID
from gateway.translations.phrases import Phrase
from policies.roles import action as known_action
from policies.roles import roles
from standards.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.admin.administration import Administration
    from gateway.storage.registry import Client
    from policies.agreement import Agreement

SHARED: Final = (
    "Agreements of other districts name this client too, and it is not one district's to change. To shut it out of "
    "your district, end your agreement with it; for anything else ask its own organisation or the region's operator."
)
NOT_YOURS: Final = (
    "This client is of %(org)s and was registered by %(steward)s: only they and the region's operator may do this."
)
TAKEN: Final = "This name cannot be given: choose another one."


class NamingAgreements:
    """The agreements that name clients, as they are served, or as they lie on disk where nothing is served."""

    def __init__(self, region: Administration) -> None:
        self._region, now = region, region.clock()
        running = region.running
        if running is None:
            served = found = read_every(region.settings(), region.store)[0]
        else:
            standing = running.standing
            served, found = standing.agreements, (*standing.reading.found, *standing.withheld)
        self._served = tuple(one for one in served if one.end >= one.today(now))
        self._found = tuple(one for one in found if one.end >= one.today(now))

    def of(self, client_id: str) -> tuple[Agreement, ...]:
        """Return the agreements in force, or to come, that name a client."""
        return tuple(one for one in self._served if client_id in one.clients)

    def in_force(self, client_id: str) -> tuple[Agreement, ...]:
        """Return the agreements that name a client and count today."""
        if self._region.running is not None:
            return self._region.running.gateway.grants.active(client_id)
        now = self._region.clock()
        return tuple(one for one in self.of(client_id) if one.active(one.today(now)))

    def named(self, actor: Actor) -> dict[str, tuple[Agreement, ...]]:
        """Return the agreements of which an *actor* may know, even unsigned ones, by the ids of clients they name."""
        found: dict[str, tuple[Agreement, ...]] = {}
        for one in self._found:
            for client in one.clients if actor.allows("agreement.read", one.district, (one.district, one.org)) else ():
                found[client] = (*found.get(client, ()), one)
        return found

    def districts(self, client_id: str, *, even_unsigned: bool = False) -> frozenset[str]:
        """Return the districts whose agreements name a client; *even_unsigned* ones that release nothing yet."""
        every = self._found if even_unsigned else self._served
        return frozenset(one.district for one in every if client_id in one.clients)

    def parties(self, client_id: str) -> frozenset[str]:
        """Return who are parties of the agreements that name a client."""
        return frozenset(party for one in self.of(client_id) for party in self.parties_of(one))

    def parties_of(self, one: Agreement) -> frozenset[str]:
        """Return the parties of an agreement."""
        return parties_of(one.district, one.org, one.kind, self._region.settings().districts)

    def recipients(self, client_id: str) -> frozenset[str]:
        """Return the recipients for whom agreements name a client, also those that release nothing yet."""
        return frozenset(one.org for one in self._found if client_id in one.clients)


class ClientRights:
    """Who may do what about which client.

    For people of a district a client is their *own* where the district is its steward, for people of a vendor or of a
    community organisation where it is their organisation's.
    """

    def __init__(self, region: Administration) -> None:
        self.agreements = NamingAgreements(region)
        self._store = region.store

    def allows(self, actor: Actor, action: str, client: Client) -> bool:
        """Tell whether an actor may do an action on a client."""
        if actor.everywhere(action):
            return True
        parties = self.agreements.parties(client.client_id)
        return any(
            replace(actor, memberships=(held,)).allows(action, _owner(held.role, client), parties)
            for held in actor.memberships
        )

    def seen(self, actor: Actor, client_id: str) -> Client:
        """Find a client that an actor may know of.

        Raises:
            NotFound: there is none, or it is not the actor's to know.
        """
        client = self._store.find_client(client_id) if CLIENT_ID.fullmatch(client_id) else None
        if client is None:
            raise no_client(client_id)
        self.require_seen(actor, client)
        return client

    def require_seen(self, actor: Actor, client: Client) -> None:
        """Refuse a client that an actor may not know of in the words for one that does not exist.

        Raises:
            NotFound: it is not the actor's to know.
        """
        if not self.allows(actor, "client.read", client):
            raise no_client(client.client_id)

    def require(self, actor: Actor, action: str, client: Client) -> None:
        """Refuse an action on a client unless a role allows it, and no other district uses the client.

        A client that several districts use is its own organisation's and the region's to change: else the people of
        one district could cut another off, or get a secret that opens the other's data.

        Raises:
            NotFound: the actor may not know of the client.
            NotPermitted: no role allows it, or only on clients of another steward or organisation.
            Conflict: only roles in a district do, and other districts use the client.
        """
        self.require_seen(actor, client)
        if actor.everywhere(action):
            return
        able = [held for held in actor.memberships if self._held_allows(actor, action, client, held.role, held.org)]
        if not able:
            if actor.orgs(action):
                raise _not_yours(client)
            raise NotPermitted(
                Phrase("You have no role that may do this: %(action)s.", action=Phrase(known_action(action).about))
            )
        secret = action in {"client.rotate", "client.link"}  # it would open what is signed later, too
        others = self.agreements.districts(client.client_id, even_unsigned=secret) - {client.steward}
        if others and all(_is_district(held.role) for held in able):
            raise Conflict(SHARED)

    def may(self, actor: Actor, action: str, client: Client) -> bool:
        """Tell whether an action on a client would not be refused."""
        try:
            self.require(actor, action, client)
        except (NotFound, NotPermitted, Conflict):
            return False
        return True

    def who(self, people: Iterable[Actor], action: str, client: Client) -> tuple[Membership, ...]:
        """Return the roles of *people*, each with its organisation, in which an action on a client is not refused."""
        held = sorted({(one.org, one.role) for actor in people for one in actor.memberships})
        each = (Membership(org, role) for org, role in held)
        return tuple(one for one in each if self.may(Actor("", "person", (one,)), action, client))

    def require_own(self, actor: Actor, action: str, client: Client) -> None:
        """Refuse an action for which a client is a model, unless it is the region's, the steward's or its owner's.

        Raises:
            NotFound: the actor may not know of the client.
            NotPermitted: it knows of it as a party of an agreement alone.
        """
        self.require_seen(actor, client)
        if not actor.everywhere(action) and not actor.allows(action, client.steward):
            raise _not_yours(client)

    def require_free(self, actor: Actor, client_id: str, steward: str, org: str) -> None:
        """Refuse to register an id that an agreement names for another recipient, or, for a district, another one's.

        Raises:
            Conflict: whoever got its secret could read the other district's data.
        """
        everywhere = actor.everywhere("client.register")
        others = self.agreements.districts(client_id, even_unsigned=True) - {steward}
        if kept := sorted(self.agreements.recipients(client_id) - {org}):
            known = everywhere or not others
            said = Phrase("An agreement keeps this id for %(org)s.", org=kept[0])
            raise Conflict(said if known else TAKEN)
        if others and not everywhere:
            raise Conflict(TAKEN)

    def _held_allows(self, actor: Actor, action: str, client: Client, role: str, org: str) -> bool:
        held = tuple(one for one in actor.memberships if (one.role, one.org) == (role, org))
        return replace(actor, memberships=held).reach(action, org) is not None and _owner(role, client) == org


def acting_org(actor: Actor, client: Client) -> str:
    """Return the organisation for which an actor acts on a client, and which chooses whether two persons must."""
    if any(held.org == client.org and not _is_district(held.role) for held in actor.memberships):
        return client.org
    return client.steward or "region"


def no_client(client_id: str) -> NotFound:
    """Return the refusal of a client that does not exist, or not for whoever asks."""
    return NotFound(Phrase("There is no client %(client)s.", client=repr(client_id[:64])))


def only(districts: Iterable[str]) -> str:
    """Return the one of some *districts* that there is; empty where there are several, or none."""
    found = sorted(set(districts))
    return found[0] if len(found) == 1 else ""


def _not_yours(client: Client) -> NotPermitted:
    return NotPermitted(Phrase(NOT_YOURS, org=client.org, steward=client.steward or Phrase("the region")))


def _is_district(role: str) -> bool:
    return role in roles() and roles()[role].org in {"district", "any"}


def _owner(role: str, client: Client) -> str:
    """Return whose a client is in the eyes of a role."""
    return client.steward if _is_district(role) else client.org
