"""Written agreements for tests: texts put into a registry as the service would put them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.storage.acts import Act
from gateway.storage.database import transaction
from gateway.storage.people.agreements import PUBLISHED, WrittenAgreements, WrittenVersion
from gateway.storage.tables import acts
from policies.documents import loading

if TYPE_CHECKING:
    from gateway.storage.registry import SqlStore
    from tests.support.regions import Clock


def acts_of(store: SqlStore, action: str) -> list[Act]:
    """List the acts of one kind, oldest first, whether they were carried over or not."""
    with transaction(store.engine) as connection:
        rows = connection.execute(acts.select().where(acts.c.action == action).order_by(acts.c.number)).all()
    return [Act(row.actor, row.action, row.district, row.content, row.reason) for row in rows]


def put(store: SqlStore, clock: Clock, text: str, state: str = PUBLISHED) -> WrittenVersion:
    """Save *text* in a *state* on top of whatever is there."""
    content = loading.parse(text.encode(), "test").content
    parties = content["parties"]
    written = WrittenAgreements(store)
    present = written.find(content["id"], content["version"])
    one = WrittenVersion(
        content["id"], content["version"], state, text, parties["provider"]["district"], parties["recipient"]["org"],
        clock(), "ana",
    )  # fmt: skip
    return written.save(one, Act("ana", "agreement saved"), present.number if present else 0)
