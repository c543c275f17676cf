"""A recipient's own page: its clients, the districts it reads, agreements that end, links, and last refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from gateway.admin.answers.why import RECIPIENT, Why
from gateway.admin.freshness import Freshness
from gateway.people.actor import NotPermitted
from gateway.storage.database import transaction
from gateway.storage.people.tables import client_links
from gateway.tasks.store import Tasks
from gateway.tasks.task import EXTENSION
from gateway.translations.phrases import Phrase
from policies.agreement import current
from standards.errors import CallerError, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from datetime import date, datetime

    from gateway.admin.administration import Administration, Running
    from gateway.admin.answers.answer import ToldRefusal
    from gateway.admin.freshness import Fresh
    from gateway.people.actor import Actor
    from gateway.storage.registry import Client
    from policies.agreement import Agreement

ENDING_DAYS: Final = 90
"""The days before its end at which an agreement is told to end."""

LAST_REFUSALS: Final = 50
EXTENSION_DAYS: Final = 30
NO_AGREEMENT: Final = "There is no such agreement here."
ASKED_ALREADY: Final = "An extension of this agreement has been asked for already."


@dataclass(frozen=True, slots=True)
class OwnClient:
    """A client of the recipient: its state, when a token of it was last made, and when its secrets end."""

    client: str
    state: str
    scopes: tuple[str, ...]
    last_used: datetime | None
    secrets_end: tuple[datetime | None, ...]


@dataclass(frozen=True, slots=True)
class OwnAgreement:
    """An agreement in force for the recipient; *ending* is whether it ends soon without a version that follows."""

    agreement: str
    version: int
    district: str
    purpose: str
    clients: tuple[str, ...]
    end: date
    ending: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class OwnLink:
    """A one-time link to a secret of one of its clients, never the address of it."""

    client: str
    made: datetime
    expires: datetime
    state: str


@dataclass(frozen=True, slots=True)
class RecipientPage:
    """What the people of one recipient are shown of it."""

    org: str
    clients: tuple[OwnClient, ...]
    agreements: tuple[OwnAgreement, ...]
    districts: tuple[Fresh, ...]
    links: tuple[OwnLink, ...]
    refusals: tuple[ToldRefusal, ...]


class Recipients:
    """The pages of recipients, each for its own people."""

    def __init__(self, region: Administration) -> None:
        self._region = region

    def orgs(self, actor: Actor) -> tuple[str, ...]:
        """List the recipients for which *actor* acts."""
        return tuple(sorted(one for one in actor.orgs(RECIPIENT) if actor.reach(RECIPIENT, one) == "own"))

    def page(self, actor: Actor, org: str) -> RecipientPage:
        """Return what *actor* is shown of its recipient *org*.

        Raises:
            NotFound: it is not one of the actor's.
        """
        self._own(actor, org)
        clients = [one for one in self._region.store.list_clients() if one.org == org]
        agreements = self._agreements(org)
        districts = {one.district for one in agreements}
        fresh = tuple(one for one in Freshness(self._region).list(actor) if one.name in districts)
        why = Why(self._region)
        refusals = [kept for one in clients for kept in why.refusals(actor, one.client_id, "recipient")]
        newest = sorted(refusals, key=lambda one: one.at, reverse=True)[:LAST_REFUSALS]
        return RecipientPage(
            org, tuple(map(_own_client, clients)), agreements, fresh, self._links(clients), tuple(newest)
        )

    def ask_extension(self, actor: Actor, org: str, agreement: str, reason: str) -> None:
        """Ask the provider district's privacy officer to extend an agreement: a task of its own.

        Raises:
            NotFound: there is no such agreement of the actor's recipient.
            CallerError: it has been asked for already, or the reason is not one line.
        """
        self._own(actor, org)
        found = next((one for one in self._agreements(org) if one.agreement == agreement), None)
        if found is None:
            raise NotFound(NO_AGREEMENT)
        if found.asked:
            raise CallerError(ASKED_ALREADY)
        due = self._region.clock() + timedelta(days=EXTENSION_DAYS)
        text = f"{org} asks for an extension of {found.agreement}@{found.version}, which ends on {found.end}"
        text += f": {reason.strip()}" if reason.strip() else ""
        if len(text) > MAX_TEXT or not text.isprintable():
            raise CallerError(Phrase("The reason must be one line of at most %(most)s characters.", most=MAX_REASON))
        Tasks(self._region.store, self._region.clock).open(
            found.district, "privacy-officer", text, due, actor.name, EXTENSION
        )

    def _own(self, actor: Actor, org: str) -> None:
        if org not in self.orgs(actor):
            if not actor.orgs(RECIPIENT):
                raise NotPermitted("You act for no recipient.")
            raise NotFound("There is no such organisation here.")

    def _agreements(self, org: str) -> tuple[OwnAgreement, ...]:
        every, now = self._running().standing.agreements, self._region.clock()
        asked = self._asked(org)
        mine = [one for one in every if one.org == org and one in current(every, one.today(now))]
        return tuple(_own_agreement(every, one, now, asked) for one in sorted(mine, key=lambda one: one.end))

    def _asked(self, org: str) -> frozenset[str]:
        """Return the agreements, as ID@VERSION, of which an extension is asked for and not answered yet."""
        rows = Tasks(self._region.store, self._region.clock).rows()
        texts = [str(one.content.get("text", "")) for one in rows if one.kind == EXTENSION and one.closed is None]
        before = f"{org} asks for an extension of "
        return frozenset(one.removeprefix(before).partition(",")[0] for one in texts if one.startswith(before))

    def _links(self, clients: list[Client]) -> tuple[OwnLink, ...]:
        names, now = [one.client_id for one in clients], self._region.clock()
        wanted = select(client_links).where(client_links.c.client_id.in_(names)).order_by(client_links.c.made.desc())

        def read() -> tuple[OwnLink, ...]:
            with transaction(self._region.store.engine) as connection:
                rows = connection.execute(wanted.limit(LAST_REFUSALS)).all()
            return tuple(OwnLink(row.client_id, row.made, row.expires, _state(row, now)) for row in rows)

        return self._region.store.calls.run(read) if names else ()

    def _running(self) -> Running:
        if self._region.running is None:
            raise StoreUnavailable("This needs the running gateway.")
        return self._region.running


MAX_REASON: Final = 500
MAX_TEXT: Final = 800


def _own_client(one: Client) -> OwnClient:
    ends = tuple(secret.not_after for secret in one.secrets)
    return OwnClient(one.client_id, one.status, one.scopes, one.last_used, ends)


def _own_agreement(every: tuple[Agreement, ...], one: Agreement, now: datetime, asked: frozenset[str]) -> OwnAgreement:
    following = any(other.id == one.id and other.version > one.version for other in every)
    ending = not following and one.end - one.today(now) <= timedelta(days=ENDING_DAYS)
    told = f"{one.id}@{one.version}" in asked
    return OwnAgreement(one.id, one.version, one.district, one.purpose, one.clients, one.end, ending, told)


def _state(row: object, now: datetime) -> str:
    """Return the state of a link in a word."""
    if getattr(row, "used", None) is not None:
        return "used"
    if getattr(row, "withdrawn", None) is not None:
        return "withdrawn"
    return "open" if now < row.expires else "expired"  # type: ignore[attr-defined]
