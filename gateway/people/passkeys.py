"""Passkeys (WebAuthn): made and used with the person verified by the device, for this site alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.one_line import one_line
from gateway.storage.people.tables import passkeys
from standards.errors import CallerError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.people.challenges import Challenges

MAX_CREDENTIAL_CHARACTERS: Final = 1400
MAX_NAME_CHARACTERS: Final = 100
MAX_ANSWER_CHARACTERS: Final = 20_000
REFUSED: Final = "The passkey was not accepted. Try again."
NEW, USE = "passkey-new", "passkey-use"


@dataclass(frozen=True, slots=True)
class Site:
    """The site that passkeys are for: its domain (relying party) and its origin."""

    domain: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser has just made for the person with that id."""

    credential: str
    public_key: bytes
    sign_count: int
    person: str


@dataclass(frozen=True, slots=True)
class KeptPasskey:
    """A passkey as its owner sees it."""

    credential: str
    name: str
    added: datetime
    last_used: datetime | None


class Passkeys:
    """Asks browsers for passkeys, and verifies what they answer."""

    def __init__(self, challenges: Challenges) -> None:
        self._challenges = challenges

    def ask_for_new(
        self, site: Site, browser: str, person: str, mail: str, name: str, known: tuple[KeptPasskey, ...] = ()
    ) -> str:
        """Ask a browser to make a passkey for a *person*; return the options, as JSON."""
        options = generate_registration_options(
            rp_id=site.domain,
            rp_name="Crossing Guard",
            user_id=bytes.fromhex(person),
            user_name=mail,
            user_display_name=name or mail,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one.credential)) for one in known],
        )
        self._challenges.put(NEW, browser, {"challenge": bytes_to_base64url(options.challenge), "person": person})
        return options_to_json(options)

    def read_new(self, site: Site, browser: str, answer: str) -> NewPasskey:
        """Read the passkey that a browser made.

        Raises:
            CallerError: it is not what the browser was asked for.
        """
        asked = self._challenges.take(NEW, browser)
        if asked is None or len(answer) > MAX_ANSWER_CHARACTERS:
            raise CallerError(REFUSED)
        try:
            made = verify_registration_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(asked["challenge"]),
                expected_rp_id=site.domain,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise CallerError(REFUSED) from None
        credential = bytes_to_base64url(made.credential_id)
        if len(credential) > MAX_CREDENTIAL_CHARACTERS:
            raise CallerError(REFUSED)
        return NewPasskey(credential, made.credential_public_key, made.sign_count, asked["person"])

    def ask_for_use(self, site: Site, browser: str) -> str:
        """Ask a browser for any passkey that it has for this site; return the options, as JSON."""
        options = generate_authentication_options(
            rp_id=site.domain, user_verification=UserVerificationRequirement.REQUIRED
        )
        self._challenges.put(USE, browser, {"challenge": bytes_to_base64url(options.challenge)})
        return options_to_json(options)

    def asked(self, browser: str) -> bytes:
        """Return the challenge that a browser was asked, for one answer.

        Raises:
            CallerError: it was asked nothing, or has answered.
        """
        found = self._challenges.take(USE, browser)
        if found is None:
            raise CallerError(REFUSED)
        return base64url_to_bytes(found["challenge"])


def use_passkey(connection: Connection, site: Site, challenge: bytes, answer: str, now: datetime) -> str:
    """Verify a browser's answer to a *challenge*; return the person whose passkey it is.

    Raises:
        CallerError: it is nobody's, not for this challenge, or of a copied authenticator.
    """
    row = connection.execute(select(passkeys).where(passkeys.c.credential == _credential(answer))).first()
    if row is None:
        raise CallerError(REFUSED)
    try:
        used = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise CallerError(REFUSED) from None
    if _user_handle(answer) != bytes_to_base64url(bytes.fromhex(row.person)):
        raise CallerError(REFUSED)
    mine = update(passkeys).where(passkeys.c.credential == row.credential, passkeys.c.sign_count == row.sign_count)
    if not connection.execute(mine.values(sign_count=used.new_sign_count, last_used=now)).rowcount:
        raise CallerError(REFUSED)
    return str(row.person)


def keep_passkey(connection: Connection, person: str, made: NewPasskey, name: str, now: datetime) -> None:
    """Keep a passkey for a person.

    Raises:
        CallerError: somebody has it already.
    """
    shown = one_line(" ".join(name.split()))[:MAX_NAME_CHARACTERS] or "passkey"
    values = {"public_key": made.public_key, "sign_count": made.sign_count, "name": shown, "added": now}
    known = select(passkeys.c.person).where(passkeys.c.credential == made.credential)
    if connection.execute(known).first():
        raise CallerError(REFUSED)
    try:
        connection.execute(insert(passkeys).values(credential=made.credential, person=person, **values))
    except IntegrityError:
        raise CallerError(REFUSED) from None


def passkeys_of(connection: Connection, person: str) -> tuple[KeptPasskey, ...]:
    """Return the passkeys of a person, oldest first."""
    rows = connection.execute(select(passkeys).where(passkeys.c.person == person).order_by(passkeys.c.added)).all()
    return tuple(KeptPasskey(row.credential, row.name, row.added, row.last_used) for row in rows)


def remove_passkey(connection: Connection, person: str, credential: str) -> bool:
    """Remove a passkey of a person."""
    mine = delete(passkeys).where(passkeys.c.person == person, passkeys.c.credential == credential)
    return bool(connection.execute(mine).rowcount)


def _credential(answer: str) -> str:
    """Return the id of the credential that answers, as it is kept."""
    found: Any = _read(answer).get("rawId")
    text = str(found or "").rstrip("=")
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,1400}", text) else ""


def _user_handle(answer: str) -> str:
    inner = _read(answer).get("response")
    return str((inner.get("userHandle") if isinstance(inner, dict) else "") or "").rstrip("=")


def _read(answer: str) -> dict[str, Any]:

    try:
        found = msgspec.json.decode(answer[:MAX_ANSWER_CHARACTERS].encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
