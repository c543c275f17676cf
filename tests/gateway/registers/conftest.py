"""Registers in a fresh registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.registers.entries import Consent, Restriction
from gateway.registers.store import Registers
from gateway.registers.tags import ID, RegisterKeys
from gateway.storage.registry import open_store
from tests.support import servers

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
TODAY = NOON.date()
KEYS = RegisterKeys(b"r" * 32)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/registry.db"
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        yield fresh.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def store(url):
    opened = open_store(url, lambda: NOON)
    yield opened
    opened.close()


@pytest.fixture
def registers(store):
    return Registers(store, KEYS, lambda: NOON)


def tag(text: str, kind: str = ID) -> str:
    return KEYS.tag("maple", kind, text)


def restriction(student: str = "s1", **more) -> Restriction:
    given = {"kind": "directory", "begin": TODAY, **more}
    return Restriction("", "maple", tags={ID: tag(student)}, **given)


def consent(student: str = "s1", **more) -> Consent:
    given = {
        "agreement": "tutoring", "form": "cy-2026", "form_hash": "f" * 32, "signer_role": "parent", "method": "paper",
        "signed": date(2026, 8, 20), "begin": date(2026, 8, 20), "elements": frozenset({"student.id"}), **more,
    }  # fmt: skip
    return Consent("", "maple", tags={ID: tag(student)}, **given)
