"""Tasks of the approvers of both parties, whom somebody has asked to sign a version that people wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.signing.overview import overview
from gateway.storage.people.agreements import REVIEW, WrittenAgreements
from gateway.tasks import task
from gateway.tasks.computing import APPROVAL_DAYS
from gateway.tasks.task import computed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.config.settings import Settings
    from gateway.storage.acts import SqlRegistry
    from gateway.tasks.task import PersonTask


def asked_for(settings: Settings, store: SqlRegistry, now: datetime) -> Iterator[PersonTask]:
    """Yield a task for each party that has not signed a version in review; it stays the same once that is published."""
    waiting = {(one.agreement, one.version): one for one in WrittenAgreements(store).newest() if one.state == REVIEW}
    if not waiting:
        return
    for state in overview(settings, store, now):
        row = waiting.get((state.agreement.id, state.agreement.version))
        if row is None:
            continue
        about = {"district": row.district, "agreement": row.agreement, "version": row.version}
        opened = row.at.date()
        for party, how in state.approved:
            if how != "signed":
                due = opened + timedelta(days=APPROVAL_DAYS)
                yield computed(task.APPROVAL, party, task.APPROVER, about, opened=opened, due=due)
