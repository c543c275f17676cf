"""The transfer office of one district: what every service of transfers works with, and what it asks of who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.admin.administration import Administration
    from gateway.people.actor import Actor

FOLLOW, READ, ASK, WITHDRAW = "transfer.follow", "transfer.read", "transfer.ask", "transfer.withdraw"
MATCH, DECIDE, RECEIVE = "transfer.match", "transfer.decide", "transfer.receive"
KEYS, REPORTS = "transfer.keys", "transfer.reports"

HIDDEN: Final = ""
"""The receiver's name where it is not to be told: a district of the region."""


class TransferOffice:
    """One *actor* acting for *org*, a district; a program of the district by the *scopes* of its token.

    A program may do what its scope says (`transfer:request`, `transfer:receive`) and is never asked to decide.
    """

    def __init__(self, region: Administration, actor: Actor, org: str, scopes: Collection[str] = frozenset()) -> None:
        self.region, self.actor, self.org, self.scopes = region, actor, org, frozenset(scopes)
