"""Both memories keep the same promises."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from gateway.storage.shared_memory import LocalMemory, Memory, RedisMemory, open_memory
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 0.05
LONG = 60.0


@pytest.fixture(params=["local", "redis"])
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    kept: Memory
    if request.param == "local":
        kept = LocalMemory()
    else:
        kept = RedisMemory(request.getfixturevalue("redis_url"), prefix=f"{uuid4()}:")
    yield kept
    kept.close()


def test_what_is_put_is_found_until_it_is_deleted(memory: Memory) -> None:
    memory.put("a", b"\x00\xff one", LONG)
    assert memory.find("a") == b"\x00\xff one"
    memory.delete("a")
    assert memory.find("a") is None


def test_nothing_is_found_under_an_unknown_key(memory: Memory) -> None:
    assert memory.find("a") is None
    assert memory.take("a") is None
    memory.delete("a")


def test_a_later_value_replaces_an_earlier_one_and_its_end(memory: Memory) -> None:
    memory.put("a", b"one", SHORT)
    memory.put("a", b"two", LONG)
    time.sleep(2 * SHORT)
    assert memory.find("a") == b"two"


def test_a_value_ends_after_its_seconds(memory: Memory) -> None:
    memory.put("a", b"one", SHORT)
    memory.put_if_absent("b", b"one", SHORT)
    time.sleep(2 * SHORT)
    assert memory.find("a") is None
    assert memory.take("b") is None


def test_a_value_is_taken_once(memory: Memory) -> None:
    memory.put("a", b"one", LONG)
    assert memory.take("a") == b"one"
    assert memory.take("a") is None


def test_of_many_takers_one_receives_the_value(memory: Memory) -> None:
    memory.put("a", b"one", LONG)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: memory.take("a"), range(40)))
    assert taken.count(b"one") == 1


def test_put_if_absent_keeps_the_first_value_until_it_ends(memory: Memory) -> None:
    assert memory.put_if_absent("a", b"one", 4 * SHORT)
    assert not memory.put_if_absent("a", b"two", LONG)
    assert memory.find("a") == b"one"
    time.sleep(6 * SHORT)
    assert memory.put_if_absent("a", b"three", LONG)
    assert memory.find("a") == b"three"


def test_of_many_putters_one_succeeds(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda n: memory.put_if_absent("a", b"%d" % n, LONG), range(40)))
    assert kept.count(True) == 1
    assert memory.find("a") == b"%d" % kept.index(True)


def test_increments_from_many_threads_are_all_counted(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = sorted(threads.map(lambda _: memory.increment("a"), range(100)))
    assert numbers == list(range(1, 101))
    assert memory.find("a") == b"100"


def test_a_counter_starts_again_when_its_first_seconds_are_over(memory: Memory) -> None:
    assert memory.increment("a", 4 * SHORT) == 1
    time.sleep(SHORT)
    assert memory.increment("a", 4 * SHORT) == 2
    time.sleep(4 * SHORT)
    assert memory.increment("a", 4 * SHORT) == 1


def test_two_redis_memories_with_one_address_share_what_they_keep(redis_url: str) -> None:
    prefix = f"{uuid4()}:"
    one, other = RedisMemory(redis_url, prefix), RedisMemory(redis_url, prefix)
    one.put("a", b"one", LONG)
    assert other.find("a") == b"one"
    one.close()
    other.close()


def test_a_full_local_memory_refuses_and_forgets_nothing() -> None:
    memory = LocalMemory(capacity=3)
    for key in "abc":
        memory.put(key, b"1", LONG)
    with pytest.raises(StoreUnavailable, match="full"):
        memory.put("d", b"1", LONG)
    memory.put("a", b"2", LONG)
    assert [memory.find(key) for key in "abc"] == [b"2", b"1", b"1"]


def test_a_full_local_memory_makes_room_from_what_has_expired() -> None:
    now = 0.0
    memory = LocalMemory(capacity=3, clock=lambda: now)
    for key in "abc":
        memory.put(key, b"1", 10)
    now = 11.0
    memory.put("d", b"1", 10)
    assert memory.find("d") == b"1"
    assert memory.find("a") is None


def test_rewriting_one_key_for_ever_does_not_grow_the_local_memory() -> None:
    memory = LocalMemory()
    for _ in range(10_000):
        memory.put("a", b"1", LONG)
    assert len(memory._ends) < 200


@pytest.mark.parametrize("operation", ["put", "put_if_absent", "find", "take", "increment", "delete"])
def test_an_unreachable_redis_refuses_every_operation(operation: str) -> None:
    memory = open_memory("redis://127.0.0.1:1/0")
    arguments = ("a", b"1", LONG) if operation.startswith("put") else ("a",)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        getattr(memory, operation)(*arguments)


def test_an_address_of_another_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(StoreUnavailable) as refused:
        open_memory("mysql://secret@host")
    assert "secret" not in str(refused.value)


def test_a_counter_grows_and_shrinks_by_any_number(memory: Memory) -> None:
    assert [memory.increment("a", LONG, by) for by in (100, 25, -25, 1)] == [100, 125, 100, 101]
