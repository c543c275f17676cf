"""From settings to a running gateway: opens everything once, in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from adapters.defaults import Defaults
from gateway.app import create_app
from gateway.assembly import Gateway
from gateway.audit import open_record
from gateway.callers import Callers
from gateway.descriptors import Described
from gateway.districts import District, wanted_by
from gateway.journals import Journals
from gateway.ledger import Ledger
from gateway.limits import Limits
from gateway.memory import open_memory
from gateway.oauth1 import Verifier
from gateway.readiness import Readiness, checks
from gateway.shared_secrets import PURPOSE
from gateway.sites import adapters
from gateway.store import open_store, utc_now
from gateway.walks import Walks
from policies.agreement import load_folder
from policies.compiler import Grants
from standards.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask

    from gateway.settings import Settings


def start(
    settings: Settings, clock: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> tuple[Flask, Gateway]:
    """The application and the gateway behind it; ages are reckoned by *monotonic*, which nobody can set.

    Raises:
        SettingsError: an agreement is wrong.
        StoreUnavailable: the registry, the shared memory or the record cannot be opened.
    """

    def now() -> float:
        return clock().timestamp()

    keys = settings.open_keys()
    keyring = Keyring(keys.derive("ids"))
    store, memory = open_store(settings.store_url, clock), open_memory(settings.memory_url)
    sources = adapters(settings, monotonic)
    grants = Grants(load_folder(settings.agreements), clock)
    districts = {
        name: District(
            name,
            Described(sources[name], (*Defaults(spec.defaults).texts, *spec.descriptors)),
            keyring,
            now,
            seconds=spec.hold.total_seconds(),
            wanted=wanted_by(grants.every(name)),
            loss=spec.loss,
            monotonic=monotonic,
        )
        for name, spec in settings.districts.items()
    }
    limits, record = Limits(settings.limits, settings.memory_url), open_record(settings.audit, keys)
    gateway = Gateway(
        districts=districts,
        grants=grants,
        callers=Callers(store, memory, clock, Verifier(store, memory, limits, keys.derive(PURPOSE), clock), monotonic),
        keyring=keyring,
        record=record,
        ledger=Ledger(keys.derive("ledger"), now),
        walks=Walks(monotonic),
        limits=limits,
        clock=now,
        readiness=Readiness(checks(store, memory, record)),
        monotonic=monotonic,
        journals=Journals(
            settings.changes.folder, keys.derive("journals"), now, settings.changes.window.total_seconds()
        ),
    )
    return create_app(gateway, settings, store, memory, clock), gateway
