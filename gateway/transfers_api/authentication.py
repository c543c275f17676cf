"""Authentication of the API of transfers: a program of a district by a scope of transfers, or a person by a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.admin_api.frame.authentication import NOT_VALID, Entrance
from gateway.auth.scopes import about_transfers, mixes_transfers
from gateway.people.actor import NotPermitted, program
from gateway.storage.people.kinds import DISTRICT
from standards.errors import Unauthenticated

if TYPE_CHECKING:
    from gateway.people.actor import Actor

MACHINE: Final = "machine"
PEOPLE_ALONE: Final = "Only a person who is signed in does this: a program decides nothing about a student's record."


class DistrictEntrance(Entrance):
    """Lets districts' own programs and people into the API of transfers; vendors and others have no business here."""

    needed = "Send a bearer token with a scope of transfers, or sign in."

    def permit(self, actor: Actor, action: str, scope: str = "") -> None:
        """Refuse a program whose token lacks the *scope*, and a person who has no role for the *action*.

        Raises:
            NotPermitted: either is so, or what is asked is for people alone.
        """
        if actor.kind != MACHINE:
            super().permit(actor, action)
        elif not scope:
            raise NotPermitted(PEOPLE_ALONE)
        elif scope not in actor.scopes:
            raise NotPermitted(f"The token lacks the scope {scope}.")

    def _machine(self, header: str) -> Actor:
        """Return the client of a bearer token as its district's program.

        A client with other scopes beside is served by nothing, nor is one whose organisation is no district any more.
        """
        client, found = self._client_of(header)
        if mixes_transfers((*client.scopes, *found.scopes)) or not about_transfers(client.scopes):
            raise Unauthenticated(NOT_VALID)
        if self._region.kinds([client.org])[client.org] != {DISTRICT}:
            raise Unauthenticated(NOT_VALID)
        return program(client.client_id, client.org, set(client.scopes) & set(found.scopes))
