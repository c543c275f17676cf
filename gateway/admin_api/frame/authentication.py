"""Authentication of the administration API: a machine's bearer token, or the session of the console with its token."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from flask import request

from gateway.admin_api.frame.problems import TokenMissing
from gateway.auth import tokens
from gateway.auth.scopes import admin_roles
from gateway.people.actor import NotPermitted, machine
from gateway.people.sessions import COOKIE
from gateway.storage.people.kinds import fitting
from gateway.storage.registry import ENABLED
from policies.roles import action as known_action
from standards.errors import Unauthenticated

if TYPE_CHECKING:
    from gateway.admin.administration import Administration
    from gateway.auth.tokens import Token
    from gateway.people.actor import Actor
    from gateway.people.sessions import PersonSession
    from gateway.storage.registry import Client

TOKEN_HEADER: Final = "X-CSRF-Token"  # noqa: S105 -- a header's name
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_SITE: Final = frozenset({"same-origin", "none"})
NOT_VALID: Final = "The token is not valid here."
FOREIGN = "This write does not come from a page of the console, or not with its token: send X-CSRF-Token."


class Entrance:
    """Lets machines and people into the administration API."""

    needed = "Send a bearer token with a scope of administration, or sign in."

    def __init__(self, region: Administration) -> None:
        self._region, self._sessions = region, region.sessions()
        self._key = region.keys.derive("admin-api-csrf")

    def enter(self) -> Actor:
        """Return the actor of the present request, within its rate.

        A request with an Authorization header is that of a machine, whatever cookies it has.

        Raises:
            Unauthenticated: nobody is known by what it brings.
            TokenMissing: it writes in a session, without the token that only a page of ours can read.
            TooManyRequests: the actor asks too often.
        """
        header = request.headers.get("Authorization")
        actor = self._machine(header) if header is not None else self._person()
        if self._region.running is not None:
            self._region.running.gateway.limits.spend_client(f"administration {actor.person or actor.name}")
        return actor

    def permit(self, actor: Actor, action: str, scope: str = "") -> None:  # noqa: ARG002 -- programs here have roles
        """Refuse whoever has no role for the *action* at all; what the role reaches is the service's to decide.

        Raises:
            NotPermitted: nobody has one that may.
        """
        if not actor.everywhere(action) and not actor.orgs(action):
            raise NotPermitted(f"You have no role that may do this: {known_action(action).about}.")

    def session(self) -> PersonSession | None:
        """Return the session of the browser that asks, if it asks in one."""
        name = request.cookies.get(COOKIE, "")
        return self._sessions.find(name) if name and "Authorization" not in request.headers else None

    def token_of(self, session: PersonSession) -> str:
        """Return the token that a page sends with each write; nobody can make it for a session but we."""
        return hmac.new(self._key, session.id_hash.encode(), hashlib.sha256).hexdigest()

    def _person(self) -> Actor:
        session = self.session()
        if session is None:
            raise Unauthenticated(self.needed)
        if request.method not in SAFE:
            sent = request.headers.get(TOKEN_HEADER, "")
            elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in SAME_SITE
            if elsewhere or not hmac.compare_digest(sent.encode("utf-8", "replace"), self.token_of(session).encode()):
                raise TokenMissing(FOREIGN)
        return session.actor

    def _machine(self, header: str) -> Actor:
        """Return the client of a bearer token as an actor in its roles.

        A client that has a data scope beside them has no role, whatever its token says, nor has one whose organisation
        is not of the kind of its role any more.
        """
        client, found = self._client_of(header)
        roles = set(admin_roles(client.scopes)) & set(admin_roles(found.scopes))
        if not (fit := fitting(roles, client.org, self._region.kinds)):
            raise Unauthenticated(NOT_VALID)
        return machine(client.client_id, client.org, fit)

    def _client_of(self, header: str) -> tuple[Client, Token]:
        """Return the client of a bearer token, and the token.

        Raises:
            Unauthenticated: the token is none, or its client may not come in now.
        """
        scheme, _, text = header.strip().partition(" ")
        region = self._region
        found = None
        if scheme.lower() == "bearer" and region.memory is not None:
            found = tokens.find(region.memory, text.strip(), region.clock())
        client = region.store.find_client(found.client) if found else None
        if found is None or client is None or client.status != ENABLED or client.epoch != found.epoch:
            raise Unauthenticated(NOT_VALID)
        return client, found
