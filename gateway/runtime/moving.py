"""Moving: the worker on transfers over the running gateway, whatever state that is in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.transfers.work.desk import open_desk
from gateway.transfers.work.worker import TransferWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from gateway.gateway import Gateway
    from gateway.runtime.state import GatewayState, Parts


def transfer_worker(
    parts: Parts, present: Callable[[], GatewayState], visiting: Callable[[], AbstractContextManager[GatewayState]]
) -> TransferWorker:
    """Return the worker on transfers, which works with the state that is *present* at each of its steps."""

    @contextmanager
    def entered() -> Iterator[Gateway]:
        with visiting() as state:
            yield state.gateway

    desk = open_desk(
        parts.store, parts.region_keys, parts.clock, lambda: present().settings, entered, lambda: present().gateway
    )
    return TransferWorker(desk)
