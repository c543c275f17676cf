"""Lists show what is due first first, page by page, and to who has asked nothing of what is inside."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from sqlalchemy import text

from gateway.storage.database import transaction
from gateway.storage.transfers.tables import transfers
from gateway.transfers.clocks.clocks import Light
from gateway.transfers.ledger.lists import MAX_LISTED
from gateway.transfers.machine.outward import OutwardState, outward
from gateway.transfers.machine.words import EventKind, TransferState
from standards.errors import MalformedQuery

E = EventKind


def walk(ask, **more):
    """Return the pages of a list."""
    pages, cursor = [], ""
    while True:
        page = ask(cursor=cursor, **more)
        pages.append(page.items)
        cursor = page.next
        if not cursor:
            return pages


def asked_of(bench):
    return lambda **more: bench.lists.asked_of(bench.sender, **more)


def test_what_is_due_first_comes_first_and_what_is_closed_last(bench):
    made = []
    for _ in range(3):
        made.append(bench.ask().transfer)
        bench.times.later(days=1)
    bench.go(made[0], E.WITHDRAW)
    (page,) = walk(asked_of(bench))
    assert [one.id for one in page] == [made[1].id, made[2].id, made[0].id]
    assert [one.light for one in page] == ["amber", "green", "done"]
    assert [one.state for one in page] == ["requested", "requested", "withdrawn"]


def test_pages_of_any_size_hold_every_transfer_once_also_those_of_one_moment(bench):
    made = {bench.ask().transfer.id for _ in range(7)}
    for limit in (1, 2, 3, 7, 100):
        pages = walk(asked_of(bench), limit=limit)
        listed = [one.id for page in pages for one in page]
        assert listed == sorted(made)
        assert len(pages) == -(-7 // limit)
        assert [
            one.id
            for page in walk(lambda **more: bench.lists.asked_by(bench.receiver, **more), limit=limit)
            for one in page
        ] == listed


def test_a_list_is_of_some_states_or_under_one_light(bench):
    requested, matched = bench.ask().transfer, bench.go(bench.ask().transfer, E.MATCH)
    done = bench.go(bench.ask().transfer, E.MATCH, E.TASK, E.APPROVE, E.PACK, E.DELIVER)
    stopped = bench.go(
        bench.go(bench.ask().transfer, E.MATCH, E.TASK), E.HOLD, reason="court-order", sections=sorted(done.approved)
    )

    def listed(**more):
        return {one.id for page in walk(asked_of(bench), **more) for one in page}

    assert listed(states=[TransferState.MATCHED]) == {matched.id}
    assert listed(states=[TransferState.MATCHED, TransferState.DELIVERED]) == {matched.id, done.id}
    for days, light in ((0, Light.GREEN), (2, Light.AMBER), (3, Light.RED)):
        bench.times.later(days=days)
        assert listed(light=light) == {requested.id, matched.id}
        assert {one.light for page in walk(asked_of(bench), light=light) for one in page} == {light}
    assert listed(light=Light.DONE) == {done.id}
    assert listed(light=Light.STOPPED) == {stopped.id}


def test_who_has_asked_sees_the_same_whatever_is_inside(bench):
    ways = [
        (),
        (E.MATCH,),
        (E.MATCH, E.TASK),
        (E.MATCH, E.TASK, E.HOLD),
        (E.MATCH, E.RELEASE),
        (E.MATCH, E.RELEASE, E.PACK),
    ]
    made = [bench.ask().transfer for _ in ways]
    before = bench.lists.asked_by(bench.receiver, limit=4)
    for one, way in zip(made, ways, strict=True):
        bench.times.later(hours=1)
        bench.go(one, *way)
    redirected = bench.go(bench.go(made[0], E.MATCH, result="none"), E.REDIRECT)
    bench.go(redirected, E.MATCH, result="several")
    assert bench.lists.asked_by(bench.receiver, limit=4) == before
    assert bench.lists.asked_by(bench.receiver, OutwardState.ASKED, limit=4) == before
    assert {tuple(asdict(one)) for one in before.items} == {("id", "state", "sender", "asked", "due", "version")}
    everything = {
        one.id: one for page in walk(lambda **more: bench.lists.asked_by(bench.receiver, **more)) for one in page
    }
    assert everything == {one.id: outward(bench.ledger.find(one.id)) for one in made}


def test_who_has_asked_sees_what_is_delivered_and_what_is_closed(bench):
    delivered = bench.go(bench.ask().transfer, E.MATCH, E.RELEASE, E.PACK, E.DELIVER)
    closed = bench.go(bench.ask().transfer, E.WITHDRAW)
    for state, one in ((OutwardState.DELIVERED, delivered), (OutwardState.CLOSED, closed)):
        (found,) = bench.lists.asked_by(bench.receiver, state).items
        assert found == outward(one)
        assert found.state == state


def test_a_district_sees_what_it_has_to_do_with_and_nothing_else(bench):
    bench.ask()
    assert bench.lists.asked_of(bench.receiver).items == ()
    assert bench.lists.asked_by(bench.sender).items == ()


@pytest.mark.parametrize("cursor", ["x", "eyJ9", "W10", "WzEsMl0", "WyJ4IiwieSJd", "bm8", "W251bGwsICJ4Il0", "é"])
def test_a_cursor_of_somebodys_making_is_refused(bench, cursor):
    with pytest.raises(MalformedQuery):
        bench.lists.asked_of(bench.sender, cursor=cursor)


def test_a_list_of_ten_thousand_reads_one_page_by_its_index(bench):
    bench.ask()
    others = ", ".join(column.name for column in transfers.c if column.name != "id")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
    rows = (
        f"SELECT substr(id, 1, 16) || CAST(i AS VARCHAR(9)), {others} FROM transfers, n WHERE sender = '{bench.sender}'"
    )
    with transaction(bench.store.engine, write=True) as connection:
        connection.execute(text(f"INSERT INTO transfers (id, {others}) {numbers} {rows}"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE transfers"))
    page = bench.lists.asked_of(bench.sender, limit=10_000)
    assert len(page.items) == MAX_LISTED
    assert page.next
    sqlite = bench.store.engine.dialect.name == "sqlite"
    for wanted, index in (
        ("sender = 'x' ORDER BY next_due, id LIMIT 100", "transfers_in"),
        ("receiver = 'x' ORDER BY told_due, id LIMIT 100", "transfers_out"),
        ("state = 'approved' AND leaves <= '2026-01-01' ORDER BY leaves, id LIMIT 100", "transfers_leaving"),
        ("state = 'packed' AND lapses <= '2026-01-01' ORDER BY lapses, id LIMIT 100", "transfers_lapsing"),
    ):
        explain = f"EXPLAIN {'QUERY PLAN' if sqlite else ''} SELECT * FROM transfers WHERE {wanted}"
        with transaction(bench.store.engine) as connection:
            plan = "\n".join(str(row) for row in connection.execute(text(explain)).all())
        assert index in plan


def test_what_the_gateway_has_to_do_is_found_by_state_and_what_a_district_has_is_counted(bench):
    made = sorted(bench.ask().transfer.id for _ in range(3))
    matched = bench.go(bench.ledger.find(made[1]), E.MATCH)
    found, last = [], ""
    while more := bench.lists.in_state(TransferState.REQUESTED, last, limit=5000):
        found, last = [*found, *more], more[-1]
    assert {made[0], made[2]} <= set(found)
    assert matched.id not in found
    assert list(found) == sorted(found)
    assert made[0] not in bench.lists.in_state(TransferState.REQUESTED, after=made[0])
    assert bench.lists.in_state(TransferState.MATCHED, f"{int(matched.id, 16) - 1:032x}", limit=1) == (matched.id,)
    assert bench.lists.tally(bench.sender) == {TransferState.REQUESTED: 2, TransferState.MATCHED: 1}
    assert bench.lists.tally(bench.receiver) == {}
