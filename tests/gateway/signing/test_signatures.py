"""A signature counts if one key made it over one text by that key's algorithm, and all others are refused alike."""

from __future__ import annotations

import hmac
import json
import subprocess
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from joserfc import jws

from gateway.signing.party_keys import read_key
from gateway.signing.signatures import WRONG, sign, verify
from standards.errors import CallerError
from tests.gateway.signing.keys import KINDS, key_of, public
from tests.support.needs import ROOT

VECTORS = json.loads((ROOT / "tests/gateway/signing/other_libraries.json").read_text("utf-8"))
"""Detached signatures of RFC 7515 and RFC 8037, and ones that jwcrypto and openssl made over an agreement's text."""
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


def written(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header, text=TEXT, *, kind="EC P-256", digest=SHA256, form=lambda raw, numbers: numbers):
    """A signature as RFC 7515 says it is made, by no library of JOSE."""
    head = written(header if isinstance(header, bytes) else json.dumps(header).encode())
    raw = key_of(kind).private_key.sign(f"{head}.{written(text)}".encode(), ec.ECDSA(digest()))
    size = (key_of(kind).curve_key_size + 7) // 8
    numbers = b"".join(one.to_bytes(size, "big") for one in utils.decode_dss_signature(raw))
    return f"{head}..{written(form(raw, numbers))}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: f"{one['source']} {one['signature'][:20]}")
def test_what_the_standards_and_other_libraries_signed_counts_and_nothing_near_it(vector):
    told = vector["key"] if isinstance(vector["key"], str) else json.dumps(vector["key"])
    theirs, text = read_key(told.encode(), "key"), vector["text"].encode()
    verify(vector["signature"], text, theirs)
    for other in (text + b"\n", text[:-1], text.replace(b'"', b"'", 1) + b" "):
        with pytest.raises(CallerError, match=WRONG):
            verify(vector["signature"], other, theirs)


@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384"])
def test_a_signature_by_hand_counts_and_ours_verifies_by_hand(kind):
    alg, digest = ("ES256", SHA256) if kind == "EC P-256" else ("ES384", SHA384)
    verify(by_hand({"alg": alg}, kind=kind, digest=digest), TEXT, key(kind))
    head, _, raw = sign(TEXT, key_of(kind)).split(".")
    numbers = urlsafe_b64decode(raw + "==")
    half = len(numbers) // 2
    first, second = int.from_bytes(numbers[:half], "big"), int.from_bytes(numbers[half:], "big")
    signature = utils.encode_dss_signature(first, second)
    key_of(kind).public_key.verify(signature, f"{head}.{written(TEXT)}".encode(), ec.ECDSA(digest()))


def test_openssl_verifies_what_we_sign(tmp_path):
    head, _, raw = sign(TEXT, key_of("RSA")).split(".")
    for name, content in (
        ("key", public("RSA")), ("raw", urlsafe_b64decode(raw + "==")), ("text", f"{head}.{written(TEXT)}".encode())
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "raw", "text"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout == b"Verified OK\n"


FORMS = {
    "DER": lambda raw, numbers: raw,
    "a byte more": lambda raw, numbers: numbers + b"\0",
    "a byte less": lambda raw, numbers: numbers[:-1],
    "numbers of another curve's size": lambda raw, numbers: b"".join(
        b"\0" * 16 + numbers[at : at + 32] for at in (0, 32)
    ),
    "nothing": lambda raw, numbers: bytes(64),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_two_numbers_of_an_ecdsa_signature_have_one_form(form):
    refused(by_hand({"alg": "ES256"}, form=FORMS[form]))


@pytest.mark.parametrize(("alg", "digest"), [("ES256", SHA256), ("ES256", SHA384), ("ES384", SHA256)])
def test_a_curve_goes_with_its_own_algorithm_and_hash(alg, digest):
    refused(by_hand({"alg": alg}, kind="EC P-384", digest=digest), kind="EC P-384")


@pytest.mark.parametrize(
    "header",
    [
        *('{"alg":"ES256"}'.encode(name) for name in ("utf-16", "utf-16-le", "utf-32-be", "utf-8-sig")),
        b'{"alg":"ES256","typ":"\xed\xa0\x80"}',
        b'{"alg":"ES256","typ":"\xff"}',
        b'{"alg":"ES256","typ":NaN}',
        b'{"alg":"ES256","\\u0061lg":"none"}',
        b'{"alg":"ES256","ALG":"none"}',
        b'{"alg":"es256"}',
        b'{"alg":["ES256"]}',
        b'{"alg":"ES256"}{}',
        b'[{"alg":"ES256"}]',
    ],
    ids=str,
)
def test_a_header_is_one_object_in_utf_8(header):
    refused(by_hand(header))


@pytest.mark.parametrize(
    "kid",
    ["somebody", "", 5, None, {}, key_of("EC P-256", "stranger").thumbprint()],
    ids=["a word", "empty", "a number", "null", "an object", "another thumbprint"],
)
def test_a_signature_that_names_another_key_is_refused(kid):
    refused(by_hand({"alg": "ES256", "kid": kid}))
    verify(by_hand({"alg": "ES256", "kid": key().thumbprint()}), TEXT, key())


def test_base64url_has_one_spelling():
    good = sign(TEXT, key_of("EC P-256"))
    head, _, raw = good.split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [f"{good}=", f"{good}==", f"{good}\n", f" {good}", f"{head}=..{raw}", f"{head}..{raw[:9]}\n{raw[9:]}"]
    spellings += [good[:-1] + letters[letters.index(good[-1]) ^ bit] for bit in range(1, 16)]
    if set(raw) & set("-_"):
        spellings.append(f"{head}..{raw.replace('-', '+').replace('_', '/')}")
    for one in spellings:
        refused(one)
