"""The worker finds a child, lets the rule or a person release the record, and seals it to the receiver alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.audit.reports.child import report
from gateway.audit.reports.printing import Print
from gateway.audit.reports.reading import AuditReader
from gateway.registers.entries import Restriction
from gateway.registers.tags import ID
from gateway.storage.acts import Act
from gateway.storage.transfers.packages import PackageGone
from gateway.transfers.districts.children import DistrictChildren
from gateway.transfers.machine.words import EventKind, TransferState
from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.files import read
from gateway.transfers.sealing.key_set import KeyUse
from gateway.transfers.work.desk import with_times
from gateway.transfers.work.echo import echo_of
from gateway.transfers.work.lanes import DistrictLanes
from gateway.transfers.work.troubles import FIRST_PAUSE, GIVEN_UP_AFTER, LONGEST_PAUSE, pause_after
from gateway.transfers.work.worker import TransferWorker
from standards.errors import Conflict, SourceUnavailable
from tests.gateway.transfers.work.world import RECEIVER, SENDER, agreement_text, worlds

E = EventKind


def kinds(world, transfer):
    return [event.kind.value for event in world.desk.ledger.events(transfer.id)]


def causes(world, transfer):
    (event,) = [one for one in world.desk.ledger.events(transfer.id) if one.kind is E.TASK]
    return event.content["causes"]


def restrict(world, number, kind="parent-objection", begin=date(2026, 9, 1), **more):
    """Write a restriction on a child into Maple's registers."""
    roll = world.desk.children.roll(world.region.gateway.districts[SENDER])
    tag = world.desk.register_keys.tag(SENDER, ID, roll.own_id(number))
    registers = world.region.running._parts.registers
    registers.write(SENDER, [Restriction("", SENDER, kind, {ID: tag}, begin, **more)], "pia")
    world.later(seconds=2)  # registers are looked up every half second


class Failing(DistrictChildren):
    """Children of a district whose system fails."""

    error: BaseException | None = None

    def roll(self, district):
        if self.error is not None:
            raise self.error
        return super().roll(district)


@pytest.fixture
def failing(world):
    """The worker of a region whose source fails while it is told to."""
    children = Failing()
    return children, replace(world, worker=TransferWorker(replace(world.desk, children=children)))


def dead(world, transfer):
    return [one for one in world.desk.tries.given_up() if one.transfer == transfer.id]


def test_a_child_whom_the_rule_finds_is_packed_without_anybodys_doing(world):
    transfer = world.work(world.ask())
    assert kinds(world, transfer) == ["ask", "match", "release", "pack"]
    assert transfer.state is TransferState.PACKED
    opened = world.opened(transfer)
    assert world.student().family.encode() in opened.files["ed-fi/students.json"]
    assert not any(path.startswith("ed-fi/contact") for path in opened.files)
    told = read(opened.manifest)
    assert (told["track"], told["signedBy"], told["version"]) == ("info", "gateway", 1)
    assert transfer.package.echo == echo_of(world.desk.key, transfer.id, figures_of(told))


def test_once_is_enough_for_every_step(world):
    transfer = world.ask()
    assert world.worker.advance(transfer.id) == 3
    assert world.worker.advance(transfer.id) == 0
    assert kinds(world, transfer) == ["ask", "match", "release", "pack"]


def test_what_a_person_approves_is_the_whole_record_and_holds_no_more(world):
    restrict(world, 5, "do-not-transfer-discipline")
    transfer = world.work(world.ask(world.student(5)))
    assert transfer.state is TransferState.WAITING
    assert causes(world, transfer) == ["restriction"]
    transfer = world.work(world.approve(transfer, ["identity", "contacts"], ["transcript"]))
    told = read(world.opened(transfer).manifest)
    whole = {one["name"] for one in told["sections"] if one["state"] == "whole"}
    assert told["track"] == "full"
    assert whole <= {"identity", "contacts"}


@pytest.mark.parametrize("kind", ["acp", "court-order", "do-not-transfer-discipline"])
def test_no_rule_releases_a_child_under_any_restriction(world, kind):
    number = {"acp": 7, "court-order": 8, "do-not-transfer-discipline": 9}[kind]
    restrict(world, number, kind)
    transfer = world.work(world.ask(world.student(number)))
    assert kinds(world, transfer) == ["ask", "match", "task"]
    assert causes(world, transfer) == ["restriction"]


def test_a_child_whom_the_registers_hide_from_the_receiver_is_not_packed_though_somebody_approved(world):
    restrict(world, 6)
    transfer = world.work(world.approve(world.work(world.ask(world.student(6)))))
    assert transfer.state is TransferState.APPROVED
    assert [one.why for one in dead(world, transfer)] == ["not-covered"]


