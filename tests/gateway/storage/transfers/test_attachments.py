"""What is added to a record is kept sealed, for its own transfer, and no longer than it is waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from gateway.storage.database import transaction
from gateway.storage.transfers.attachments import (
    Attachment,
    Attachments,
    forget_attachments,
    keep_attachment,
)
from gateway.storage.transfers.tables import transfer_attachments, transfers
from standards.errors import StoreUnavailable
from tests.gateway.storage.transfers.test_packages import NOON, OTHER, TRANSFER, Clock, store

__all__ = ["store"]
KEY = b"k" * 32
SAID = b"Xylocanary goes to speech therapy."


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def attachments(store, clock):
    with transaction(store.engine, write=True) as connection:
        connection.execute(transfer_attachments.delete())
        connection.execute(transfers.delete())
        facts = dict.fromkeys((column.name for column in transfers.c if not column.nullable), NOON)
        words = dict.fromkeys(("sender", "receiver", "first_sender", "outward", "hold"), "x") | {"state": "waiting"}
        more = dict.fromkeys(("number", "version", "delivered"), 1) | {"military": False, "calendar_missing": False}
        for name in (TRANSFER, OTHER):
            connection.execute(insert(transfers).values(facts | words | more | {"id": name}))
    return Attachments(store, KEY, clock)


def keep(store, transfer=TRANSFER, identifier="1" * 64, section="documents", content=SAID, at=NOON):
    about = Attachment(identifier, section, len(content), "mia", at)
    with transaction(store.engine, write=True) as connection:
        keep_attachment(connection, KEY, transfer, about, content)
    return about


def state(store, transfer, word):
    with transaction(store.engine, write=True) as connection:
        connection.execute(update(transfers).where(transfers.c.id == transfer).values(state=word))


def test_what_is_kept_is_sealed_and_opens_for_its_own_transfer_alone(attachments, store, clock):
    about = keep(store)
    assert attachments.of(TRANSFER) == (about,)
    [found] = attachments.opened(TRANSFER)
    assert (found.about, found.content) == (about, SAID)
    assert "Xylocanary" not in repr(found)
    assert attachments.of(OTHER) == attachments.opened(OTHER) == ()
    with transaction(store.engine, write=True) as connection:
        assert b"Xylocanary" not in connection.execute(select(transfer_attachments.c.sealed)).scalar_one()
        connection.execute(update(transfer_attachments).values(transfer=OTHER))
    for wrong in (attachments, Attachments(store, b"x" * 32, clock)):
        with pytest.raises(StoreUnavailable):
            wrong.opened(OTHER)


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({}, []),
        ({"ids": ["1" * 64]}, ["2" * 64]),
        ({"sections": ["restrictions"]}, ["1" * 64]),
        ({"ids": []}, ["1" * 64, "2" * 64]),
    ],
)
def test_all_is_forgotten_or_what_is_named(attachments, store, chosen, left):
    keep(store)
    keep(store, identifier="2" * 64, section="restrictions")
    keep(store, OTHER)
    with transaction(store.engine, write=True) as connection:
        forget_attachments(connection, TRANSFER, **chosen)
    assert [one.id for one in attachments.of(TRANSFER)] == left
    assert len(attachments.of(OTHER)) == 1


@pytest.mark.parametrize(
    ("word", "days"),
    [("waiting", 14), ("held", 14), ("filed", 14), ("delivered", 28), ("approved", None), ("packed", None)],
)
def test_what_was_released_and_has_not_left_is_not_deleted(attachments, store, clock, word, days):
    keep(store)
    state(store, TRANSFER, word)
    clock.now = NOON + timedelta(days=days or 90)
    assert attachments.expire() == 0
    clock.now += timedelta(seconds=1)
    assert attachments.expire() == (1 if days else 0)
