"""Letters: about which released records parents are written to; about none where the address may be protected."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.tasks.moving import letter_task
from gateway.transfers.districts.protected import unprotected_or_unmarked
from gateway.transfers.ledger.lists import TransferLists

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gateway.admin.administration import Administration
    from gateway.storage.transfers.waiting_transfers import WaitingTransfer


LETTERS_FOR: Final = timedelta(days=60)
"""For so long after a request it is looked whether the parents were written to."""
MAX_LETTERS: Final = 500
"""So many of each district are looked at, the oldest ones."""


def unsent(released: Iterable[WaitingTransfer], written: Collection[str]) -> list[WaitingTransfer]:
    """Return what was *released* and no letter was noted of, oldest first; *written* are ids of tasks that were."""
    left = (one for one in released if letter_task(one.id, one.sender, one.asked).id not in written)
    return sorted(left, key=lambda one: (one.asked, one.id))


def by_letter(region: Administration, released: Sequence[WaitingTransfer]) -> frozenset[str]:
    """Return the ids of those of the *released* transfers whose parents get a letter, some of each district.

    No system is waited for: of a district that is not in memory its registers tell who may be protected.
    """
    if region.running is None or not released:
        return frozenset()
    keys, districts = RegisterKeys(region.keys.derive(PURPOSE)), region.running.gateway.districts
    lists, found = TransferLists(region.store, region.clock), set[str]()
    for name in sorted(districts.keys() & {one.sender for one in released}):
        subjects = lists.subjects([one.id for one in released if one.sender == name][:MAX_LETTERS])
        day = region.clock().astimezone(region.settings().districts[name].timezone).date().isoformat()
        found |= unprotected_or_unmarked(districts[name], keys, subjects, day)
    return frozenset(found)
