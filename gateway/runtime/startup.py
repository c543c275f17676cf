"""Startup: from settings to a running gateway, every part opened once, in order."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gateway import telemetry
from gateway.audit.agreement_texts import record_all
from gateway.audit.last_refusals import LastRefusals
from gateway.audit.log import open_record
from gateway.audit.students.index import IndexKeeper, SubjectIndex
from gateway.audit.students.subject_keys import PURPOSE as SUBJECT_KEYS
from gateway.audit.students.subject_keys import SubjectKeys
from gateway.audit.students.tags import YearlyTags
from gateway.auth.daily_rows import DailyRows
from gateway.auth.oauth1_secrets import PURPOSE
from gateway.auth.rate_limits import RateLimits
from gateway.cache.needed_fields import programs_of, wanted_by
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.ledger import Ledger
from gateway.change_versions.journals import ClientLogs
from gateway.districts.sources import adapters
from gateway.gateway import Gateway
from gateway.paging.walks import Walks
from gateway.readiness import Readiness, checks
from gateway.registers.store import Registers
from gateway.registers.tags import PURPOSE as REGISTER_KEYS
from gateway.registers.tags import RegisterKeys
from gateway.runtime.district_desk import DistrictDesk
from gateway.runtime.running import RunningGateway
from gateway.runtime.state import GatewayState, Parts, described, read_standing
from gateway.storage.people.written import written_changes
from gateway.storage.registry import open_store, utc_now
from gateway.storage.shared_memory import open_memory
from policies.compiler import Grants
from standards.errors import StoreUnavailable
from standards.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Flask

    from gateway.audit.log import Record
    from gateway.config.settings import Settings
    from gateway.districts.district import District
    from policies.standing import Standing


def start(
    settings: Settings, clock: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> tuple[Flask, Gateway]:
    """Start the application and the gateway behind it, for callers that do not reload them.

    Raises:
        SettingsError: the folder of agreements is wrong.
        StoreUnavailable: the registry, the shared memory or the audit log cannot be opened.
    """
    state = run(settings, clock, monotonic).state
    return state.app, state.gateway


def run(
    settings: Settings, clock: Callable[[], datetime] = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> RunningGateway:
    """Start the gateway; a wrong agreement releases nothing, a district that fails is tried again, the rest are served.

    Ages are measured by *monotonic*, which nobody can set.

    Raises:
        SettingsError: the folder of agreements is wrong.
        StoreUnavailable: the registry, the shared memory or the audit log cannot be opened.
    """
    with ExitStack() as opened:
        running = _run(settings, clock, monotonic, opened)
        running.state.gateway.ending = running.watch()
        running.state.gateway.closing = opened.pop_all().close
        return running


def _run(
    settings: Settings, clock: Callable[[], datetime], monotonic: Callable[[], float], opened: ExitStack
) -> RunningGateway:
    if settings.unread:
        raise StoreUnavailable(settings.unread)
    keys = settings.open_keys()
    keyring = Keyring(keys.derive("ids"))
    store = open_store(settings.store_url, clock, settings.store_wait.total_seconds())
    memory = open_memory(settings.memory_url)
    opened.callback(store.close)
    opened.callback(memory.close)
    written = written_changes(store)
    record = open_record(settings.audit, keys, store)
    index = IndexKeeper(SubjectIndex(settings.audit.folder))
    opened.callback(index.close)
    record.head_signed = index.wake
    readiness = Readiness(checks(store, memory, record))
    registers = Registers(store, RegisterKeys(keys.derive(REGISTER_KEYS)), clock)
    desk = DistrictDesk(store, keys, clock)
    desk.learn()
    parts = Parts(store, memory, keyring, keys.derive(PURPOSE), clock, monotonic, readiness, registers, keys, desk)
    last_refusals = LastRefusals(keys.derive("refusals"), parts.now, memory if settings.memory_url else None)
    opened.callback(last_refusals.close)
    districts = _districts(settings, parts)
    standing = _recorded(parts, record, settings)
    telemetry.withheld([one.place for one in standing.mistakes])
    grants = Grants(standing.agreements, clock)
    for name, district in districts.items():
        every = grants.every(name)
        district.want(wanted_by(every), programs_of(every))
    limits = RateLimits(settings.limits, settings.memory_url)
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
        readiness=readiness,
        daily_rows=DailyRows(memory, parts.now),
        last_refusals=last_refusals,
        zones=settings.zones,
        client_logs=ClientLogs(
            settings.changes.folder,
            keys.derive("journals"),
            parts.now,
            settings.changes.window.total_seconds(),
            store,
        ),
        logs=ChangeLogs(
            settings.changes.folder,
            keys.derive("changes"),
            parts.now,
            YearlyTags(SubjectKeys(store, keys.derive(SUBJECT_KEYS)), parts.now),
            settings.changes.window.total_seconds(),
            store,
        ),
    )
    return RunningGateway(parts, GatewayState(settings, standing, gateway, parts.app(gateway, settings)), written)


def _recorded(parts: Parts, record: Record, settings: Settings) -> Standing:
    """Read the agreements on disk, every one of them recorded before it releases anything."""
    try:
        standing = read_standing(settings, record, parts)
        record_all(record, standing.agreements)
    except BaseException:
        record.close()
        raise
    return standing


def _districts(settings: Settings, parts: Parts) -> Mapping[str, District]:
    """Build a district for each that the settings name, before it is known which fields are needed of it."""
    sources = adapters(settings, parts.monotonic)
    return {name: parts.district(described(sources[name], spec), spec, {}) for name, spec in settings.districts.items()}
