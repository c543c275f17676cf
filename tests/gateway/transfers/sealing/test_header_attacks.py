"""Whatever a part's header says that ours do not, it is refused before any key is used."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, generate_key

from gateway.transfers.sealing import sealed_part
from gateway.transfers.sealing.errors import (
    HeaderRefused,
    KeyNotAccepted,
    MalformedPackage,
    PackageAltered,
    WrongPackage,
)
from tests.gateway.transfers.sealing.sealed_packages import (
    PARTIES,
    Crafted,
    header_text,
    key_set,
    pair,
    refused,
    with_header,
)

FIRST, SIGNATURE, FILE = 0, 1, 2


@pytest.fixture
def _no_key_is_used(monkeypatch):
    """Fail where anything is decrypted, so that a refusal costs no more than reading a header."""

    def used(*_arguments, **_named):
        raise AssertionError

    monkeypatch.setattr(sealed_part.jwe, "decrypt_compact", used)


def attacked(text, at=FIRST):
    """Return a package one of whose parts has another header."""
    crafted = Crafted()
    crafted.parts[at] = with_header(crafted.parts[at], text)
    return crafted.container()


def changed(**changes):
    """Return the header of a manifest with changes; a value of None takes a member away."""
    header = json.loads(header_text(Crafted().parts[FIRST])) | changes
    return json.dumps({name: value for name, value in header.items() if value is not None}).encode()


SALT = {"p2s": "c2FsdHNhbHQ", "p2c": 2**31}
LIES = {
    "alg none": {"alg": "none"},
    "alg dir": {"alg": "dir"},
    "alg ECDH-ES without a wrapped key": {"alg": "ECDH-ES"},
    "alg ECDH-ES with a shorter wrap": {"alg": "ECDH-ES+A128KW"},
    "alg RSA1_5": {"alg": "RSA1_5"},
    "alg RSA-OAEP": {"alg": "RSA-OAEP"},
    "alg A256KW": {"alg": "A256KW"},
    "alg PBES2 with a bomb of rounds": {"alg": "PBES2-HS512+A256KW", **SALT},
    "rounds beside our own algorithm": SALT,
    "alg in other letters": {"alg": "ecdh-es+a256kw"},
    "alg as a list": {"alg": ["ECDH-ES+A256KW"]},
    "no alg": {"alg": None},
    "enc A128GCM": {"enc": "A128GCM"},
    "enc A256CBC-HS512": {"enc": "A256CBC-HS512"},
    "no enc": {"enc": None},
    "zip DEF": {"zip": "DEF"},
    "zip of an unknown kind": {"zip": "GZIP"},
    "crit with an unknown name": {"crit": ["bomb"], "bomb": 1},
    "crit with a known name": {"crit": ["pkg"]},
    "crit that is empty": {"crit": []},
    "a nested JWE": {"cty": "JWE"},
    "a nested JWT": {"cty": "JWT"},
    "cty as a list": {"cty": ["json"]},
    "no cty": {"cty": None},
    "another typ": {"typ": "JOSE"},
    "b64 false": {"b64": False},
    "b64 false and critical": {"b64": False, "crit": ["b64"]},
    "a key brought along": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "a key to fetch": {"jku": "https://keys.example/jwks"},
    "a certificate to fetch": {"x5u": "https://keys.example/cert"},
    "a certificate": {"x5c": ["AAAA"]},
    "an nonce of a key wrap": {"iv": "AAAA", "tag": "AAAA"},
    "no kid": {"kid": None},
    "kid as a path": {"kid": "../../etc/passwd"},
    "kid as a number": {"kid": 7},
    "apv of another key": {"apv": "A" * 43},
    "no apu": {"apu": None},
    "apu as an object": {"apu": {}},
    "apv that is empty": {"apv": ""},
    "pkg as a number": {"pkg": 1},
    "a pkg without end": {"pkg": "x" * 97},
    "a place as a list": {"part": []},
    "no place": {"part": None},
    "no ephemeral key": {"epk": None},
}


@pytest.mark.parametrize("at", [FIRST, SIGNATURE, FILE])
@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused_before_its_part_is_decrypted(lie, at, monkeypatch):
    decrypted, decrypt = [], sealed_part.jwe.decrypt_compact
    monkeypatch.setattr(
        sealed_part.jwe,
        "decrypt_compact",
        lambda token, *given, **named: decrypted.append(token) or decrypt(token, *given, **named),
    )
    refused(HeaderRefused, attacked(changed(**LIES[lie]), at))
    assert len(decrypted) == at


def point(**changes):
    jwk = ECKey.import_key(ec.derive_private_key(7, ec.SECP256R1())).as_dict(private=False)
    return {name: value for name, value in (jwk | changes).items() if value is not None}


POINTS = {
    "of the curve P-384": generate_key("EC", "P-384").as_dict(private=False),
    "of P-384 that says it is of P-256": generate_key("EC", "P-384").as_dict(private=False) | {"crv": "P-256"},
    "of X25519": generate_key("OKP", "X25519").as_dict(private=False),
    "of an unknown curve": point(crv="secp256k1"),
    "not on the curve": point(y=point()["x"]),
    "at infinity": point(x="A" * 43, y="A" * 43),
    "beyond the field": point(x="_" * 42 + "8"),
    "in short numbers": point(x="AQ"),
    "in long numbers": point(x="AAAA" + point()["x"]),
    "with padding": point(x=point()["x"] + "="),
    "with bits left over": point(x=point()["x"][:-1] + chr(ord(point()["x"][-1]) + 1)),
    "without y": point(y=None),
    "with a private part": point(d="A" * 43),
    "with a kid": point(kid="x"),
    "as a number": 7,
    "as a list": [],
    "symmetric": {"kty": "oct", "k": "AAAA"},
    "with x as a number": point(x=7),
    "with x beyond ASCII": point(x="é" * 43),
}


@pytest.mark.usefixtures("_no_key_is_used")
@pytest.mark.parametrize("epk", POINTS)
def test_an_ephemeral_key_that_is_no_point_of_the_curve_is_refused(epk):
    refused(HeaderRefused, attacked(changed(epk=POINTS[epk])))


@pytest.mark.usefixtures("_no_key_is_used")
@pytest.mark.parametrize(
    "text",
    [
        b'{"alg":"none",' + changed()[1:],
        changed()[:-1] + b',"alg":"ECDH-ES+A256KW"}',
        changed().replace(b'"kty": "EC"', b'"kty": "EC", "kty": "EC"'),
        b"\xef\xbb\xbf" + changed(),
        changed().decode().encode("utf-16"),
        b"[" + changed() + b"]",
        b"[" * 700,
        b'"text"',
        b"{}",
        b"\x00",
        changed() + b"{}",
        changed()[:-1] + b',"p2c":NaN}',
    ],
)
def test_a_header_that_two_readers_could_read_in_two_ways_is_refused(text):
    refused(HeaderRefused, attacked(text))


@pytest.mark.usefixtures("_no_key_is_used")
@pytest.mark.parametrize("length", [800, 1_000_000])
def test_a_gigantic_header_is_refused_unread(length):
    refused(HeaderRefused, attacked(changed(kid="x" * length)))


def segments_changed(index, change, at=FIRST):
    """Return a package with one segment of a part spelt otherwise."""
    crafted = Crafted()
    segments = crafted.parts[at].split(b".")
    segments[index] = change(segments[index])
    crafted.parts[at] = b".".join(segments)
    return crafted.container()


SPELLINGS = {
    "padding": lambda text: text + b"=",
    "full padding": lambda text: text + b"=" * (-len(text) % 4 or 4),
    "a blank": lambda text: text + b" ",
    "a line's end": lambda text: text[:20] + b"\n" + text[20:],
    "a carriage return before": lambda text: b"\r\n" + text,
    "a null": lambda text: text + b"\0",
    "the other alphabet": lambda text: text[:4] + b"+/" + text[6:],
    "a letter beyond ASCII": lambda text: text[:4] + "é".encode() + text[6:],
    "one character too many": lambda text: text + b"A" * (1 + (1 - len(text) - 1) % 4),
}


@pytest.mark.usefixtures("_no_key_is_used")
@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_base64_in_any_other_spelling_is_refused(spelling, index):
    refused(MalformedPackage, segments_changed(index, SPELLINGS[spelling]))


@pytest.mark.usefixtures("_no_key_is_used")
def test_bits_that_are_left_over_are_refused():
    refused(MalformedPackage, segments_changed(4, lambda tag: tag[:-1] + bytes([tag[-1] + 1])))


@pytest.mark.usefixtures("_no_key_is_used")
@pytest.mark.parametrize(
    "token",
    [b"", b"....", b"." * 100_000, b"a.b.c", b"{}", b'{"protected":"","ciphertext":""}', b"A" * 5000],
)
def test_what_is_no_compact_jwe_is_refused(token):
    crafted = Crafted()
    crafted.parts[FIRST] = token
    refused(HeaderRefused if b"." not in token[:1025] else MalformedPackage, crafted.container())


@pytest.mark.usefixtures("_no_key_is_used")
def test_a_sixth_segment_is_refused():
    crafted = Crafted()
    crafted.parts[FIRST] += b".AAAA"
    refused(MalformedPackage, crafted.container())


@pytest.mark.usefixtures("_no_key_is_used")
def test_a_package_of_another_transfer_or_version_is_refused_unopened():
    refused(WrongPackage, Crafted().container(), transfer="other")
    refused(WrongPackage, Crafted().container(), version=3)


@pytest.mark.usefixtures("_no_key_is_used")
def test_a_party_that_nobody_pins_is_refused_unopened():
    refused(KeyNotAccepted, attacked(changed(apu="A" * 43)))
    refused(KeyNotAccepted, attacked(changed(kid="A" * 43, apv="A" * 43)))


@pytest.mark.parametrize("changes", [{"apu": pair("region sig").thumbprint()}, {"pkg": "0197f3a2-transfer:2"}])
def test_a_header_that_was_changed_under_a_seal_does_not_open(changes):
    text = changed(**changes)
    refused(PackageAltered, attacked(text if "apu" in changes else text + b" "))


def test_a_part_that_was_sealed_under_another_party_s_name_is_refused():
    """The signature is maple's, and every header says that the region made the key."""
    crafted = Crafted()
    region = pair("region sig").thumbprint()
    crafted.parts = [
        crafted.part(crafted.manifest, "manifest.json", cty="json", apu=region),
        crafted.part(crafted.signature, "manifest.json.jws", cty="jose", apu=region),
    ]
    refused(HeaderRefused, crafted.container())


def test_the_parties_of_the_key_agreement_are_in_every_header():
    for part in Crafted().parts:
        header = json.loads(header_text(part))
        assert (header["apu"], header["apv"]) == (pair("maple sig").thumbprint(), pair("fir enc").thumbprint())


def test_a_receiver_without_keys_opens_nothing():
    refused(KeyNotAccepted, Crafted().container(), keys=())
    refused(KeyNotAccepted, Crafted().container(), keys=("maple enc",))
    nobody = type(PARTIES)("maple", "fir", PARTIES.signers, key_set("fir"))
    refused(KeyNotAccepted, Crafted().container(), parties=nobody)
