"""The last refusals of each client: bounded, newest first, found by their ids, shared where there is a memory to share."""

from __future__ import annotations

from itertools import count
from uuid import uuid4

import pytest

from gateway.audit.last_refusals import MAX_OF_A_CLIENT, MAX_OF_ALL, LastRefusal, LastRefusals
from gateway.storage.shared_memory import LocalMemory, RedisMemory
from standards.errors import StoreUnavailable

KEY = b"k" * 32


def refusal(number, **more):
    known = {
        "at": float(number), "method": "GET", "api": "edfi", "view": "students", "district": "maple", "status": 403,
        "code": "forbidden", "step": "facts", "trace": f"{number:032x}",
    }  # fmt: skip
    return LastRefusal(**known | more)


@pytest.fixture(params=["alone", "memory", "redis"])
def kept(request):
    if request.param == "alone":
        yield LastRefusals(KEY, lambda: 0.0)
        return
    memory = (
        LocalMemory() if request.param == "memory" else RedisMemory(request.getfixturevalue("redis_url"), f"{uuid4()}:")
    )
    found = LastRefusals(KEY, lambda: 0.0, memory)
    yield found
    found.close()
    memory.close()


NAMES = (f"client-{number}" for number in count())


def test_the_newest_of_a_client_come_first_and_no_more_than_so_many(kept):
    name = next(NAMES)
    for number in range(MAX_OF_A_CLIENT + 5):
        kept.keep(name, refusal(number))
    kept.close()
    found = kept.of(name)
    assert [one.at for one in found] == [float(number) for number in range(MAX_OF_A_CLIENT + 4, 4, -1)]
    assert kept.of("another") == ()


def test_one_is_found_by_its_trace_or_by_the_id_that_the_client_chose(kept):
    name = next(NAMES)
    kept.keep(name, refusal(1, mark=kept.marked("Zanzibar")))
    kept.keep(name, refusal(2))
    kept.close()
    assert kept.find(name, "Zanzibar").at == 1
    assert kept.find(name, f"{2:032X}").at == 2
    assert kept.find(name, "zanzibar") is None
    assert kept.find("another", "Zanzibar") is None


def test_of_all_clients_only_so_many_are_kept_and_those_refused_last_stay():
    kept = LastRefusals(KEY, lambda: 0.0)
    for number in range(MAX_OF_ALL // MAX_OF_A_CLIENT + 3):
        for one in range(MAX_OF_A_CLIENT):
            kept.keep(f"c{number}", refusal(one))
    assert kept.of("c0") == ()
    assert len(kept.of(f"c{number}")) == MAX_OF_A_CLIENT


def test_another_process_sees_what_is_shared():
    memory = LocalMemory()
    one, other = (LastRefusals(KEY, lambda: 0.0, memory) for _ in range(2))
    one.keep("tutor", refusal(7))
    one.close()
    assert [found.at for found in other.of("tutor")] == [7.0]


class Gone(LocalMemory):
    """A memory that cannot be reached."""

    def find(self, key):
        raise StoreUnavailable(key)

    def increment(self, key, seconds=None, by=1):
        raise StoreUnavailable(key)


def test_a_memory_that_cannot_be_reached_costs_a_request_nothing():
    kept = LastRefusals(KEY, lambda: 0.0, Gone())
    kept.keep("tutor", refusal(1))
    assert [one.at for one in kept.of("tutor")] == [1.0]
    kept.close()
