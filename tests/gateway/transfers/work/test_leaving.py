"""What was released leaves only as it was decided: by what is registered, agreed and published at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.registers.entries import Consent, Restriction
from gateway.registers.tags import ID
from gateway.storage.transfers.attachments import Attachment, keep_attachment
from gateway.transfers.districts.children import DistrictChildren
from gateway.transfers.districts.standing import registered_tag
from gateway.transfers.machine.words import EventKind, TransferState
from gateway.transfers.package.figures import figures_of
from gateway.transfers.package.files import read
from gateway.transfers.sealing.key_set import KeyUse
from gateway.transfers.work import deciding, packing
from gateway.transfers.work.deciding import may_leave
from gateway.transfers.work.echo import echo_of
from gateway.transfers.work.worker import LOOK_AGAIN, TransferWorker
from standards.errors import SourceUnavailable
from tests.gateway.transfers.work.world import RECEIVER, SENDER, agreement_text, worlds

E = EventKind
BY_PERSON = agreement_text(release=False)
TWO_KEYS = agreement_text(receiver_keys=("cedar enc", "cedar next"))


def restrict(world, number, kind="court-order", begin=date(2026, 9, 1), **more):
    """Write a restriction on a child into Maple's registers."""
    roll = world.desk.children.roll(world.region.gateway.districts[SENDER])
    tag = world.desk.register_keys.tag(SENDER, ID, roll.own_id(number))
    registers = world.region.running._parts.registers
    registers.write(SENDER, [Restriction("", SENDER, kind, {ID: tag}, begin, **more)], "pia")
    world.later(seconds=2)  # registers are looked up every half second


def causes(world, transfer):
    return [one.content["causes"] for one in world.desk.ledger.events(transfer.id) if one.kind is E.TASK][-1]


def reasons(world, transfer):
    return [one.reason for one in world.desk.ledger.events(transfer.id) if one.kind is E.UNPACK]


def leaves(world, transfer):
    """Tell whether the package of a transfer would be handed out now."""
    found = world.find(transfer)
    kept = world.desk.packages.find(found.id, found.version)
    with world.desk.visiting() as gateway:
        return may_leave(world.desk, gateway, found, kept)


def files(world, transfer):
    return [one.name for one in (world.state / "sealed").glob(f"{transfer.id}*")]


KINDS = ("acp", "court-order", "parent-objection", "do-not-transfer-discipline")


@pytest.mark.parametrize("kind", KINDS)
def test_a_restriction_entered_while_a_package_lies_ready_takes_it_back_to_a_person(world, kind):
    number = 26 + KINDS.index(kind)
    transfer = world.work(world.ask(world.student(number)))
    assert leaves(world, transfer)
    restrict(world, number, kind)
    assert not leaves(world, transfer)
    back = world.look_again(transfer)
    assert (back.state, back.approved, causes(world, back)) == (TransferState.WAITING, frozenset(), ["restriction"])
    assert files(world, transfer) == []


def test_a_restriction_of_another_child_or_one_that_has_not_begun_takes_nothing_back(world):
    transfer = world.work(world.ask(world.student(31)))
    restrict(world, 32)
    restrict(world, 31, begin=date(2027, 6, 1))
    restrict(world, 31, "directory")
    assert leaves(world, transfer)
    assert world.look_again(transfer).state is TransferState.PACKED


def test_what_a_person_approved_before_a_restriction_is_decided_anew(tmp_path):
    for world in worlds(tmp_path, [BY_PERSON], at_once=False):
        restrict(world, 5, "do-not-transfer-discipline")
        transfer = world.approve(world.work(world.ask(world.student(5))))
        restrict(world, 5, "parent-objection", elements=("student.address",))
        world.clock.now = transfer.release.leaves
        back = world.work(transfer)
        assert (back.state, causes(world, back)) == (TransferState.WAITING, ["restriction"])
        again = world.approve(back, ["identity"])
        world.clock.now = again.release.leaves
        assert world.work(again).state is TransferState.PACKED


