"""Written agreements for tests: texts put into a registry as the service would put them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.storage.acts import Act
from gateway.storage.people.agreements import PUBLISHED, WrittenAgreements, WrittenVersion
from policies.documents import loading

if TYPE_CHECKING:
    from gateway.storage.registry import SqlStore
    from tests.support.regions import Clock


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
