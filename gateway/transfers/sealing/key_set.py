"""Key sets: the public keys of a district as it publishes them (RFC 7517), with the times and the state of each.

Both kinds of key are P-256: ES256 signs, ECDH-ES seals. The kid is the thumbprint of RFC 7638, by which agreements pin.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from gateway.transfers.sealing.errors import KeyNotAccepted, KeySetRefused
from gateway.transfers.sealing.strict_json import decode, read_object

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

MAX_SET_BYTES: Final = 32_768
MAX_KEYS: Final = 64
"""The keys of a set, those too that were revoked a while ago."""
MAX_IN_USE: Final = 2
"""The keys of one use that are not revoked: the present one, and its predecessor or successor."""
MAX_SECONDS: Final = 4_102_444_800
"""The first moment of 2100, after which no key is valid."""

CURVE: Final = "P-256"
NUMBER_BYTES: Final = 32
SIGNING, WRAPPING = "ES256", "ECDH-ES+A256KW"

NO_SET = "This is no set of keys: it must be a JWKS (JSON) with the member keys alone, of 1 to 64 keys."
NO_KEY = "A key of the set must have the members kty, crv, x, y, use, alg, kid, nbf, exp and status, and no other."
PRIVATE = "A key of the set has its private part in it: it must not be used any more. Make a new one."
NOT_ALLOWED = "A key must be of the curve P-256: to sign (use sig, alg ES256), or to seal (enc, ECDH-ES+A256KW)."
NO_POINT = "A key's x and y are no point of its curve, or not spelt as RFC 7518 spells them."
NOT_ITS_KID = "A key's kid must be its thumbprint (RFC 7638, SHA-256)."
NO_TIMES = "A key's nbf and exp must be seconds since 1970, the first before the second, both before the year 2100."
NO_STATUS = "A key's status must be active, retiring or revoked."
TWICE = "A key is in the set twice: each has one use."
TOO_MANY = "A set has at most two keys of each use that are not revoked."
REVIVED = "A key that was revoked must stay in the set, revoked, until it has expired."

UNKNOWN_KEY = "The key is none that the agreement pins for this district and this use."
NOT_YET = "The key is not valid yet."
EXPIRED = "The key is not valid any more."
REVOKED = "The key is revoked."
RETIRING = "The key is on its way out: nothing new is signed or sealed with it."
NONE_ACTIVE = "The district has no key for this use that is active now."


class KeyUse(StrEnum):
    """What a key of a district is for; no key is for both."""

    SIGN = "sig"
    SEAL = "enc"


class KeyStatus(StrEnum):
    """What may be done with a key: everything; only verify and open what was sealed before; nothing."""

    ACTIVE = "active"
    RETIRING = "retiring"
    REVOKED = "revoked"


ALGORITHMS: Final = {KeyUse.SIGN: SIGNING, KeyUse.SEAL: WRAPPING}
OPERATIONS: Final = {
    KeyUse.SIGN: ({"verify"},),
    KeyUse.SEAL: ({"deriveKey"}, {"deriveBits"}, {"deriveKey", "deriveBits"}),
}
MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "use", "alg", "kid", "nbf", "exp", "status"})
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key with its thumbprint, its use, its state, and from when until when (seconds) it is valid."""

    kid: str
    use: KeyUse
    status: KeyStatus
    not_before: int
    expires: int
    key: ECKey = field(repr=False, compare=False)

    def check(self, now: datetime, *, for_new: bool) -> None:
        """Check that the key is valid *now*, and *for_new* signatures and seals too where these are made.

        Raises:
            KeyNotAccepted: it is not.
        """
        if self.status is KeyStatus.REVOKED:
            raise KeyNotAccepted(REVOKED)
        if now.timestamp() < self.not_before:
            raise KeyNotAccepted(NOT_YET)
        if now.timestamp() >= self.expires:
            raise KeyNotAccepted(EXPIRED)
        if for_new and self.status is not KeyStatus.ACTIVE:
            raise KeyNotAccepted(RETIRING)

    def as_jwk(self) -> dict[str, Any]:
        """Return the members that are published."""
        told = self.key.as_dict(private=False)
        point = {name: told[name] for name in ("kty", "crv", "x", "y")}
        times = {"nbf": self.not_before, "exp": self.expires, "status": self.status.value}
        return {**point, "use": self.use.value, "alg": ALGORITHMS[self.use], "kid": self.kid, **times}


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that one *owner* publishes, or those of them that an agreement pins."""

    owner: str
    keys: tuple[PublishedKey, ...]

    def pinned_by(self, thumbprints: Collection[str]) -> KeySet:
        """Return the set of those keys alone whose thumbprints an agreement names."""
        return replace(self, keys=tuple(key for key in self.keys if key.kid in thumbprints))

    def find(self, kid: str, use: KeyUse, now: datetime, *, for_new: bool = False) -> PublishedKey:
        """Return the key *kid*, if it may be used so *now*.

        Raises:
            KeyNotAccepted: there is none, or it may not.
        """
        found = next((key for key in self.keys if key.kid == kid and key.use is use), None)
        if found is None:
            raise KeyNotAccepted(UNKNOWN_KEY)
        found.check(now, for_new=for_new)
        return found

    def current(self, use: KeyUse, now: datetime) -> PublishedKey:
        """Return the active key that became valid last, with which one signs or seals *now*.

        Raises:
            KeyNotAccepted: there is none.
        """
        moment = now.timestamp()
        active = [key for key in self.keys if key.use is use and key.status is KeyStatus.ACTIVE]
        valid = [key for key in active if key.not_before <= moment < key.expires]
        if not valid:
            raise KeyNotAccepted(NONE_ACTIVE)
        return max(valid, key=lambda key: (key.not_before, key.kid))

    def with_key(self, key: PublishedKey) -> KeySet:
        """Return the set with one key more.

        Raises:
            KeySetRefused: it is there already, or one too many.
        """
        return _checked(replace(self, keys=(*self.keys, key)))

    def marked(self, kid: str, status: KeyStatus) -> KeySet:
        """Return the set with another state of one key; a revoked one stays revoked.

        Raises:
            KeySetRefused: the key is not there, or revoked.
        """
        found = next((key for key in self.keys if key.kid == kid), None)
        if found is None or found.status is KeyStatus.REVOKED is not status:
            raise KeySetRefused(REVIVED)
        keys = tuple(replace(key, status=status) if key.kid == kid else key for key in self.keys)
        return _checked(replace(self, keys=keys))

    def check_follows(self, earlier: KeySet, now: datetime) -> None:
        """Check that no key that was revoked in an *earlier* set of the owner is valid, or forgotten, in this one.

        Raises:
            KeySetRefused: one is.
        """
        states = {key.kid: key.status for key in self.keys}
        for key in earlier.keys:
            is_past = now.timestamp() >= key.expires and key.kid not in states
            if key.status is KeyStatus.REVOKED and states.get(key.kid) is not KeyStatus.REVOKED and not is_past:
                raise KeySetRefused(REVIVED)

    def as_jwks(self) -> bytes:
        """Write the set as it is published, in one spelling."""
        keys = [key.as_jwk() for key in sorted(self.keys, key=lambda key: (key.use, key.not_before, key.kid))]
        return json.dumps({"keys": keys}, sort_keys=True, separators=(",", ":")).encode("ascii")


def publish(key: ECKey, use: KeyUse, not_before: datetime, expires: datetime) -> PublishedKey:
    """Return the public part of a pair as an active key.

    Raises:
        KeySetRefused: the times are none that a key can have.
    """
    begin, end = (int(moment.timestamp()) for moment in (not_before, expires))
    _check_times(begin, end)
    return PublishedKey(key.thumbprint(), use, KeyStatus.ACTIVE, begin, end, read_point(key.as_dict(private=False)))


def read_key_set(content: bytes, owner: str) -> KeySet:
    """Read the keys that *owner* publishes.

    Raises:
        KeySetRefused: there is anything in it that is not agreed.
    """
    if len(content) > MAX_SET_BYTES:
        raise KeySetRefused(NO_SET)
    try:
        told = read_object(content)
    except ValueError:
        raise KeySetRefused(NO_SET) from None
    keys = told.get("keys")
    if told.keys() != {"keys"} or not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        raise KeySetRefused(NO_SET)
    return _checked(KeySet(owner, tuple(map(_read_key, keys))))


def read_point(jwk: Mapping[str, Any]) -> ECKey:
    """Read a public key of P-256 from its JWK: a point of the curve, each number in 32 bytes.

    Raises:
        KeySetRefused: it is none.
    """
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", CURVE):
        raise KeySetRefused(NOT_ALLOWED)
    x, y = (_number(jwk.get(name)) for name in ("x", "y"))
    try:
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise KeySetRefused(NO_POINT) from None
    return ECKey.import_key(point)


def _number(text: object) -> int:
    if not isinstance(text, str) or not text.isascii():
        raise KeySetRefused(NO_POINT)
    try:
        raw = decode(text.encode("ascii"))
    except ValueError:
        raise KeySetRefused(NO_POINT) from None
    if len(raw) != NUMBER_BYTES:
        raise KeySetRefused(NO_POINT)
    return int.from_bytes(raw, "big")


def _read_key(jwk: object) -> PublishedKey:
    if not isinstance(jwk, dict):
        _refuse(NO_KEY)
    if PRIVATE_MEMBERS & jwk.keys():
        _refuse(PRIVATE)
    if jwk.keys() - {"key_ops"} != MEMBERS:
        _refuse(NO_KEY)
    use = _read_use(jwk)
    key = read_point(jwk)
    if jwk["kid"] != key.thumbprint():
        _refuse(NOT_ITS_KID)
    _check_times(jwk["nbf"], jwk["exp"])
    return PublishedKey(key.thumbprint(), use, _read_status(jwk["status"]), jwk["nbf"], jwk["exp"], key)


def _read_use(jwk: Mapping[str, Any]) -> KeyUse:
    """Return what a key is for, if its use, its algorithm and its operations say the same."""
    use = next((one for one in KeyUse if one.value == jwk["use"]), None)
    if use is None or jwk["alg"] != ALGORITHMS[use]:
        _refuse(NOT_ALLOWED)
    if "key_ops" in jwk and not _may(jwk["key_ops"], use):
        _refuse(NOT_ALLOWED)
    return use


def _may(operations: object, use: KeyUse) -> bool:
    """Tell whether a key's operations are those of its use, each named once."""
    if not isinstance(operations, list) or not all(isinstance(one, str) for one in operations):
        return False
    return len(set(operations)) == len(operations) and set(operations) in OPERATIONS[use]


def _read_status(status: object) -> KeyStatus:
    found = next((one for one in KeyStatus if one.value == status), None)
    return found or _refuse(NO_STATUS)


def _check_times(begin: object, end: object) -> None:
    if type(begin) is not int or type(end) is not int or not 0 <= begin < end <= MAX_SECONDS:
        _refuse(NO_TIMES)


def _checked(keys: KeySet) -> KeySet:
    """Return the set, if each key is there once, and no more are in use than a rotation needs."""
    if len({key.kid for key in keys.keys}) != len(keys.keys):
        _refuse(TWICE)
    if len(keys.keys) > MAX_KEYS:
        _refuse(NO_SET)
    in_use = Counter(key.use for key in keys.keys if key.status is not KeyStatus.REVOKED)
    if any(count > MAX_IN_USE for count in in_use.values()):
        _refuse(TOO_MANY)
    return keys


def _refuse(why: str) -> NoReturn:
    raise KeySetRefused(why)