def test_what_was_approved_with_a_restriction_known_leaves_under_it(tmp_path):
    for world in worlds(tmp_path, [BY_PERSON]):
        restrict(world, 6, "do-not-transfer-discipline")
        transfer = world.work(world.approve(world.work(world.ask(world.student(6)))))
        assert world.look_again(transfer).state is TransferState.PACKED


def test_a_restriction_entered_while_the_rule_is_asked_is_a_persons_matter(world, monkeypatch):
    asked = deciding.causes_of

    def causes_of(*given):
        found = asked(*given)
        restrict(world, 46)
        return found

    monkeypatch.setattr(deciding, "causes_of", causes_of)
    back = world.work(world.ask(world.student(46)))
    assert (back.state, causes(world, back)) == (TransferState.WAITING, ["restriction"])


def test_an_entry_that_ends_meanwhile_is_a_persons_matter_too(tmp_path):
    for world in worlds(tmp_path, [BY_PERSON]):
        restrict(world, 6, "do-not-transfer-discipline", until=date(2026, 11, 3))
        transfer = world.work(world.approve(world.work(world.ask(world.student(6)))))
        world.later(days=4)
        back = world.look_again(transfer)
        assert (back.state, causes(world, back)) == (TransferState.WAITING, ["registers"])


def test_what_is_packed_anew_after_a_restriction_has_the_number_of_what_nobody_had(world):
    transfer = world.work(world.ask(world.student(33)))
    restrict(world, 33, "do-not-transfer-discipline")
    again = world.work(world.approve(world.look_again(transfer), ["identity"]))
    told = read(world.opened(again).manifest)
    assert (again.state, told["version"], "replaces" in told) == (TransferState.PACKED, 1, False)
    assert len(files(world, transfer)) == 1
    assert list(world.deliver(again).delivered) == [1]


def test_the_tag_of_what_is_registered_says_nothing_and_differs_from_transfer_to_transfer(world):
    first, other = world.ask(world.student(34)), world.ask(world.student(34))
    tags = {world.registered(world.work(one)) for one in (first, other)}
    assert len(tags) == 2
    assert all(len(tag) == 32 for tag in tags)


def test_a_consent_that_is_withdrawn_counts_where_the_agreement_asks_for_one(world):
    transfer = world.work(world.ask(world.student(44)))
    gateway, registers = world.region.gateway, world.region.running._parts.registers
    plain = gateway.grants.transfer(SENDER, RECEIVER)[1]
    asking = replace(plain, registered=replace(plain.registered, form="move"))

    def told(grant):
        roll = world.desk.children.roll(gateway.districts[SENDER])
        return registered_tag(world.desk.register_keys, roll, transfer, grant, gateway.views.today(grant))

    before = told(plain), told(asking)
    day = date(2026, 9, 1)
    given = Consent(
        "", SENDER, plain.agreement, "move", "f" * 64, {ID: transfer.subject}, "parent", "paper", day, day,
        elements=frozenset({"student.name.given"}),
    )  # fmt: skip
    registers.write(SENDER, [given], "pia")
    world.later(seconds=2)
    assert told(plain) == before[0]
    assert told(asking) != before[1]


def test_a_child_who_has_left_the_system_is_known_by_the_id_it_had(world):
    transfer = world.work(world.ask(world.student(35)))
    gateway, keys = world.region.gateway, world.desk.register_keys
    grant = gateway.grants.transfer(SENDER, RECEIVER)[1]
    day = gateway.views.today(grant)

    def told():
        roll = world.desk.children.roll(gateway.districts[SENDER])
        table = roll.snapshot.table("student")
        gone = replace(table, ids=tuple(f"gone {one}" for one in table.ids), unique=None)
        snapshot = replace(roll.snapshot, tables={**roll.snapshot.tables, "student": gone})
        return registered_tag(keys, replace(roll, snapshot=snapshot), transfer, grant, day)

    assert told() == transfer.release.registered
    restrict(world, 35)
    assert told() != transfer.release.registered