def test_a_restriction_that_has_not_begun_stops_nothing(world):
    restrict(world, 10, begin=date(2027, 6, 1))
    assert world.work(world.ask(world.student(10))).state is TransferState.PACKED


def test_a_child_who_is_not_there_is_unknown_and_one_with_another_birth_date_near(world):
    child = world.student(11)
    nobody = {
        "name": '{"given": "Xylo", "family": "Quillfeather"}',
        "state-id": "7999999999",
        "birth-date": "1999-01-31",
    }
    assert world.work(world.ask(child, **nobody)).state is TransferState.UNKNOWN
    near = world.work(world.ask(child, **{"birth-date": "1999-01-31"}))
    assert near.state is TransferState.NEAR
    assert near.subject == ""


def test_whom_a_person_has_chosen_a_person_releases(world):
    near = world.work(world.ask(world.student(12), **{"birth-date": "1999-01-31"}))
    found = world.work(world.ask(world.student(12)))
    transfer = world.work(
        world.does(near, E.CHOOSE, party="sender", content={"subject": found.subject, "child": found.child})
    )
    assert transfer.state is TransferState.WAITING
    assert causes(world, transfer) == ["chosen"]


def test_what_is_approved_leaves_with_the_next_batch_as_what_a_rule_releases(tmp_path):
    for world in worlds(tmp_path, at_once=False):
        transfer = world.work(world.ask())
        assert transfer.state is TransferState.APPROVED
        assert transfer.release.leaves > world.clock()
        assert world.worker.work_once() == 0
        world.clock.now = transfer.release.leaves
        assert world.worker.work_once() == 1
        assert world.find(transfer).state is TransferState.PACKED


def test_a_restriction_that_comes_before_the_record_leaves_is_a_persons_matter(tmp_path):
    for world in worlds(tmp_path, at_once=False):
        transfer = world.work(world.ask(world.student(5)))
        restrict(world, 5, "do-not-transfer-discipline")
        world.clock.now = transfer.release.leaves
        transfer = world.work(transfer)
        assert transfer.state is TransferState.WAITING
        assert causes(world, transfer) == ["restriction"]
        assert transfer.approved == frozenset()


def test_what_another_agreement_lets_a_person_decide_does_not_leave_by_the_rule_of_the_former(tmp_path):
    for world in worlds(tmp_path, at_once=False):
        transfer = world.work(world.ask(world.student(5)))
        text = agreement_text(release=False, version=2)
        (world.region.folder / "agreements" / "1.yaml").write_text(text)
        assert world.region.running.reload().ok
        world.clock.now = transfer.release.leaves
        transfer = world.work(transfer)
        assert transfer.state is TransferState.WAITING
        assert causes(world, transfer) == ["agreement"]


def test_the_paper_of_the_child_names_the_receiver_before_the_package_is_there(world):
    child = world.student(13)
    world.work(world.ask(child))
    reader = AuditReader(world.region.running.settings, world.desk.store)
    made = report(reader, SENDER, child.id, None, None, world.clock())
    (row,) = [one for one in made.rows if one.operation == "transfer"]
    assert (row.org, row.basis, row.times) == (RECEIVER, "99.31(a)(2)", 1)
    assert "student.name.family" in {name for name, _ in row.facts}
    printed = Print(made, "en").text()
    assert "cedar (school district)" in printed
    assert "was sent the whole record" in printed


def test_where_the_disclosure_cannot_be_written_down_nothing_is_packed(world, monkeypatch):
    transfer = world.ask(world.student(14))
    record = world.region.gateway.record
    with monkeypatch.context() as patch:
        patch.setattr(type(record), "append", lambda *_: record._refuse())
        world.worker.advance(transfer.id)
    assert world.find(transfer).state is TransferState.APPROVED
    with pytest.raises(PackageGone):
        world.desk.packages.find(transfer.id, 1)
    world.later(minutes=6)
    assert world.work(transfer).state is TransferState.PACKED


def test_what_is_accepted_withdrawn_or_lapsed_is_deleted(world):
    accepted = world.work(world.ask(world.student(15)))
    withdrawn, lapsed = (world.work(world.ask(world.student(number))) for number in (16, 17))
    world.accept(world.deliver(accepted))
    world.does(withdrawn, E.WITHDRAW, party="sender", reason="mistake")
    world.worker.work_once()
    for one in (accepted, withdrawn):
        with pytest.raises(PackageGone):
            world.container(one)
    assert world.container(lapsed)
    world.later(days=14)
    world.worker.work_once()
    assert world.find(lapsed).state is TransferState.LAPSED
    assert [one for one in (world.state / "sealed").iterdir() if one.name.startswith(lapsed.id)] == []


