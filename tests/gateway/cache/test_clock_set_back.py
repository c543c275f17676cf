"""Nobody's clock decides how old something is: it may be set back, or forward, and nothing stops, hurries or lasts."""

from __future__ import annotations

import pytest

from gateway.auth.callers import VERDICT_TTL_SECONDS
from gateway.auth.tokens import fingerprint
from gateway.cache.needed_fields import wanted_by
from gateway.districts.district import District
from gateway.runtime.startup import start
from standards.errors import SourceUnavailable, Unauthenticated
from standards.keys import Keyring
from tests.gateway.districts.test_failing_districts import settle
from tests.gateway.engine.school import grant, students
from tests.gateway.engine.source import RecordsAdapter
from tests.support.failing_adapter import planned
from tests.support.regions import Clock, Site, agreement, load, write

A_DAY = 86_400.0
SETS = [-A_DAY, -400 * A_DAY, A_DAY, 400 * A_DAY]


class Town:
    """A district with a clock on the wall that can be set, and seconds that pass."""

    def __init__(self):
        self.wall, self.passed = 2_000_000_000.0, 0.0
        self.source = RecordsAdapter(students("S1", "S2"))
        self.district = District(
            "maple", self.source, Keyring(b"a key for tests, of thirty-two b"), lambda: self.wall,
            seconds=100.0, wanted=wanted_by([grant()]), monotonic=lambda: self.passed,
        )  # fmt: skip
        self.district.cached_snapshot()

    def size(self):
        return self.district.cached_snapshot().table("student").size

    def wait(self, seconds):
        self.wall += seconds
        self.passed += seconds


@pytest.mark.parametrize("moved", SETS)
def test_a_snapshot_is_renewed_and_expires_in_its_time(moved):
    town = Town()
    town.wall += moved
    town.source.load(students("S1", "S2", "S3"))
    town.wait(40)
    assert town.size() == 2
    settle()
    assert town.size() == 2
    town.wait(20)
    town.size()
    settle()
    assert town.size() == 3
    town.source.load(students("S1", "S2", "S3", "S4"))
    town.wait(100)
    assert town.size() == 4


@pytest.mark.parametrize("moved", SETS)
def test_what_has_failed_is_tried_again_in_its_time(moved):
    town = Town()
    whole, town.source.read = town.source.read, None
    town.source.load(students("S1", "S2", "S3"))

    def refuse(*_given, **_more):
        raise SourceUnavailable("no answer")

    town.source.read = refuse
    town.wait(100)
    for _ in range(4):
        with pytest.raises(SourceUnavailable):
            town.size()
        town.wait(60)
    town.wall += moved
    town.source.read = whole
    assert town.size() == 3


@pytest.mark.parametrize("moved", SETS)
def test_change_versions_that_consumers_were_told_never_go_back(moved):
    town = Town()
    told = [town.district.newest()]
    town.wall += moved
    for number in range(3):
        town.source.load(students("S1", "S2", *(f"N{one}" for one in range(number))))
        town.wait(100)
        told += [town.district.cached_snapshot().version, town.district.newest()]
    assert told == sorted(told)


@pytest.mark.parametrize("moved", SETS)
def test_a_token_that_has_ended_is_noticed_within_a_second(tmp_path, moved):
    """The time at which a token ends is told to its bearer; for how long it is believed without asking is ours."""
    clock, passed = Clock(), [0.0]
    with planned("maple"):
        settings = load(write(tmp_path, {"maple": Site("failing", {"plan": "maple"})}, [agreement("maple")]))
        _, gateway = start(settings, clock, lambda: passed[0])
        try:
            known = gateway.callers._verdicts
            known[fingerprint("x")] = (passed[0], None)
            assert gateway.callers.authenticate("Bearer x") is None
            passed[0] += VERDICT_TTL_SECONDS
            clock.move(moved)
            with pytest.raises(Unauthenticated):
                gateway.callers.authenticate("Bearer x")
        finally:
            gateway.close()
