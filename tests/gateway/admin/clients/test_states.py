"""Whatever people do about a client, in whatever order, its state and its secrets are those of the model."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.links import LinkGone
from gateway.admin.clients.secrets import ClientSecrets
from gateway.auth.client_secrets import meant
from gateway.people.actor import operator
from standards.errors import Conflict
from tests.gateway.admin.clients.conftest import MAPLE_CLIENTS
from tests.support.regions import NOW

FREE = iter(reversed(MAPLE_CLIENTS))
STEPS = {
    "suspend": ({"enabled"}, "suspended"),
    "resume": ({"suspended"}, "enabled"),
    "end": ({"draft", "ready", "enabled", "suspended"}, "ended"),
}


class ClientMachine(RuleBasedStateMachine):
    """One client that an agreement names, and what its state, secrets and link should be."""

    def __init__(self, region):
        super().__init__()
        self.region, self.root = region, operator("root")
        self.clients, self.secrets = Clients(region.administered), ClientSecrets(region.administered)
        self.state, self.new, self.old, self.link = "", "", None, None

    @initialize(scopes=st.sampled_from([(), ("edfi:read",)]))
    def register(self, scopes):
        self.name, self.region.clock.now = next(FREE), NOW
        self.clients.register(self.root, NewClient(self.name, "tutor", "vendor", scopes))
        self.state = "ready" if scopes else "draft"

    @rule()
    @precondition(lambda self: self.state == "draft")
    def give_scopes(self):
        self.clients.change(self.root, self.name, ("edfi:read",))
        self.state = "ready"

    @rule(step=st.sampled_from(sorted(STEPS)))
    def step(self, step):
        before, after = STEPS[step]
        act = getattr(self.clients, step)
        if self.state not in before:
            self.refused(lambda: act(self.root, self.name))
            return
        assert act(self.root, self.name).state == after
        self.state = after
        if after != "enabled":
            self.link = None

    @rule(days=st.sampled_from([0, 1, 90]))
    def rotate(self, days):
        if self.state not in {"ready", "enabled"}:
            self.refused(lambda: self.secrets.rotate(self.root, self.name, days))
            return
        self.given(self.secrets.rotate(self.root, self.name, days).secret, days)
        self.link = None

    @rule(days=st.sampled_from([0, 7]))
    def make_link(self, days):
        if self.state not in {"ready", "enabled"}:
            self.refused(lambda: self.secrets.link(self.root, self.name, days))
            return
        self.link = self.secrets.link(self.root, self.name, days).token, days, self.region.clock() + timedelta(days=1)

    @rule()
    @precondition(lambda self: self.link)
    def follow_link(self):
        token, days, expires = self.link
        self.link = None
        if self.region.clock() < expires:
            self.given(self.secrets.fetch(token).secret, days)
        for ask in (self.secrets.fetch, self.secrets.check_link):
            try:
                ask(token)
            except LinkGone:
                continue
            raise AssertionError("a link gave something twice, or too late")

    @rule()
    def end_old(self):
        if self.old is None or self.state == "ended":
            self.refused(lambda: self.secrets.end_old(self.root, self.name))
            return
        self.secrets.end_old(self.root, self.name)
        self.old = None

    @rule(hours=st.sampled_from([1, 25, 24 * 8]))
    def wait(self, hours):
        self.region.clock.move(hours * 3600)

    def given(self, secret, days):
        self.old = (self.new, self.region.clock() + timedelta(days=days)) if self.new and days else None
        self.new, self.state = secret, "enabled"

    def refused(self, act):
        try:
            act()
        except Conflict:
            return
        raise AssertionError("this should be refused")

    @invariant()
    def the_state_is_that_of_the_model(self):
        if self.state:
            assert self.clients.find(self.root, self.name).state == self.state

    @invariant()
    def the_secrets_are_those_of_the_model(self):
        if not self.state:
            return
        client, now = self.region.administered.store.find_client(self.name), self.region.clock()
        assert len(client.secrets) == bool(self.new) + (self.old is not None)
        assert not self.new or meant(self.new, client, now)
        if self.old:
            assert bool(meant(self.old[0], client, now)) == (now < self.old[1])


def test_a_client_is_always_in_the_state_of_the_model(region):
    chosen = settings(max_examples=8, stateful_step_count=15, deadline=None, database=None)
    run_state_machine_as_test(lambda: ClientMachine(region), settings=chosen)
