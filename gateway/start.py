"""From settings to a running gateway: opens everything once, in order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

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


def start(settings: Settings, clock: Callable[[], datetime] = utc_now) -> tuple[Flask, Gateway]:
    """The application and the gateway behind it.

    Raises:
        SettingsError: an agreement or a district's settings are wrong.
        StoreUnavailable: the registry, the shared memory or the record cannot be opened.
    """
    with ExitStack() as opened:
        app, gateway = _start(settings, clock, opened)
        gateway.closing = opened.pop_all().close
        return app, gateway


def _start(settings: Settings, clock: Callable[[], datetime], opened: ExitStack) -> tuple[Flask, Gateway]:
    def now() -> float:
        return clock().timestamp()

    keys = settings.open_keys()
    keyring = Keyring(keys.derive("ids"))
    store, memory = open_store(settings.store_url, clock), open_memory(settings.memory_url)
    opened.callback(store.close)
    opened.callback(memory.close)
    sources = adapters(settings)
    grants = Grants(load_folder(settings.agreements), clock)
    districts = {
        name: District(
            name,
            Described(sources[name], (*sources[name].defaults.texts, *spec.descriptors)),
            keyring,
            now,
            seconds=spec.hold.total_seconds(),
            wanted=wanted_by(grants.every(name)),
        )
        for name, spec in settings.districts.items()
    }
    limits = Limits(settings.limits, settings.memory_url)
    gateway = Gateway(
        districts=districts,
        grants=grants,
        callers=Callers(store, memory, clock, Verifier(store, memory, limits, keys.derive(PURPOSE), clock)),
        keyring=keyring,
        record=open_record(settings.audit, keys),
        ledger=Ledger(keys.derive("ledger"), now),
        walks=Walks(now),
        limits=limits,
        clock=now,
        journals=Journals(
            settings.changes.folder, keys.derive("journals"), now, settings.changes.window.total_seconds()
        ),
    )
    return create_app(gateway, settings, store, memory, clock), gateway