def test_what_is_asked_for_again_is_packed_as_a_further_version(world):
    transfer = world.deliver(world.work(world.ask(world.student(18))))
    transfer = world.does(transfer, E.RESEND, content={"version": 1}, reason="unreadable")
    transfer = world.work(transfer)
    told = read(world.opened(transfer).manifest)
    assert (told["version"], told["replaces"], transfer.state) == (2, 1, "packed")


def test_what_a_person_released_is_not_read_anew_for_the_receiver_once_the_child_is_restricted(tmp_path):
    for world in worlds(tmp_path, [agreement_text(release=False)]):
        transfer = world.approve(world.work(world.ask(world.student(21))))
        world.later(seconds=2)
        transfer = world.deliver(world.work(transfer))
        restrict(world, 21, "court-order")
        transfer = world.work(world.does(transfer, E.RESEND, content={"version": 1}, reason="lost"))
        assert (transfer.state, transfer.approved) == (TransferState.WAITING, frozenset())


def test_a_source_that_fails_is_asked_again_until_it_answers(failing):
    children, world = failing
    transfer = world.ask(world.student(19))
    children.error = SourceUnavailable("it hangs")
    for _ in range(5):
        world.worker.advance(transfer.id)
        assert world.find(transfer).state is TransferState.REQUESTED
        world.later(hours=1)
    assert dead(world, transfer) == []
    children.error = None
    assert world.work(transfer).state is TransferState.PACKED


def test_after_two_days_a_person_is_told_and_may_have_it_tried_once_more(failing):
    children, world = failing
    transfer = world.ask(world.student(20))
    children.error = SourceUnavailable("it hangs")
    for _ in range(60):
        world.worker.advance(transfer.id)
        world.later(hours=1)
    (given_up,) = dead(world, transfer)
    assert (given_up.why, given_up.sender, given_up.replayed) == ("source", SENDER, False)
    children.error = None
    assert world.worker.advance(transfer.id) == 0
    act = Act("rosa", "transfer replayed", SENDER, {"transfer": transfer.id})
    world.desk.tries.replay(transfer.id, act)
    assert world.work(transfer).state is TransferState.PACKED
    with pytest.raises(Conflict):
        world.desk.tries.replay(transfer.id, act)


def test_what_was_tried_anew_in_vain_is_not_tried_anew_again(failing):
    children, world = failing
    transfer = world.ask(world.student(21))
    children.error = SourceUnavailable("it hangs")
    act = Act("rosa", "transfer replayed", SENDER, {"transfer": transfer.id})
    for _ in range(60):
        world.worker.advance(transfer.id)
        world.later(hours=1)
    world.desk.tries.replay(transfer.id, act)
    for _ in range(60):
        world.worker.advance(transfer.id)
        world.later(hours=1)
    assert dead(world, transfer)[0].replayed
    with pytest.raises(Conflict):
        world.desk.tries.replay(transfer.id, act)


def test_a_child_who_left_between_approval_and_packing_is_a_persons_matter_at_once(world):
    transfer = world.ask(world.student(22))
    assert world.worker.step(transfer.id)
    assert world.worker.step(transfer.id)
    nobody = TransferWorker(replace(world.desk, register_keys=type(world.desk.register_keys)(b"k" * 32)))
    assert not nobody.step(transfer.id)
    (given_up,) = dead(world, transfer)
    assert (given_up.why, given_up.state) == ("not-covered", "approved")
    world.later(days=1)
    assert not world.worker.step(transfer.id)


def test_without_the_receivers_key_nothing_is_sealed(tmp_path):
    for world in worlds(tmp_path, keys=()):
        transfer = world.work(world.ask())
        assert transfer.state is TransferState.APPROVED
        world.publish(RECEIVER, "cedar enc", KeyUse.SEAL)
        world.later(hours=1)
        assert world.work(transfer).state is TransferState.PACKED


def test_where_the_agreement_has_ended_nothing_leaves_and_a_person_is_told(tmp_path):
    for world in worlds(tmp_path, [agreement_text(end="2026-11-02")]):
        transfer = world.ask()
        assert [world.worker.step(transfer.id) for _ in range(2)] == [True, True]
        world.later(days=1)
        for _ in range(60):
            world.worker.advance(transfer.id)
            world.later(hours=1)
        (given_up,) = dead(world, transfer)
        assert (given_up.why, given_up.state) == ("agreement", "approved")
        assert world.does(transfer, E.WITHDRAW, party="sender", reason="agreement-ended").is_closed


