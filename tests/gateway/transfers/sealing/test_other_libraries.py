"""What is sealed here opens by RFC 7518 alone, written out once more, and what other libraries seal opens here."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from joserfc.jwk import ECKey

from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.sealing.sealed_part import open_part, read_header
from gateway.transfers.sealing.signature import verify_signature
from tests.gateway.transfers.sealing.sealed_packages import (
    BEGIN,
    END,
    FILES,
    NOW,
    key_set,
    manifest_of,
    pair,
    parts_of,
    sealed,
)
from tests.support.needs import ROOT

VECTORS = json.loads((ROOT / "tests/gateway/transfers/sealing/other_libraries.json").read_text("utf-8"))
"""An agreement of keys and a message of the RFCs; a part and a signature that jwcrypto made."""
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def raw(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(raw(text), "big")


def public(jwk):
    return ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), CURVES[jwk["crv"]]).public_key()


def private(jwk):
    return ec.derive_private_key(number(jwk["d"]), CURVES[jwk["crv"]])


def agreed_key(mine, theirs, algorithm, apu, apv, bits):
    """Derive a key as RFC 7518, section 4.6.2 has it: one round of Concat KDF over Z and the parties."""
    lengthy = b"".join(len(part).to_bytes(4, "big") + part for part in (algorithm.encode(), raw(apu), raw(apv)))
    shared = mine.exchange(ec.ECDH(), theirs)
    return hashlib.sha256(b"\0\0\0\1" + shared + lengthy + bits.to_bytes(4, "big")).digest()[: bits // 8]


def opened_by_hand(token, key, bits=256):
    """Open a compact JWE by ECDH-ES with AES key wrap and AES-GCM, without any library for JOSE."""
    head, wrapped, nonce, text, tag = token.split(".")
    header = json.loads(raw(head))
    agreed = agreed_key(key, public(header["epk"]), header["alg"], header.get("apu", ""), header.get("apv", ""), bits)
    return AESGCM(aes_key_unwrap(agreed, raw(wrapped))).decrypt(raw(nonce), raw(text) + raw(tag), head.encode())


def test_the_key_agreement_is_that_of_the_rfc_s_own_example():
    told = VECTORS["agreement"]
    key = agreed_key(
        private(told["private"]), public(told["public"]), told["algorithm"], told["apu"], told["apv"], told["bits"]
    )
    assert key == raw(told["key"])


def test_the_opening_by_hand_opens_the_rfc_s_own_message():
    told = VECTORS["message"]
    assert opened_by_hand(told["token"], private(told["private"]), told["bits"]).decode() == told["text"]


def test_what_is_sealed_here_opens_by_hand():
    key = private(pair("fir enc").as_dict(private=True))
    parts = [opened_by_hand(part.decode(), key) for part in parts_of(sealed())]
    assert parts[0] == manifest_of()
    assert parts[2:] == [FILES[path] for path in sorted(FILES)]


@pytest.mark.parametrize("opens", [opened_by_hand, lambda token, key: open_part(token.encode(), ECKey.import_key(key))])
def test_what_another_library_sealed_opens(opens):
    told = VECTORS["part"]
    assert read_header(told["token"].encode())["pkg"] == "0197f3a2-transfer:2"
    assert opens(told["token"], private(told["private"])).decode() == told["text"]


def test_what_another_library_signed_verifies():
    told = VECTORS["signature"]
    keys = key_set("maple", publish(ECKey.import_key(told["public"]), KeyUse.SIGN, BEGIN, END))
    verify_signature(told["signature"].encode(), told["text"].encode(), keys, NOW)
