"""Ready: the webhook of a receiving district is told that a package lies there; it names the transfer, nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from gateway.jobs.collecting import ORG_PREFIX, READY, WEBHOOK
from gateway.storage.people.choices import signing_secret
from gateway.storage.people.notices import Notice, Notices
from gateway.storage.transfers.waiting_transfers import WaitingTransfers

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.jobs.collecting import NoticeRegion
    from gateway.jobs.webhooks import Webhooks
    from gateway.storage.transfers.waiting_transfers import WaitingTransfer

TYPE: Final = "transfer.ready"


def collect_ready(region: NoticeRegion) -> int:
    """Write down a notice for each package that its receiver's webhook was not told of; return how many."""
    packed = WaitingTransfers(region.store, region.clock).packed()
    found, now, made = Notices(region.store, region.clock), region.clock(), 0
    choices = region.choices(one.receiver for one in packed)
    for org in sorted(name for name, chosen in choices.items() if chosen.webhook and chosen.signed):
        to = ORG_PREFIX + org
        told = found.told(to)
        for one in packed:
            if one.receiver == org and (item := _item(one)) not in told:
                name = hashlib.sha256(f"{to}\n{item}".encode()).hexdigest()[:40]
                made += found.add(Notice(name, READY, org, WEBHOOK, to, now, now), [item])
    return made


def send_ready(region: NoticeRegion, notice: Notice, hooks: Webhooks) -> bool:
    """Tell a receiving district of a package; False where it lies there no more, or nobody wants to know."""
    items = Notices(region.store, region.clock).items(notice)
    there = [one for one in WaitingTransfers(region.store, region.clock).packed() if _item(one) in items]
    chosen = region.choices([notice.org])[notice.org]
    secret = signing_secret(region.store.engine, region.keys, notice.org)
    if not there or not chosen.webhook or secret is None:
        return False
    now = region.clock()
    hooks.post(chosen.webhook, secret, notice.id, told_ready(there[0].id, now), now)
    return True


def told_ready(transfer: str, now: datetime) -> dict[str, Any]:
    """Return what the webhook is told."""
    return {"type": TYPE, "timestamp": now.isoformat(timespec="seconds"), "data": {"transfer": transfer}}


def _item(one: WaitingTransfer) -> str:
    return f"ready:{one.id}:{one.version}"
