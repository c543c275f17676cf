"""Named clients: whose the clients are that an agreement names, who registered each, and whether it may name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.admin.clients.rights import NamingAgreements
from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor
    from policies.agreement import Agreement

READ: Final = "client.read"
HIDDEN: Final = "is not free for this recipient: choose another client"
UNREGISTERED: Final = "is not registered yet; once this is published, its id is kept for the recipient"


@dataclass(frozen=True, slots=True)
class NamedClient:
    """A client as whoever writes an agreement may know it: its organisation, and the *steward* that registered it.

    One that is not *registered* has neither. *theirs* says that the recipient may have it. Of one that is *hidden* no
    more is told than that the recipient may not.
    """

    client_id: str
    org: str = ""
    steward: str = ""
    registered: bool = False
    theirs: bool = True
    hidden: bool = False

    def words(self, recipient: str) -> str:
        """Say what is known of it, in a sentence of a check."""
        if self.hidden:
            return f"the client {self.client_id} {HIDDEN}"
        if not self.registered:
            kept = f"is kept for {self.org}, as another agreement says" if self.org else UNREGISTERED
            return f"the client {self.client_id} {kept}"
        by = self.steward or "the region"
        said = f"the client {self.client_id} was registered by {by} for {self.org}"
        return said if self.theirs else f"{said}, and the recipient is {recipient}"


def named_clients(
    region: Administration, actor: Actor, district: str, recipient: str, clients: Iterable[str]
) -> tuple[NamedClient, ...]:
    """Tell whose *clients* are that an agreement of a *district* names, or would.

    The people of the district and of the region are told whoever's they are, as they answer for what is released to
    them; others, of the recipient, are told of their own.
    """
    known = {one.client_id: one for one in region.store.list_clients()}
    agreements, inside = NamingAgreements(region), actor.allows(READ, district)

    def told(name: str) -> NamedClient:
        if name in known:
            one = known[name]
            found = NamedClient(name, one.org, one.steward, registered=True, theirs=one.org == recipient)
        else:
            kept = sorted(agreements.recipients(name) - {recipient})
            found = NamedClient(name, ", ".join(kept), theirs=not kept)
        return found if inside or found.theirs else NamedClient(name, theirs=False, hidden=True)

    return tuple(told(name) for name in dict.fromkeys(clients))


def mistakes(found: Agreement, clients: Iterable[NamedClient]) -> Iterator[SettingsError]:
    """Yield the mistake that a client is which the recipient may not have, where it is named."""
    for one in clients:
        if not one.theirs:
            file, _, place = found.place(one.client_id).removeprefix(found.file).partition(":")
            line, _, column = place.partition(":")
            where = (int(line), int(column)) if line.isdigit() and column.isdigit() and not file else (1, 1)
            yield SettingsError(one.words(found.org), found.file, *where)
