"""The parts of a running gateway, put together once from its settings."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from copy import copy
from functools import partial
from secrets import token_bytes
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway import telemetry
from gateway.audit.last_refusals import LastRefusals
from gateway.audit.students.tags import FormerTags
from gateway.auth.daily_rows import DailyRows
from gateway.change_log.account import account_of
from gateway.change_log.grant_logs import ChangeLogs
from gateway.change_log.projection import project
from gateway.change_versions.journals import ClientLogs
from gateway.engine.views import Views, attempt
from gateway.paging.page_tokens import Cursors
from gateway.record_locks import RecordLocks
from gateway.storage.shared_memory import LocalMemory
from standards import registry
from standards.errors import SourceError
from standards.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from gateway.audit.log import Record
    from gateway.auth.callers import Callers
    from gateway.auth.rate_limits import RateLimits
    from gateway.cache.snapshot import Snapshot
    from gateway.change_log.grant_log import ChangeLog
    from gateway.change_log.ledger import Ledger
    from gateway.change_log.projection import Projection
    from gateway.districts.district import District
    from gateway.engine.visibility import Visibility
    from gateway.paging.walks import Walks
    from gateway.readiness import Readiness
    from policies.compiler import Grants
    from policies.grant import Grant
    from standards.keys import Keyring

APIS = ("oneroster", "oneroster11", "edfi")
WARMING_SECONDS = 120.0
"""The seconds that the start waits for districts; a request to one not loaded by then loads it, or waits for it."""


class Gateway:
    """The parts of a gateway and the row indexes, views and visibilities cached for recent requests."""

    def __init__(
        self,
        *,
        districts: Mapping[str, District],
        grants: Grants,
        callers: Callers,
        keyring: Keyring,
        record: Record,
        ledger: Ledger,
        walks: Walks,
        limits: RateLimits,
        clock: Callable[[], float],
        client_logs: ClientLogs | None = None,
        logs: ChangeLogs | None = None,
        readiness: Readiness | None = None,
        daily_rows: DailyRows | None = None,
        last_refusals: LastRefusals | None = None,
        zones: Mapping[str, tzinfo] = MappingProxyType({}),
    ) -> None:
        self.districts, self.grants, self.callers, self.keyring = districts, grants, callers, keyring
        self.record, self.ledger, self.walks = record, ledger, walks
        self.limits, self.clock = limits, clock
        self.daily_rows = daily_rows or DailyRows(LocalMemory(), clock)
        self.readiness = readiness
        self.last_refusals = last_refusals or LastRefusals(token_bytes(KEY_BYTES), clock)
        self.ending: Callable[[], object] = lambda: None
        self.closing: Callable[[], object] = lambda: None
        self.record_locks = RecordLocks()
        self.cursors = Cursors(keyring)
        self.logs = logs or ChangeLogs(None, token_bytes(KEY_BYTES), clock, FormerTags(keyring))
        self.client_logs = client_logs or ClientLogs(None, token_bytes(KEY_BYTES), clock)
        self.present: Callable[[], Gateway] = lambda: self
        self.client_logs.purposes = lambda client: self.present().grants.purposes(client)  # noqa: PLW0108  it is replaced
        self.views = Views(
            districts=districts,
            keyring=keyring,
            ledger=ledger,
            clock=clock,
            zones=zones,
            account=self.open_account,
            in_force=self.in_force,
        )
        self.attend(districts.values())

    def followed_by(
        self,
        *,
        districts: Mapping[str, District],
        grants: Grants,
        callers: Callers,
        limits: RateLimits,
        zones: Mapping[str, tzinfo],
    ) -> Gateway:
        """Return the gateway of the next state, which shares all that this one has cached."""
        fresh = copy(self)
        fresh.districts, fresh.grants, fresh.callers = districts, grants, callers
        fresh.limits = limits
        fresh.views = self.views.followed_by(
            districts=districts, zones=zones, account=fresh.open_account, in_force=fresh.in_force
        )
        return fresh

    def attend(self, districts: Iterable[District]) -> None:
        """Follow the refreshes of *districts* from now on."""
        for district in districts:
            district.coming, district.refreshed = self.views.prepare, self.carry

    def forget_the_gone(self) -> None:
        """Drop what was computed for grants that exist no more."""
        epochs = {grant.epoch for name in self.districts for grant in self.grants.every(name)}
        self.views.forget_but(epochs)
        self.logs.forget_districts(self.districts.keys())

    def close(self) -> None:
        """Close the audit log, then what else was opened for it; nothing may be asked afterwards."""
        self.ending()
        self.logs.close()
        self.record.close()
        self.closing()

    def carry(self, before: Snapshot, fresh: Snapshot) -> None:
        """Carry every change log of a district on to the *fresh* snapshot; the next request dates the differences.

        After a write the next request does so itself.
        """
        for log in self.logs.followers(fresh.district) if fresh.loaded != before.loaded else ():
            grant = next((one for one in log.grants.values() if self.in_force(one)), None)
            if grant is not None:
                attempt(partial(self._follow, log, grant, fresh))
            else:
                self.logs.let_go(log)
        self.logs.forget_differences()
        self.views.forget_before(fresh)

    def _follow(self, log: ChangeLog, grant: Grant, fresh: Snapshot) -> None:
        log.follow(self.views.over(fresh, grant))

    def in_force(self, grant: Grant) -> bool:
        """Tell whether the client of *grant* is served under its very agreements today."""
        return self.grants.in_force(grant)

    def warm(self) -> None:
        """Load every snapshot before the first request, side by side; a slow one goes on while others serve."""
        threads = [
            threading.Thread(target=self._warm, args=(district,), name=f"load-{district.name}", daemon=True)
            for district in self.districts.values()
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + WARMING_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _warm(self, district: District) -> None:
        """Load the snapshot of a *district*, and compare it for clients that follow its changes."""
        for grant in self.grants.every(district.name) if _load(district) else ():
            if self.in_force(grant):
                attempt(partial(self._resume, grant))

    def _resume(self, grant: Grant) -> None:
        with suppress(SourceError):
            if not self.logs.knows(grant):  # the registry may be unable to tell
                return
            visibility = self.views.held(grant)
            if (account := account_of(visibility)) is not None:
                account.log.follow(visibility)

    def tags(self, visibility: Visibility) -> Callable[[int], bytes]:
        """Return the keyed tag of a student row, for the audit log."""
        return self.logs.tags(visibility)

    def open_account(self, visibility: Visibility) -> object:
        """Open the account of changes reported to the client of *visibility*."""
        held = self.districts[visibility.grant.district].cached_entities
        return self.logs.open(visibility, held, self.ledger, partial(self._projections, visibility.grant, held))

    def _projections(self, grant: Grant, held: frozenset[str]) -> tuple[Projection, ...]:
        """Yield all that *grant* shows of a snapshot, in every view of every API."""
        there = self.districts[grant.district].adapter.manifest.entities
        views = [
            pruned
            for api in APIS
            for view in registry.views(api).values()
            if (pruned := self.views.pruned(grant, view)) is not None
            and self.views.entities(grant, pruned) & there <= held
        ]
        return project(grant, views, held)


def _load(district: District) -> bool:
    """Load a district's snapshot; return whether there is one now. The district reports a failure, and tries again."""
    try:
        return bool(district.cached_entities) and district.cached_snapshot() is not None
    except SourceError:
        return False
    except Exception as error:  # noqa: BLE001  a fault of ours must not end in a thread that nobody hears
        telemetry.fault(error)
        return False
