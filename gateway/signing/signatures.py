"""Signatures: a detached JWS (RFC 7515, appendix F) over the text of an agreement with its expansion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from gateway.signing.party_keys import algorithms
from standards.errors import CallerError

if TYPE_CHECKING:
    from joserfc.jwk import Key

HEADERS: Final = frozenset({"alg", "kid", "typ"})
"""The members that a signature's header may have: none that brings a key along, and none that must be understood."""

MAX_SIGNATURE_CHARACTERS = 2000
WRONG = "The signature is not one of this party over this text."
"""The one answer to every signature that does not count, whatever is wrong with it."""


class _Registry(jws.JWSRegistry):
    """The algorithms of one key, for texts as long as agreements are."""

    max_payload_length = 4_000_000

    def get_alg(self, name: str) -> Any:
        """Return the algorithm called *name*, if it is one of the key's."""
        if name not in (self.allowed or ()):
            raise JoseError
        return self.algorithms[name]


def sign(text: bytes, key: Key) -> str:
    """Sign *text* with a private *key*."""
    header = {"alg": algorithms(key)[0], "kid": key.thumbprint()}
    return jws.detach_content(jws.serialize_compact(header, text, key, registry=_Registry(algorithms=[header["alg"]])))


def verify(signature: str, text: bytes, key: Key) -> None:
    """Verify that *signature* was made over *text* with the private part of *key*.

    The key decides which algorithm is meant; what the header brings along is not looked at, and refused. A `kid` that
    names another key is refused too, so that a signature tells of one key alone.

    Raises:
        CallerError: it was not.
    """
    try:
        _check_form(signature, key)
        jws.deserialize_compact(signature, key, registry=_Registry(algorithms=algorithms(key)), payload=text)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        _refuse()


def _check_form(signature: str, key: Key) -> None:
    """Refuse a text that is not a detached signature with a plain header, in UTF-8 as RFC 7515 has it, naming *key*."""
    if len(signature) > MAX_SIGNATURE_CHARACTERS or not signature.isascii():
        _refuse()
    head, payload, _ = signature.split(".")
    if payload:
        _refuse()
    header = json.loads(urlsafe_b64decode(head.encode()).decode("utf-8"), object_pairs_hook=_once)
    if not isinstance(header, dict) or header.keys() - HEADERS or not isinstance(header.get("alg"), str):
        _refuse()
    if header.get("kid", thumbprint := key.thumbprint()) != thumbprint:
        _refuse()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object whose names are all there once."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _refuse() -> NoReturn:
    raise CallerError(WRONG)
