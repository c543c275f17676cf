"""Whatever happens to links, roles and sessions, and in whatever order: a person reaches what its present roles give."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from gateway.admin.administration import Administration
from gateway.admin.people import Persons
from gateway.config.settings import load
from gateway.config.sign_in import SignInSettings
from gateway.people.actor import NotPermitted, operator
from gateway.people.invitations import LIVES
from gateway.people.joining import Identity, Joining, Newcomer
from gateway.people.persons import new_person_id
from gateway.people.second_factors import SecondFactors
from gateway.people.signing_in import SignIn
from gateway.storage.registry import open_store
from policies.roles import actions, roles
from standards.errors import CallerError, Conflict, NotFound, Unauthenticated
from tests.support.regions import Clock, agreement, small_sites, write

ROOT = operator("root")
SIGN_IN = SignInSettings()
ORGS = ("maple", "cedar", "region")
ROLES = ("district-admin", "privacy-officer", "approver", "region-operator")
MAILS = tuple(f"{name}@example.org" for name in ("ana", "ben", "cleo"))
LAST = {"district-admin", "region-operator"}


@dataclass
class Somebody:
    """What the model knows of a person."""

    mail: str
    id: str
    status: str = "active"
    roles: set[tuple[str, str]] = field(default_factory=set)


def fits(org: str, role: str) -> bool:
    return roles()[role].org in ({"any", "region"} if org == "region" else {"any", "district"})


class Histories(RuleBasedStateMachine):
    """The registry beside a model of who is who."""

    links, begun = Bundle("links"), Bundle("begun")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        sites = small_sites(folder / "data")
        file = write(folder / "region", sites, [agreement(name) for name in sites])
        read = load(file)
        self.clock, self.store = Clock(), open_store(read.store_url)
        keys = read.open_keys()
        administered = Administration(self.store, None, keys, self.clock, lambda: read)
        self.people = Persons(administered)
        factors = SecondFactors(keys)
        self.joining = Joining(self.store, self.clock, factors, administered.kinds)
        self.sign_in = SignIn(self.store, self.clock, factors, None, lambda: None)
        self.sessions = administered.sessions()
        self.known: dict[str, Somebody] = {}
        self.open: dict[str, tuple[str, str, str, object]] = {}
        self.live: dict[str, tuple[Somebody, object, object]] = {}
        self.number = 0

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    @initialize()
    def two_admins_are_there(self):
        for org, role in (("region", "region-operator"), ("maple", "district-admin"), ("cedar", "district-admin")):
            self._join(self.people.invite(ROOT, org, f"{org}@example.org", role), f"{org}@example.org", org, role)

    def _join(self, token, mail, org, role):
        self.number += 1
        made = self.joining.by_identity(
            token, Newcomer(mail, mail[:3], "en", new_person_id()), Identity("https://login", f"{self.number}", mail)
        )
        self.known[mail] = Somebody(mail, made.person, roles={(org, role)})

    @rule(target=links, mail=st.sampled_from(MAILS), org=st.sampled_from(ORGS), role=st.sampled_from(ROLES))
    def invite(self, mail, org, role):
        if not fits(org, role):
            return multiple()
        for token, (other, where, what, _) in list(self.open.items()):
            if (other, where, what) == (mail, org, role):
                del self.open[token]
        token = self.people.invite(ROOT, org, mail, role)
        self.open[token] = mail, org, role, self.clock() + LIVES["invitation"]
        return token

    def _is_open(self, token):
        return token in self.open and self.clock() < self.open[token][3]

    @rule(token=links, mail=st.sampled_from(MAILS))
    def follow(self, token, mail):
        known = self.known.get(mail)
        try:
            if known is not None and known.status != "ended":
                self.joining.take_role(token, known.id)
                known.roles.add(self.open[token][1:3])
            else:
                self._join(token, mail, *self.open.get(token, ("", "", "", ""))[1:3])
        except (CallerError, NotFound, Conflict):
            meant = self._is_open(token) and self.open[token][0] == mail
            assert not (meant and (known is None or known.status != "suspended"))
            return
        assert self._is_open(token)
        assert self.open.pop(token)[0] == mail

    def _admins(self, org, role):
        return {one.id for one in self.known.values() if one.status == "active" and (org, role) in one.roles}

    def _needed(self, one, which):
        return any(role in LAST and self._admins(org, role) == {one.id} for org, role in which)

    @rule(mail=st.sampled_from(MAILS), org=st.sampled_from(ORGS), role=st.sampled_from(ROLES))
    def end_role(self, mail, org, role):
        one = self.known.get(mail)
        if one is None or one.status == "ended" or (org, role) not in one.roles:
            return
        needed = self._needed(one, {(org, role)})
        try:
            self.people.end_role(ROOT, org, one.id, role)
        except Conflict:
            assert needed
            return
        assert not needed
        one.roles.discard((org, role))
        self.open = {t: v for t, v in self.open.items() if (v[0], v[1]) != (mail, org)}

    @rule(mail=st.sampled_from(MAILS), step=st.sampled_from(["suspend", "resume", "end"]))
    def change_status(self, mail, step):
        one = self.known.get(mail)
        if one is None or one.status == "ended":
            return
        before = {"suspend": {"active"}, "resume": {"suspended"}, "end": {"active", "suspended"}}[step]
        refused = one.status not in before or (step != "resume" and self._needed(one, one.roles))
        try:
            self.people.change_status(ROOT, next(iter(one.roles), ("region", ""))[0], one.id, step, "why")
        except Conflict:
            assert refused
            return
        assert not refused
        one.status = {"suspend": "suspended", "resume": "active", "end": "ended"}[step]
        if step == "end":
            one.roles.clear()
            self.open = {t: v for t, v in self.open.items() if v[0] != mail}
        if step != "resume":
            self.live = {t: v for t, v in self.live.items() if v[0] is not one}

    @rule(target=begun, mail=st.sampled_from((*MAILS, "maple@example.org")))
    def begin(self, mail):
        one = self.known.get(mail)
        if one is None:
            return multiple()
        try:
            session = self.sessions.begin(one.id, "passkey")
        except Unauthenticated:
            assert one.status != "active"
            return multiple()
        assert one.status == "active"
        self.live[session] = one, self.clock(), self.clock()
        return session

    @rule(session=begun)
    def sign_out(self, session):
        self.sessions.end(session)
        self.live.pop(session, None)

    @rule(seconds=st.sampled_from([30, 600, SIGN_IN.idle.total_seconds(), 86_400, 8 * 86_400]))
    def wait(self, seconds):
        self.clock.now += timedelta(seconds=seconds)

    @rule(mail=st.sampled_from(MAILS), org=st.sampled_from(("maple", "cedar")), other=st.sampled_from(MAILS))
    def try_as_somebody(self, mail, org, other):
        """Somebody tries to suspend another one, with the roles that its session gives."""
        mine, theirs = self.known.get(mail), self.known.get(other)
        session = next((name for name, (one, _, _) in self.live.items() if one is mine), None)
        found = self.sessions.find(session) if session else None
        if found is None or theirs is None or mine is theirs or theirs.status != "active":
            return
        self._seen(session)
        operates = ("region", "region-operator") in mine.roles
        held = {where for where, _ in theirs.roles}
        may = operates or (org in held and all((where, "district-admin") in mine.roles for where in held))
        needed = self._needed(theirs, theirs.roles)
        try:
            self.people.change_status(found.actor, org, theirs.id, "suspend", "why")
        except (NotFound, NotPermitted):
            assert not may
            return
        except Conflict:
            assert may
            assert needed
            return
        assert may
        assert not needed
        theirs.status = "suspended"
        self.live = {t: v for t, v in self.live.items() if v[0] is not theirs}

    def _seen(self, session):
        one, made, seen = self.live[session]
        if self.clock() - seen > timedelta(minutes=1):
            self.live[session] = one, made, self.clock()

    @invariant()
    def a_session_reaches_what_the_roles_of_now_give(self):
        for session, (one, made, seen) in list(self.live.items()):
            found = self.sessions.find(session)
            if self.clock() - seen > SIGN_IN.idle or self.clock() - made > SIGN_IN.longest:
                assert found is None
                del self.live[session]
                continue
            self._seen(session)
            assert {(held.org, held.role) for held in found.actor.memberships} == one.roles
            for name, action in actions().items():
                given = {org for org, role in one.roles if role in action.roles}
                assert found.actor.orgs(name) == given
                assert found.actor.everywhere(name) == any(action.roles.get(role) == "region" for _, role in one.roles)

    @invariant()
    def somebody_can_always_invite_others(self):
        for org, role in (("region", "region-operator"), ("maple", "district-admin"), ("cedar", "district-admin")):
            assert self._admins(org, role)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
