"""Second factors beside a password: one-time codes by time (RFC 6238), and recovery codes for when those are lost."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Final

import pyotp
from sqlalchemy import delete, func, insert, select, update

from gateway.storage.cipher import Cipher, NotSealed
from gateway.storage.people.tables import authenticators, recovery_codes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.secrets import Keys

ISSUER: Final = "Crossing Guard"
STEP_SECONDS: Final = 30
STEPS_AROUND: Final = 1
"""How many steps a clock may be off, either way."""

RECOVERY_CODES: Final = 10
CODE_CHARACTERS: Final = 10
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for one another; 10 of them are 49 bits."""


class SecondFactors:
    """The one-time and recovery codes of people, under keys of the region; each call is part of a transaction."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = Cipher(keys.derive("people/authenticators"))
        self._key = keys.derive("people/recovery-codes")

    def set_authenticator(self, connection: Connection, person: str, secret: str, step: int, now: datetime) -> None:
        """Set a person's authenticator, whose code of that *step* has just been shown."""
        connection.execute(delete(authenticators).where(authenticators.c.person == person))
        sealed = self._cipher.seal(secret.encode(), person.encode())
        connection.execute(insert(authenticators).values(person=person, sealed=sealed, added=now, last_step=step))

    def seal(self, secret: str, browser: str) -> str:
        """Seal the secret of an authenticator that a *browser* is about to set up."""
        return self._cipher.seal(secret.encode(), browser.encode()).hex()

    def open(self, sealed: str, browser: str) -> str:
        """Open the secret that was sealed for that browser."""
        return self._cipher.open(bytes.fromhex(sealed), browser.encode()).decode()

    def accept_code(self, connection: Connection, person: str, code: str, now: datetime) -> str:
        """Accept a code once: return *totp* or *recovery*, by what it is; empty where it is neither."""
        given = re.sub(r"[\s-]", "", code).casefold()
        return self._accept_totp(connection, person, given, now) or self._accept_recovery(
            connection, person, given, now
        )

    def new_recovery_codes(self, connection: Connection, person: str, now: datetime) -> tuple[str, ...]:
        """Make a person's recovery codes anew; return them, which are not kept."""
        connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person))
        codes = tuple("".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS)) for _ in range(RECOVERY_CODES))
        rows = [{"hash": self._hashed(person, one), "person": person, "made": now} for one in codes]
        connection.execute(insert(recovery_codes), rows)
        return tuple(f"{one[:5]}-{one[5:]}" for one in codes)

    def _accept_totp(self, connection: Connection, person: str, code: str, now: datetime) -> str:
        row = connection.execute(select(authenticators).where(authenticators.c.person == person)).first()
        try:
            secret = self._cipher.open(row.sealed, person.encode()).decode() if row else pyotp.random_base32()
        except NotSealed:
            return ""
        step = matching_step(secret, code, now)
        if row is None or step is None:
            return ""
        once = update(authenticators).where(authenticators.c.person == person, authenticators.c.last_step < step)
        return "totp" if connection.execute(once.values(last_step=step)).rowcount else ""

    def _accept_recovery(self, connection: Connection, person: str, code: str, now: datetime) -> str:
        mine = recovery_codes.c.person == person, recovery_codes.c.hash == self._hashed(person, code)
        once = update(recovery_codes).where(*mine, recovery_codes.c.used.is_(None)).values(used=now)
        return "recovery" if connection.execute(once).rowcount else ""

    def _hashed(self, person: str, code: str) -> str:
        """Hash a code with a key: its 49 bits alone would not withstand whoever reads the registry."""
        return hmac.new(self._key, f"{person} {code}".encode(), "sha256").hexdigest()


def new_secret() -> str:
    """Generate the secret of an authenticator."""
    return pyotp.random_base32()


def address(secret: str, mail: str) -> str:
    """Return the address by which an authenticator takes a secret over (``otpauth:``)."""
    return pyotp.TOTP(secret).provisioning_uri(name=mail, issuer_name=ISSUER)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step, near now, of which *code* is the code; None where it is none's."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    near = (step, *(step + sign * away for away in range(1, STEPS_AROUND + 1) for sign in (-1, 1)))
    given = code.encode("utf-8", "replace")
    found = [one for one in near if hmac.compare_digest(totp.generate_otp(one).encode(), given)]
    return found[0] if found else None


def has_authenticator(connection: Connection, person: str) -> bool:
    """Tell whether a person has an authenticator."""
    wanted = select(authenticators.c.person).where(authenticators.c.person == person)
    return connection.execute(wanted).first() is not None


def codes_left(connection: Connection, person: str) -> int:
    """Count a person's recovery codes that nobody has used."""
    mine = select(func.count()).select_from(recovery_codes)
    found = connection.execute(mine.where(recovery_codes.c.person == person, recovery_codes.c.used.is_(None)))
    return int(found.scalar_one())
