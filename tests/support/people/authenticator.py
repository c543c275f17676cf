"""A software authenticator for tests: makes and uses passkeys as WebAuthn Level 2 describes, by cryptography and CBOR alone."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(words: str) -> bytes:
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


@dataclass
class Passkey:
    """A credential that is in the authenticator."""

    id: bytes
    domain: str
    user: bytes
    key: ec.EllipticCurvePrivateKey
    count: int = 0


@dataclass
class Authenticator:
    """An authenticator with its passkeys; the browser around it says on which *origin* it is."""

    origin: str
    keys: list[Passkey] = field(default_factory=list)
    flags: int = PRESENT | VERIFIED
    counts: bool = True

    def make(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        made = Passkey(
            secrets.token_bytes(32),
            options["rp"]["id"],
            data(options["user"]["id"]),
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.keys.append(made)
        numbers = made.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(made.id)) + made.id + cbor2.dumps(cose)
        about = self._about(made, self.flags | ATTESTED) + attested
        response = {
            "clientDataJSON": text(self._client("webauthn.create", options["challenge"])),
            "attestationObject": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})),
        }
        return self._answer(made, response)

    def use(self, options: dict[str, Any], number: int = -1) -> str:
        """Answer `navigator.credentials.get`."""
        used = self.keys[number]
        used.count += self.counts
        client, about = self._client("webauthn.get", options["challenge"]), self._about(used, self.flags)
        signature = used.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client), "authenticatorData": text(about), "signature": text(signature),
            "userHandle": text(used.user),
        }  # fmt: skip
        return self._answer(used, response)

    def _about(self, passkey: Passkey, flags: int) -> bytes:
        return hashlib.sha256(passkey.domain.encode()).digest() + struct.pack(">BI", flags, passkey.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, passkey: Passkey, response: dict[str, str]) -> str:
        name = text(passkey.id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        )
