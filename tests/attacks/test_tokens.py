"""Page tokens that were forged, bent, or given to somebody else: none of them opens anything, and all look alike."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random

import pytest

from tests.support.regions import EDFI

NEXT = "Next-Page-Token"
ALIKE = (400, "urn:ed-fi:api:bad-request:parameter-validation-failed", ["The page token provided was invalid."])
ODD = ("x", "%", "\0", "é", "=", "AAAA", "MSwy", "MTAwLDIwMA", "0,2147483647", "a" * 78, "a" * 2000, "-" * 78, "{}",
       "null", "0" * 32, " ", "../..", "'; --", "\u202e", "\ud7ff" * 26)  # fmt: skip


def told(consumer, token, name="students", prefix="", **query):
    answer = consumer.ask(f"{prefix}{EDFI}{name}", pageToken=token, **query)
    said = answer.json if isinstance(answer.json, dict) else {}
    return answer.status_code, said.get("type"), said.get("errors")


@pytest.fixture
def token(tutor):
    return tutor.edfi("students", limit=2).headers[NEXT]


@pytest.mark.parametrize("odd", ODD)
def test_a_text_that_is_no_token_is_refused(tutor, odd):
    assert told(tutor, odd) == ALIKE


def test_no_bit_of_a_token_can_be_changed(tutor, token):
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bit in range(8 * len(sealed)):
        bent = bytearray(sealed)
        bent[bit // 8] ^= 1 << bit % 8
        assert told(tutor, urlsafe_b64encode(bent).rstrip(b"=").decode()) == ALIKE


def test_no_token_can_be_cut_or_made_longer(tutor, token):
    for length in range(1, len(token)):
        assert told(tutor, token[:length]) == ALIKE
    for bent in (
        token + "A",
        token + "=",
        token + "==",
        "A" + token,
        token + token,
        f" {token}",
        f"{token} ",
        token[::-1],
    ):
        assert told(tutor, bent) == ALIKE


def test_a_token_has_one_writing(tutor, token):
    """The last digit of base64 has bits that say nothing: they may not say anything else either."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = [digit for digit in digits if told(tutor, token[:-1] + digit) != ALIKE]
    assert good == [token[-1]]
    for bent in (token.replace("-", "+").replace("_", "/"), token.swapcase()):
        assert bent == token or told(tutor, bent) == ALIKE


def test_random_tokens_of_the_right_length_are_refused(tutor, token):
    random = Random(5)
    for _ in range(200):
        made = urlsafe_b64encode(random.randbytes(3 * len(token) // 4)).rstrip(b"=").decode()
        assert told(tutor, made) == ALIKE


def test_a_token_counts_for_its_client_only(tutor, owner, analyst, token):
    assert told(owner, token) == ALIKE
    mine = analyst.edfi("students").headers[NEXT]
    assert told(tutor, mine) == ALIKE


def test_a_token_counts_for_its_resource_district_and_filter_only(tutor, token):
    assert told(tutor, token, "schools") == ALIKE
    assert told(tutor, token, prefix="/maple") == ALIKE
    assert told(tutor, token, prefix="/cedar") == ALIKE
    assert told(tutor, token, firstName="Ann") == ALIKE
    assert tutor.edfi("students", pageToken=token).status_code == 200


def test_partition_tokens_are_sealed_like_others(tutor, owner):
    tokens = tutor.edfi("students/partitions", number=3).json["pageTokens"]
    assert len(tokens) == len(set(tokens)) == 3
    for one in tokens:
        assert told(owner, one) == ALIKE
        assert told(tutor, one, "schools") == ALIKE
        assert told(tutor, one, firstName="Ann") == ALIKE


def test_a_token_is_of_the_same_length_wherever_it_leads_and_shows_no_id(tutor):
    seen = [tutor.edfi("students", limit=1, offset=offset) for offset in range(8)]
    tokens = [answer.headers[NEXT] for answer in seen]
    parts = tutor.edfi("students/partitions", number=4).json["pageTokens"]
    assert len({len(one) for one in (*tokens, *parts)}) == 1
    for answer, one in zip(seen, tokens, strict=True):
        identifier = bytes.fromhex(answer.json[0]["id"])
        assert identifier not in urlsafe_b64decode(one + "=" * (-len(one) % 4))


def test_an_item_takes_no_token(tutor, token):
    one = tutor.edfi("students", limit=1).json[0]["id"]
    assert tutor.edfi(f"students/{one}", pageToken=token).status_code == 400
