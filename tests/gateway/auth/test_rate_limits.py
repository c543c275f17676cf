"""Limits are counted alike in the process and in Redis, and whoever is refused is told how long."""

from __future__ import annotations

import pytest

from gateway.auth.rate_limits import RateLimits
from gateway.config.settings import LimitSettings as Rates
from standards.errors import StoreUnavailable, TooManyRequests


@pytest.fixture(params=["local", "redis"])
def url(request):
    return "" if request.param == "local" else request.getfixturevalue("redis_url")


@pytest.fixture
def name(request):
    return request.node.name


def rates(client="", district="", failures="", address=""):
    return Rates(client, district, failures, address)


def test_a_client_may_ask_so_often_and_then_waits(url, name):
    limits = RateLimits(rates(client="3/minute"), url)
    for _ in range(3):
        limits.spend_client(name)
    with pytest.raises(TooManyRequests) as refused:
        limits.spend_client(name)
    assert 1 <= refused.value.retry_after <= 60
    limits.spend_client(f"{name}-other")


def test_a_district_is_spared_whoever_asks(url, name):
    limits = RateLimits(rates(district="2/minute"), url)
    limits.spend_districts([name])
    limits.spend_districts([name, name])
    with pytest.raises(TooManyRequests):
        limits.spend_districts([name])
    limits.spend_districts([f"{name}-other"])


def test_an_empty_rate_is_no_limit(url, name):
    limits = RateLimits(rates(), url)
    for _ in range(50):
        limits.spend_client(name)
        limits.spend_districts([name])
        limits.count_failure(name, "192.0.2.1")
    limits.check_failures(name, "192.0.2.1")


def test_failures_count_for_client_and_address_together(url, name):
    limits = RateLimits(rates(failures="2/minute"), url)
    for _ in range(2):
        limits.check_failures(name, "192.0.2.1")
        limits.count_failure(name, "192.0.2.1")
    with pytest.raises(TooManyRequests):
        limits.check_failures(name, "192.0.2.1")
    limits.check_failures(name, "192.0.2.2")
    limits.check_failures(f"{name}-other", "192.0.2.1")


def test_an_address_is_crowded_by_the_failures_of_all_clients_and_nobody_waits_for_it(url, name):
    limits = RateLimits(rates(failures="10/minute", address="2/minute"), url)
    for number in range(2):
        assert not limits.crowded(name)
        limits.count_failure(f"client-{number}", name)
    assert limits.crowded(name)
    assert not limits.crowded(f"{name}-other")
    limits.check_failures("client-9", name)


def test_whatever_a_stranger_sends_can_be_counted(url):
    limits = RateLimits(rates(failures="1/minute"), url)
    limits.count_failure("x\x00/:\udcff" * 1000, "")
    with pytest.raises(TooManyRequests):
        limits.check_failures("x\x00/:\udcff" * 1000, "")


def test_without_redis_everything_is_refused():
    limits = RateLimits(rates(client="1/minute", failures="1/minute"), "redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable):
        limits.spend_client("a")
    with pytest.raises(StoreUnavailable):
        limits.check_failures("a", "b")
