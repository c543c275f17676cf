"""Approvals: an operator lets a district drop rows whose loss was refused, and the audit log names who did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.cache import district_log
from gateway.districts.status import told
from gateway.failure_reasons import plain_place, reason
from standards.errors import Conflict, NotFound, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.districts.status import DistrictStatus
    from gateway.gateway import Gateway

COMMAND = "districts approve"
OPERATION = "approve"


def approve(gateway: Callable[[], Gateway], asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Answer the command ``districts approve``: without a *ticket* list the rows at stake, with it approve just those.

    Raises:
        NotFound: there is no such district, or no refresh of it was refused.
        Conflict: the rows at stake are no longer those that were shown.
    """
    name, present = str(asked.get("name", "")), gateway()
    district = present.districts.get(name)
    if district is None:
        raise NotFound(f"There is no district {name[:40]!r}.")
    status = district.status()
    if not status.waiting:
        raise NotFound(f"Nothing of {name} waits for approval.")
    if "ticket" not in asked:
        yield {
            "done": True,
            "ok": True,
            "text": f"{name}: would be dropped: {told(status.waiting)}",
            "ticket": status.ticket,
        }
        return
    if asked["ticket"] != status.ticket:
        raise Conflict(f"What would be dropped has changed: {told(status.waiting)}. Look again.")
    present.record.append(_event(status, str(asked.get("actor", "")), present.clock()))
    if not district.approve(status.ticket):
        raise Conflict("What would be dropped has changed. Look again.")
    district_log.tell_approval(name, sum(one.gone for one in status.waiting))
    yield {"text": f"{name}: approved: {told(status.waiting)}"}
    try:
        district.refresh_now()
    except SourceError as error:
        yield {"done": True, "ok": False, "text": f"not refreshed: {reason(name, error)}"}
        return
    yield {"done": True, "ok": True, "text": district.status().text()}


def _event(status: DistrictStatus, actor: str, now: float) -> dict[str, Any]:
    """Build the event of the approval for the audit log: who approved the loss of how many rows of what."""
    return {
        "at": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
        "operation": OPERATION,
        "district": status.name,
        "actor": actor[:80],
        "loss": {plain_place(one.entity): one.gone for one in status.waiting},
    }
