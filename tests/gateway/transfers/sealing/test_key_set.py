"""A district's keys are read from a closed list of members and values, at most two in use, each with its times."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import generate_key

from gateway.transfers.sealing.errors import KeyNotAccepted, KeySetRefused
from gateway.transfers.sealing.key_set import (
    MAX_SECONDS,
    NO_KEY,
    NO_POINT,
    NO_SET,
    NO_STATUS,
    NO_TIMES,
    NONE_ACTIVE,
    NOT_ALLOWED,
    NOT_ITS_KID,
    PRIVATE,
    REVIVED,
    TOO_MANY,
    TWICE,
    KeySet,
    KeyStatus,
    KeyUse,
    publish,
    read_key_set,
)
from tests.gateway.transfers.sealing.sealed_packages import BEGIN, END, MAPLE, NOW, key_set, pair, published

SIGN, SEAL = (key.as_jwk() for key in MAPLE.keys)
P384 = generate_key("EC", "P-384").as_dict(private=False)
ED25519 = generate_key("OKP", "Ed25519").as_dict(private=False)
X25519 = generate_key("OKP", "X25519").as_dict(private=False)
RSA = generate_key("RSA", 2048).as_dict(private=False)


def jwks(*keys):
    return json.dumps({"keys": keys}).encode()


def refused(message, content):
    with pytest.raises(KeySetRefused) as error:
        read_key_set(content, "maple")
    assert str(error.value) == message


def changed(key=SIGN, **changes):
    return {name: value for name, value in (key | changes).items() if value is not None}


def test_what_is_published_can_be_read_back():
    assert set(read_key_set(MAPLE.as_jwks(), "maple").keys) == set(MAPLE.keys)
    assert read_key_set(MAPLE.as_jwks(), "maple").as_jwks() == MAPLE.as_jwks()


def test_the_name_of_a_key_is_its_thumbprint():
    assert SIGN["kid"] == pair("maple sig").thumbprint()
    assert [key.kid for key in MAPLE.pinned_by([SIGN["kid"]]).keys] == [SIGN["kid"]]


def test_nothing_private_is_published():
    assert pair("maple sig").as_dict(private=True)["d"] not in MAPLE.as_jwks().decode()
    assert not MAPLE.keys[0].key.is_private


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[]", b"null", b'{"keys": {}}', b'{"keys": []}', b'{"keys": [], "keys": []}', b"\xff", b"[" * 100_000,
        jwks(SIGN)[:-1] + b',"more":1}', jwks(*[SIGN] * 65), b" " * 40_000 + jwks(SIGN), jwks(SIGN).replace(b'"EC"', b"NaN"),
    ],
)  # fmt: skip
def test_what_is_no_set_is_refused(content):
    refused(NO_SET, content)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "oct", "crv": None, "x": None, "y": None}, {"status": None}, {"nbf": None}, {"exp": None}, {"kid": None},
        {"use": None}, {"alg": None}, {"y": None}, {"x5c": []}, {"jku": "https://x"}, {"iat": 1}, {"KID": "x"},
    ],
)  # fmt: skip
def test_a_key_with_a_member_too_many_or_too_few_is_refused(change):
    refused(NO_KEY, jwks(changed(**change)))


@pytest.mark.parametrize("key", [7, "x", None, [], True])
def test_a_key_that_is_no_object_is_refused(key):
    refused(NO_KEY, jwks(key))


@pytest.mark.parametrize("name", ["d", "k", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_set_with_a_private_part_is_refused(name):
    refused(PRIVATE, jwks(changed(**{name: "A" * 43})))


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"}, {"kty": "OKP"}, {"kty": "ec"}, {"crv": "P-384"}, {"crv": "secp256k1"}, {"crv": []}, {"alg": "ES384"},
        {"alg": "none"}, {"alg": "HS256"}, {"alg": []}, {"use": "both"}, {"use": "enc"}, {"use": []}, {"alg": "ECDH-ES+A256KW"},
        {"key_ops": ["sign"]}, {"key_ops": []}, {"key_ops": "verify"}, {"key_ops": ["verify", "verify"]}, {"key_ops": [{}]},
        {"key_ops": ["verify", "encrypt"]}, {"key_ops": {"verify": 1}},
    ],
)  # fmt: skip
def test_a_key_of_another_kind_is_refused(change):
    refused(NOT_ALLOWED, jwks(changed(**change)))


@pytest.mark.parametrize("other", [P384, ED25519, X25519, RSA], ids=["P-384", "Ed25519", "X25519", "RSA"])
def test_a_real_key_of_another_kind_is_refused(other):
    members = {name: other.get(name, SIGN[name]) for name in SIGN}
    refused(NOT_ALLOWED, jwks(members))


@pytest.mark.parametrize(
    ("key", "operations"), [(SIGN, ["verify"]), (SEAL, ["deriveKey"]), (SEAL, ["deriveBits", "deriveKey"])]
)
def test_operations_that_say_what_the_use_says_are_read(key, operations):
    assert read_key_set(jwks(changed(key, key_ops=operations)), "maple").keys[0].kid == key["kid"]


@pytest.mark.parametrize(
    "change",
    [
        {"x": "A" * 43, "y": "A" * 43}, {"y": SIGN["x"]}, {"x": SIGN["x"] + "="}, {"x": "AAAA" + SIGN["x"]}, {"x": "AQ"},
        {"x": SIGN["x"][:-1] + "-"}, {"x": 7}, {"y": "é" * 43}, {"x": ""}, {"x": "_" * 42 + "8"}, {"x": SIGN["x"] + "\n"},
    ],
)  # fmt: skip
def test_numbers_that_are_no_point_are_refused(change):
    refused(NO_POINT, jwks(changed(**change)))


@pytest.mark.parametrize(
    "kid", ["", "mine", SEAL["kid"], 7, SIGN["kid"] + " "], ids=["none", "mine", "other", "number", "space"]
)
def test_another_name_than_the_thumbprint_is_refused(kid):
    refused(NOT_ITS_KID, jwks(changed(kid=kid)))


@pytest.mark.parametrize(
    "change",
    [
        {"nbf": -1}, {"nbf": True}, {"nbf": "1"}, {"nbf": 1.5}, {"exp": SIGN["nbf"]}, {"exp": 0}, {"exp": MAX_SECONDS + 1},
        {"exp": []}, {"nbf": SIGN["exp"]},
    ],
)  # fmt: skip
def test_times_that_no_key_can_have_are_refused(change):
    refused(NO_TIMES, jwks(changed(**change)))


@pytest.mark.parametrize("status", ["", "ACTIVE", "next", 1, [], {}, True])
def test_a_state_that_no_key_can_have_is_refused(status):
    refused(NO_STATUS, jwks(changed(status=status)))


def test_a_key_that_is_there_twice_is_refused_even_with_another_use():
    refused(TWICE, jwks(SIGN, SIGN))
    refused(TWICE, jwks(SIGN, changed(use="enc", alg="ECDH-ES+A256KW")))


def three(status=KeyStatus.ACTIVE):
    keys = [published(f"maple {number}", KeyUse.SIGN) for number in range(3)]
    return KeySet("maple", (*keys[:2], replace(keys[2], status=status)))


def test_two_keys_of_a_use_may_be_in_use_and_more_be_revoked():
    refused(TOO_MANY, three().as_jwks())
    refused(TOO_MANY, three(KeyStatus.RETIRING).as_jwks())
    assert len(read_key_set(three(KeyStatus.REVOKED).as_jwks(), "maple").keys) == 3


def test_a_rotation_goes_from_one_key_to_the_next():
    """The new key is published before it is valid, then signs, while the old one still verifies."""
    month = timedelta(days=30)
    old = published("maple old", KeyUse.SIGN, NOW - month, NOW + month)
    keys = key_set("maple", old).with_key(
        published("maple new", KeyUse.SIGN, NOW + timedelta(days=1), NOW + 12 * month)
    )
    assert keys.current(KeyUse.SIGN, NOW).kid == old.kid
    later = NOW + timedelta(days=1)
    assert keys.current(KeyUse.SIGN, later).kid == pair("maple new").thumbprint()
    keys = keys.marked(old.kid, KeyStatus.RETIRING)
    assert keys.find(old.kid, KeyUse.SIGN, later).status is KeyStatus.RETIRING
    with pytest.raises(KeyNotAccepted):
        keys.find(old.kid, KeyUse.SIGN, later, for_new=True)
    with pytest.raises(KeySetRefused):
        keys.with_key(published("maple third", KeyUse.SIGN))


def test_a_district_without_an_active_key_has_none_to_sign_with():
    for keys in (key_set("maple"), key_set("maple", published("maple enc", KeyUse.SEAL))):
        with pytest.raises(KeyNotAccepted, match=NONE_ACTIVE):
            keys.current(KeyUse.SIGN, NOW)
    for moment in (BEGIN - timedelta(seconds=1), END):
        with pytest.raises(KeyNotAccepted, match=NONE_ACTIVE):
            MAPLE.current(KeyUse.SIGN, moment)


def test_a_revoked_key_stays_revoked():
    revoked = MAPLE.marked(SIGN["kid"], KeyStatus.REVOKED)
    assert revoked.marked(SIGN["kid"], KeyStatus.REVOKED) == revoked
    with pytest.raises(KeySetRefused):
        revoked.marked(SIGN["kid"], KeyStatus.ACTIVE)
    with pytest.raises(KeySetRefused):
        MAPLE.marked("A" * 43, KeyStatus.REVOKED)


def test_a_new_set_neither_revives_nor_forgets_a_revoked_key_before_it_has_expired():
    revoked = MAPLE.marked(SIGN["kid"], KeyStatus.REVOKED)
    forgotten = KeySet("maple", MAPLE.keys[1:])
    revoked.check_follows(MAPLE, NOW)
    MAPLE.check_follows(forgotten, NOW)
    for later in (MAPLE, forgotten):
        with pytest.raises(KeySetRefused, match=REVIVED):
            later.check_follows(revoked, NOW)
    forgotten.check_follows(revoked, END)
    with pytest.raises(KeySetRefused, match=REVIVED):
        MAPLE.check_follows(revoked, END)


@pytest.mark.parametrize(("begin", "end"), [(NOW, NOW), (END, BEGIN), (NOW, datetime(2101, 1, 1, tzinfo=UTC))])
def test_a_key_is_not_published_for_times_that_it_cannot_have(begin, end):
    with pytest.raises(KeySetRefused, match="nbf"):
        publish(pair("maple sig"), KeyUse.SIGN, begin, end)
