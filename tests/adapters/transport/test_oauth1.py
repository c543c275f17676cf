"""Signatures are those of RFC 5849, checked by its own examples and by another implementation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import unquote

import pytest
from authlib.oauth1.rfc5849.signature import construct_base_string, hmac_sha1_signature
from hypothesis import given
from hypothesis import strategies as st

from adapters.transport.oauth1 import ALGORITHMS, authorization, base_string, escape, signature

WORD = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
PAIRS = st.lists(st.tuples(WORD, WORD), max_size=8)
USERS = "https://sis.example.org/ims/oneroster/v1p1/users"


def test_the_first_example_of_the_rfc_has_its_signature():
    parameters = [
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131200"),
        ("oauth_nonce", "wIjqoS"),
        ("oauth_callback", "http://printer.example.com/ready"),
    ]
    signed = signature("post", "https://photos.example.net/initiate", parameters, "kd94hf93k423kf44", "HMAC-SHA1")
    assert signed == "74KNZJeDHnMBp0EMJ9ZHt/XKycU="


def test_the_base_string_of_the_rfc_is_reproduced():
    parameters = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    assert base_string("POST", "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540"
        "%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method"
        "%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("http://EXAMPLE.COM:80/r%20v/X", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("HTTPS://Example.org:443", "https://example.org/"),
        ("https://example.org:80/", "https://example.org:80/"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("https://someone@example.org/a#part", "https://example.org/a"),
    ],
)
def test_the_address_is_normalised(url, signed):
    assert unquote(base_string("GET", url, ()).split("&")[1]) == signed


@given(WORD)
def test_everything_but_the_unreserved_is_escaped(text):
    assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", escape(text))
    assert unquote(escape(text)) == text


@given(PAIRS)
def test_the_order_in_which_parameters_are_given_does_not_matter(pairs):
    assert base_string("GET", USERS, pairs) == base_string("GET", USERS, pairs[::-1])


@given(PAIRS, WORD)
def test_another_implementation_signs_alike(pairs, secret):
    text = construct_base_string("GET", USERS, pairs)
    assert base_string("GET", USERS, pairs) == text
    assert signature("GET", USERS, pairs, secret, "HMAC-SHA1") == hmac_sha1_signature(text, secret, "")


def test_sha256_signs_the_same_text_with_a_longer_hash():
    pairs = [("filter", "familyName='O\u2019Neil & Co' AND status='active'"), ("limit", "100"), ("oauth_nonce", "n")]
    text = (
        "GET&https%3A%2F%2Fsis.example.org%2Fims%2Foneroster%2Fv1p1%2Fusers&filter%3DfamilyName%253D%2527O%25E2%2580%2599"
        "Neil%2520%2526%2520Co%2527%2520AND%2520status%253D%2527active%2527%26limit%3D100%26oauth_nonce%3Dn"
    )
    assert base_string("GET", USERS, pairs) == text
    golden = base64.b64encode(hmac.new(b"a%20secret&", text.encode(), hashlib.sha256).digest()).decode()
    assert signature("GET", USERS, pairs, "a secret", "HMAC-SHA256") == golden


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_header_carries_what_was_signed_and_never_the_secret(algorithm):
    header = authorization(
        "GET", USERS + "?offset=5", [("limit", "2")], "a key", "s3cret", algorithm, "n-1", 1793646000
    )
    assert header.startswith("OAuth ")
    fields = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
    signed = fields.pop("oauth_signature")
    assert fields == {
        "oauth_consumer_key": "a key",
        "oauth_nonce": "n-1",
        "oauth_signature_method": algorithm,
        "oauth_timestamp": "1793646000",
        "oauth_version": "1.0",
    }
    assert signed == signature("GET", USERS, [("limit", "2"), ("offset", "5"), *fields.items()], "s3cret", algorithm)
    assert "s3cret" not in header


@pytest.mark.parametrize("algorithm", ["PLAINTEXT", "RSA-SHA1", "hmac-sha1", ""])
def test_another_algorithm_is_refused(algorithm):
    with pytest.raises(ValueError, match="must be one of HMAC-SHA1, HMAC-SHA256"):
        signature("GET", USERS, (), "secret", algorithm)


@pytest.mark.parametrize("url", ["/users", "sis.example.org/users", "https:///users"])
def test_only_an_absolute_address_is_signed(url):
    with pytest.raises(ValueError, match="absolute"):
        signature("GET", url, (), "secret", "HMAC-SHA1")
