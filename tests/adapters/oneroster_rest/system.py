"""The fictional district as a OneRoster server on the loopback, for the tests of the adapter that asks it."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from functools import cache

from adapters.oneroster_rest.adapter import OneRosterRest
from adapters.simulators.oneroster import Sis, documents, run
from gateway.demo.data.oneroster.csv_files import rows
from tests.support.regions import small_district


@cache
def _district_documents():
    return documents(rows(small_district()))


def district_documents():
    """The district's documents, which whoever asks may change."""
    return copy.deepcopy(_district_documents())


@contextmanager
def system(**more):
    """A running system that no other test has changed."""
    with run(Sis(district_documents(), **more)) as running:
        yield running


def settings_for(running, **more):
    """The settings that lead to a running system."""
    return {
        "url": running.url, "token_url": running.token_url, "client_id": "crossing", "client_secret": "sis-secret",
        "allow_private": True, "page_size": 50, **more,
    }  # fmt: skip


@contextmanager
def source(running, **more):
    """The adapter over a running system."""
    with OneRosterRest("maple", settings_for(running, **more)) as adapter:
        yield adapter


def everything(adapter):
    """All that an adapter reads, in a form that can be compared."""
    return sorted(
        (entity, comparable(record)) for entity, record in adapter.read(dict.fromkeys(adapter.manifest.entities))
    )


def comparable(record):
    """A record as a text in which the order of members says nothing."""
    return repr(_sorted(record))


def _sorted(value):
    if isinstance(value, dict):
        return sorted((name, _sorted(inner)) for name, inner in value.items())
    return [_sorted(item) for item in value] if isinstance(value, list) else value
