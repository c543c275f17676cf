"""A token is a caller until it expires, is revoked, or its client is disabled, and for one second more."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from gateway.auth.callers import Caller
from gateway.auth.client_secrets import new_secret
from gateway.storage.shared_memory import RedisMemory
from standards.errors import StoreUnavailable, Unauthenticated
from tests.gateway.small_region import Region


@pytest.fixture
def region(tmp_path):
    opened = Region(tmp_path)
    yield opened
    opened.close()


def is_known(region, token) -> bool:
    try:
        region.callers.authenticate(f"Bearer {token}")
    except Unauthenticated as refused:
        return refused.message != "Invalid Authorization header."
    return True


def test_a_token_names_its_caller(region):
    token = region.token(grant_type="client_credentials", scope="edfi:read")
    caller = region.callers.authenticate(f"bearer {token}")
    assert caller == Caller("tutor", "Reading Partners", frozenset({"edfi:read"}), 1)


def test_each_way_of_carrying_no_token_is_named(region):
    messages = set()
    for header in (None, "Basic dHV0b3I6eA==", "Bearer ", "Bearer cg_at_unknown"):
        with pytest.raises(Unauthenticated) as refused:
            region.callers.authenticate(header)
        messages.add(refused.value.message)
    assert len(messages) == 4


@pytest.mark.parametrize("token", ["x", "cg_at_", "cg_at_\udcff", "\x00", "cg_at_é" * 9])
def test_a_word_that_is_no_token_is_unknown(region, token):
    assert not is_known(region, token)


def test_a_token_expires(region):
    token = region.token()
    region.clock.move(1799)
    assert is_known(region, token)
    region.clock.move(1.5)
    assert not is_known(region, token)


def test_a_revoked_token_is_refused_within_a_second(region):
    token = region.token()
    assert is_known(region, token)
    region.ask("/oauth/revoke", token=token)
    region.clock.move(1)
    assert not is_known(region, token)


def test_a_disabled_clients_token_is_refused_within_a_second(region):
    token = region.token()
    assert is_known(region, token)
    region.store.change_status("tutor", "end", "ana")
    region.clock.move(1)
    assert not is_known(region, token)


def test_an_emergency_rotation_ends_every_token(region):
    token = region.token()
    region.store.rotate_secret("tutor", new_secret()[1], None, "ana")
    assert not is_known(region, token)


def test_a_verdict_is_kept_for_less_than_a_second_whichever_way_the_clock_moves(region):
    token = region.token()
    assert is_known(region, token)
    region.store.change_status("tutor", "end", "ana")
    region.clock.move(0.5)
    assert is_known(region, token)
    region.clock.set_by(-10)
    region.clock.move(0.4)
    assert is_known(region, token)
    region.clock.move(0.2)
    assert not is_known(region, token)


def test_without_the_memory_nobody_is_known(tmp_path):
    region = Region(tmp_path, memory=RedisMemory("redis://127.0.0.1:1/0"))
    with pytest.raises(StoreUnavailable):
        region.callers.authenticate("Bearer cg_at_x")
    region.close()


def test_without_the_registry_nobody_is_known(region, tmp_path):
    token = region.token()
    with closing(sqlite3.connect(tmp_path / "state" / "registry.db")) as registry:
        registry.execute("DROP TABLE clients")
    with pytest.raises(StoreUnavailable):
        region.callers.authenticate(f"Bearer {token}")