def test_the_worker_looks_every_few_minutes_and_a_district_that_cannot_be_read_is_handed_nothing(world):
    transfer = world.work(world.ask(world.student(36)))
    world.worker.work_once()
    restrict(world, 36)
    world.worker.work_once()
    assert world.find(transfer).state is TransferState.PACKED
    world.later(seconds=LOOK_AGAIN.total_seconds())
    world.worker.work_once()
    assert world.find(transfer).state is TransferState.WAITING


class Failing(DistrictChildren):
    """Children of a district whose system fails."""

    def roll(self, district):
        raise SourceUnavailable("it hangs", place=district.name)


def test_while_the_source_fails_nothing_is_handed_out_and_nothing_is_taken_back(world):
    transfer = world.work(world.ask(world.student(37)))
    failing = replace(world, worker=TransferWorker(replace(world.desk, children=Failing())))
    assert not leaves(failing, transfer)
    assert failing.look_again(transfer).state is TransferState.PACKED
    assert world.container(transfer)


def test_a_package_under_an_agreement_that_has_ended_is_deleted_and_packed_under_the_next(tmp_path):
    for world in worlds(tmp_path, [agreement_text(end="2026-11-03")]):
        transfer = world.work(world.ask())
        world.later(days=2)
        assert not leaves(world, transfer)
        back = world.look_again(transfer)
        assert (back.state, reasons(world, back)) == (TransferState.APPROVED, ["agreement"])
        assert files(world, transfer) == []
        world.agree(agreement_text(version=2))
        world.later(hours=1)
        again = world.work(back)
        assert read(world.opened(again).manifest)["version"] == 1


def test_a_package_under_an_agreement_that_was_replaced_is_packed_anew_or_decided_anew(tmp_path):
    for world in worlds(tmp_path):
        transfer = world.work(world.ask())
        first = transfer.package.agreement
        world.agree(agreement_text(version=2))
        assert not leaves(world, transfer)
        again = world.look_again(transfer)
        assert (again.state, reasons(world, again)) == (TransferState.PACKED, ["agreement"])
        assert again.package.agreement != first
        world.agree(agreement_text(release=False, version=3))
        assert causes(world, world.look_again(again)) == ["agreement"]


def test_what_one_person_released_waits_for_two_where_the_agreement_wants_them_by_now(tmp_path):
    for world in worlds(tmp_path, [BY_PERSON]):
        transfer = world.work(world.approve(world.work(world.ask())))
        two = agreement_text(release=False, version=2).replace("transfer:\n", "transfer:\n  twoPersons: true\n")
        world.agree(two)
        back = world.look_again(transfer)
        assert (back.state, causes(world, back)) == (TransferState.WAITING, ["agreement"])


def test_a_package_sealed_to_a_key_that_is_revoked_is_sealed_anew_to_the_next(tmp_path):
    for world in worlds(tmp_path, [TWO_KEYS]):
        transfer = world.work(world.ask())
        world.publish(RECEIVER, "cedar next", KeyUse.SEAL)
        world.revoke(RECEIVER, "cedar enc")
        assert not leaves(world, transfer)
        again = world.look_again(transfer)
        assert (again.state, again.version, reasons(world, again)) == (TransferState.PACKED, 1, ["key"])
        assert leaves(world, again)
        assert world.opened(again, "cedar next").files
        assert len(files(world, transfer)) == 1


