"""Secrets of clients: made when somebody asks for one or presses the button of a link, shown once, kept as a hash."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from gateway.admin.clients.clients import CHANGED, KINDS, NewClient, check_new, living
from gateway.admin.clients.links import ClientLinks, LinkGone, new_link, use_link, withdraw_links
from gateway.admin.clients.rights import ClientRights, acting_org
from gateway.admin.clients.states import ADMIN_ASKED, check_scopes, facts, lacks
from gateway.admin.organisations import Organisations
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.auth.client_secrets import new_secret
from gateway.auth.oauth1_secrets import PURPOSE, new_shared_secret
from gateway.auth.scopes import ADMIN, ADMIN_ROLES, ONEROSTER_1_1, admin_roles, administers
from gateway.people.active import ActivePeople
from gateway.people.actor import REGION, NotPermitted, machine, operator
from gateway.storage.people.kinds import fitting
from gateway.storage.registry import DRAFT, ENABLED, SUSPENDED, Client, ClientUpdate, Secret, digest_of
from gateway.translations.phrases import Phrase
from policies.roles import roles
from standards.errors import CallerError, Conflict, PreconditionFailed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.clients.links import OpenLink
    from gateway.admin.clients.states import ClientFacts
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal

MAX_KEEP_DAYS: Final = 90
SIGNING_DAYS: Final = 365
NOT_ALONE: Final = (
    "A new secret needs two persons here. Ask for the new secret itself: whoever confirms it is shown it once."
)
LINK_ACTOR: Final = "one-time link"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that is shown now, and never again."""

    client: ClientFacts
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A one-time link that is told now, and never again."""

    client: ClientFacts
    token: str = field(repr=False)
    expires: datetime


class ClientSecrets:
    """The secrets of clients, for people."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._store = region, region.store
        self._second = second or SecondPerson(region)

    def add(self, actor: Actor, new: NewClient) -> NewSecret:
        """Register a client with a secret at once, before any agreement names it: by the operator's command alone.

        Raises:
            CallerError: its name, organisation, kind or scopes cannot be used, or the name is taken.
            Conflict: an agreement names it for another recipient.
            NotPermitted: anybody else asks.
        """
        check_new(new)
        Organisations(self._region).require_distinct(new.org)
        ClientRights(self._region).require_free(actor, new.client_id, new.steward, new.org)
        return self._added(actor, replace(new, scopes=check_scopes(new.scopes)))

    def add_admin(self, actor: Actor, name: str, org: str, role: str) -> NewSecret:
        """Register a machine client of the administration API that acts in a *role* of an organisation.

        Raises:
            CallerError: no machine has that role, or nobody has it in that organisation.
            NotPermitted: anybody but the operator's command asks.
        """
        if role not in ADMIN_ROLES:
            raise CallerError(f"A machine acts in one of the roles {', '.join(ADMIN_ROLES)}.")
        kind, districts = roles()[role].org, self._region.settings().districts
        fits = {"region": org == REGION, "district": org in districts}
        if not fits.get(kind, org != REGION and org not in districts):
            raise CallerError(f"Nobody is {role} of {org!r}.")
        check_new(NewClient(name, "-", KINDS[0]))
        return self._added(actor, NewClient(name, org, kind, (ADMIN + role,)))

    def _added(self, actor: Actor, new: NewClient) -> NewSecret:
        if actor.kind != "operator":
            raise NotPermitted("Only the operator's command registers a client with its secret.")
        secret, kept = new_secret()
        now, slots = self._region.clock(), (Secret(kept),)
        made = Client(new.client_id, new.org, new.kind, new.scopes, slots, now, actor.name, steward=new.steward)
        made = replace(made, unknown_members=new.unknown_members)
        self._store.add_client(made)
        return NewSecret(facts(made, ClientRights(self._region).agreements, actor), secret)

    def rotate(
        self, actor: Actor, client_id: str, keep_old_days: int = 0, unchanged: str = "", reason: str = ""
    ) -> NewSecret | Waiting:
        """Give a client a new secret; the old one still works for so many days, or ends at once with every token.

        A client that is ready gets its first secret, and is enabled.

        Raises:
            Conflict: it is suspended or ended, or lacks what a first secret needs.
        """
        _check_days(keep_old_days)
        rights = ClientRights(self._region)
        known = rights.seen(actor, client_id)
        rights.require(actor, "client.rotate", known)
        self._check_may_have(known, rights)
        content = {"keepOldDays": keep_old_days}
        two = TwoPersonAct(
            "client.rotate", acting_org(actor, known), client_id, content, digest_of(known), reason
        )  # fmt: skip
        return self._second.either(
            actor, two, lambda: self._give(actor, rights, client_id, keep_old_days, unchanged, reason)
        )

    def end_old(self, actor: Actor, client_id: str, unchanged: str = "") -> ClientFacts:
        """End the old secret of a client before its day; its tokens stay valid until they end by themselves.

        Raises:
            Conflict: it has one secret, or none.
        """
        rights = ClientRights(self._region)
        rights.require(actor, "client.rotate", rights.seen(actor, client_id))

        def decide(_connection: Connection, found: Client) -> ClientUpdate:
            self._check(rights, actor, "client.rotate", found, unchanged)
            if len(living(found).secrets) < 2:  # noqa: PLR2004 -- the two slots
                raise Conflict(Phrase("%(client)s has no old secret.", client=repr(client_id)))
            return ClientUpdate({"secret_hash_2": None, "not_after_2": None}, "old secret ended")

        return facts(self._store.alter_client(client_id, actor.name, decide), rights.agreements, actor)

    def link(self, actor: Actor, client_id: str, keep_old_days: int = 7, unchanged: str = "") -> NewLink:
        """Make a one-time link to a client's next secret; an earlier link gives nothing any more.

        Raises:
            Conflict: the client is suspended or ended, or lacks what a first secret needs.
        """
        _check_days(keep_old_days)
        rights, made = ClientRights(self._region), list[str]()
        known = rights.seen(actor, client_id)
        rights.require(actor, "client.link", known)
        self._refuse_alone(actor, known)
        now = self._region.clock()

        def decide(connection: Connection, found: Client) -> ClientUpdate:
            self._check(rights, actor, "client.link", found, unchanged)
            self._check_may_have(found, rights)
            made[:] = [new_link(connection, client_id, keep_old_days, actor, now)]
            return ClientUpdate({}, "link made", {"keepOldDays": keep_old_days})

        client = self._store.alter_client(client_id, actor.name, decide)
        found = ClientLinks(self._store).of(client_id, now)
        return NewLink(facts(client, rights.agreements, actor), made[0], found.expires if found else now)

    def open_link(self, actor: Actor, client_id: str) -> OpenLink | None:
        """Return the link of a client that nobody has used yet, without its token."""
        ClientRights(self._region).seen(actor, client_id)
        return ClientLinks(self._store).of(client_id, self._region.clock())

    def take_back(self, actor: Actor, client_id: str) -> ClientFacts:
        """Take the open link of a client back.

        Raises:
            Conflict: it has none.
        """
        rights = ClientRights(self._region)
        rights.require(actor, "client.link", rights.seen(actor, client_id))

        def decide(connection: Connection, found: Client) -> ClientUpdate:
            self._check(rights, actor, "client.link", found, "")
            if not withdraw_links(connection, client_id, self._region.clock()):
                raise Conflict(Phrase("%(client)s has no open link.", client=repr(client_id)))
            return ClientUpdate({}, "link taken back")

        return facts(self._store.alter_client(client_id, actor.name, decide), rights.agreements, actor)

    def check_link(self, token: str) -> None:
        """Refuse a link that gives nothing; what it is for is told to nobody before the button is pressed.

        Raises:
            LinkGone: it gives nothing.
        """
        self._fetchable(token, ClientRights(self._region))

    def fetch(self, token: str) -> NewSecret:
        """Make the secret behind a link, for whoever pressed its button: once.

        Raises:
            LinkGone: it was used or taken back, it is too old, its client may have no secret now, or who made it
                could not make it any more.
        """
        rights, now = ClientRights(self._region), self._region.clock()
        found, maker = self._fetchable(token, rights)
        secret, kept = new_secret()

        def decide(connection: Connection, client: Client) -> ClientUpdate:
            use_link(connection, token, client.client_id, now)
            try:
                self._check_link(maker, client, rights)
            except CallerError:
                raise LinkGone from None
            more = {"link": found.made_by}
            return ClientUpdate(_rotated(client, kept, found.keep_old_days, now), _said(client), more)

        client = self._store.alter_client(found.client_id, LINK_ACTOR, decide)
        return NewSecret(facts(client, rights.agreements, None), secret)

    def oauth1(self, actor: Actor, client_id: str, end: datetime | None, unchanged: str = "") -> NewSecret:
        """Give a client a secret to sign OneRoster 1.1 requests with, until *end*, or for a year.

        Raises:
            CallerError: it has no scope in which a signature counts.
        """
        rights, now = ClientRights(self._region), self._region.clock()
        known = rights.seen(actor, client_id)
        rights.require(actor, "client.rotate", known)
        self._refuse_alone(actor, known)
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        until = end or today + timedelta(days=SIGNING_DAYS + 1)
        secret, shared = new_shared_secret(self._region.keys.derive(PURPOSE), client_id, until)

        def decide(_connection: Connection, found: Client) -> ClientUpdate:
            self._check(rights, actor, "client.rotate", found, unchanged)
            if not any(scope.startswith(ONEROSTER_1_1) for scope in living(found).scopes):
                raise CallerError(
                    Phrase(
                        "%(client)s has no scope of OneRoster 1.1, and signatures count nowhere else.",
                        client=repr(client_id),
                    )
                )
            return ClientUpdate(
                {"oauth1_sealed": shared.sealed, "oauth1_not_after": shared.not_after}, "oauth1 secret set"
            )

        return NewSecret(
            facts(self._store.alter_client(client_id, actor.name, decide), rights.agreements, actor), secret
        )

    def end_oauth1(self, actor: Actor, client_id: str, unchanged: str = "") -> ClientFacts:
        """End the secret by which a client signs requests; its tokens stay valid."""
        rights = ClientRights(self._region)
        rights.require(actor, "client.rotate", rights.seen(actor, client_id))

        def decide(_connection: Connection, found: Client) -> ClientUpdate | None:
            self._check(rights, actor, "client.rotate", found, unchanged)
            if living(found).oauth1 is None:
                return None
            return ClientUpdate({"oauth1_sealed": None, "oauth1_not_after": None}, "oauth1 secret ended")

        return facts(self._store.alter_client(client_id, actor.name, decide), rights.agreements, actor)

    def _refuse_alone(self, actor: Actor, client: Client) -> None:
        """Refuse another way to a secret than the one for which the client's organisation wants two persons.

        Raises:
            Conflict: it wants two.
        """
        if "client.rotate" in SecondPerson(self._region).wanted(acting_org(actor, client)):
            raise Conflict(NOT_ALONE)

    def _give(
        self, actor: Actor, rights: ClientRights, client_id: str, days: int, unchanged: str, reason: str
    ) -> NewSecret:
        secret, kept = new_secret()
        now = self._region.clock()

        def decide(connection: Connection, found: Client) -> ClientUpdate:
            self._check(rights, actor, "client.rotate", found, unchanged)
            self._check_may_have(found, rights)
            withdraw_links(connection, client_id, now)
            return ClientUpdate(_rotated(found, kept, days, now), _said(found), reason=reason)

        return NewSecret(
            facts(self._store.alter_client(client_id, actor.name, decide), rights.agreements, actor), secret
        )

    def _fetchable(self, token: str, rights: ClientRights) -> tuple[OpenLink, Actor]:
        """Return a link that gives something now, with its maker in the roles of now."""
        found = ClientLinks(self._store).open(token, self._region.clock())
        client = self._store.find_client(found.client_id)
        try:
            maker = self._maker(found)
            if client is None or maker is None:
                raise LinkGone
            self._check_link(maker, client, rights)
        except CallerError:
            raise LinkGone from None
        return found, maker

    def _check_link(self, maker: Actor, client: Client, rights: ClientRights) -> None:
        """Refuse a link of somebody who could not make it now, or to a client that may have no secret now."""
        self._check(rights, maker, "client.link", client, "")
        self._check_may_have(client, rights)
        self._refuse_alone(maker, client)

    def _maker(self, link: OpenLink) -> Actor | None:
        """Return the maker of a link with the roles of now; None where it has no access any more."""
        if link.maker_kind == "operator":
            return operator(link.maker)
        if link.maker_kind == "person":
            found = ActivePeople(self._store, self._region.clock, self._region.kinds).find(link.maker)
            return found.actor if found else None
        client = self._store.find_client(link.maker)
        if not _is_in(client):
            return None
        held = fitting(admin_roles(client.scopes), client.org, self._region.kinds)
        return machine(client.client_id, client.org, held)

    def _check(self, rights: ClientRights, actor: Actor, action: str, found: Client, unchanged: str) -> None:
        """Refuse an act on a client as it is now, under its lock."""
        rights.require(actor, action, found)
        if administers(found.scopes) and actor.kind != "operator":
            raise Conflict(ADMIN_ASKED)
        if unchanged and digest_of(found) != unchanged:
            raise PreconditionFailed(CHANGED)

    def _check_may_have(self, client: Client, rights: ClientRights) -> None:
        """Refuse a new secret for a client that may have none now."""
        living(client)
        if client.status == SUSPENDED:
            raise Conflict(
                Phrase("%(client)s is suspended: resume it before it gets a secret.", client=repr(client.client_id))
            )
        if client.status == DRAFT and (missing := lacks(client, rights.agreements)):
            raise Conflict(
                Phrase(
                    "%(client)s is a draft and gets no secret yet. %(missing)s",
                    client=repr(client.client_id),
                    missing=" ".join(missing),
                )
            )


