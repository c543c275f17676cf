"""The actor of an act: a signed-in person, a machine client or the operator's command line, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.translations.phrases import Phrase
from policies.roles import REACHES, action
from standards.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policies.roles import Reach

REGION: Final = "region"
"""The organisation of the region's own people."""

PROGRAM: Final = "program"
"""What stands for a role in the membership of a district's own program: no action names it."""


class NotPermitted(Forbidden):
    """Nobody may do this in a role that the actor has."""

    code = "not-permitted"


@dataclass(frozen=True, slots=True)
class Membership:
    """One *role* of somebody in one organisation."""

    org: str
    role: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: *name* is what acts on record say of it, *person* the id of a person, *client* that of a machine.

    The *operator* at the command line holds the files and the keys, and does for every organisation whatever needs no
    person, and of what does need one the actions that commands name: it neither signs nor previews. *scopes* are what
    a district's own program may do about transfers; it has no role.
    """

    name: str
    kind: Literal["person", "machine", "operator"]
    memberships: tuple[Membership, ...] = ()
    person: str = ""
    client: str = ""
    scopes: frozenset[str] = frozenset()

    def reach(self, name: str, org: str) -> Reach | None:
        """Return how far this actor reaches in the action *name* through its roles in *org*; None for not at all."""
        asked = action(name)
        if self.kind == "operator":
            return "region" if asked.commanded or not asked.person else None
        if self.kind == "machine" and asked.person:
            return None
        found = [asked.roles[one.role] for one in self.memberships if one.org == org and one.role in asked.roles]
        return max(found, key=REACHES.index, default=None)

    def orgs(self, name: str) -> frozenset[str]:
        """Return the organisations for which this actor may do the action *name* at all."""
        return frozenset(one.org for one in self.memberships if self.reach(name, one.org) is not None)

    def everywhere(self, name: str) -> bool:
        """Tell whether this actor may do the action *name* on everything of the region."""
        orgs = {REGION} if self.kind == "operator" else {one.org for one in self.memberships}
        return any(self.reach(name, org) == "region" for org in orgs)

    def allows(self, name: str, owner: str, parties: Collection[str] = ()) -> bool:
        """Tell whether this actor may do the action *name* on a thing of *owner*, which concerns these *parties*."""
        if self.everywhere(name) or (owner and self.reach(name, owner) is not None):
            return True
        return any(self.reach(name, org) in {"party", "region"} for org in parties)

    def acting_for(self, name: str, owner: str, parties: Collection[str] = ()) -> frozenset[str]:
        """Return the organisations among *owner* and *parties* for which this actor may do the action *name*."""
        return frozenset(org for org in {owner, *parties} if org and self.allows(name, org, [org]))

    def require(self, name: str, owner: str = "", parties: Collection[str] = ()) -> None:
        """Refuse the action *name* on a thing unless a role allows it.

        Raises:
            NotPermitted: none does.
        """
        if not self.allows(name, owner, parties):
            raise NotPermitted(
                Phrase("You have no role that may do this: %(action)s.", action=Phrase(action(name).about))
            )

    def require_seen(self, name: str, owner: str, parties: Collection[str] = (), what: str = "") -> None:
        """Refuse a thing that this actor may not know of in the words for one that does not exist.

        Raises:
            NotFound: no role may do the action *name* (reading it) on that thing.
        """
        if not self.allows(name, owner, parties):
            raise NotFound(what or "There is no such thing here.")


def machine(client_id: str, org: str, roles: Iterable[str]) -> Actor:
    """Return the actor that a machine client of *org* is in these roles; no person and no account is called so."""
    held = tuple(Membership(org, role) for role in sorted(roles))
    return Actor(f"client {client_id}", "machine", held, client=client_id)


def program(client_id: str, district: str, scopes: Iterable[str]) -> Actor:
    """Return the actor that a *district*'s own program is about transfers: nothing but what its *scopes* say."""
    held = (Membership(district, PROGRAM),)
    return Actor(f"client {client_id}", "machine", held, client=client_id, scopes=frozenset(scopes))


def operator(name: str) -> Actor:
    """Return the actor of a command at the command line, by the *name* of the account."""
    return Actor(name, "operator")
