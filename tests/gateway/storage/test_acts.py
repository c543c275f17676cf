"""Acts and approvals in the registry behave alike on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gateway.storage.acts import MAX_ACTS_AT_ONCE, Act, Acts, write_acts
from gateway.storage.approvals import ASSERTED, SIGNED, Approval, Approvals, PartyKey
from gateway.storage.registry import Client, Secret, SharedSecret, SqlStore, open_store
from standards.errors import CallerError, NotFound
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
KEY = PartyKey("thumb", "maple", {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}, NOON, "ana")
APPROVAL = Approval("reading", 2, "maple", SIGNED, "t" * 64, "e" * 64, NOON, "ana", "a..b", "thumb")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


def told(store: SqlStore) -> list[tuple[str, str, str, str]]:
    return [(one.actor, one.action, one.district, one.reason) for one in Acts(store).waiting()]


def test_acts_wait_in_their_order_until_they_are_recorded(store: SqlStore) -> None:
    write_acts(store, [Act("ana", "first", content={"a": 1}), Act("bo", "second", "maple", reason="why")], NOON)
    acts = Acts(store)
    one, other = acts.waiting()
    assert (one.actor, one.content, one.at, other.district, other.reason) == ("ana", {"a": 1}, NOON, "maple", "why")
    assert one.number < other.number
    assert acts.note_recorded(one.number, NOON)
    assert acts.waiting() == (other,)


def test_an_act_is_noted_as_recorded_once(store: SqlStore) -> None:
    write_acts(store, [Act("ana", "first")], NOON)
    acts = Acts(store)
    (one,) = acts.waiting()
    assert (acts.note_recorded(one.number, NOON), acts.note_recorded(one.number, NOON)) == (True, False)


def test_so_many_acts_are_listed_at_once(store: SqlStore) -> None:
    write_acts(store, [Act("ana", str(number)) for number in range(MAX_ACTS_AT_ONCE + 3)], NOON)
    assert [one.action for one in Acts(store).waiting()] == [str(number) for number in range(MAX_ACTS_AT_ONCE)]


def test_one_process_at_a_time_has_the_claim(store: SqlStore) -> None:
    acts = Acts(store)
    assert acts.claim("one", 1000.0, 30.0)
    assert not acts.claim("two", 1001.0, 30.0)
    assert acts.claim("one", 1020.0, 30.0)
    assert not acts.claim("two", 1049.0, 30.0)
    assert acts.claim("two", 1051.0, 30.0)
    assert not acts.claim("one", 1052.0, 30.0)


def test_a_claim_that_is_given_up_is_free(store: SqlStore) -> None:
    acts = Acts(store)
    assert acts.claim("one", 1000.0, 30.0)
    acts.release("two")
    assert not acts.claim("two", 1001.0, 30.0)
    acts.release("one")
    assert acts.claim("two", 1002.0, 30.0)


def test_every_step_with_a_client_is_an_act_with_hashes_of_before_and_after(store: SqlStore) -> None:
    store.add_client(Client("tutor", "Reading Partners", "cbo", ("edfi:read",), (Secret("hash-1"),), NOON, "ana"))
    store.rotate_secret("tutor", "hash-2", NOON + timedelta(days=1), "bo")
    store.share_secret("tutor", SharedSecret(b"sealed", NOON + timedelta(days=1)), "bo")
    store.treat_unknown_members("tutor", "refuse", "bo")
    store.touch_client("tutor")
    store.change_status("tutor", "suspend", "ci")
    acts = Acts(store).waiting()
    assert [(one.actor, one.action) for one in acts] == [
        ("ana", "client added"), ("bo", "client secret rotated"), ("bo", "client oauth1 secret set"),
        ("bo", "client unknown members: refuse"), ("ci", "client suspended"),
    ]  # fmt: skip
    hashes = [(one.content["before"], one.content["after"]) for one in acts]
    assert hashes[0][0] == ""
    assert all(before == after for (_, before), (after, _) in pairwise(hashes))
    assert len({after for _, after in hashes}) == 5


def test_a_step_that_is_refused_is_no_act(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        store.change_status("tutor", "suspend", "ana")
    assert told(store) == []


def test_a_key_is_registered_once_and_retired_once(store: SqlStore) -> None:
    approvals = Approvals(store)
    approvals.add_key(KEY)
    with pytest.raises(CallerError, match="registered already"):
        approvals.add_key(KEY)
    approvals.retire_key("thumb", "bo", "lost", NOON, distrusted=False)
    with pytest.raises(CallerError, match="retired already"):
        approvals.retire_key("thumb", "bo", "lost", NOON, distrusted=False)
    with pytest.raises(NotFound):
        approvals.retire_key("other", "bo", "lost", NOON, distrusted=False)
    (one,) = approvals.keys()
    assert (one.party, one.key, one.retired) == ("maple", KEY.key, NOON)
    assert told(store) == [("ana", "party key added", "", ""), ("bo", "party key retired", "", "lost")]


def test_an_approval_is_recorded_once_and_again_after_it_was_withdrawn(store: SqlStore) -> None:
    approvals = Approvals(store)
    assert approvals.record(APPROVAL, "maple")
    assert not approvals.record(APPROVAL, "maple")
    later = {"actor": "bo", "reason": "a breach", "district": "maple", "at": NOON}
    assert approvals.withdraw("reading", 2, "maple", **later) == 1
    assert approvals.withdraw("reading", 2, "maple", **later) == 0
    assert approvals.record(APPROVAL, "maple")
    assert [one.withdrawn for one in approvals.every()] == [NOON, None]
    assert [action for _, action, _, _ in told(store)] == [
        "agreement approved", "approval withdrawn", "agreement approved",
    ]  # fmt: skip


def test_a_distrusted_key_takes_what_it_signed_with_it_also_when_it_was_retired_before(store: SqlStore) -> None:
    approvals = Approvals(store)
    approvals.add_key(KEY)
    approvals.record(APPROVAL, "maple")
    approvals.record(Approval("reading", 2, "tutor", ASSERTED, "t" * 64, "e" * 64, NOON, "ana"), "maple")
    approvals.retire_key("thumb", "bo", "old", NOON, distrusted=False)
    assert approvals.retire_key("thumb", "bo", "stolen", NOON, distrusted=True) == 1
    assert [one.party for one in approvals.every() if one.withdrawn] == ["maple"]


def test_the_state_changes_with_every_key_and_approval(store: SqlStore) -> None:
    approvals = Approvals(store)
    seen = [approvals.state()]
    for step in (
        lambda: approvals.add_key(KEY),
        lambda: approvals.record(APPROVAL, "maple"),
        lambda: approvals.retire_key("thumb", "bo", "old", NOON, distrusted=False),
        lambda: approvals.withdraw("reading", 2, "maple", actor="bo", reason="", district="maple", at=NOON),
    ):
        step()
        seen.append(approvals.state())
    assert len(set(seen)) == 5
