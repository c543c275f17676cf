"""Acts of administrators are carried over into the audit log at least once, and read once."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from threading import Thread

import pytest

from gateway.audit import log
from gateway.audit.acts import Carrier, event_of, read_acts, words
from gateway.audit.chain import read_events
from gateway.audit.log import KEYS, Record
from gateway.audit.verification import verify
from gateway.storage.acts import Act, Acts, write_acts
from gateway.storage.registry import open_store
from tests.support.servers import fresh_database

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "sqlite":
        with closing(open_store(f"sqlite:///{tmp_path}/registry.db", lambda: NOON)) as opened:
            yield opened
        return
    with (
        fresh_database(request.getfixturevalue("postgresql_server")) as url,
        closing(open_store(url, lambda: NOON)) as opened,
    ):
        yield opened


@pytest.fixture
def record(tmp_path):
    with closing(Record(tmp_path / "audit", KEY)) as opened:
        yield opened


def carrier(record, store):
    return Carrier(record, store, lambda: datetime.now(UTC))


def act(store, action="client added", **more):
    write_acts(store, [Act("ana", action, **more)], NOON)


def actions(folder):
    return [one["action"] for one in read_acts(folder)]


def test_an_act_is_an_event_that_says_who_did_what_where_and_why(store, record, tmp_path):
    content = {"agreement": "a", "version": 2, "before": "", "after": "f" * 64, "tags": ["1f", "2f"]}
    act(store, "agreement approved", district="maple", content=content, reason="told by telephone")
    assert carrier(record, store).carry() == 1
    (event,) = read_events(tmp_path / "audit")
    number = event.pop("act")
    assert event == {
        "operation": "act", "at": "2026-09-01T12:00:00.000+00:00", "actor": "ana", "action": "agreement approved",
        "district": "maple", "content": content, "reason": "told by telephone", "seq": 1,
    }  # fmt: skip
    assert {*event, "act"} <= KEYS | {"seq"}
    assert words({**event, "act": number}) == (
        "event 1, 2026-09-01T12:00:00.000+00:00\n  who: ana\n"
        f"  did: agreement approved in maple (act {number})\n"
        f"  after: {'f' * 64}\n  agreement: a\n  tags: 1f, 2f\n  version: 2\n  why: told by telephone"
    )


def test_what_an_act_is_about_is_flat():
    event = event_of(Act("ana", "x", content={"a": {"b": 1}, "c": [{"d": 2}], "e": None, "f": True}, number=1))
    assert event["content"] == {"a": "{'b': 1}", "c": ["{'d': 2}"], "e": None, "f": True}


@pytest.mark.parametrize(
    "content",
    [{"name": "half \ud83d"}, {"half \udcff": "x"}, {"n": 2**70}, {"n": [-(2**70), "\udcff", True, None]}],
    ids=ascii,
)
def test_an_act_of_whatever_is_in_it_keeps_no_other_one_from_the_log(tmp_path, record, content):
    with closing(open_store(f"sqlite:///{tmp_path}/registry.db", lambda: NOON)) as store:
        act(store, "first", content=content)
        act(store, "second")
        assert carrier(record, store).carry() == 2
    assert actions(tmp_path / "audit") == ["first", "second"]
    assert verify(tmp_path / "audit", KEY) == []


def test_acts_are_carried_over_once_and_in_order(store, record, tmp_path):
    carries = carrier(record, store)
    for name in ("first", "second"):
        act(store, name)
    assert (carries.carry(), carries.carry()) == (2, 0)
    act(store, "third")
    assert carries.carry() == 1
    assert actions(tmp_path / "audit") == ["first", "second", "third"]


def test_an_act_stays_waiting_while_the_log_cannot_be_written_and_that_is_told(store, record, tmp_path, monkeypatch):
    carries = carrier(record, store)
    act(store)
    with monkeypatch.context() as broken:
        broken.setattr(log, "_sync", lambda _: (_ for _ in ()).throw(OSError(28, "no space")))
        assert carries.carry() == 0
    (told,) = carries.notes()
    assert told.startswith("acts of administrators wait for the audit log: ")
    assert len(Acts(store).waiting()) == 1
    assert carries.carry() == 1  # the log was reopened, as after a disclosure that could not be written
    assert (carries.notes(), actions(tmp_path / "audit")) == ([], ["client added"])


def test_an_act_that_a_crash_left_in_the_log_twice_is_read_once(store, record, tmp_path):
    act(store)
    (one,) = Acts(store).waiting()
    record.append(event_of(one))  # and then the process ended, before it could note it
    carrier(record, store).carry()
    assert len(list(read_events(tmp_path / "audit"))) == 2
    assert actions(tmp_path / "audit") == ["client added"]


def test_acts_of_another_registry_with_the_same_numbers_are_others(store, record, tmp_path):
    act(store)
    (one,) = Acts(store).waiting()
    record.append({**event_of(one), "actor": "bo"})
    carrier(record, store).carry()
    assert [event["actor"] for event in read_acts(tmp_path / "audit")] == ["bo", "ana"]


def test_two_gateways_over_one_registry_write_each_act_once(store, record, tmp_path):
    with closing(Record(tmp_path / "other", KEY)) as other:
        both = [carrier(one, store) for one in (record, other)]
        write_acts(store, [Act("ana", str(number)) for number in range(60)], NOON)
        threads = [Thread(target=one.carry) for one in both]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        while Acts(store).waiting():
            for one in both:
                one.carry()
        written = [*actions(tmp_path / "audit"), *actions(tmp_path / "other")]
        assert sorted(written, key=int) == [str(number) for number in range(60)]
        assert [one.notes() for one in both] == [[], []]


def test_another_gateway_carries_on_once_the_first_has_stopped(store, record, tmp_path):
    first = carrier(record, store)
    act(store, "one")
    first.carry()
    act(store, "two")
    with closing(Record(tmp_path / "other", KEY)) as other:
        second = carrier(other, store)
        assert second.carry() == 0
        first.stop()
        act(store, "three")
        assert second.carry() == 1
        assert (actions(tmp_path / "audit"), actions(tmp_path / "other")) == (["one", "two"], ["three"])


def test_an_act_that_two_gateways_have_written_is_told(store, record, tmp_path):
    with closing(Record(tmp_path / "other", KEY)) as other:
        act(store)
        (one,) = Acts(store).waiting()
        late = carrier(record, store)
        plain = late._record.append

        def hanging(event):
            """A disk that takes longer than the claim lasts, during which another gateway takes over."""
            number = plain(event)
            other.append(event)
            Acts(store).note_recorded(one.number, NOON)
            return number

        record.append = hanging
        late.carry()
        assert late.notes() == ["1 acts are in the audit logs of two gateways: both carried them over at once"]


def test_a_log_with_acts_in_it_verifies(store, record, tmp_path):
    for name in ("first", "second"):
        act(store, name)
    carrier(record, store).carry()
    record.close()
    assert verify(tmp_path / "audit", KEY) == []
