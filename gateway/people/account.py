"""A person's own account: passkeys, password, authenticator, recovery codes, identities and language."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from gateway.people.joining import WRONG_CODE, keep_identity
from gateway.people.passkeys import KeptPasskey, NewPasskey, keep_passkey, passkeys_of, remove_passkey
from gateway.people.passwords import check_password, hash_password, kept_hash, set_password
from gateway.people.persons import ACTIVE, end_sessions, find_person
from gateway.people.second_factors import codes_left, has_authenticator, matching_step
from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import authenticators, identities, passwords, people, recovery_codes
from gateway.translations.catalogues import LANGUAGES
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.people.actor import Actor
    from gateway.people.joining import Identity
    from gateway.people.second_factors import SecondFactors
    from gateway.storage.registry import SqlStore

LAST_WAY: Final = "This is your last way to sign in. Set up another one first."


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How a person can sign in."""

    passkeys: tuple[KeptPasskey, ...]
    password: bool
    authenticator: bool
    codes_left: int
    issuers: tuple[str, ...]

    @property
    def number(self) -> int:
        """How many ways there are, each enough by itself."""
        return len(self.passkeys) + (self.password and self.authenticator) + len(self.issuers)


class Accounts:
    """Changes of people to their own accounts; each that changes how to sign in ends every session."""

    def __init__(self, store: SqlStore, clock: Callable[[], datetime], factors: SecondFactors) -> None:
        self._engine, self.calls, self._clock, self._factors = store.engine, store.calls, clock, factors

    @timely
    def ways_in(self, actor: Actor) -> WaysIn:
        """Tell how a person can sign in."""
        with transaction(self._engine) as connection:
            return _ways_in(connection, actor.person)

    def set_password(self, actor: Actor, name: str, password: str, secret: str, code: str) -> tuple[str, ...]:
        """Set the password and the authenticator, whose code is shown; return new recovery codes."""
        check_password(password, actor.name, name)
        step = matching_step(secret, code.replace(" ", ""), self._clock())
        if step is None:
            raise CallerError(WRONG_CODE)
        return self._set(actor, hash_password(password), secret, step)

    @timely
    def renew_codes(self, actor: Actor) -> tuple[str, ...]:
        """Make new recovery codes, in place of all earlier ones."""
        with self._changing(actor, "recovery codes renewed") as connection:
            if not _ways_in(connection, actor.person).authenticator:
                raise CallerError("Recovery codes stand in for an authenticator. Set one up first.")
            return self._factors.new_recovery_codes(connection, actor.person, self._clock())

    @timely
    def add_passkey(self, actor: Actor, made: NewPasskey, label: str) -> None:
        """Keep a passkey that the person's browser has made."""
        with self._changing(actor, "passkey added") as connection:
            if made.person != actor.person:
                raise CallerError("This passkey was made for somebody else.")
            keep_passkey(connection, actor.person, made, label, self._clock())

    @timely
    def remove_passkey(self, actor: Actor, credential: str) -> None:
        """Remove a passkey, unless it is the last way to sign in."""
        with self._changing(actor, "passkey removed") as connection:
            if not remove_passkey(connection, actor.person, credential):
                raise NotFound("You have no such passkey.")
            _still_in(connection, actor.person)

    @timely
    def remove_password(self, actor: Actor) -> None:
        """Remove password, authenticator and recovery codes, unless they are the last way to sign in."""
        with self._changing(actor, "password removed") as connection:
            for one in (passwords, authenticators, recovery_codes):
                connection.execute(delete(one).where(one.c.person == actor.person))
            _still_in(connection, actor.person)

    @timely
    def add_identity(self, actor: Actor, identity: Identity) -> None:
        """Keep who the person is to an OpenID provider."""
        with self._changing(actor, "identity added") as connection:
            keep_identity(connection, actor.person, identity, self._clock())

    @timely
    def remove_identity(self, actor: Actor, issuer: str) -> None:
        """Forget who the person is to an OpenID provider, unless it is the last way to sign in."""
        with self._changing(actor, "identity removed") as connection:
            mine = delete(identities).where(identities.c.person == actor.person, identities.c.issuer == issuer)
            if not connection.execute(mine).rowcount:
                raise NotFound("You have no such account.")
            _still_in(connection, actor.person)

    @timely
    def set_language(self, actor: Actor, language: str) -> None:
        """Set the language of the person's pages."""
        if language not in LANGUAGES:
            raise NotFound("There is no such language.")
        with transaction(self._engine, write=True) as connection:
            connection.execute(update(people).where(people.c.id == actor.person).values(language=language))

    @timely
    def _set(self, actor: Actor, secret_hash: str, secret: str, step: int) -> tuple[str, ...]:
        with self._changing(actor, "password and authenticator set") as connection:
            now = self._clock()
            set_password(connection, actor.person, secret_hash, now)
            self._factors.set_authenticator(connection, actor.person, secret, step, now)
            return self._factors.new_recovery_codes(connection, actor.person, now)

    @contextmanager
    def _changing(self, actor: Actor, what: str) -> Iterator[Connection]:
        """Change how a person signs in, in one transaction with the act of it and the end of every session."""
        actor.require("account.own", *{one.org for one in actor.memberships[:1]})
        now = self._clock()
        with transaction(self._engine, write=True) as connection:
            found = find_person(connection, actor.person, lock=True)
            if found is None or found.status != ACTIVE:
                raise NotFound("There is no such person.")
            yield connection
            end_sessions(connection, actor.person, now)
            write_act(connection, Act(found.mail, what, content={"person": found.id}), now)


def _ways_in(connection: Connection, person: str) -> WaysIn:
    mine = select(identities.c.issuer).where(identities.c.person == person).order_by(identities.c.issuer)
    return WaysIn(
        passkeys_of(connection, person),
        bool(kept_hash(connection, person)),
        has_authenticator(connection, person),
        codes_left(connection, person),
        tuple(connection.execute(mine).scalars()),
    )


def _still_in(connection: Connection, person: str) -> None:
    """Refuse a change after which a person could not sign in any more."""
    if not _ways_in(connection, person).number:
        raise CallerError(LAST_WAY)
