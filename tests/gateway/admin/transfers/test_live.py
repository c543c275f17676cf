"""Districts of which nothing is kept in memory: what a list shows of them waits for no source, and hides what it must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.admin.transfers.asking import TransferAsking
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.own_students import OwnStudents
from gateway.admin.transfers.suggestions import TransferSuggestions
from gateway.config.declared_facts import DeclaredFact
from gateway.transfers.districts.children import READINGS
from gateway.transfers.districts.readings import KEPT_SECONDS
from gateway.transfers.machine.words import RequestStanding, TransferState
from standards.errors import Forbidden, SourceUnavailable
from tests.gateway.admin.transfers.offices import SENDER, back_text, offices
from tests.gateway.transfers.work.world import agreement_text
from tests.support.regions import small_sites


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Three districts that are asked whenever somebody wants to know; Elm may send to Cedar too."""
    folder = tmp_path_factory.mktemp("live")
    sites = {name: replace(one, cache="0") for name, one in small_sites(folder / "data").items()}
    sites["elm"] = sites["maple"]
    other = agreement_text().replace("maple-to-cedar", "elm-to-cedar").replace("district: maple", "district: elm")
    other = other.replace("cedar-agent", "elm-agent")
    with offices(folder, agreements=[agreement_text(), back_text(), other], sites=sites) as found:
        yield found


def test_a_child_is_asked_for_found_and_chosen(office):
    assert office.ask(24, standing=RequestStanding.ENROLLMENT).state == "asked"
    near = office.near(5)
    view = office.custody("mona").look(near.id)
    after = office.custody("mona").choose(near.id, view.candidates[0].handle, view.number, office.key())
    assert (after.state, after.receiver) == (TransferState.MATCHED, "cedar")


def test_a_list_waits_for_no_system_and_hides_what_it_cannot_know(office, monkeypatch):
    found = office.waiting(6)

    def fails(*_args, **_more):
        raise SourceUnavailable("asleep")

    district = office.region.running.gateway.districts[SENDER]
    monkeypatch.setattr(district.adapter, "read", fails)
    READINGS.forget(district)
    listed = {one.id: one.receiver for one in office.custody("mona").worklist().items}
    assert listed[found.id] == ""
    assert {one.receiver for one in office.custody("alma").worklist().items} == {"cedar"}
    view = office.custody("mona").look(found.id)
    assert (view.source_fails, view.child, view.receiver) == (True, None, "")
    assert office.of(TransferSuggestions, "mona").listed() == ()


class Counting:
    """The readings of a district's source."""

    def __init__(self, office, monkeypatch):
        self.district = office.region.running.gateway.districts[SENDER]
        self.count, real = 0, self.district.adapter.read
        READINGS.forget(self.district)

        def read(*given):
            self.count += 1
            return real(*given)

        monkeypatch.setattr(self.district.adapter, "read", read)


def test_the_clicks_of_a_minute_read_a_system_once(office, monkeypatch):
    near, waiting = office.near(7), office.waiting(8)
    counting = Counting(office, monkeypatch)
    custody = office.custody()
    for _ in range(3):
        view = custody.look(near.id)
        assert custody.look(waiting.id).child is not None
    assert custody.choose(near.id, view.candidates[0].handle, view.number, office.key()).receiver == "cedar"
    assert office.of(OwnStudents, "mona", SENDER).search({"family": office.roll().index.rows[0].family})
    assert counting.count == 1


def test_what_was_read_is_forgotten_when_its_minute_is_over(office, monkeypatch):
    near, now = office.near(9), [0.0]
    monkeypatch.setattr(READINGS, "_monotonic", lambda: now[0])
    counting = Counting(office, monkeypatch)
    office.custody().look(near.id)
    now[0] += KEPT_SECONDS
    office.worker._tidy()
    assert counting.district not in READINGS._rolls
    office.custody().look(near.id)
    assert counting.count == 2


def test_registers_hold_over_what_was_read_before(office):
    number = 12
    waiting = office.waiting(number)
    assert office.custody("mona").look(waiting.id).receiver == "cedar"
    office.restrict(number, "acp")
    assert office.custody("mona").look(waiting.id).receiver == ""


def test_whoever_is_shown_no_child_and_every_act_waits_for_no_system(office, monkeypatch):
    waiting = office.waiting(10)
    counting = Counting(office, monkeypatch)
    assert office.of(TransferCustody, "otto", SENDER).look(waiting.id).child is None
    custody = office.custody()
    assert custody.number_of(waiting.id) == waiting.number
    held = custody.hold(waiting.id, "court-order", ("transcript",), waiting.number, office.key())
    custody.free(waiting.id, held.number, office.key())
    assert counting.count == 0


def test_a_request_is_passed_on_and_the_requester_sees_no_difference(office):
    asked = office.stranger()
    before = office.asking().one(asked.id)
    unknown = office.worked(asked)
    with pytest.raises(Forbidden):
        office.custody("alma").redirect(asked.id, "ash", unknown.number, office.key())
    office.custody("alma").redirect(asked.id, "elm", unknown.number, office.key())
    assert office.asking().one(asked.id) == before
    ed = office.region.actor("ed", ("elm", "registrar"))
    elms = TransferCustody(office.administration, ed, "elm")
    assert asked.id in {one.id for one in elms.worklist().items}
    assert asked.id not in {one.id for one in office.custody().worklist().items}
    assert TransferAsking(office.administration, ed, "elm").districts() == ()


def test_what_a_district_declares_in_its_own_system_is_read_of_each_student(tmp_path):
    sites = {name: replace(one, cache="0") for name, one in small_sites(tmp_path / "data").items()}
    with offices(tmp_path, sites=sites) as office:
        watch = office.region.running.gateway.districts[SENDER].registers._watch
        watch._facts = (DeclaredFact("acp", "student.birthCountry", free=frozenset({"US"})),)
        watch._version, watch._until = None, float("-inf")
        READINGS.forget(office.region.running.gateway.districts[SENDER])
        born_here, elsewhere = office.worked(office.ask(14)), office.worked(office.ask(13))
        assert (born_here.state, elsewhere.state) == (TransferState.PACKED, TransferState.WAITING)
        listed = office.custody("mona").look(born_here.id), office.custody("mona").look(elsewhere.id)
        assert [one.receiver for one in listed] == ["cedar", ""]
