"""Locks of single records: one holder at a time, no wait without an end, and nothing kept of what nobody uses."""

from __future__ import annotations

import threading
import time

import pytest

from gateway.record_locks import RecordBusy, RecordLocks

NAME = ("maple", "student", "1")


def test_nobody_holds_a_record_beside_another_and_what_is_done_is_counted():
    locks, seen, most = RecordLocks(), [], []

    def work():
        with locks.hold(*NAME):
            seen.append(1)
            most.append(len(seen))
            time.sleep(0.002)
            seen.pop()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most), len(locks), locks.ended("maple", "student")) == (1, 20, 0, 20)


@pytest.mark.parametrize("other", [("maple", "student", "2"), ("maple", "staff", "1"), ("elm", "student", "1")])
def test_another_record_is_free(other):
    locks = RecordLocks(0.01)
    with locks.hold(*NAME), locks.hold(*other):
        assert len(locks) == 2


def test_who_waits_too_long_is_refused_and_leaves_nothing_behind():
    locks = RecordLocks(0.01)
    with locks.hold(*NAME):
        with pytest.raises(RecordBusy) as refused, locks.hold(*NAME):
            pass
        assert (refused.value.status, refused.value.retry_after, len(locks)) == (503, 5, 1)
    assert len(locks) == 0
    with locks.hold(*NAME):
        pass


def test_a_write_that_fails_lets_go_of_its_record():
    locks = RecordLocks(0.01)
    with pytest.raises(ZeroDivisionError), locks.hold(*NAME):
        raise ZeroDivisionError
    with locks.hold(*NAME):
        assert len(locks) == 1
