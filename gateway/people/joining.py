"""Joining: whoever follows a one-time link sets up how to sign in, or takes a further role, and the link is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from gateway.people.active import ActivePeople
from gateway.people.invitations import (
    BOOTSTRAP,
    GONE,
    INVITATION,
    RECOVERY,
    find_invitation,
    use_invitation,
    withdraw_for,
)
from gateway.people.passkeys import REFUSED, NewPasskey, keep_passkey
from gateway.people.passwords import check_password, hash_password, set_password
from gateway.people.persons import (
    ACTIVE,
    Person,
    add_person,
    end_sessions,
    find_by_mail,
    find_person,
    give_role,
    holds,
    new_person_id,
    normal_mail,
    withdraw_role,
)
from gateway.people.second_factors import matching_step
from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.kinds import DISTRICT, counts
from gateway.storage.people.tables import authenticators, identities, passkeys, passwords, recovery_codes
from policies.roles import roles
from standards.errors import CallerError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.people.invitations import Invitation
    from gateway.people.second_factors import SecondFactors
    from gateway.storage.people.kinds import Kinds
    from gateway.storage.registry import SqlStore

CHANGE: Final = "person.change"
WRONG_CODE: Final = "This is not the code that the authenticator shows now. Try the next one."
OTHER_MAIL: Final = "This link is for another address than yours."


@dataclass(frozen=True, slots=True)
class PasswordAndCode:
    """A password, and the *code* that an authenticator with that *secret* shows."""

    password: str
    secret: str
    code: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to an OpenID provider, which has verified the *mail*."""

    issuer: str
    subject: str
    mail: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Who has joined, and by which *method*; *codes* are recovery codes to be shown this once."""

    person: str
    method: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody who joins says of itself; the *id* is the one that a passkey was made for."""

    mail: str
    name: str
    language: str
    id: str = ""


class Joining:
    """What one-time links lead to."""

    def __init__(self, store: SqlStore, clock: Callable[[], datetime], factors: SecondFactors, kinds: Kinds) -> None:
        self._engine, self.calls, self._clock, self._factors = store.engine, store.calls, clock, factors
        self._kinds, self._people = kinds, ActivePeople(store, clock, kinds)

    def look(self, token: str) -> tuple[Invitation, Person | None]:
        """Return what a link is for, and who has its address already.

        Raises:
            NotFound: it leads nowhere any more.
        """
        found, known, held = self._look(token)
        if found.kind == INVITATION and (held or not self._stands(found)):
            raise NotFound(GONE)
        if found.kind == RECOVERY and not self._may_let_in(found, known):
            raise NotFound(GONE)
        return found, known

    @timely
    def _look(self, token: str) -> tuple[Invitation, Person | None, bool]:
        """Return what a link is for, who has its address, and whether that one has the role already."""
        now = self._clock()
        with transaction(self._engine) as connection:
            found = find_invitation(connection, token, now)
            if found is None:
                raise NotFound(GONE)
            known = find_by_mail(connection, found.mail) if found.mail else None
            has = known is not None and holds(connection, known.id, found.org, found.role, found.org_kind, now)
            return found, known, has

    def _stands(self, found: Invitation) -> bool:
        """Tell whether whoever made an invitation may invite still, to an organisation that is what it was."""
        if not counts(found.role, found.org_kind, self._kinds([found.org])[found.org]):
            return False
        if not found.inviter:
            return True
        inviter = self._people.find(found.inviter)
        held = inviter.actor.memberships if inviter else ()
        return any(found.role in roles()[one.role].invites for one in held)

    def _may_let_in(self, found: Invitation, known: Person | None) -> bool:
        """Tell whether whoever made a link to get back in may let that person in still, with the roles of both now."""
        if not found.inviter:
            return True
        inviter, theirs = self._people.find(found.inviter), self._people.find(known.id if known else "")
        if inviter is None or theirs is None:
            return False
        orgs = {found.org, *(one.org for one in theirs.actor.memberships)}
        return all(inviter.actor.allows(CHANGE, org) for org in orgs)

    def _district(self, org: str) -> str:
        """Return the district on whose record an act about an organisation is; empty where it is none."""
        return org if DISTRICT in self._kinds([org])[org] else ""

    def by_password(self, token: str, newcomer: Newcomer, way: PasswordAndCode) -> Joined:
        """Use a link and set up a password with an authenticator.

        Raises:
            CallerError: the password would be guessed, or the code is not the authenticator's.
            NotFound: the link leads nowhere any more.
        """
        check_password(way.password, newcomer.mail, newcomer.name)
        step = matching_step(way.secret, way.code.replace(" ", ""), self._clock())
        if step is None:
            raise CallerError(WRONG_CODE)
        secret_hash = hash_password(way.password)

        def keep(connection: Connection, person: str) -> tuple[str, ...]:
            now = self._clock()
            set_password(connection, person, secret_hash, now)
            self._factors.set_authenticator(connection, person, way.secret, step, now)
            return self._factors.new_recovery_codes(connection, person, now)

        return self._join(token, newcomer, "totp", keep)

    def by_passkey(self, token: str, newcomer: Newcomer, made: NewPasskey, label: str) -> Joined:
        """Use a link and keep the passkey that was made for it.

        Raises:
            CallerError: the passkey was made for somebody else.
            NotFound: the link leads nowhere any more.
        """

        def keep(connection: Connection, person: str) -> tuple[str, ...]:
            if made.person != person:
                raise CallerError(REFUSED)
            keep_passkey(connection, person, made, label, self._clock())
            return ()

        return self._join(token, newcomer, "passkey", keep)

    def by_identity(self, token: str, newcomer: Newcomer, identity: Identity) -> Joined:
        """Use a link and keep who somebody is to an OpenID provider, whose verified address is the link's.

        Raises:
            CallerError: it is another address, or somebody has that identity.
            NotFound: the link leads nowhere any more.
        """

        def keep(connection: Connection, person: str) -> tuple[str, ...]:
            keep_identity(connection, person, identity, self._clock())
            return ()

        if identity.mail != newcomer.mail:
            raise CallerError(OTHER_MAIL)
        return self._join(token, newcomer, "openid", keep)

    def take_role(self, token: str, person: str) -> None:
        """Use a link for the role it is for, as a person who is signed in.

        Raises:
            CallerError: the link is for another address, or gives nobody a role.
            NotFound: it leads nowhere any more.
        """
        self._take_role(token, person, self._district(self.look(token)[0].org))

    @timely
    def _take_role(self, token: str, person: str, district: str) -> None:
        now = self._clock()
        with transaction(self._engine, write=True) as connection:
            used = use_invitation(connection, token, now)
            found = find_person(connection, person, lock=True)
            if found is None or found.status != ACTIVE or used.kind == RECOVERY or used.mail not in {"", found.mail}:
                raise CallerError(OTHER_MAIL)
            give_role(connection, found.id, used.org, used.role, used.made_by, now, used.org_kind)
            withdraw_role(connection, found.mail, used.org, used.role, now)
            write_act(connection, _act(found, used, "session", district), now)

    def _join(
        self, token: str, newcomer: Newcomer, method: str, keep: Callable[[Connection, str], tuple[str, ...]]
    ) -> Joined:
        return self._joined(token, newcomer, method, keep, self._district(self.look(token)[0].org))

    @timely
    def _joined(
        self,
        token: str,
        newcomer: Newcomer,
        method: str,
        keep: Callable[[Connection, str], tuple[str, ...]],
        district: str,
    ) -> Joined:
        now = self._clock()
        with transaction(self._engine, write=True) as connection:
            used = use_invitation(connection, token, now)
            if used.mail not in {"", newcomer.mail}:
                raise CallerError(OTHER_MAIL)
            found = _back(connection, used, now) if used.kind == RECOVERY else _new(connection, used, newcomer, now)
            codes = keep(connection, found.id)
            write_act(connection, _act(found, used, method, district), now)
        return Joined(found.id, method, codes)