def _is_in(client: Client | None) -> TypeGuard[Client]:
    """Tell whether a machine that made a link is let in now."""
    return client is not None and client.status == ENABLED


def _rotated(client: Client, kept: str, days: int, now: datetime) -> dict[str, Any]:
    """Return the columns of a client with a new secret beside the old one, or in its place."""
    columns: dict[str, Any] = {
        "secret_hash_1": kept, "not_after_1": None, "secret_hash_2": None, "not_after_2": None, "status": ENABLED,
    }  # fmt: skip
    if client.secrets and days:
        columns |= {"secret_hash_2": client.secrets[0].hash, "not_after_2": now + timedelta(days=days)}
    else:
        columns["epoch"] = client.epoch + 1
    return columns


def _said(client: Client) -> str:
    return "enabled" if client.status == DRAFT else "secret rotated"


def _check_days(days: int) -> None:
    if not 0 <= days <= MAX_KEEP_DAYS:
        raise CallerError(Phrase("The old secret is kept for 0 to %(days)s days.", days=MAX_KEEP_DAYS))


def confirm_rotate(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do again what was proposed of a client's secret; whoever confirms it is shown the secret."""
    days = int(proposal.content["keepOldDays"])
    return ClientSecrets(region, second).rotate(actor, proposal.about, days, reason=proposal.reason)
