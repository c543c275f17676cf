"""Passwords of people: long ones of any composition, none that is guessed first, kept as a slow hash (argon2id)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select

from gateway.storage.people.tables import passwords
from standards.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 200
MIN_OWN_CHARACTERS: Final = 6
"""So much must be left of a password without what anybody would try first."""

MIN_WORD_CHARACTERS: Final = 3
MIN_DIFFERENT_CHARACTERS: Final = 5
SERIES: Final = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
# OWASP's least for argon2id with one lane; a person's password has less chance in it than a client's secret.
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1, type=Type.ID)
_NOBODY: Final = "$argon2id$v=19$m=19456,t=3,p=1$cuviSwpvRNeK+0cKznjzow$z6s3duB1MQux1E9RRBCLrRHNCd3TpTq8DBhBFWt69fY"


def check_password(password: str, *about: str) -> None:
    """Refuse a new password that is short, or made of what is guessed first: common words, *about* the person.

    Raises:
        CallerError: it is.
    """
    text = _normal(password)
    if len(text) < MIN_PASSWORD_CHARACTERS:
        raise CallerError("The password must have at least 12 characters.")
    if len(text) > MAX_PASSWORD_CHARACTERS:
        raise CallerError("The password may have at most 200 characters.")
    if len(set(text)) < MIN_DIFFERENT_CHARACTERS or len(_own_part(_folded(text), about)) < MIN_OWN_CHARACTERS:
        raise CallerError("This password would be guessed: it is a common word, a row of keys, or about yourself.")


def hash_password(password: str) -> str:
    """Hash a password slowly."""
    return _HASHER.hash(_normal(password))


def set_password(connection: Connection, person: str, secret_hash: str, now: datetime) -> None:
    """Set a person's password, by the hash that was made of it before the transaction."""
    connection.execute(delete(passwords).where(passwords.c.person == person))
    connection.execute(insert(passwords).values(person=person, hash=secret_hash, changed=now))


def kept_hash(connection: Connection, person: str) -> str:
    """Return the hash of a person's password; empty where it has none."""
    found = connection.execute(select(passwords.c.hash).where(passwords.c.person == person)).scalar()
    return str(found or "")


def matches(password: str, secret_hash: str) -> bool:
    """Tell whether a password is the one of that hash; without a hash it takes as long to say no."""
    try:
        _HASHER.verify(secret_hash or _NOBODY, _normal(password)[:MAX_PASSWORD_CHARACTERS])
    except (VerificationError, InvalidHashError):
        return False
    return bool(secret_hash)


def _normal(password: str) -> str:
    """Spell a password as it is compared, whatever keyboard it came from (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _own_part(text: str, about: Iterable[str]) -> str:
    """Return what is left of a text without common words, rows of keys, words about the person and their trimmings."""
    plain = not re.search(r"[^\W\d_]", text)
    words = {word for one in about for word in re.split(r"[^\w]+", _folded(one)) if len(word) >= MIN_WORD_CHARACTERS}
    for word in sorted(words | _common(), key=len, reverse=True):
        text = text.replace(word, "")
    for row in (one for series in SERIES for one in (series, series[::-1])):
        text = _without_runs(text, row)
    left = re.sub(r"(.)\1{2,}", "", text)
    return left if plain else re.sub(r"^[\W\d_]+|[\W\d_]+$", "", left)


def _folded(text: str) -> str:
    """Return a text in small letters, without accents: who guesses tries those, too."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _without_runs(text: str, row: str) -> str:
    """Cut out every run of four or more that follows a *row* of keys."""
    for length in range(len(row), 3, -1):
        for start in range(len(row) - length + 1):
            text = text.replace(row[start : start + length], "")
    return text


@cache
def _common() -> frozenset[str]:
    """Return the words that most common passwords are made of."""
    return frozenset((files("gateway.people") / "common_words.txt").read_text("utf-8").split())
