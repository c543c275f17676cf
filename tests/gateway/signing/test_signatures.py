"""A signature counts if one key made it over one text by that key's algorithm, and all others are refused alike."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from joserfc import jws

from gateway.signing.party_keys import read_key
from gateway.signing.signatures import WRONG, sign, verify
from standards.errors import CallerError
from tests.gateway.signing.keys import KINDS, key_of, public

TEXT = '{"agreement":{"id":"tutoring – für alle"}}'.encode()
RSA = {"RS256", "PS256", "RS512"}


def key(kind="EC P-256", whose="maple"):
    return read_key(public(kind, whose), "key")


def refused(signature, text=TEXT, kind="EC P-256"):
    with pytest.raises(CallerError) as error:
        verify(signature, text, key(kind))
    assert str(error.value) == WRONG


def made(header, text=TEXT, by=None, kind="EC P-256"):
    """A detached signature with a *header* of any kind."""
    signer = by or key_of(kind)
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.detach_content(jws.serialize_compact(header, text, signer, registry=registry))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_party_signs_verifies_with_its_public_key(kind):
    verify(sign(TEXT, key_of(kind)), TEXT, key(kind))


def test_it_is_a_detached_jws_that_another_library_can_check():
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    head, payload, signature = sign(TEXT, key_of("RSA")).split(".")
    assert payload == ""
    assert json.loads(urlsafe_b64decode(head + "==")) == {"alg": "RS256", "kid": key_of("RSA").thumbprint()}
    signed = f"{head}.".encode() + urlsafe_b64encode(TEXT).rstrip(b"=")
    raw = urlsafe_b64decode(signature + "==")
    key_of("RSA").get_op_key("verify").verify(raw, signed, padding.PKCS1v15(), SHA256())


def test_a_text_as_long_as_agreements_may_be_can_be_signed():
    text = b"x" * 2_000_000
    verify(sign(text, key_of("Ed25519")), text, key("Ed25519"))


@pytest.mark.parametrize("kind", KINDS)
def test_another_text_is_not_signed(kind):
    refused(sign(TEXT, key_of(kind)), TEXT.replace(b"alle", b"alles"), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_another_key_of_the_same_kind_is_refused(kind):
    refused(sign(TEXT, key_of(kind, "stranger")), kind=kind)


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "EC P-256"])
def test_a_key_of_another_kind_is_refused(kind):
    refused(sign(TEXT, key_of(kind)))


def test_no_algorithm_at_all_is_refused():
    head = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    refused(f"{head}..")


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_taken_for_a_shared_secret_is_refused(kind):
    pem, jwk = public(kind), json.dumps(key_of(kind).as_dict(private=False)).encode()
    head = urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")
    for secret in (pem, pem.strip(), jwk):
        mac = hmac.digest(secret, head + b"." + urlsafe_b64encode(TEXT).rstrip(b"="), "sha256")
        refused(f"{head.decode()}..{urlsafe_b64encode(mac).rstrip(b'=').decode()}", kind=kind)


@pytest.mark.parametrize("alg", sorted(RSA - {"RS256"}))
def test_an_algorithm_that_is_not_the_keys_is_refused(alg):
    refused(made({"alg": alg}, kind="RSA"), kind="RSA")


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": key_of("EC P-256", "stranger").as_dict(private=False)},
        {"jku": "https://example.org/keys"},
        {"x5u": "https://example.org/chain"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"cty": "application/json"},
        {"unheard-of": 1},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_header_that_brings_a_key_along_or_asks_for_more_is_refused(more):
    for whose in ("maple", "stranger"):
        head = urlsafe_b64encode(json.dumps({"alg": "ES256", **more}).encode()).rstrip(b"=")
        signer = key_of("EC P-256", whose)
        model = jws.JWSRegistry.algorithms["ES256"]
        for payload in (urlsafe_b64encode(TEXT).rstrip(b"="), TEXT):
            raw = urlsafe_b64encode(model.sign(head + b"." + payload, signer)).rstrip(b"=")
            refused(f"{head.decode()}..{raw.decode()}")


def test_a_kind_of_text_in_the_header_is_allowed():
    verify(made({"alg": "ES256", "typ": "JOSE"}), TEXT, key())


def test_a_name_twice_in_the_header_is_refused():
    good = sign(TEXT, key_of("EC P-256"))
    head = urlsafe_b64encode(b'{"alg":"none","alg":"ES256"}').rstrip(b"=").decode()
    model = jws.JWSRegistry.algorithms["ES256"]
    raw = model.sign(head.encode() + b"." + urlsafe_b64encode(TEXT).rstrip(b"="), key_of("EC P-256"))
    refused(f"{head}..{urlsafe_b64encode(raw).rstrip(b'=').decode()}")
    verify(good, TEXT, key())


def test_a_signature_that_has_its_text_in_it_is_refused():
    whole = jws.serialize_compact({"alg": "ES256"}, TEXT, key_of("EC P-256"))
    refused(whole)


@pytest.mark.parametrize(
    "wrong", ["", ".", "..", "...", "a.b", "a..b", "é..é", "e30..AAAA", "W10..AAAA", "bnVsbA..AAAA", "x" * 3000]
)
def test_what_is_no_signature_is_refused_in_the_same_words(wrong):
    refused(wrong)


def test_any_changed_character_is_noticed():
    good = sign(TEXT, key_of("Ed25519"))
    for at in range(len(good) - 1):  # the last one may carry bits that mean nothing
        other = "A" if good[at] != "A" else "B"
        refused(good[:at] + other + good[at + 1 :], kind="Ed25519")
