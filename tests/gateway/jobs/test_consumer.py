"""Jobs run in threads of the gateway, in a queue of their own, and end with it."""

from __future__ import annotations

import stat
import threading

from huey import RedisHuey, SqliteHuey

from gateway.jobs.consumer import FILE, Jobs, attempt, open_huey
from standards.errors import StoreUnavailable


def test_the_queue_is_a_file_of_the_state_directory_for_its_owner_alone(tmp_path):
    queue = open_huey("", tmp_path)
    assert isinstance(queue, SqliteHuey)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    queue.storage.close()


def test_the_queue_is_in_the_shared_memory_where_that_is_redis(tmp_path):
    assert isinstance(open_huey("redis://127.0.0.1:1/0", tmp_path), RedisHuey)
    assert not (tmp_path / FILE).exists()


def test_jobs_end_with_the_gateway_and_leave_no_thread(office):
    office.region.settings().state.mkdir(exist_ok=True)
    before = names()
    jobs = Jobs(office.region)
    jobs.start()
    assert names() - before >= {"Scheduler", "Worker-1"}
    jobs.stop()
    assert names() <= before


def test_what_is_given_more_is_done_beside_the_notices_in_a_thread_of_its_own(office):
    office.region.settings().state.mkdir(exist_ok=True)
    done = threading.Event()
    jobs = Jobs(office.region, {"more": done.set})
    (more,) = [task for name, task in jobs._huey._registry._registry.items() if name.endswith("more")]
    more().execute()
    assert done.is_set()
    jobs.start()
    assert names() >= {"Worker-1", "Worker-2"}
    jobs.stop()


def names():
    """Name the threads there are, but for those of calls to the registry."""
    return {one.name for one in threading.enumerate() if not one.name.startswith("registry")}


def test_what_goes_wrong_in_a_job_is_told_and_ends_nothing():
    def fail(error):
        raise error

    attempt(lambda: fail(StoreUnavailable("away")))
    attempt(lambda: fail(ValueError("a fault")))