def keep_identity(connection: Connection, person: str, identity: Identity, now: datetime) -> None:
    """Keep who a person is to an OpenID provider.

    Raises:
        Conflict: somebody is that already.
    """
    same = identities.c.issuer == identity.issuer, identities.c.subject == identity.subject
    if connection.execute(select(identities.c.person).where(*same)).first():
        raise Conflict("Somebody signs in with this account already.")
    values = {"issuer": identity.issuer, "subject": identity.subject, "person": person, "added": now}
    connection.execute(insert(identities).values(values))


def forget_ways_in(connection: Connection, person: str) -> None:
    """Delete everything by which a person could sign in."""
    for one in (passwords, authenticators, recovery_codes, passkeys, identities):
        connection.execute(delete(one).where(one.c.person == person))


def _new(connection: Connection, used: Invitation, newcomer: Newcomer, now: datetime) -> Person:
    """Add whoever joins, with the role that the link is for."""
    mail = normal_mail(newcomer.mail)
    found = add_person(
        connection, newcomer.id or new_person_id(), mail, newcomer.name, newcomer.language, used.made_by, now
    )
    give_role(connection, found.id, used.org, used.role, used.made_by, now, used.org_kind)
    withdraw_role(connection, mail, used.org, used.role, now)
    if used.kind == BOOTSTRAP:
        withdraw_for(connection, "", now, BOOTSTRAP)
    return found


def _back(connection: Connection, used: Invitation, now: datetime) -> Person:
    """Let a person in again: whatever it signed in with before counts no more."""
    known = find_by_mail(connection, used.mail)
    found = find_person(connection, known.id, lock=True) if known else None
    if found is None or found.status != ACTIVE:
        raise NotFound(GONE)
    forget_ways_in(connection, found.id)
    end_sessions(connection, found.id, now)
    return found


def _act(found: Person, used: Invitation, method: str, district: str) -> Act:
    content = {"person": found.id, "org": used.org, "role": used.role, "link": used.id, "method": method}
    return Act(found.mail, f"{used.kind} followed", district, content)
