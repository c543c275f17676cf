"""Telling of work: counters by state and lines of the log, without an id and without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import Counter

from gateway import telemetry

if TYPE_CHECKING:
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.work.troubles import TroubleReason

MOVED: Final = Counter(
    "crossing_transfers", "Steps of transfers that the gateway did, by the state they led to.", ["state"],
    registry=telemetry.metrics,
)  # fmt: skip
GIVEN_UP: Final = Counter(
    "crossing_transfers_given_up", "Steps of transfers that wait for a person, by reason.", ["reason"],
    registry=telemetry.metrics,
)  # fmt: skip
PUT_OFF: Final = Counter(
    "crossing_transfers_put_off", "Searches that wait since a district asked for too many who were not found.",
    registry=telemetry.metrics,
)  # fmt: skip


def counted(transfer: Transfer) -> None:
    """Count a step by the state to which it led."""
    MOVED.labels(transfer.state.value).inc()


def told_given_up(transfer: Transfer, reason: TroubleReason) -> None:
    """Count and log that a step was given up to a person."""
    GIVEN_UP.labels(reason.value).inc()
    telemetry.tell("transfer given up", district=transfer.sender, reason=reason.value)


def told_put_off(transfer: Transfer) -> None:
    """Count and log that a search is put off; the receiver is not named, as a child may be hidden from its sender."""
    PUT_OFF.inc()
    telemetry.tell("transfer search put off", district=transfer.sender)
