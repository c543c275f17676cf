"""Where an organisation wants two persons for an act, one proposes it and another one confirms it, or nothing is done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import insert, update

from gateway.admin.confirming import Confirming
from gateway.admin.second_person import ChangedMeanwhile, SecondPerson, TwoPersonAct, Waiting
from gateway.people.actor import Actor, Membership, NotPermitted, operator
from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.proposals import LIFE, Proposals
from gateway.storage.people.tables import memberships, organisation_settings, people
from gateway.tasks.proposed import proposed
from standards.errors import CallerError, Conflict, NotFound, StoreUnavailable
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ACTION = "district.connect"
ADMIN = ("maple", "district-admin")


@dataclass
class Lamp:
    """A thing that people of maple switch, each time with a second person."""

    region: object
    colour: str = "green"
    switched: list[str] = field(default_factory=list)
    broken: Exception | None = None

    def switch(self, actor, colour, reason="", second=None):
        """Switch to a colour, as any service does what may need two persons."""
        actor.require(ACTION, "maple")
        asked = TwoPersonAct(ACTION, "maple", "lamp", {"colour": colour}, self.colour, reason)
        return (second or SecondPerson(self.region)).either(actor, asked, lambda: self._switch(actor, colour))

    def _switch(self, actor, colour):
        if self.broken is not None:
            raise self.broken
        self.colour = colour
        self.switched.append(actor.name)
        return colour

    @property
    def handlers(self):
        return {ACTION: lambda _region, second, actor, asked: self.switch(actor, asked.content["colour"], "", second)}


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture
def two_wanted(region):
    row = {
        "org": "maple", "name": TWO_PERSONS, "value": [ACTION], "version": 1, "changed": region.clock(),
        "changed_by": "tests",
    }  # fmt: skip
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(row))
    return region


@pytest.fixture
def lamp(two_wanted):
    return Lamp(two_wanted.administered)


@pytest.fixture
def ana(region):
    return region.actor("ana", ADMIN)


@pytest.fixture
def ben(region):
    return region.actor("ben", ADMIN)


@pytest.fixture
def confirming(lamp):
    return Confirming(lamp.region, lamp.handlers)


def acts(region, *words):
    found = [one for one in Acts(region.administered.store).waiting() if one.action.partition(" ")[0] in words]
    return [(one.action, one.actor) for one in found]


def test_an_act_is_done_at_once_where_nobody_asked_for_two_persons(region, ana):
    lamp = Lamp(region.administered)
    assert lamp.switch(ana, "red") == "red"
    assert Proposals(region.administered.store, region.clock).list() == ()


def test_an_act_waits_and_is_done_by_the_second_person(lamp, confirming, ana, ben):
    waiting = lamp.switch(ana, "red", "winter")
    assert isinstance(waiting, Waiting)
    assert (lamp.colour, waiting.proposal.reason, waiting.shortage) == ("green", "winter", None)
    assert confirming.waiting(ben) == (waiting.proposal,)
    assert confirming.confirm(ben, waiting.proposal.id).done == "red"
    assert lamp.switched == ["ana@example.org, confirmed by ben@example.org"]
    assert confirming.waiting(ben) == ()
    assert confirming.find(ben, waiting.proposal.id).outcome == "confirmed"


def test_both_persons_are_on_record(two_wanted, lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    confirming.confirm(ben, name)
    assert acts(two_wanted, "act") == [("act proposed", "ana@example.org"), ("act confirmed", "ben@example.org")]
    last = Acts(lamp.region.store).waiting()[-1]
    assert last.district == "maple"
    assert last.content["proposedBy"] == "ana@example.org"


@pytest.mark.usefixtures("ben")
def test_nobody_confirms_an_own_proposal_under_whatever_name_and_role(lamp, confirming, ana):
    name = lamp.switch(ana, "red").proposal.id
    other = replace(ana, name="ana.other@example.org", memberships=(Membership("region", "region-operator"),))
    for one in (ana, other):
        with pytest.raises(NotPermitted, match="somebody else"):
            confirming.confirm(one, name)
    assert lamp.colour == "green"


def test_a_program_neither_proposes_nor_confirms_nor_declines(lamp, confirming, ana):
    program = Actor("client admin", "machine", (Membership("maple", "district-admin"),))
    with pytest.raises(NotPermitted, match="program"):
        lamp.switch(program, "red")
    name = lamp.switch(ana, "red").proposal.id
    for do in (lambda: confirming.confirm(program, name), lambda: confirming.decline(program, name, "no")):
        with pytest.raises(NotFound):
            do()


@pytest.mark.parametrize(
    "roles", [[("maple", "privacy-officer")], [("oak", "district-admin")], [], [("maple", "nobody-knows")]]
)
def test_whoever_may_not_do_it_may_not_know_that_somebody_proposed_it(two_wanted, lamp, confirming, ana, roles):
    name = lamp.switch(ana, "red").proposal.id
    eve = two_wanted.actor("eve", *roles)
    assert confirming.list(eve) == ()
    told = []
    for one in (name, "0" * 16):
        for do in (lambda one=one: confirming.confirm(eve, one), lambda one=one: confirming.decline(eve, one, "no")):
            with pytest.raises(NotFound) as error:
                do()
            told.append(error.value.message)
    assert len(set(told)) == 1


def test_what_changed_after_the_proposal_is_not_confirmed(two_wanted, lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    lamp.colour = "blue"
    with pytest.raises(ChangedMeanwhile):
        confirming.confirm(ben, name)
    assert lamp.colour == "blue"
    assert confirming.find(ben, name).outcome == "refused"
    lamp.colour = "green"
    with pytest.raises(Conflict):
        confirming.confirm(ben, name)
    assert acts(two_wanted, "confirmed") == [("confirmed act refused", "ben@example.org")]


def test_a_proposal_lapses_after_fourteen_days(two_wanted, lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    two_wanted.clock.move(LIFE.total_seconds())
    assert confirming.waiting(ben) == ()
    for do in (lambda: confirming.confirm(ben, name), lambda: confirming.decline(ben, name, "no")):
        with pytest.raises(Conflict, match="lapsed"):
            do()
    assert isinstance(lamp.switch(ana, "red"), Waiting)


def test_the_first_decision_counts(lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    confirming.decline(ben, name, "not in winter")
    with pytest.raises(Conflict):
        confirming.confirm(ben, name)
    assert (lamp.colour, confirming.find(ana, name).answer) == ("green", "not in winter")


def test_the_same_is_not_proposed_twice(lamp, ana, ben):
    lamp.switch(ana, "red")
    with pytest.raises(Conflict):
        lamp.switch(ben, "blue")


def test_who_proposed_takes_it_back_and_nobody_declines_without_a_reason(two_wanted, lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    with pytest.raises(CallerError, match="why"):
        confirming.decline(ben, name, " ")
    confirming.decline(ana, name, "a slip")
    assert confirming.find(ben, name).outcome == "withdrawn"
    assert acts(two_wanted, "proposal") == [("proposal withdrawn", "ana@example.org")]


def test_who_lost_the_role_or_access_meanwhile_has_proposed_nothing(two_wanted, lamp, confirming, ana, ben):
    first = lamp.switch(ana, "red").proposal.id
    with transaction(lamp.region.store.engine, write=True) as connection:
        mine = update(memberships).where(memberships.c.person == ana.person)
        connection.execute(mine.values(ends=two_wanted.clock()))
    with pytest.raises(NotPermitted):
        confirming.confirm(ben, first)
    second = lamp.switch(ana, "blue").proposal.id
    with transaction(lamp.region.store.engine, write=True) as connection:
        connection.execute(update(people).where(people.c.id == ana.person).values(status="suspended"))
    with pytest.raises(NotPermitted, match="no access"):
        confirming.confirm(ben, second)
    assert lamp.switched == []


def test_a_failure_is_told_and_never_tried_again(lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    lamp.broken = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        confirming.confirm(ben, name)
    lamp.broken = None
    with pytest.raises(Conflict):
        confirming.confirm(ben, name)
    assert confirming.find(ana, name).outcome == "unclear"


def test_an_answer_says_who_is_missing_and_who_can_invite_one(lamp, ana):
    found = lamp.switch(ana, "red").shortage
    assert (found.people, found.inviters) == (("ana@example.org",), ("ana@example.org",))
    assert "district-admin" in found.roles


def test_an_operator_with_a_reason_stands_in_where_nobody_else_can(two_wanted, lamp, confirming, ana):
    name = lamp.switch(ana, "red").proposal.id
    with pytest.raises(CallerError, match="why"):
        confirming.confirm(operator("root"), name)
    confirming.confirm(operator("root"), name, "ben has left")
    assert lamp.switched == ["ana@example.org, confirmed by root"]
    assert Acts(lamp.region.store).waiting()[-1].content["inPlaceOfSecondPerson"] == 1


def test_an_operator_never_stands_in_for_the_second_signer(two_wanted, confirming, ana):
    asked = TwoPersonAct("agreement.sign", "maple", "reading v1", {"step": "sign"})
    waits = SecondPerson(two_wanted.administered).either(ana, asked, lambda: None, always=True)
    with pytest.raises(NotPermitted):
        confirming.confirm(operator("root"), waits.proposal.id, "the approver is on leave")
    assert [one.id for one in confirming.waiting(operator("root"))] == [waits.proposal.id]


def test_an_operator_does_not_stand_in_for_somebody_who_is_there(lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    with pytest.raises(NotPermitted, match=ben.name):
        confirming.confirm(operator("root"), name, "in a hurry")
    assert lamp.colour == "green"


def test_what_an_operator_proposes_needs_a_person_where_there_is_one(lamp, confirming, ana):
    name = lamp.switch(operator("root"), "red").proposal.id
    with pytest.raises(NotPermitted, match=ana.name):
        confirming.confirm(operator("root"), name, "alone")
    confirming.confirm(ana, name)
    assert lamp.switched == ["root, confirmed by ana@example.org"]


def test_a_waiting_proposal_is_a_task_of_those_who_may_confirm_it(lamp, confirming, ana, ben):
    name = lamp.switch(ana, "red").proposal.id
    (task,) = proposed(Proposals(lamp.region.store, lamp.region.clock).waiting())
    assert (task.org, task.role, task.content["proposal"]) == ("maple", "district-admin", name)
    confirming.decline(ben, name, "no")
    assert list(proposed(Proposals(lamp.region.store, lamp.region.clock).waiting())) == []


def test_what_was_confirmed_while_the_gateway_broke_off_is_not_said_to_be_done_nor_done_again(
    lamp, confirming, ana, ben
):
    name = lamp.switch(ana, "red").proposal.id
    lamp.broken = SystemExit()
    with pytest.raises(SystemExit):
        confirming.confirm(ben, name)
    lamp.broken = None
    assert confirming.find(ben, name).outcome == "unclear"
    with pytest.raises(Conflict):
        confirming.confirm(ben, name)
    assert lamp.colour == "green"
