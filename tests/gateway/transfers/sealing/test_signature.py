"""A manifest's signature is one detached JWS by ES256 over its exact bytes; all else is refused by its header."""

from __future__ import annotations

import hmac
import json
from itertools import count

import pytest
from joserfc import jws

from gateway.transfers.sealing.errors import HeaderRefused, PackageAltered, SealingError
from gateway.transfers.sealing.manifest import MAX_MANIFEST_BYTES
from gateway.transfers.sealing.signature import sign_manifest, signer_kid, verify_signature
from gateway.transfers.sealing.strict_json import decode, encode
from tests.gateway.transfers.sealing.sealed_packages import MAPLE, NOW, manifest_of, pair

MANIFEST = manifest_of()
SIGNATURE = sign_manifest(MANIFEST, pair("maple sig"))
HEAD, _, MARK = SIGNATURE.decode().split(".")
HEADER = json.loads(decode(HEAD.encode()))


def refused(kind, signature, manifest=MANIFEST):
    with pytest.raises(SealingError) as error:
        verify_signature(signature, manifest, MAPLE, NOW)
    assert type(error.value) is kind


def spelt(text, mark=MARK):
    return f"{encode(text)}..{mark}".encode()


def test_a_signature_is_a_detached_jws_that_says_its_key_and_its_type():
    kid = pair("maple sig").thumbprint()
    assert json.loads(decode(HEAD.encode())) == {"alg": "ES256", "kid": kid, "typ": "crossing-transfer+jws"}
    assert signer_kid(SIGNATURE) == kid
    verify_signature(SIGNATURE, MANIFEST, MAPLE, NOW)


def test_the_largest_manifest_can_be_signed():
    text = b"x" * MAX_MANIFEST_BYTES
    verify_signature(sign_manifest(text, pair("maple sig")), text, MAPLE, NOW)


@pytest.mark.parametrize("manifest", [b"", MANIFEST + b"\n", MANIFEST[:-1], MANIFEST.replace(b"2", b"3", 1)])
def test_it_is_of_the_exact_bytes(manifest):
    refused(PackageAltered, SIGNATURE, manifest)


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}, {"alg": "es256"}, {"alg": ["ES256"]}, {"typ": "JOSE"}, {"typ": None},
        {"kid": 7}, {"kid": ""}, {"kid": "../key"}, {"b64": False}, {"b64": True}, {"b64": False, "crit": ["b64"]},
        {"crit": []}, {"crit": ["bomb"], "bomb": 1}, {"jwk": {}}, {"jku": "https://x"}, {"x5c": []}, {"x5u": "https://x"}, {"zip": "DEF"},
        {"cty": "json"}, {"more": "x" * 300},
    ],
)  # fmt: skip
def test_a_header_with_anything_else_is_refused(changes):
    refused(HeaderRefused, spelt(json.dumps(HEADER | changes).encode()))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_a_header_without_one_of_its_members_is_refused(name):
    refused(HeaderRefused, spelt(json.dumps({one: value for one, value in HEADER.items() if one != name}).encode()))


def test_a_header_with_a_member_that_is_there_twice_is_refused():
    refused(HeaderRefused, spelt(b'{"alg":"none",' + decode(HEAD.encode())[1:]))


@pytest.mark.parametrize(
    "signature",
    [
        b"", b"..", b".", HEAD.encode(), f"{HEAD}.{MARK}".encode(), f"{HEAD}..".encode(), f"..{MARK}".encode(),
        f"{HEAD}.{encode(MANIFEST)}.{MARK}".encode(), f"{HEAD}..{MARK}.".encode(), f"{HEAD}..{MARK}=".encode(), f"{HEAD}=..{MARK}".encode(),
        f"{HEAD}..{MARK}\n".encode(), f" {HEAD}..{MARK}".encode(), f"{HEAD}..{MARK}AAAA".encode(), f"{HEAD}..{MARK[:-1]}".encode(),
        f"{HEAD}..+{MARK[1:]}".encode(), b"\xff" + SIGNATURE, SIGNATURE + b"A" * 500, spelt(b"[]"), spelt(b"7"), spelt(b"\xff"), spelt(b"[" * 99),
    ],
    ids=map(str, count()),
)  # fmt: skip
def test_another_spelling_is_refused(signature):
    refused(HeaderRefused, signature)


def test_zeros_are_no_signature():
    refused(PackageAltered, f"{HEAD}..{encode(bytes(64))}".encode())


def test_a_public_key_is_no_secret_to_sign_with():
    secret = MAPLE.keys[0].key.as_pem(private=False)
    head = encode(json.dumps(HEADER | {"alg": "HS256"}).encode())
    mark = hmac.digest(secret, f"{head}.{encode(MANIFEST)}".encode(), "sha256")
    refused(HeaderRefused, f"{head}..{encode(mark)}".encode())


def test_a_signature_over_another_kind_of_text_is_not_one_over_a_manifest():
    """An approval of an agreement by the same key has another type."""
    made = jws.serialize_compact(
        {"alg": "ES256", "kid": HEADER["kid"]}, MANIFEST, pair("maple sig"), algorithms=["ES256"]
    )
    refused(HeaderRefused, jws.detach_content(made).encode())
