"""Letters: about which released records parents are written to; about none where the address may be protected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.registers.tags import PURPOSE, RegisterKeys
from gateway.transfers.districts.protected import unprotected_or_unmarked
from gateway.transfers.ledger.lists import TransferLists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.admin.administration import Administration


def by_letter(region: Administration, released: Mapping[str, str]) -> frozenset[str]:
    """Return those of the *released* transfers, each with the district that sends it, whose parents get a letter.

    No system is waited for: of a district that is not in memory its registers tell who may be protected.
    """
    if region.running is None or not released:
        return frozenset()
    subjects = TransferLists(region.store, region.clock).subjects(released)
    keys, districts = RegisterKeys(region.keys.derive(PURPOSE)), region.running.gateway.districts
    found = set[str]()
    for name in sorted(districts.keys() & set(released.values())):
        mine = {one: subject for one, subject in subjects.items() if released[one] == name}
        day = region.clock().astimezone(region.settings().districts[name].timezone).date().isoformat()
        found |= unprotected_or_unmarked(districts[name], keys, mine, day)
    return frozenset(found)
