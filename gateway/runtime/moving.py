"""Moving: the worker on transfers over the running gateway, whatever state that is in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.transfers.work.desk import open_desk
from gateway.transfers.work.worker import TransferWorker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.gateway import Gateway
    from gateway.runtime.running import RunningGateway
    from gateway.runtime.state import Parts


def transfer_worker(running: RunningGateway, parts: Parts) -> TransferWorker:
    """Return the worker on transfers, which works with the state that is present at each of its steps."""

    @contextmanager
    def visiting() -> Iterator[Gateway]:
        with running.visiting() as state:
            yield state.gateway

    desk = open_desk(
        parts.store, parts.region_keys, parts.clock, lambda: running.settings, visiting, lambda: running.gateway
    )
    return TransferWorker(desk)
