"""The transfer desk: all that the gateway's own work on transfers is done with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.registers.tags import PURPOSE as REGISTERS
from gateway.registers.tags import RegisterKeys
from gateway.storage.transfers.attachments import Attachments
from gateway.storage.transfers.district_keys import DistrictKeys
from gateway.storage.transfers.packages import SealedPackages
from gateway.storage.transfers.tries import TransferTries
from gateway.storage.transfers.waiting_manifests import WaitingManifests
from gateway.transfers.districts.children import DistrictChildren
from gateway.transfers.districts.times import RegionTimes
from gateway.transfers.ledger.ledger import PURPOSE, TransferLedger
from gateway.transfers.ledger.lists import TransferLists
from gateway.transfers.machine.event import TransferEvent, idempotency_key
from gateway.transfers.machine.words import TransferParty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Any

    from gateway.config.settings import Settings
    from gateway.gateway import Gateway
    from gateway.storage.registry import SqlStore
    from gateway.storage.secrets import Keys
    from gateway.transfers.ledger.ledger import DistrictTimes
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.machine.words import EventKind

ACTOR = "gateway"


@dataclass(frozen=True, slots=True)
class TransferDesk:
    """The ledger of transfers with its lists, packages, tries and keys; *visiting* keeps the gateway open meanwhile."""

    store: SqlStore
    keys: Keys
    clock: Callable[[], datetime]
    settings: Callable[[], Settings]
    visiting: Callable[[], AbstractContextManager[Gateway]]
    times: DistrictTimes
    ledger: TransferLedger
    lists: TransferLists
    packages: SealedPackages
    tries: TransferTries
    manifests: WaitingManifests
    district_keys: DistrictKeys
    register_keys: RegisterKeys
    attachments: Attachments
    children: DistrictChildren = field(default_factory=DistrictChildren)

    @property
    def key(self) -> bytes:
        """The key for what is sealed of transfers."""
        return self.keys.derive(PURPOSE)

    def draft(
        self, transfer: Transfer, kind: EventKind, content: Mapping[str, Any], agreement: str = "", reason: str = ""
    ) -> TransferEvent:
        """Return what the gateway does to a *transfer* as it is: done twice, it is the same event."""
        key = idempotency_key("", f"{kind} {transfer.id} {transfer.number}")
        return TransferEvent(
            transfer.id, kind, TransferParty.GATEWAY, "", ACTOR, self.clock(), key, agreement, reason, content
        )

    def append(
        self,
        transfer: Transfer,
        kind: EventKind,
        content: Mapping[str, Any],
        agreement: str = "",
        reason: str = "",
        **more: Any,
    ) -> Transfer:
        """Append what the gateway does to a *transfer*, unless somebody has changed it; return it as it is then."""
        event = self.draft(transfer, kind, content, agreement, reason)
        return self.ledger.append(event, expected=transfer.number, **more).transfer


def open_desk(
    store: SqlStore,
    keys: Keys,
    clock: Callable[[], datetime],
    settings: Callable[[], Settings],
    visiting: Callable[[], AbstractContextManager[Gateway]],
    gateway: Callable[[], Gateway | None],
) -> TransferDesk:
    """Open the desk over a registry; *gateway* is the one that is present, for times that nothing is waited for."""
    times, key = RegionTimes(settings, gateway), keys.derive(PURPOSE)
    return TransferDesk(
        store, keys, clock, settings, visiting, times,
        TransferLedger(store, key, clock, times),
        TransferLists(store, clock),
        SealedPackages(store, settings().state, clock),
        TransferTries(store, clock),
        WaitingManifests(store, key),
        DistrictKeys(store, clock),
        RegisterKeys(keys.derive(REGISTERS)),
        Attachments(store, key, clock),
    )  # fmt: skip


def with_times(desk: TransferDesk, times: DistrictTimes) -> TransferDesk:
    """Return a desk that goes by other times, for demonstrations and tests."""
    return replace(desk, times=times, ledger=TransferLedger(desk.store, desk.key, desk.clock, times))
