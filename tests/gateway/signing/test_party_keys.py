"""Party keys are public keys of a few strong kinds, read from a JWK or a PEM file, and known by their thumbprints."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import generate_key

from gateway.signing.party_keys import (
    FIELD,
    NO_KEY,
    NOT_ALLOWED,
    NOT_PRIVATE,
    PRIVATE,
    SMALL_ORDER,
    public_part,
    read_key,
    registered,
)
from standards.errors import SettingsError
from tests.gateway.signing.keys import KINDS, key_of


def forms(key, *, private):
    return {"jwk": json.dumps(key.as_dict(private=private)).encode(), "pem": key.as_pem(private=private)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["jwk", "pem"])
def test_a_public_key_is_read_from_either_form(kind, form):
    key = key_of(kind)
    found = read_key(forms(key, private=False)[form], "key")
    assert found.thumbprint() == key.thumbprint()
    assert not found.is_private


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["jwk", "pem"])
def test_a_private_key_is_refused_and_not_kept(kind, form):
    content = forms(key_of(kind), private=True)[form]
    with pytest.raises(SettingsError, match="must stay with the party") as refused:
        read_key(content, "maple.pem")
    assert str(refused.value) == f"maple.pem: {PRIVATE}"
    assert read_key(content, "key", private=True).is_private


@pytest.mark.parametrize("member", ["x", "y", "n", "e"])
def test_a_key_in_another_spelling_is_no_other_key(member):
    """Else the key of one party could be registered for the other too, which so would sign for both."""
    told = key_of("RSA" if member in "ne" else "EC P-256").as_dict(private=False)
    number = urlsafe_b64decode(told[member] + "==")
    told[member] = urlsafe_b64encode(b"\x00" + number).decode().rstrip("=")
    with pytest.raises(SettingsError, match="not spelt as RFC 7518"):
        read_key(json.dumps(told).encode(), "key")


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"use": "sig"}, True),
        ({"key_ops": ["verify"]}, True),
        ({"use": "enc"}, False),
        ({"key_ops": ["encrypt"]}, False),
        ({"key_ops": []}, False),
        ({"use": "sig", "key_ops": ["deriveKey"]}, False),
    ],
)
def test_a_key_that_is_not_for_signatures_is_refused(said, taken):
    content = json.dumps({**key_of("EC P-256").as_dict(private=False), **said}).encode()
    if taken:
        assert read_key(content, "key").thumbprint() == key_of("EC P-256").thumbprint()
        return
    with pytest.raises(SettingsError, match="not for signatures"):
        read_key(content, "key")


def test_a_public_key_signs_nothing():
    with pytest.raises(SettingsError) as refused:
        read_key(forms(key_of("RSA"), private=False)["pem"], "key", private=True)
    assert NOT_PRIVATE in str(refused.value)


def dsa_key():
    return dsa.generate_private_key(1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def point(number, sign=0):
    """An Ed25519 key of these bytes."""
    x = urlsafe_b64encode((number | sign << 255).to_bytes(32, "little")).rstrip(b"=").decode()
    return json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x}).encode()


WEAK = {
    **{
        f"a point of small order {at}.{sign}": lambda number=number, sign=sign: point(number, sign)
        for at, number in enumerate(sorted(SMALL_ORDER))
        for sign in (0, 1)
    },
    "a point in another spelling": lambda: point(FIELD + 3),
    "P-521": lambda: generate_key("EC", "P-521").as_pem(private=False),
    "secp256k1": lambda: json.dumps({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}).encode(),
    "X25519": lambda: generate_key("OKP", "X25519").as_pem(private=False),
    "RSA of 1024 bits": lambda: generate_key("RSA", 1024).as_pem(private=False),
    "a shared secret": lambda: json.dumps({"kty": "oct", "k": "c2VjcmV0" * 8}).encode(),
    "DSA": dsa_key,
    "no key": lambda: b"hello",
    "an empty file": lambda: b"",
    "JSON that is no key": lambda: b'{"kty": "EC"}',
    "a list": lambda: b"{}",
    "a large file": lambda: b"{" * 20_000,
}


@pytest.mark.parametrize("kind", WEAK)
@pytest.mark.filterwarnings("ignore")
def test_any_other_key_is_refused(kind):
    with pytest.raises(SettingsError) as refused:
        read_key(WEAK[kind](), "key")
    assert refused.value.message.removeprefix("key: ") in {NO_KEY, NOT_ALLOWED}


def test_the_thumbprint_is_that_of_rfc_7638():
    key = key_of("EC P-256")
    told = key.as_dict(private=False)
    spelt = json.dumps({name: told[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    digest = urlsafe_b64encode(hashlib.sha256(spelt.encode()).digest()).rstrip(b"=").decode()
    assert key.thumbprint() == digest


def test_only_what_makes_the_key_is_registered():
    told = {**key_of("RSA").as_dict(private=False), "x5u": "https://example.org/key", "use": "sig", "alg": "HS256"}
    kept = public_part(read_key(json.dumps(told).encode(), "key"))
    assert kept.keys() == {"kty", "n", "e"}
    assert registered(kept).thumbprint() == key_of("RSA").thumbprint()


@pytest.mark.parametrize("wrong", [{}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "EC", "crv": "P-521"}])
def test_a_key_of_the_registry_that_is_not_allowed_is_none(wrong):
    assert registered(wrong) is None


def test_a_private_key_in_the_registry_is_none():
    assert registered(key_of("EC P-256").as_dict(private=True)) is None
