"""Party keys: the public keys by which districts and recipients sign, read from a JWK or a PEM file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from standards.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joserfc.jwk import Key

MAX_KEY_BYTES = 16_384
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
CURVES: Final = {"P-256": ("ES256",), "P-384": ("ES384",), "Ed25519": ("Ed25519", "EdDSA")}
"""The algorithms that a key of each curve signs by; the first is the one we sign with."""

MEMBERS: Final = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("e", "n")}
"""What makes a public key of each kind, as RFC 7638 counts it."""

FIELD: Final = 2**255 - 19
"""The prime of Curve25519: a point is spelt by a number below it, and a bit for its sign."""
EIGHTH: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
"""The point of which eight are nothing."""
SMALL_ORDER: Final = frozenset({0, 1, FIELD - 1, EIGHTH, FIELD - EIGHTH})
"""The points of Curve25519 under which anybody can make a signature: no private key belongs to them alone."""

NO_KEY = "this is no key: it must be a JWK (JSON) or a PEM file of an EC, RSA or Ed25519 key"
NOT_ALLOWED = "a key must be EC P-256 or P-384, Ed25519, or RSA of 2048 bits or more"
NOT_TO_SIGN = "this key says of itself (use, key_ops) that it is not for signatures"
SPELT_OTHERWISE = "this key is not spelt as RFC 7518 spells it: its numbers have digits too many"
PRIVATE = "this is a private key, which must stay with the party alone: register the public key that belongs to it"
NOT_PRIVATE = "this is a public key: a signature is made with the private one"


def read_key(content: bytes, file: str, *, private: bool = False) -> Key:
    """Read the key in *content*: a public one, or the *private* one that makes signatures.

    Raises:
        SettingsError: it is none, or not of a kind that is allowed.
    """
    if len(content) > MAX_KEY_BYTES:
        raise SettingsError(NO_KEY, file)
    key = _jwk(content, file) if content.lstrip()[:1] == b"{" else _pem(content, file)
    if not algorithms(key):
        raise SettingsError(NOT_ALLOWED, file)
    if _is_spelt_otherwise(key):
        raise SettingsError(SPELT_OTHERWISE, file)
    if key.is_private is not private:
        raise SettingsError(NOT_PRIVATE if private else PRIVATE, file)
    return key


def registered(key: Mapping[str, Any]) -> Key | None:
    """Return the key of the registry; None where this program does not allow its kind."""
    if key.get("kty") not in MEMBERS:
        return None
    try:
        found = JWKRegistry.import_key(dict(key))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return found if algorithms(found) and not found.is_private else None


def algorithms(key: Key) -> tuple[str, ...]:
    """Return the algorithms by which *key* signs, whatever a signature says; none where it is not allowed."""
    match key:
        case OKPKey() if key.curve_name == "Ed25519" and _is_anybodys(key):
            return ()
        case ECKey() | OKPKey():
            return CURVES.get(key.curve_name, ())
        case RSAKey():
            return ("RS256",) if MIN_RSA_BITS <= key.raw_value.key_size <= MAX_RSA_BITS else ()
        case _:
            return ()


def public_part(key: Key) -> dict[str, Any]:
    """Return the members of the public key alone, as a JWK, without what else its file says."""
    told = key.as_dict(private=False)
    return {"kty": key.key_type, **{name: told[name] for name in MEMBERS[key.key_type]}}


def _is_anybodys(key: OKPKey) -> bool:
    """Tell whether an Ed25519 *key* is a point of small order, or one that is not spelt as RFC 8032 spells it."""
    told = key.get_op_key("verify")
    place = int.from_bytes(told.public_bytes_raw(), "little") % 2**255
    return place >= FIELD or place in SMALL_ORDER


def _is_spelt_otherwise(key: Key) -> bool:
    """Tell whether *key* has another thumbprint than the same key in its one spelling; it could be of two parties."""
    if not isinstance(key, ECKey | OKPKey | RSAKey):
        return True
    return _pem(key.as_pem(private=False), "").thumbprint() != key.thumbprint()


def _jwk(content: bytes, file: str) -> Key:
    try:
        told = json.loads(content)
        if told["kty"] not in MEMBERS:
            raise SettingsError(NOT_ALLOWED, file)
        if told.get("use", "sig") != "sig" or not {"sign", "verify"} & set(told.get("key_ops", ("verify",))):
            raise SettingsError(NOT_TO_SIGN, file)
        return JWKRegistry.import_key(told)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise SettingsError(NO_KEY, file) from None


def _pem(content: bytes, file: str) -> Key:
    kinds: tuple[type[ECKey | RSAKey | OKPKey], ...] = (ECKey, RSAKey, OKPKey)
    for kind in kinds:
        try:
            return kind.import_key(content)
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    raise SettingsError(NO_KEY, file)