def test_without_a_next_key_a_package_waits_for_one_and_people_are_told(tmp_path):
    for world in worlds(tmp_path, [TWO_KEYS]):
        transfer = world.work(world.ask())
        world.revoke(RECEIVER, "cedar enc")
        waits = world.look_again(transfer)
        assert (waits.state, files(world, transfer)) == (TransferState.APPROVED, [])
        for _ in range(80):
            world.later(hours=1)
            world.worker.advance(transfer.id)
        (told,) = world.desk.tries.given_up(SENDER)
        assert (told.transfer, told.why, told.replayed) == (transfer.id, "receiver-key", True)
        world.publish(RECEIVER, "cedar next", KeyUse.SEAL)
        world.later(hours=1)
        assert world.work(transfer).state is TransferState.PACKED
        assert world.desk.tries.given_up(SENDER) == ()


def test_a_package_sealed_to_a_key_that_the_agreement_pins_no_more_is_sealed_anew(tmp_path):
    for world in worlds(tmp_path, [TWO_KEYS]):
        transfer = world.work(world.ask())
        world.publish(RECEIVER, "cedar next", KeyUse.SEAL)
        world.agree(agreement_text(version=2, receiver_keys=("cedar next",)))
        assert not leaves(world, transfer)
        assert world.opened(world.look_again(transfer), "cedar next").files


class Reused(DistrictChildren):
    """Children of a district whose system has given the id of one of them to another child."""

    number = None

    def roll(self, district):
        found = super().roll(district)
        if self.number is None or district.name != SENDER:
            return found
        own = found.id_of(self.number)
        return replace(found, candidates={**found.candidates, own: replace(found.candidates[own], state_id="7999")})


@pytest.mark.parametrize("release", [True, False])
def test_where_another_child_has_the_id_by_now_a_person_says_who_is_meant_and_nothing_is_sent(tmp_path, release):
    for world in worlds(tmp_path, [agreement_text(release=release)], at_once=False):
        children = Reused()
        moving = replace(world, worker=TransferWorker(replace(world.desk, children=children)))
        transfer = moving.work(moving.ask(moving.student(8)))
        if not release:
            attach(moving, transfer, "documents")
            transfer = moving.approve(transfer)
        assert transfer.state is TransferState.APPROVED
        children.number = 8
        moving.clock.now = transfer.release.leaves
        near = moving.work(transfer)
        assert (near.state, near.subject) == (TransferState.NEAR, "")
        assert files(moving, near) == attached(moving, near) == []
        assert moving.desk.ledger.asked_values(near.id) is not None


def test_after_a_delivery_nothing_more_is_sent_of_an_id_that_is_another_childs(world):
    children = Reused()
    moving = replace(world, worker=TransferWorker(replace(world.desk, children=children)))
    transfer = moving.deliver(moving.work(moving.ask(moving.student(39))))
    children.number = 39
    again = moving.work(moving.does(transfer, E.RESEND, content={"version": 1}, reason="lost"))
    (given_up,) = [one for one in moving.desk.tries.given_up() if one.transfer == transfer.id]
    assert (again.state, given_up.why) == (TransferState.APPROVED, "other-student")


SECTIONS = ["identity", "contacts", "enrollment", "schedule"]


def told_of(world, transfer):
    manifest = read(world.opened(transfer).manifest)
    return manifest, {one["name"]: one["state"] for one in manifest["sections"]}


def with_an_enrollment_less(read_whole):
    """Return a reading of a record in which the first enrollment is not there any more."""

    def changed(record, wanted):
        found = read_whole(record, wanted)
        enrollments = found.documents.get("studentSchoolAssociations", ())
        return replace(found, documents={**found.documents, "studentSchoolAssociations": enrollments[1:]})

    return changed


