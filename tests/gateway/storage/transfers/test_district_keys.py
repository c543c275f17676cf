"""The public keys of districts are kept with their state, two of a use at a time, and what was revoked stays so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from gateway.storage.acts import Act, Acts
from gateway.storage.registry import open_store
from gateway.storage.transfers.district_keys import ACTIVE, RETIRING, REVOKED, DistrictKey, DistrictKeys
from standards.errors import Conflict, InvalidBody
from tests.support import servers

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ACT = Act("ana", "transfer key added")
NUMBERS = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('keys')}/registry.db")
        yield opened
        opened.close()
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        opened = open_store(fresh.replace("postgresql+psycopg:", "postgresql:"))
        yield opened
        opened.close()


@pytest.fixture
def keys(store):
    return DistrictKeys(store, lambda: NOON)


@pytest.fixture
def one():
    return DistrictKey(f"fir{next(NUMBERS)}", "k1", "enc", ACTIVE, {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"})


def test_a_key_is_found_as_it_was_added_with_its_act(keys, store, one):
    before = len(Acts(store).waiting())
    keys.put(one, ACT)
    assert keys.of(one.district) == (replace(one, changed=NOON, changed_by="ana"),)
    assert keys.of("elm") == ()
    assert len(Acts(store).waiting()) == before + 1


def test_two_keys_of_a_use_follow_each_other(keys, one):
    keys.put(one, ACT)
    keys.put(replace(one, kid="k2"), ACT)
    keys.put(replace(one, kid="s1", use="sig"), ACT)
    with pytest.raises(Conflict):
        keys.put(replace(one, kid="k3"), ACT)
    keys.put(replace(one, status=RETIRING), ACT)
    with pytest.raises(Conflict):
        keys.put(replace(one, kid="k3"), ACT)
    keys.put(replace(one, status=REVOKED), ACT)
    keys.put(replace(one, kid="k3"), ACT)
    assert {key.kid: key.status for key in keys.of(one.district)} == {
        "k1": REVOKED, "k2": ACTIVE, "k3": ACTIVE, "s1": ACTIVE,
    }  # fmt: skip


def test_a_key_stays_revoked_and_for_its_use(keys, one):
    keys.put(one, ACT)
    with pytest.raises(Conflict):
        keys.put(replace(one, use="sig"), ACT)
    keys.put(replace(one, status=REVOKED), ACT)
    for status in (ACTIVE, RETIRING):
        with pytest.raises(Conflict):
            keys.put(replace(one, status=status), ACT)
    keys.put(replace(one, status=REVOKED), ACT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"use": "both"},
        {"status": "new"},
        {"kid": ""},
        {"key": {"kty": "EC", "d": "secret"}},
        {"key": {"kty": "oct", "k": "secret"}},
    ],
)
def test_a_private_key_or_an_unknown_word_is_refused(keys, one, wrong):
    with pytest.raises(InvalidBody) as refused:
        keys.put(replace(one, **wrong), ACT)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(replace(one, **wrong))
    assert keys.of(one.district) == ()


def test_of_many_keys_that_are_added_at_once_two_are_there(keys, one):
    def add(number):
        try:
            keys.put(replace(one, kid=f"k{number}"), ACT)
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(add, range(6))) == 2
    assert len(keys.of(one.district)) == 2
