"""Clients: registered, copied, given scopes, suspended, resumed and ended by people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gateway.admin.clients.links import withdraw_links
from gateway.admin.clients.rights import ClientRights, acting_org, only
from gateway.admin.clients.states import ADMIN_ASKED, check_kind, check_scopes, facts, suggested
from gateway.admin.organisations import Organisations
from gateway.admin.second_person import SecondPerson, TwoPersonAct
from gateway.auth.scopes import administers
from gateway.one_line import is_one_line
from gateway.people.actor import REGION, NotPermitted
from gateway.storage.registry import (
    CLIENT_ID,
    DRAFT,
    ENABLED,
    ENDED,
    IGNORE,
    REFUSE,
    STEPS,
    Client,
    ClientUpdate,
    digest_of,
)
from gateway.translations.phrases import Phrase
from standards.errors import CallerError, Conflict, NotFound, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from gateway.admin.administration import Administration
    from gateway.admin.clients.states import ClientFacts, ScopeSuggestion
    from gateway.admin.second_person import TwoPersonRule, Waiting
    from gateway.people.actor import Actor
    from gateway.storage.people.proposals import Proposal
    from policies.agreement import Agreement

KINDS: Final = ("vendor", "cbo", "district", "sea", "researcher")
MAX_ORG_CHARACTERS: Final = 100
CHANGED: Final = "The client has changed since you read it: read it again."
BAD_NAME: Final = "use letters, digits, '.', '_' and '-', at most 64 of them, and no '-' in front"


@dataclass(frozen=True, slots=True)
class NewClient:
    """What is said of a client when it is registered; its *steward* is the district that acts, or none."""

    client_id: str
    org: str
    kind: str
    scopes: tuple[str, ...] = ()
    steward: str = ""
    unknown_members: str = IGNORE
    more: Mapping[str, Any] = field(default_factory=dict)


class Clients:
    """The clients of a region, for people."""

    def __init__(self, region: Administration, second: TwoPersonRule | None = None) -> None:
        self._region, self._store = region, region.store
        self._second = second or SecondPerson(region)

    def list(self, actor: Actor) -> tuple[ClientFacts, ...]:
        """List the clients that an actor may know of, by id."""
        rights = ClientRights(self._region)
        seen = [one for one in self._store.list_clients() if rights.allows(actor, "client.read", one)]
        return tuple(facts(one, rights.agreements, actor) for one in seen)

    def find(self, actor: Actor, client_id: str) -> ClientFacts:
        """Find a client.

        Raises:
            NotFound: there is none, or the actor may not know of it.
        """
        rights = ClientRights(self._region)
        return facts(rights.seen(actor, client_id), rights.agreements, actor)

    def unregistered(self, actor: Actor) -> dict[str, tuple[Agreement, ...]]:
        """Return the agreements that name clients which nobody has registered yet, by the ids of these."""
        known = {one.client_id for one in self._store.list_clients()}
        named = ClientRights(self._region).agreements.named(actor)
        return {name: found for name, found in sorted(named.items()) if name not in known}

    def needed(self, actor: Actor, name: str) -> tuple[ScopeSuggestion, ...]:
        """Suggest the scopes that a client which is not registered yet needs for the agreements that name it."""
        return suggested(self.unregistered(actor).get(name, ()), name)

    def suggest(self, actor: Actor, client_id: str) -> tuple[ScopeSuggestion, ...]:
        """Suggest the scopes that a client needs for its agreements, in force or to come."""
        rights = ClientRights(self._region)
        client = rights.seen(actor, client_id)
        return suggested(rights.agreements.of(client.client_id), client.client_id)

    def register(self, actor: Actor, new: NewClient) -> ClientFacts | Waiting:
        """Register a client, as a draft: it gets a secret once an agreement in force names it.

        Raises:
            CallerError: its name, organisation, kind or scopes cannot be used, or the name is taken.
            UnknownOrganisation: nobody has added its organisation, and no agreement or client names it.
            NotPermitted: the actor registers nothing for that steward.
            Conflict: another district's agreement names the id.
        """
        steward = self._steward(actor, new.steward)
        asked = replace(new, scopes=check_scopes(new.scopes), steward=steward)
        check_new(asked)
        if actor.kind != "operator":
            Organisations(self._region).require_known(asked.org)
        ClientRights(self._region).require_free(actor, asked.client_id, steward, asked.org)
        if self._store.find_client(asked.client_id) is not None:
            raise CallerError(Phrase("There is a client %(client)s already.", client=repr(asked.client_id)))
        content = {
            "do": "register", "org": asked.org, "kind": asked.kind, "scopes": [*asked.scopes], "steward": steward,
            "unknownMembers": asked.unknown_members, **asked.more,
        }  # fmt: skip
        two = TwoPersonAct("client.register", steward or REGION, asked.client_id, content)
        return self._second.either(actor, two, lambda: self._add(actor, asked))

    def copy(
        self, actor: Actor, source: str, name: str, org: str = "", kind: str = "", steward: str = ""
    ) -> ClientFacts | Waiting:
        """Register a client with the scopes and settings of another one: never with its secrets, nor its state.

        Raises:
            NotPermitted: the other one is neither the region's nor the actor's.
        """
        rights = ClientRights(self._region)
        found = rights.seen(actor, source)
        rights.require_own(actor, "client.register", found)
        mine = steward or (found.steward if found.steward in actor.orgs("client.register") else "")
        kept: dict[str, Any] = {"scopes": found.scopes, "unknown_members": found.unknown_members, "steward": mine}
        new = NewClient(name, org or found.org, kind or found.kind, more={"copyOf": found.client_id}, **kept)
        return self.register(actor, new)

    def change(
        self,
        actor: Actor,
        client_id: str,
        scopes: tuple[str, ...] | None = None,
        unknown_members: str | None = None,
        unchanged: str = "",
    ) -> ClientFacts | Waiting:
        """Change the scopes of a client, or how unknown members of its bodies are treated; within a second.

        Raises:
            CallerError: a scope is none of data.
            PreconditionFailed: the client is not any more as it was in the version *unchanged*.
        """
        wanted: dict[str, Any] = {} if scopes is None else {"scopes": [*check_scopes(scopes)]}
        if unknown_members not in {None, IGNORE, REFUSE}:
            raise CallerError(f"Unknown members are treated as {IGNORE} or {REFUSE}.")
        wanted |= {} if unknown_members is None else {"unknown_members": unknown_members}

        def decide(_connection: Connection, found: Client) -> ClientUpdate | None:
            if administers(living(found).scopes):
                raise Conflict(ADMIN_ASKED)
            check_kind(wanted.get("scopes", ()), found.kind)
            if found.scopes and not wanted.get("scopes", found.scopes) and found.status != DRAFT:
                raise CallerError("give at least one")
            if all(getattr(found, name) == _plain(value) for name, value in wanted.items()):
                return None
            said = f"unknown members: {unknown_members}" if "scopes" not in wanted else "scopes changed"
            more = {name: _plain_json(value) for name, value in wanted.items()}
            return ClientUpdate(wanted, said, more)

        return self._alter(actor, "client.register", client_id, decide, {"do": "change", **wanted}, unchanged)

    def suspend(self, actor: Actor, client_id: str, reason: str = "", unchanged: str = "") -> ClientFacts | Waiting:
        """Shut a client out until it is resumed: its tokens end within a second, and open links give no secret."""
        return self._step(actor, "suspend", client_id, reason, unchanged)

    def resume(self, actor: Actor, client_id: str, reason: str = "", unchanged: str = "") -> ClientFacts | Waiting:
        """Let a suspended client in again; its secrets count again, its tokens of before do not."""
        return self._step(actor, "resume", client_id, reason, unchanged)

    def end(self, actor: Actor, client_id: str, reason: str = "", unchanged: str = "") -> ClientFacts | Waiting:
        """End a client for ever; its id is not given again."""
        return self._step(actor, "end", client_id, reason, unchanged)

    def _step(self, actor: Actor, step: str, client_id: str, reason: str, unchanged: str) -> ClientFacts | Waiting:
        before, after, said = STEPS[step]

        def decide(connection: Connection, found: Client) -> ClientUpdate:
            if found.status not in before:
                raise Conflict(
                    Phrase(
                        "%(client)s is %(state)s: there is nothing to %(step)s.",
                        client=repr(found.client_id),
                        state=Phrase(found.status),
                        step=Phrase(step),
                    )
                )
            columns: dict[str, Any] = {"status": after}
            if after != ENABLED:
                columns["epoch"] = found.epoch + 1
                withdraw_links(connection, found.client_id, self._region.clock())
            if after == ENDED:
                columns |= {"oauth1_sealed": None, "oauth1_not_after": None}
            return ClientUpdate(columns, said, reason=reason)

        content = {"do": step}
        return self._alter(actor, f"client.{step}", client_id, decide, content, unchanged, reason)

    def _alter(
        self,
        actor: Actor,
        action: str,
        client_id: str,
        decide: Callable[[Connection, Client], ClientUpdate | None],
        content: Mapping[str, Any],
        unchanged: str,
        reason: str = "",
    ) -> ClientFacts | Waiting:
        """Change a client, alone or with a second person, if the actor may and it is as it is believed to be."""
        rights = ClientRights(self._region)
        known = rights.seen(actor, client_id)
        rights.require(actor, action, known)

        def checked(connection: Connection, found: Client) -> ClientUpdate | None:
            rights.require(actor, action, found)
            if unchanged and digest_of(found) != unchanged:
                raise PreconditionFailed(CHANGED)
            return decide(connection, found)

        def do() -> ClientFacts:
            return facts(self._store.alter_client(client_id, actor.name, checked), rights.agreements, actor)

        if action not in {"client.register", "client.end"}:
            return do()
        two = TwoPersonAct(action, acting_org(actor, known), client_id, content, digest_of(known), reason)
        return self._second.either(actor, two, do)

    def _add(self, actor: Actor, new: NewClient) -> ClientFacts:
        made = Client(
            new.client_id, new.org, new.kind, new.scopes, (), self._region.clock(), actor.name, DRAFT,
            unknown_members=new.unknown_members, steward=new.steward,
        )  # fmt: skip
        self._store.add_client(made)
        return facts(made, ClientRights(self._region).agreements, actor)

    def _steward(self, actor: Actor, asked: str) -> str:
        """Return the district for which an actor registers a client; empty for the region."""
        if actor.everywhere("client.register"):
            if asked and asked not in self._region.settings().districts:
                raise NotFound("There is no such district.")
            return asked
        mine = actor.orgs("client.register")
        if not mine:
            actor.require("client.register")
        if asked and asked not in mine:
            raise NotPermitted("You register no client for that district.")
        if not (asked or only(mine)):
            raise CallerError(Phrase("Say for which district: %(districts)s.", districts=", ".join(sorted(mine))))
        return asked or only(mine)


def living(client: Client) -> Client:
    """Refuse a client that has been ended for good.

    Raises:
        Conflict: it has.
    """
    if client.status == ENDED:
        raise Conflict(
            Phrase("%(client)s is ended, which is for ever: register another client.", client=repr(client.client_id))
        )
    return client


def check_new(new: NewClient) -> None:
    """Refuse what cannot be said of a client that is registered.

    Raises:
        CallerError: its name, organisation or kind cannot be used, or an organisation of that kind has not its scopes.
    """
    check_kind(new.scopes, new.kind)
    if not CLIENT_ID.fullmatch(new.client_id) or new.client_id.startswith("-"):
        raise CallerError(Phrase("The name of a client cannot be this: %(rule)s.", rule=Phrase(BAD_NAME)))
    if new.kind not in KINDS:
        raise CallerError(f"The kind of an organisation is one of: {', '.join(KINDS)}.")
    spaced = new.org != " ".join(new.org.split())
    if not new.org or spaced or len(new.org) > MAX_ORG_CHARACTERS or not is_one_line(new.org) or new.org == REGION:
        raise CallerError("The organisation must be one line of text, and not the region itself.")
    if new.unknown_members not in {IGNORE, REFUSE}:
        raise CallerError(f"Unknown members are treated as {IGNORE} or {REFUSE}.")


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain_json(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def confirm_register(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do again what was proposed of a client's registration or scopes."""
    told, clients = dict(proposal.content), Clients(region, second)
    if told.pop("do") == "change":
        scopes = told.get("scopes")
        chosen = None if scopes is None else tuple(scopes)
        return clients.change(actor, proposal.about, chosen, told.get("unknown_members"))
    known = {name: told.pop(name) for name in ("org", "kind", "steward")}
    scopes, members = tuple(told.pop("scopes")), told.pop("unknownMembers")
    return clients.register(
        actor, NewClient(proposal.about, scopes=scopes, unknown_members=members, more=told, **known)
    )


def confirm_end(region: Administration, second: TwoPersonRule, actor: Actor, proposal: Proposal) -> object:
    """Do again what was proposed of a client's end."""
    return Clients(region, second).end(actor, proposal.about, proposal.reason)
