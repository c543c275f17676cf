"""From settings to a running gateway: opens everything once, in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway import telemetry
from gateway.assembly import Gateway
from gateway.audit import open_record
from gateway.districts import wanted_by
from gateway.journals import Journals
from gateway.ledger import Ledger
from gateway.limits import Limits
from gateway.memory import open_memory
from gateway.readiness import Readiness, checks
from gateway.running import Running
from gateway.shared_secrets import PURPOSE
from gateway.sites import adapters
from gateway.state import Parts, State, read_standing
from gateway.store import open_store, utc_now
from gateway.walks import Walks
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

    For whoever does not reload them.

    Raises:
        SettingsError: the folder of agreements is wrong.
        StoreUnavailable: the registry, the shared memory or the record cannot be opened.
    """
    state = run(settings, clock, monotonic).state
    return state.app, state.gateway


def run(
    settings: Settings, clock: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> Running:
    """The running gateway; a wrong agreement releases nothing, a district that fails is tried again, the rest serve.

    Raises:
        SettingsError: the folder of agreements is wrong.
        StoreUnavailable: the registry, the shared memory or the record cannot be opened.
    """
    keys = settings.open_keys()
    keyring = Keyring(keys.derive("ids"))
    store, memory = open_store(settings.store_url, clock), open_memory(settings.memory_url)
    parts = Parts(store, memory, keyring, keys.derive(PURPOSE), clock, monotonic)
    sources = adapters(settings, monotonic)
    districts = {name: parts.district(spec, sources[name], {}) for name, spec in settings.districts.items()}
    standing = read_standing(settings)
    telemetry.withheld([one.place for one in standing.mistakes])
    grants = Grants(standing.agreements, clock)
    for name, district in districts.items():
        district.want(wanted_by(grants.every(name)))
    limits, record = Limits(settings.limits, settings.memory_url), open_record(settings.audit, keys)
    gateway = Gateway(
        districts=districts,
        grants=grants,
        callers=parts.callers(limits),
        keyring=keyring,
        record=record,
        ledger=Ledger(keys.derive("ledger"), parts.now),
        walks=Walks(monotonic),
        limits=limits,
        clock=parts.now,
        journals=Journals(
            settings.changes.folder, keys.derive("journals"), parts.now, settings.changes.window.total_seconds()
        ),
        readiness=Readiness(checks(store, memory, record)),
        monotonic=monotonic,
    )
    return Running(parts, State(settings, standing, gateway, parts.app(gateway, settings)))
