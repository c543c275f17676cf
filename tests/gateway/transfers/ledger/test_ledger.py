"""The ledger keeps every event once, with its act, and shows each transfer as its events have made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from gateway.storage.database import transaction
from gateway.storage.tables import acts
from gateway.storage.transfers.packages import PackageGone, note_package
from gateway.storage.transfers.tables import asked_values, transfer_idempotency, transfers
from gateway.transfers.clocks.school_days import school_days
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.rows import listed_values
from gateway.transfers.machine.errors import NotAllowed, NotPartyTo, TransferKeyReused, WrongContent
from gateway.transfers.machine.event import idempotency_key
from gateway.transfers.machine.fold import fold
from gateway.transfers.machine.transitions import allowed
from gateway.transfers.machine.words import EventKind, TransferParty
from standards.errors import CallerError, ConcurrentChange, InvalidBody, StoreUnavailable
from tests.gateway.transfers.ledger.conftest import PACIFIC, VALUES

E = EventKind
TO_PACKED = (E.MATCH, E.TASK, E.APPROVE, E.PACK)


def rows(bench, table):
    with transaction(bench.store.engine) as connection:
        return connection.execute(select(table)).all()


def listed(bench, transfer):
    with transaction(bench.store.engine) as connection:
        return dict(connection.execute(select(transfers).where(transfers.c.id == transfer)).one()._mapping)


def acts_of(bench, transfer):
    found = sorted(rows(bench, acts), key=lambda row: row.number)
    return [row for row in found if row.content.get("transfer") == transfer]


def agrees(bench, transfer):
    """Check that what is listed of a transfer, and on record, is what its events say."""
    events = bench.ledger.events(transfer)
    folded = fold(events)
    assert listed(bench, transfer) == listed_values(folded, bench.times.school_days(folded.sender))
    assert [act.content["event"] for act in acts_of(bench, transfer)] == [event.hash for event in events]
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    kept = [row for row in rows(bench, asked_values) if row.transfer == transfer]
    assert bool(kept) == (not folded.delivered and not folded.is_closed)
    return folded


def test_a_request_is_found_as_it_was_made_with_its_act_and_its_values(bench):
    asked = bench.ask()
    assert bench.ledger.find(asked.transfer.id) == asked.transfer
    assert bench.ledger.asked_values(asked.transfer.id) == VALUES
    (act,) = acts_of(bench, asked.transfer.id)
    assert (act.action, act.district) == ("transfer ask", bench.receiver)
    agrees(bench, asked.transfer.id)


def test_the_ledger_says_what_is_due_and_from_when_on_a_package_leaves(bench):
    asked = bench.ask().transfer
    assert asked.due == bench.times.now.replace(hour=7) + timedelta(days=3)
    bench.times.wait = timedelta(hours=5)
    approved = bench.go(asked, E.MATCH, E.TASK, E.APPROVE)
    with pytest.raises(NotAllowed):
        bench.go(approved, E.PACK)
    assert approved.id not in bench.lists.leaving()
    bench.times.later(hours=5)
    assert approved.id in bench.lists.leaving()
    packed = bench.go(approved, E.PACK)
    assert packed.id not in bench.lists.leaving()


def test_a_whole_transfer_is_listed_as_it_is_after_every_event(bench):
    transfer = bench.ask().transfer
    for kind in (*TO_PACKED, E.DELIVER, E.RESEND, E.PACK, E.DELIVER, E.ACCEPT, *[E.FILE] * 14, E.SUPPLEMENT, E.PACK):
        transfer = bench.go(transfer, kind)
        bench.times.later(hours=7)
        assert agrees(bench, transfer.id) == transfer
    assert transfer.version == 3


def test_a_request_needs_the_values_that_it_names_and_has_no_others(bench):
    for values in ({}, VALUES | {"last-school": "Oak"}, VALUES | {"name": ""}, {"name": "A", "birth-date": "B"}):
        with pytest.raises(InvalidBody) as refused:
            bench.ask(values=values)
        assert "Oak" not in str(refused.value)
    for known in (None, "name", [{}], ["name", "name", "state-id"]):
        with pytest.raises(InvalidBody):
            bench.ask(known=known)


def test_a_repeated_request_begins_no_second_transfer_and_another_under_its_key_is_refused(bench):
    first = bench.ask(key="once")
    bench.times.later(hours=3)
    again = bench.ask(key="once")
    assert (again.transfer, again.event, again.repeated) == (first.transfer, first.event, True)
    for other in ({"values": VALUES | {"name": "Another"}}, {"military": True}, {"sender": "elm"}):
        with pytest.raises(TransferKeyReused):
            bench.ask(key="once", **other)
    assert len(bench.lists.asked_by(bench.receiver).items) == 1


def test_a_repeated_event_is_answered_as_it_was_however_late_it_comes(bench):
    asked = bench.ask().transfer
    match = bench.event(asked, E.MATCH)
    first = bench.ledger.append(match)
    later = bench.go(first.transfer, E.TASK, E.APPROVE)
    bench.times.later(days=4)
    assert bench.ledger.forget_keys() >= 4
    again = bench.ledger.append(match, expected=1)
    assert (again.event, again.repeated, again.transfer) == (first.event, True, later)
    with pytest.raises(TransferKeyReused):
        bench.ledger.append(replace(match, content={"result": "none"}))
    agrees(bench, asked.id)


def test_a_key_of_one_transfer_is_none_of_another(bench):
    one, other = bench.ask().transfer, bench.ask().transfer
    bench.go(one, E.MATCH, key="mine")
    with pytest.raises(TransferKeyReused):
        bench.go(other, E.MATCH, key="mine")


def test_what_was_looked_at_before_the_last_event_is_not_decided(bench):
    asked = bench.ask().transfer
    bench.go(asked, E.MATCH)
    with pytest.raises(ConcurrentChange):
        bench.ledger.append(bench.event(asked, E.WITHDRAW), expected=asked.number)
    assert bench.ledger.append(bench.event(asked, E.WITHDRAW), expected=2).transfer.state == "withdrawn"


def test_what_fails_leaves_nothing(bench):
    asked = bench.ask().transfer
    refused = {
        NotAllowed: bench.event(asked, E.TASK),
        NotPartyTo: bench.event(asked, E.WITHDRAW, org="elm"),
        WrongContent: bench.event(asked, E.MATCH, subject="Anna"),
    }
    for error, event in refused.items():
        with pytest.raises(error):
            bench.ledger.append(event)

    def fail(_connection, _transfer):
        raise StoreUnavailable("no")

    with pytest.raises(StoreUnavailable):
        bench.ledger.append(bench.event(asked, E.MATCH), beside=fail)
    assert agrees(bench, asked.id) == asked
    for unknown in ("0" * 32, ""):
        with pytest.raises(NotPartyTo):
            bench.ledger.append(replace(bench.event(asked, E.MATCH), transfer=unknown))
        with pytest.raises(NotPartyTo):
            bench.ledger.find(unknown)


def test_the_events_only_grow(bench):
    asked = bench.ask().transfer
    for change in ("UPDATE transfer_events SET reason = 'x'", "DELETE FROM transfer_events"):
        with pytest.raises((DBAPIError, StoreUnavailable)), transaction(bench.store.engine, write=True) as connection:
            connection.execute(text(change))
    agrees(bench, asked.id)


@pytest.mark.parametrize(
    "way",
    [
        (E.WITHDRAW,),
        (E.MATCH, E.TASK, E.REFUSE),
        (*TO_PACKED, E.DELIVER),
    ],
)
def test_the_values_of_a_request_end_with_its_delivery_or_close(bench, way):
    asked = bench.ask().transfer
    assert bench.ledger.asked_values(asked.id) == VALUES
    bench.go(asked, *way)
    assert bench.ledger.asked_values(asked.id) is None
    agrees(bench, asked.id)


def test_the_values_of_a_request_end_when_it_ends_or_lapses(bench):
    ended = bench.go(bench.go(bench.ask().transfer, E.MATCH, result="none"), E.END)
    packed = bench.go(bench.ask().transfer, *TO_PACKED)
    assert packed.id not in bench.lists.lapsing()
    bench.times.later(days=14)
    assert packed.id in bench.lists.lapsing()
    assert bench.go(packed, E.LAPSE).state == "lapsed"
    assert [bench.ledger.asked_values(one.id) for one in (ended, packed)] == [None, None]
    agrees(bench, packed.id)


def test_values_open_under_the_key_alone_and_for_their_transfer_alone(bench):
    one, other = bench.ask().transfer, bench.ask().transfer
    with pytest.raises(StoreUnavailable):
        TransferLedger(bench.store, b"u" * 32, bench.times.clock, bench.times).asked_values(one.id)
    with transaction(bench.store.engine, write=True) as connection:
        sealed = connection.execute(select(asked_values.c.sealed).where(asked_values.c.transfer == one.id)).scalar()
        connection.execute(asked_values.update().where(asked_values.c.transfer == other.id).values(sealed=sealed))
    with pytest.raises(StoreUnavailable):
        bench.ledger.asked_values(other.id)


def test_clocks_are_counted_anew_when_a_calendar_has_changed(bench):
    asked = bench.ask().transfer
    before = listed(bench, asked.id)
    bench.times.days[bench.sender] = school_days(PACIFIC, [])
    assert bench.lists.of_sender(bench.sender) == (asked.id,)
    bench.ledger.reclock(asked.id)
    after = listed(bench, asked.id)
    assert (before["calendar_missing"], after["calendar_missing"]) == (False, True)
    assert before["told_due"] == after["told_due"]
    agrees(bench, asked.id)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_lists_say_what_the_events_say(bench, seed):
    chance, transfer = Random(seed), bench.ask().transfer
    for _ in range(14):
        possible = sorted((kind, party) for party in TransferParty for kind in allowed(transfer, party))
        likely = [one for one in possible if one[0] not in {E.WITHDRAW, E.REFUSE, E.LAPSE}] or possible
        if not likely:
            break
        kind, party = chance.choice(likely)
        try:
            transfer = bench.go(transfer, kind, party=party)
        except CallerError:
            continue
        bench.times.later(hours=chance.choice([1, 30, 200]))
    assert agrees(bench, transfer.id) == transfer


def test_nothing_of_a_request_is_in_clear_in_the_registry(bench, url):
    canary = "Xylocanary"
    asked = bench.ask(key=f"{canary} Quillfeather 7000000001").transfer
    bench.go(asked, *TO_PACKED[:2])
    names = ("transfers", "transfer_events", "transfer_idempotency", "asked_values", "transfer_misses", "acts", "marks")
    with transaction(bench.store.engine) as connection:
        found = [str(row) for name in names for row in connection.execute(text(f"SELECT * FROM {name}")).all()]
    files = Path(url.removeprefix("sqlite:///")).parent.glob("*") if url.startswith("sqlite") else ()
    kept = [path.read_bytes() for path in files]
    assert bool(kept) == url.startswith("sqlite")
    for value in (canary, "Quillfeather", *VALUES.values()):
        assert not [row for row in found if value in row]
        assert not [content for content in kept if value.encode() in content]


def test_an_idempotency_key_is_kept_as_a_hash_for_two_days(bench):
    asked = bench.ask(key="a key")
    mine = [row for row in rows(bench, transfer_idempotency) if row.transfer == asked.transfer.id]
    assert [row.key for row in mine] == [asked.event.key]
    assert asked.event.key == idempotency_key("fir", "a key")
    bench.times.later(hours=49)
    assert bench.ledger.forget_keys()
    assert not [row for row in rows(bench, transfer_idempotency) if row.transfer == asked.transfer.id]


def test_what_is_beside_an_event_is_written_with_it(bench):
    asked = bench.ask().transfer
    seen = []
    bench.ledger.append(bench.event(asked, E.MATCH), beside=lambda _connection, transfer: seen.append(transfer.state))
    assert seen == ["matched"]


SEALED = b"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ.key.iv.text.tag"


def test_a_package_is_kept_from_its_event_on_until_it_is_acknowledged(bench):
    approved = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE)
    written = [bench.packages.write(approved.id, 1, [SEALED], bench.receiver, "k") for _ in range(2)]
    events = [bench.event(approved, E.PACK) for _ in written]
    noted = lambda one: lambda connection, _transfer: note_package(connection, one)  # noqa: E731 -- one for each
    packed = bench.ledger.append(events[0], beside=noted(written[0])).transfer
    with pytest.raises(NotAllowed):
        bench.ledger.append(events[1], beside=noted(written[1]))
    bench.packages.discard(written[1])
    assert b"".join(bench.packages.read(bench.packages.find(packed.id, 1))) == SEALED
    delivered = bench.go(packed, E.DELIVER)
    assert bench.packages.expire() == 0
    assert b"".join(bench.packages.read(bench.packages.find(packed.id, 1))) == SEALED
    bench.go(delivered, E.ACCEPT)
    assert bench.packages.expire() == 1
    assert bench.packages.sweep() == 0
    with pytest.raises(PackageGone):
        bench.packages.read(bench.packages.find(packed.id, 1))
    assert agrees(bench, packed.id).state == "acknowledged"