def test_without_a_rule_a_person_decides(tmp_path):
    for world in worlds(tmp_path, [agreement_text(release=False)]):
        assert causes(world, world.work(world.ask())) == ["no-rule"]


def test_the_pauses_double_with_full_jitter_up_to_an_hour():
    class Most:
        def random(self):
            return 1.0

    class Least:
        def random(self):
            return 0.0

    assert [pause_after(tries, Most()) / FIRST_PAUSE for tries in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_after(500, Most()) == LONGEST_PAUSE
    assert pause_after(9, Least()) == timedelta(0)
    assert timedelta(hours=48) == GIVEN_UP_AFTER


def test_a_district_that_hangs_delays_no_other():
    lanes, ends, done = DistrictLanes(), threading.Event(), []
    assert lanes.begin("maple", ends.wait)
    assert not lanes.begin("maple", lambda: done.append("maple"))
    assert lanes.begin("cedar", lambda: done.append("cedar"))
    assert not lanes.wait(0.05)
    assert done == ["cedar"]
    ends.set()
    assert lanes.wait(5)
    assert lanes.begin("maple", lambda: done.append("maple"))
    assert lanes.wait(5)
    assert done == ["cedar", "maple"]


class Changing:
    """Times of a district whose calendar changes."""

    def __init__(self, times):
        self.times, self.days = times, None

    def school_days(self, district):
        return self.days or self.times.school_days(district)

    def next_batch(self, district, decided):
        return self.times.next_batch(district, decided)


def test_after_a_calendar_has_changed_the_clocks_of_open_transfers_are_counted_anew(tmp_path):
    for world in worlds(tmp_path):
        times = Changing(world.desk.times)
        moving = replace(world, worker=TransferWorker(with_times(world.desk, times)))
        transfer = moving.ask(moving.student(5))
        moving.worker.work_once()
        (before,) = moving.desk.lists.asked_of(SENDER).items
        known = times.school_days(SENDER)
        times.days = replace(known, days=tuple(date(2026, 12, number) for number in range(1, 20)))
        assert moving.worker.reclock() == 1
        assert moving.worker.reclock() == 0
        (after,) = moving.desk.lists.asked_of(SENDER).items
        assert after.id == transfer.id
        assert after.full_due > before.full_due


class Hanging(DistrictChildren):
    """Children of districts of which one's system hangs."""

    def __init__(self, hanging, ends):
        super().__init__()
        self.hanging, self.ends = hanging, ends

    def roll(self, district):
        if district.name == self.hanging:
            self.ends.wait(30)
        return super().roll(district)


def test_while_one_district_hangs_the_records_of_another_leave(tmp_path):
    back = agreement_text().replace("maple", "elm").replace("cedar", "maple").replace("elm", "cedar")
    for world in worlds(tmp_path, [agreement_text(), back]):
        world.publish(SENDER, "cedar enc", KeyUse.SEAL)
        ends = threading.Event()
        moving = replace(world, worker=TransferWorker(replace(world.desk, children=Hanging(SENDER, ends))))
        hangs = moving.ask(world.student(3))
        roll = world.desk.children.roll(world.region.gateway.districts[RECEIVER])
        other = moving.ask_back(roll.index.rows[4])
        assert moving.worker.work_once(patience=0) == 2
        moving.worker.lanes._taken[RECEIVER].join(20)
        assert moving.find(other).state is TransferState.PACKED
        assert moving.find(hangs).state is TransferState.REQUESTED
        assert moving.worker.work_once(patience=0) == 0
        ends.set()
        assert moving.worker.lanes.wait(10)
        assert moving.find(hangs).state is TransferState.PACKED
        moving.worker.rest()


def test_two_workers_do_no_step_twice(world):
    transfer = world.ask(world.student(23))
    other = TransferWorker(world.desk)
    claimed = world.desk.tries.claim(transfer.id, transfer.number)
    assert not other.step(transfer.id)
    world.desk.tries.note_done(claimed)
    assert other.step(transfer.id)


def test_a_district_that_does_not_take_part_is_not_worked_for(world):
    settings = world.desk.settings()
    outside = replace(
        world.desk, settings=lambda: replace(settings, transfers=replace(settings.transfers, districts=()))
    )
    transfer = world.ask(world.student(24))
    TransferWorker(outside).work_once()
    assert world.find(transfer).state is TransferState.REQUESTED
