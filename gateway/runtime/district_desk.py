"""The desk of districts in one process: it follows what people order about them, and writes down their deliveries."""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gateway import telemetry
from gateway.districts.refreshes.readings import as_upload
from gateway.storage.database import transaction
from gateway.storage.people.deliveries import READING, Deliveries
from gateway.storage.people.district_orders import NONE, orders_of
from gateway.storage.people.uploads import newest_uploads
from standards.errors import GatewayError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.districts.district import District
    from gateway.districts.refreshes.readings import Reading
    from gateway.storage.people.deliveries import Delivery
    from gateway.storage.people.district_orders import Orders
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys

LOSSES: Final = "losses"
"""The purpose of the key under which the rows of an approved loss have the same digest in every process."""

MAX_WAITING: Final = 1000
"""The readings that wait to be written down; of more the oldest are forgotten."""

KEPT: Final = timedelta(days=60)
REPEATED: Final = timedelta(hours=1)
"""A reading that came to the same as the one before is written down once in so long."""

PRUNED_EVERY: Final = timedelta(hours=6)


class DistrictDesk:
    """What one process does about districts beside serving them, at every look of its watch.

    It takes notice of pauses, approvals and uploads that came in anywhere, and writes down what its readings came to.
    """

    def __init__(self, store: SqlStore, keys: Keys, clock: Callable[[], datetime]) -> None:
        self._store, self._clock, self._key = store, clock, keys.derive(LOSSES)
        self._deliveries = Deliveries(store)
        self._waiting: deque[Reading] = deque(maxlen=MAX_WAITING)
        self._writing = threading.Lock()
        self._orders: Mapping[str, Orders] = {}
        self._uploads: dict[str, str] | None = None
        self._last: dict[str, Delivery] = {}
        self._pruned: datetime | None = None

    def hear(self, reading: Reading) -> None:
        """Take note of a reading, to be written down soon."""
        self._waiting.append(reading)

    def begin(self, district: District) -> District:
        """Let a district that is opened now keep to the orders that are known."""
        self._obey(district)
        return district

    def learn(self) -> None:
        """Learn what is ordered, before the first district is opened; without a registry nothing is."""
        try:
            self._store.calls.run(self._look)
        except StoreUnavailable:
            return

    def follow(self, districts: Mapping[str, District]) -> None:
        """Follow what is ordered and uploaded now, and write down what was read."""
        before = self._uploads
        self._store.calls.run(self._look)
        for name, district in districts.items():
            self._obey(district)
            if before is not None and (self._uploads or {}).get(name) not in {None, before.get(name)}:
                district.look_again()
        if self._waiting and not self._writing.locked():  # to hash a large file takes longer than others may wait
            threading.Thread(target=self.flush, name="deliveries", daemon=True).start()
        self._prune()

    def flush(self) -> None:
        """Write down what was read since it was last done."""
        with self._writing:
            try:
                self._write()
            except GatewayError:
                return

    def digest(self, district: District) -> str:
        """Return the digest of the rows whose loss waits for approval, by which every process knows them."""
        return district.loss_digest(self._key)

    def _look(self) -> None:
        with transaction(self._store.engine) as connection:
            self._orders = orders_of(connection)
            self._uploads = {name: one.sha256 for name, one in newest_uploads(connection).items()}

    def _obey(self, district: District) -> None:
        orders = self._orders.get(district.name, NONE)
        district.pause.until = orders.pause.until.timestamp() if orders.pause else None
        status = district.status()
        if orders.approved and status.waiting and orders.approved == self.digest(district):
            district.approve(status.ticket)

    def _write(self) -> None:
        several = []
        while self._waiting:
            if (made := self._made(self._waiting.popleft())) is not None:
                several.append(made)
        if several:
            self._deliveries.add(several)

    def _made(self, reading: Reading) -> Delivery | None:
        """Return what is to be written down of a reading; None where the last one says it."""
        one = reading.delivery
        last = self._last.get(one.district)
        if last is not None and _word(one) == _word(last) and one.at - last.at < REPEATED:
            return None
        self._last[one.district] = one
        try:
            found = reading.files()
        except Exception as error:  # noqa: BLE001  an adapter may fail in any way; the rest is known
            if not isinstance(error, GatewayError):
                telemetry.fault(error)
            found = None
        return one if found is None else as_upload(one, READING, found, "")

    def _prune(self) -> None:
        now = self._clock()
        if self._pruned is None or now - self._pruned >= PRUNED_EVERY:
            self._pruned = now
            self._deliveries.prune(now - KEPT - timedelta(days=1))


def _word(one: Delivery) -> tuple[Any, ...]:
    """Return what a delivery says, apart from its time; that nothing has changed repeats what was fresh."""
    verdict = "unchanged" if one.verdict in {"fresh", "approved"} else one.verdict
    now = {entity: sizes[0] for entity, sizes in one.counts.get("rows", {}).items()}
    return verdict, now, one.counts.get("why"), one.counts.get("loss"), one.mistakes
