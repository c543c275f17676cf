"""Whatever happens to a transfer, in whatever order and however often, the promises about it hold."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.transfers.machine.errors import HistoryBroken, NotAllowed, TransferKeyReused
from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.fold import apply, fold, next_event
from gateway.transfers.machine.outward import OutwardState, outward
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import NEVER_BY_RULE, EventKind, RecordSection, TransferParty, TransferState
from standards.errors import CallerError
from tests.gateway.transfers.histories import PARTIES, draft, happens, without

CHANCE = st.integers(0, 2**31).map(Random)
DECIDED = {EventKind.RELEASE, EventKind.APPROVE, EventKind.SUPPLEMENT}
TAKEN_BACK = {EventKind.TASK, EventKind.UNPACK, EventKind.HOLD, EventKind.LAPSE}
ENDINGS = {EventKind.WITHDRAW, EventKind.REFUSE, EventKind.END, EventKind.LAPSE}


class AnyHistory(RuleBasedStateMachine):
    """A transfer to which anybody tries to do anything."""

    def __init__(self):
        super().__init__()
        self.events = [next_event(None, draft(EventKind.ASK))]
        self.transfer = apply(None, self.events[0])
        self.asked = json.dumps(asdict(outward(self.transfer))).encode()
        self.dropped = 0

    def attempt(self, event):
        """Try an event; what is refused leaves no trace."""
        try:
            numbered = next_event(self.transfer, event)
        except CallerError:
            self.dropped += 1
            return
        self.transfer = apply(self.transfer, numbered)
        self.events.append(numbered)

    def made(self, chance, kind, **more):
        """Make an event of that *kind* that says something by *chance*."""
        if kind in DECIDED:
            known = sorted(frozenset(RecordSection) - NEVER_BY_RULE if kind is EventKind.RELEASE else RecordSection)
            wanted = chance.sample(known, chance.randint(1, len(known)))
            leaves = self.transfer.changed + timedelta(hours=chance.randint(1, 40))
            more |= {"sections": wanted, "leaves": spell_moment(leaves)}
        event = draft(kind, self.transfer, **more)
        if kind is EventKind.MATCH and chance.random() < 0.4:
            result = chance.choice(["several", "none", "conflict"])
            return without(replace(event, content=event.content | {"result": result}), "subject", "child")
        return event

    @initialize(chance=CHANCE, steps=st.sampled_from(range(24)))
    def it_has_gone_some_way(self, chance, steps):
        self.go_on(chance, steps)

    @rule(chance=CHANCE, steps=st.integers(1, 6))
    def somebody_does_what_is_possible(self, chance, steps):
        self.go_on(chance, steps)

    def go_on(self, chance, steps):
        """Let happen what the table allows."""
        for _ in range(steps):
            possible = sorted((kind, party) for party in TransferParty for kind in allowed(self.transfer, party))
            likely = [one for one in possible if one[0] not in ENDINGS or chance.random() < 0.03]
            if likely:
                kind, party = chance.choice(likely)
                hours = timedelta(hours=chance.choice([1, 30, 30, 100, 340]))
                self.attempt(self.made(chance, kind, party=party, after=hours))

    @rule(
        chance=CHANCE,
        kind=st.sampled_from(EventKind),
        party=st.sampled_from(TransferParty),
        version=st.integers(1, 3),
    )
    def somebody_does_anything(self, chance, kind, party, version):
        event = self.made(chance, kind, party=party)
        if "version" in event.content:
            event = replace(event, content=event.content | {"version": version})
        self.attempt(event)

    @rule(data=st.data())
    def an_earlier_event_comes_again(self, data):
        event = data.draw(st.sampled_from(self.events))
        assert apply(self.transfer, replace(event, number=0)) == self.transfer

    @rule(data=st.data(), kind=st.sampled_from(EventKind))
    def an_earlier_key_comes_with_something_else(self, data, kind):
        earlier = data.draw(st.sampled_from(self.events))
        other = replace(draft(kind, self.transfer), key=earlier.key)
        if other.digest != earlier.digest:
            with pytest.raises(TransferKeyReused):
                apply(self.transfer, other)

    @precondition(lambda self: self.transfer.state is TransferState.WAITING)
    @rule(first=st.booleans())
    def approval_and_refusal_come_at_once(self, first):
        both = [next_event(self.transfer, draft(kind, self.transfer)) for kind in (EventKind.APPROVE, EventKind.REFUSE)]
        with pytest.raises(HistoryBroken):
            fold([*self.events, *both])
        winner, loser = both if first else reversed(both)
        self.transfer = apply(self.transfer, winner)
        self.events.append(winner)
        with pytest.raises(NotAllowed):
            next_event(self.transfer, replace(loser, at=self.transfer.changed))

    @rule(data=st.data())
    def stored_events_are_read_in_any_order(self, data):
        again = data.draw(st.lists(st.sampled_from(self.events)))
        assert fold(data.draw(st.permutations(self.events + again))) == self.transfer

    @invariant()
    def nothing_is_packed_without_a_decision(self):
        decided, by_person, packed = set(), set(), set()
        for event in self.events:
            if event.kind in DECIDED:
                decided |= set(event.content["sections"])
            if event.kind in DECIDED and event.party is TransferParty.SENDER_APPROVER:
                by_person |= set(event.content["sections"])
            if event.kind is EventKind.PACK:
                whole = {name for name, state in event.content["sections"].items() if state == "whole"}
                packed |= whole
                assert whole <= decided
        assert packed & NEVER_BY_RULE <= by_person

    @invariant()
    def no_package_is_delivered_twice_and_none_is_skipped(self):
        """What is taken back before anybody had it is no package: the next one has its number."""
        packed, delivered = [], []
        for event in self.events:
            if event.kind is EventKind.PACK:
                packed.append(event.content["version"])
            if event.kind is EventKind.DELIVER:
                delivered.append(event.content["version"])
            if event.kind in TAKEN_BACK:
                del packed[len(delivered) :]
        assert packed == sorted(set(packed))
        assert delivered == list(self.transfer.delivered) == packed[: len(delivered)]
        assert len(packed) - len(delivered) in {0, 1}

    @invariant()
    def nothing_is_delivered_that_was_taken_back(self):
        """Between a package and its delivery nobody has asked a person anew, or taken it back."""
        ready = False
        for event in self.events:
            assert event.kind is not EventKind.DELIVER or ready
            ready = event.kind is EventKind.PACK or (ready and event.kind not in TAKEN_BACK)

    @invariant()
    def what_is_released_or_on_its_way_is_approved(self):
        for one in (self.transfer.release, self.transfer.queued):
            if one is not None and self.transfer.state in {TransferState.APPROVED, TransferState.PACKED}:
                assert one.sections <= self.transfer.approved

    @invariant()
    def what_was_acknowledged_is_never_closed(self):
        assert not (self.transfer.accepted and self.transfer.is_closed)

    @invariant()
    def what_can_be_filed_was_acknowledged(self):
        accepted = [event.content["version"] for event in self.events if event.kind is EventKind.ACCEPT]
        assert self.transfer.unfiled == frozenset() or self.transfer.accepted.version == accepted[-1]

    @invariant()
    def a_package_leaves_after_its_batch_began(self):
        packed = [event.at for event in self.events if event.kind is EventKind.PACK]
        if self.transfer.state is TransferState.PACKED:
            assert packed[-1] >= self.transfer.release.leaves >= self.transfer.release.decided

    @invariant()
    def the_receiver_sees_the_same_bytes_until_delivery_or_close(self):
        seen = outward(self.transfer)
        if seen.state is OutwardState.ASKED:
            assert json.dumps(asdict(seen)).encode() == self.asked
        assert (seen.state is OutwardState.ASKED) == (not self.transfer.is_closed and not self.transfer.delivered)

    @invariant()
    def what_is_done_is_on_record_with_who_did_it(self):
        assert [event.number for event in self.events] == list(range(1, len(self.events) + 1))
        assert self.transfer.number == len(self.events)


AnyHistory.TestCase.settings = settings(max_examples=80, stateful_step_count=20)
TestAnyHistory = AnyHistory.TestCase


def test_the_histories_reach_every_kind_of_event():
    assert set(PARTIES) == set(EventKind)
    assert happens(None, EventKind.ASK).state is TransferState.REQUESTED
