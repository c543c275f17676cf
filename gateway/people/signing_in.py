"""Signing in: what somebody shows is checked, and every failure looks and takes the same, whoever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from sqlalchemy import select

from gateway.people.passkeys import REFUSED, use_passkey
from gateway.people.passwords import kept_hash, matches
from gateway.people.persons import ACTIVE, Person, find_by_mail, find_person
from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import identities, sessions
from standards.errors import CallerError, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.auth.rate_limits import RateLimits
    from gateway.people.passkeys import Passkeys, Site
    from gateway.people.second_factors import SecondFactors
    from gateway.storage.registry import SqlStore

WRONG: Final = "That was not right. Check the address, the password and the code, and try again with a new code."
NOT_YOU: Final = "You are not known by that here. Ask who invites people in your organisation."
MAX_TYPED_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class Proof:
    """A person who has just shown who it is, and by which *method*."""

    person: str
    method: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody types to sign in; the code is an authenticator's or a recovery code."""

    mail: str
    password: str
    code: str


class SignIn:
    """The ways to sign in; each returns a proof, or refuses without saying what was wrong."""

    def __init__(
        self,
        store: SqlStore,
        clock: Callable[[], datetime],
        factors: SecondFactors,
        passkeys: Passkeys,
        limits: Callable[[], RateLimits | None],
    ) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock
        self._factors, self._passkeys, self._limits = factors, passkeys, limits

    def by_password(self, typed: Typed, network: str, person: str = "") -> Proof:
        """Sign in by password and code; as that *person*, where one is named.

        Raises:
            Unauthenticated: something of it is wrong; which, is not said.
            TooManyRequests: too much was wrong from this network, or for this address from strange networks.
        """
        mail = typed.mail.strip().lower()[:MAX_TYPED_CHARACTERS]
        found, secret_hash, familiar = self._look(mail, network)
        counted = f"{mail} proving" if person else mail  # whoever has no session keeps nobody from proving
        if limits := self._limits():
            limits.check_sign_in(counted, network, familiar=familiar)
        right = matches(typed.password, secret_hash) and found is not None and person in {"", found.id}
        method = self._accept(found if right else None, typed.code[:MAX_TYPED_CHARACTERS])
        if not method or found is None:
            self._fail(counted, network)
        return Proof(found.id, method)

    def by_passkey(self, site: Site, browser: str, answer: str, person: str = "") -> Proof:
        """Sign in by the passkey with which a browser answers; as that *person*, where one is named.

        Failures are not counted: nobody can guess one, and whoever fails shall not shut others out.

        Raises:
            CallerError: it is no passkey of an active person, or of another one.
        """
        found = self._use(site, self._passkeys.asked(browser), answer, person)
        return Proof(found.id, "passkey")

    @timely
    def by_identity(self, issuer: str, subject: str, person: str = "") -> Proof:
        """Sign in as whoever has that identity at an OpenID provider.

        Raises:
            Unauthenticated: nobody has, or may come in.
        """
        wanted = select(identities.c.person).where(identities.c.issuer == issuer, identities.c.subject == subject)
        with transaction(self._engine, write=True) as connection:
            known = connection.execute(wanted).scalar()
            found = find_person(connection, known or "")
            if found is None or found.status != ACTIVE or person not in {"", found.id}:
                raise Unauthenticated(NOT_YOU)
            write_act(connection, _act(found, "openid"), self._clock())
        return Proof(found.id, "openid")

    @timely
    def _look(self, mail: str, network: str) -> tuple[Person | None, str, bool]:
        """Find who has an address, the hash of its password, and whether it has signed in from this network."""
        with transaction(self._engine) as connection:
            found = find_by_mail(connection, mail)
            person = found.id if found else ""
            secret_hash = kept_hash(connection, person)
            before = select(sessions.c.id_hash).where(sessions.c.person == person, sessions.c.network == network)
            return found, secret_hash, bool(network) and connection.execute(before.limit(1)).first() is not None

    @timely
    def _accept(self, found: Person | None, code: str) -> str:
        """Accept the code of an active person; asked about nobody, do the same for nobody."""
        with transaction(self._engine, write=True) as connection:
            method = self._factors.accept_code(connection, found.id if found else "", code, self._clock())
            if not method or found is None or found.status != ACTIVE:
                return ""
            write_act(connection, _act(found, method), self._clock())
        return method

    @timely
    def _use(self, site: Site, challenge: bytes, answer: str, person: str) -> Person:
        now = self._clock()
        with transaction(self._engine, write=True) as connection:
            found = find_person(connection, use_passkey(connection, site, challenge, answer, now))
            if found is None or found.status != ACTIVE or person not in {"", found.id}:
                raise CallerError(REFUSED)
            write_act(connection, _act(found, "passkey"), now)
        return found

    def _fail(self, mail: str, network: str) -> NoReturn:
        if limits := self._limits():
            limits.count_sign_in(mail, network)
        raise Unauthenticated(WRONG)


def _act(found: Person, method: str) -> Act:
    return Act(found.mail, "person signed in", content={"person": found.id, "method": method})