def test_a_supplement_holds_what_has_changed_and_names_the_rest(tmp_path, monkeypatch):
    for world in worlds(tmp_path, [BY_PERSON]):
        transfer = world.work(world.approve(world.work(world.ask()), SECTIONS))
        _, first = told_of(world, transfer)
        world.accept(world.deliver(transfer))
        assert (first["identity"], first["enrollment"]) == ("whole", "whole")
        monkeypatch.setattr(packing.GatewayRecord, "read", with_an_enrollment_less(packing.GatewayRecord.read))
        more = world.work(world.supplement(world.find(transfer), SECTIONS))
        manifest, states = told_of(world, more)
        assert (manifest["version"], manifest["replaces"]) == (2, 1)
        assert states["identity"] == "unchanged"
        assert states["enrollment"] != "unchanged"
        assert more.package.echo == echo_of(world.desk.key, more.id, figures_of(manifest))
        world.accept(world.deliver(more))
        monkeypatch.undo()
        third = world.work(world.supplement(world.find(transfer), ["identity"]))
        states = told_of(world, third)[1]
        assert {name for name, state in states.items() if state != "unchanged"} <= {"enrollment"}
        assert states["enrollment"] != "whole"


def test_the_rest_is_packed_once_the_first_part_was_acknowledged(world):
    transfer = world.work(world.ask(world.student(40)))
    later = world.supplement(transfer, [*SECTIONS, "health"], ["discipline"])
    assert (later.state, later.version) == (TransferState.PACKED, 1)
    assert leaves(world, later)
    rest = world.work(world.accept(world.deliver(later)))
    manifest, states = told_of(world, rest)
    assert (rest.state, manifest["version"], manifest["track"]) == (TransferState.PACKED, 2, "full")
    assert "whole" in states.values()


def attach(world, transfer, section):
    """Add something to a record as its approver does."""
    tag, said = (
        ("d" if section == "documents" else "e") * 64,
        b"%PDF-1.7 a plan" if section == "documents" else b"Call.",
    )
    kept = Attachment(tag, section, len(said), "alma", world.clock())
    event = world.event(transfer, E.ATTACH, content={"section": section, "attachment": tag})

    def beside(connection, after):
        keep_attachment(connection, world.desk.key, after.id, kept, said)

    return world.desk.ledger.append(event, beside=beside).transfer


def attached(world, transfer):
    return [one.section for one in world.desk.attachments.of(transfer.id)]


def test_what_was_read_back_is_deleted_and_what_is_to_leave_next_is_kept(world):
    transfer = world.accept(world.deliver(world.work(world.ask(world.student(45)))))
    for section in ("documents", "restrictions"):
        attach(world, transfer, section)
    noted = world.work(world.supplement(transfer, ["restrictions"]))
    queued = world.supplement(world.deliver(noted), ["documents"])
    assert queued.queued is not None
    rest = world.accept(queued)
    assert attached(world, rest) == ["documents"]
    packed = world.work(rest)
    assert told_of(world, packed)[1]["documents"] == "whole"
    assert attached(world, world.accept(world.deliver(packed))) == []


def test_what_was_attached_and_read_back_counts_on_in_the_next_version(world):
    transfer = world.accept(world.deliver(world.work(world.ask(world.student(47)))))
    both = ["documents", "restrictions"]
    for section in both:
        attach(world, transfer, section)
    sent = world.accept(world.deliver(world.work(world.supplement(transfer, both))))
    assert attached(world, sent) == []
    again = world.work(world.supplement(sent, [*SECTIONS, *both]))
    states = told_of(world, again)[1]
    assert [states[one] for one in both] == ["unchanged", "unchanged"]
    assert set(both) <= world.accept(world.deliver(again)).accepted.whole


def test_a_trace_cannot_be_guessed_without_the_key(world):
    transfer = world.work(world.ask(world.student(41)))
    traces = dict(transfer.package.traces)
    assert len(set(traces.values())) == len(traces)
    other = world.work(world.ask(world.student(41)))
    assert not set(traces.values()) & set(other.package.traces.values())


def test_packages_lie_ready_for_two_weeks_where_nothing_has_changed(world):
    transfer = world.work(world.ask(world.student(42)))
    for _ in range(13):
        world.later(days=1)
        world.worker.work_once()
    assert world.find(transfer).state is TransferState.PACKED
    assert leaves(world, transfer)
    assert world.clock() < transfer.package.lapses <= world.clock() + timedelta(days=1)
