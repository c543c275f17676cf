"""Persons, links, ways to sign in and sessions behave alike on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from gateway.people.account import LAST_WAY, Accounts
from gateway.people.actor import Actor, Membership
from gateway.people.challenges import Challenges
from gateway.people.invitations import BOOTSTRAP, INVITATION, RECOVERY, Inviter, make_invitation
from gateway.people.joining import Identity, Joining, Newcomer, PasswordAndCode
from gateway.people.passkeys import Passkeys, Site
from gateway.people.second_factors import SecondFactors, new_secret
from gateway.people.sessions import Sessions, hashed
from gateway.people.signing_in import SignIn, Typed
from gateway.storage.database import transaction
from gateway.storage.people.tables import authenticators, invitations, passwords, people, recovery_codes, sessions
from gateway.storage.registry import open_store
from gateway.storage.secrets import Keys
from gateway.storage.shared_memory import LocalMemory
from gateway.storage.tables import acts
from standards.errors import CallerError, Conflict, NotFound, Unauthenticated
from tests.support import servers
from tests.support.people.authenticator import Authenticator
from tests.support.regions import Clock

PASSWORD = "tulip kettle seventeen"
SITE = Site("crossing.example.org", "https://crossing.example.org")
MAIL = "ana@maple.example.org"
ENDS = timedelta(minutes=30), timedelta(hours=10)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


def kinds(orgs):
    return {org: frozenset({"region" if org == "region" else "district"}) for org in orgs}


class Inside:
    """Everything by which people come in, over one registry."""

    def __init__(self, store):
        self.clock, self.store = Clock(datetime(2026, 9, 1, 12, tzinfo=UTC)), store
        self.factors = SecondFactors(Keys(b"k" * 32))
        self.passkeys = Passkeys(Challenges(LocalMemory()))
        self.joining = Joining(store, self.clock, self.factors, kinds)
        self.accounts = Accounts(store, self.clock, self.factors)
        self.sessions = Sessions(store, self.clock, kinds, lambda: ENDS)
        self.sign_in = SignIn(store, self.clock, self.factors, self.passkeys, lambda: None)

    def link(self, kind=INVITATION, mail=MAIL, org="maple", role="approver"):
        with transaction(self.store.engine, write=True) as connection:
            return make_invitation(
                connection,
                kind,
                mail,
                org,
                role,
                Inviter("root", ""),
                self.clock(),
                org_kind="region" if org == "region" else "district",
            )

    def code(self, secret):
        return pyotp.TOTP(secret).at(self.clock())

    def join(self, mail=MAIL, **more):
        secret = new_secret()
        way = PasswordAndCode(PASSWORD, secret, self.code(secret))
        return self.joining.by_password(self.link(mail=mail, **more), Newcomer(mail, "Ana", "es"), way), secret

    def actor(self, person):
        return Actor(MAIL, "person", (Membership("maple", "approver"),), person)

    def rows(self, table):
        with transaction(self.store.engine) as connection:
            return connection.execute(select(table)).all()


@pytest.fixture
def inside(url):
    store = open_store(url)
    yield Inside(store)
    store.close()


def test_somebody_joins_once_and_signs_in(inside):
    joined, secret = inside.join()
    assert len(set(joined.codes)) == 10
    with pytest.raises(Unauthenticated):
        inside.sign_in.by_password(Typed(MAIL, PASSWORD, inside.code(secret)), "10.0.0.0/24")
    inside.clock.move(30)
    proof = inside.sign_in.by_password(Typed(MAIL, PASSWORD, inside.code(secret)), "10.0.0.0/24")
    assert (proof.person, proof.method) == (joined.person, "totp")
    found = inside.sessions.find(inside.sessions.begin(proof.person, proof.method, "10.0.0.0/24"))
    assert (found.name, found.language, found.actor.memberships) == ("Ana", "es", (Membership("maple", "approver"),))


def test_nothing_that_signs_in_is_kept_as_it_is(inside):
    joined, secret = inside.join()
    token, session = inside.link(), inside.sessions.begin(joined.person, "totp")
    kept = repr([inside.rows(one) for one in (passwords, authenticators, recovery_codes, invitations, sessions)])
    for shown in (PASSWORD, secret, token, session, *joined.codes, *(one.replace("-", "") for one in joined.codes)):
        assert shown not in kept
    assert hashed(token) in kept


def test_every_step_is_an_act_without_a_secret(inside):
    joined, secret = inside.join()
    inside.clock.move(30)
    inside.sign_in.by_password(Typed(MAIL, PASSWORD, inside.code(secret)), "")
    inside.accounts.renew_codes(inside.actor(joined.person))
    written = inside.rows(acts)
    assert [one.action for one in written] == ["invitation followed", "person signed in", "recovery codes renewed"]
    assert {one.actor for one in written} == {MAIL}
    assert not any(shown in repr(written) for shown in (PASSWORD, secret, *joined.codes))


def test_of_two_who_follow_one_link_at_once_one_joins(inside):
    token, secret = inside.link(), new_secret()
    way = PasswordAndCode(PASSWORD, secret, inside.code(secret))

    def follow(number):
        try:
            return inside.joining.by_password(token, Newcomer(MAIL, f"Ana {number}", "en"), way)
        except CallerError:
            return None

    with ThreadPoolExecutor(4) as threads:
        joined = list(threads.map(follow, range(4)))
    assert len([one for one in joined if one]) == 1
    assert len(inside.rows(people)) == 1


def test_of_two_who_show_one_code_at_once_one_comes_in(inside):
    joined, secret = inside.join()
    inside.clock.move(30)
    for shown in (inside.code(secret), joined.codes[0]):

        def come(_, shown=shown):
            try:
                return inside.sign_in.by_password(Typed(MAIL, PASSWORD, shown), "")
            except Unauthenticated:
                return None

        with ThreadPoolExecutor(4) as threads:
            assert len([one for one in threads.map(come, range(4)) if one]) == 1


def test_a_refused_joining_uses_no_link(inside):
    token, secret = inside.link(), new_secret()
    for way in (PasswordAndCode("short", secret, inside.code(secret)), PasswordAndCode(PASSWORD, secret, "000000")):
        with pytest.raises(CallerError):
            inside.joining.by_password(token, Newcomer(MAIL, "Ana", "en"), way)
    with pytest.raises(CallerError):
        inside.joining.by_password(
            token,
            Newcomer("eve@maple.example.org", "Eve", "en"),
            PasswordAndCode(PASSWORD, secret, inside.code(secret)),
        )
    assert inside.joining.look(token)[0].mail == MAIL


def test_an_address_belongs_to_one_person_at_a_time(inside):
    inside.join()
    secret = new_secret()
    with pytest.raises(Conflict):
        inside.joining.by_password(
            inside.link(role="auditor"),
            Newcomer(MAIL, "Ana", "en"),
            PasswordAndCode(PASSWORD, secret, inside.code(secret)),
        )


def test_a_bootstrap_link_takes_the_address_that_is_said_and_ends_the_others(inside):
    first, second = inside.link(BOOTSTRAP, "", "region", "region-operator"), None
    secret = new_secret()
    joined = inside.joining.by_password(
        first, Newcomer(MAIL, "Ana", "en"), PasswordAndCode(PASSWORD, secret, inside.code(secret))
    )
    second = inside.sessions.find(inside.sessions.begin(joined.person, "totp"))
    assert second.actor.memberships == (Membership("region", "region-operator"),)
    with pytest.raises(NotFound):
        inside.joining.look(first)


def test_a_recovery_link_gives_no_role_and_leaves_nothing_of_before(inside):
    joined, _ = inside.join()
    session = inside.sessions.begin(joined.person, "totp")
    token, secret = inside.link(RECOVERY, role=""), new_secret()
    with pytest.raises(CallerError):
        inside.joining.take_role(token, joined.person)
    way = PasswordAndCode("another kettle nineteen", secret, inside.code(secret))
    back = inside.joining.by_password(token, Newcomer(MAIL, "", "en"), way)
    assert back.person == joined.person
    assert inside.sessions.find(session) is None
    inside.clock.move(30)
    with pytest.raises(Unauthenticated):
        inside.sign_in.by_password(Typed(MAIL, PASSWORD, inside.code(secret)), "")
    with pytest.raises(Unauthenticated):
        inside.sign_in.by_password(Typed(MAIL, "another kettle nineteen", joined.codes[0]), "")


def test_the_last_way_in_stays(inside):
    joined, _ = inside.join()
    actor = inside.actor(joined.person)
    with pytest.raises(CallerError, match=LAST_WAY[:20]):
        inside.accounts.remove_password(actor)
    inside.accounts.add_identity(actor, Identity("https://login.example.org", "17", MAIL))
    inside.accounts.remove_password(actor)
    with pytest.raises(CallerError, match=LAST_WAY[:20]):
        inside.accounts.remove_identity(actor, "https://login.example.org")
    assert inside.sign_in.by_identity("https://login.example.org", "17").person == joined.person
    with pytest.raises(Unauthenticated):
        inside.sign_in.by_identity("https://login.example.org/", "17")


def test_a_passkey_is_kept_for_one_person_and_its_count_goes_up(inside):
    import json

    joined, _ = inside.join()
    actor, device = inside.actor(joined.person), Authenticator(SITE.origin)
    options = json.loads(inside.passkeys.ask_for_new(SITE, "browser", joined.person, MAIL, "Ana"))
    made = inside.passkeys.read_new(SITE, "browser", device.make(options))
    inside.accounts.add_passkey(actor, made, "  my \n telephone ")
    assert [one.name for one in inside.accounts.ways_in(actor).passkeys] == ["my telephone"]
    with pytest.raises(CallerError):
        inside.accounts.add_passkey(actor, made, "again")
    for _ in range(2):
        asked = json.loads(inside.passkeys.ask_for_use(SITE, "browser"))
        assert inside.sign_in.by_passkey(SITE, "browser", device.use(asked)).person == joined.person
    asked = json.loads(inside.passkeys.ask_for_use(SITE, "browser"))
    with pytest.raises(CallerError):
        inside.sign_in.by_passkey(SITE, "another browser", device.use(asked))
    with pytest.raises(CallerError):
        inside.sign_in.by_passkey(SITE, "browser", device.use(asked), person="somebody else")


def test_sessions_are_listed_and_ended_by_their_owner_alone(inside):
    joined, _ = inside.join()
    other, _ = inside.join("ben@maple.example.org", role="auditor")
    names = [inside.sessions.begin(joined.person, "totp", f"10.0.{number}.0/24") for number in range(3)]
    theirs = inside.sessions.begin(other.person, "totp")
    inside.sessions.end_listed(joined.person, hashed(theirs))
    inside.sessions.end_listed(other.person, hashed(names[0]))
    assert inside.sessions.find(theirs)
    assert len(inside.sessions.list_of(joined.person)) == 3
    inside.sessions.end_listed(joined.person, hashed(names[0]))
    assert {one.network for one in inside.sessions.list_of(joined.person)} == {"10.0.1.0/24", "10.0.2.0/24"}
    inside.sessions.end_others(joined.person, hashed(names[1]))
    assert [inside.sessions.find(one) is not None for one in names] == [False, True, False]
    inside.clock.now += timedelta(minutes=31)
    assert inside.sessions.list_of(joined.person) == ()
