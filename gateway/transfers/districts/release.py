"""Releases: the plan and the header of the package that follows from what was decided, for a preview as for packing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from gateway.transfers.machine.event import spell_moment
from gateway.transfers.package.header import PackageHeader, ReceivingKey, SendingOffice
from gateway.transfers.package.plan import INCLUDE, WITHHOLD, PackagePlan
from gateway.transfers.package.sections import FULL, INFO, on_track
from policies.transfers.terms import by_rule as released_by_rule

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from gateway.transfers.districts.children import DistrictRoll
    from gateway.transfers.machine.event import TransferEvent
    from gateway.transfers.machine.transfer import Transfer
    from policies.agreement import Agreement
    from policies.transfers.terms import TransferTerms

TWO_NAMES: Final = ", confirmed by "
"""What stands between the names of two persons who have decided together (`gateway.admin.confirming`)."""
GATEWAY_SIGNS, DISTRICT_SIGNS = "gateway", "district"
AGENCIES: Final = frozenset({"district"})


def track_of(terms: TransferTerms, *, by_rule: bool) -> str:
    """Return the track of a package: a person releases of the whole record, the rule of what its tracks say."""
    whole = not by_rule or (terms.rule is not None and FULL in terms.rule.tracks)
    return FULL if whole else INFO


def is_to_be_decided_anew(agreement: Agreement, transfer: Transfer, decided: TransferEvent) -> bool:
    """Tell whether what was *decided* on a transfer needs another decision under the *agreement* in force now.

    So it is where a rule released what this agreement lets a person decide, or one person what now needs two.
    """
    terms, release = agreement.transfer, transfer.release
    if terms is None or release is None or decided.agreement == agreement.digest:
        return False
    if release.by_rule:
        tracks = terms.rule.tracks if terms.rule is not None else frozenset()
        return not {one.value for one in release.sections} <= {
            one for track in tracks for one in released_by_rule(terms, track)
        }
    return terms.two_persons and TWO_NAMES not in decided.actor


def plan_of(
    track: str, sections: Collection[str], withheld: Collection[str] = (), *, by_rule: bool = False
) -> PackagePlan:
    """Return the plan by which released *sections* go along, all others stay, and of the *withheld* some are told.

    Raises:
        UnlawfulPlan: a rule releases what only a person may.
    """
    rules = {one.name: one for one in on_track(track)}
    decisions = {name: INCLUDE if name in sections else WITHHOLD for name in rules}
    approved = frozenset() if by_rule else frozenset(sections) & rules.keys()
    told = frozenset(name for name in withheld if name in rules and rules[name].told and name not in sections)
    return PackagePlan(track, decisions, approved, told)


def header_of(
    transfer: str,
    version: int,
    agreement: Agreement,
    office: SendingOffice,
    receiver: ReceivingKey,
    made: datetime,
    signed_by: str = GATEWAY_SIGNS,
    replaces: int | None = None,
) -> PackageHeader:
    """Return the header of a version, *made* at a moment under an *agreement*."""
    basis, digest = agreement.ferpa, f"sha256:{agreement.digest}"
    return PackageHeader(transfer, version, office, receiver, basis, digest, spell_moment(made), signed_by, replaces)


def sending_office(agreement: Agreement, roll: DistrictRoll | None = None) -> SendingOffice:
    """Return the district that sends, as its agreement and its own system call it."""
    nces = str(json.loads(agreement.text)["parties"]["provider"].get("nces", ""))
    name = _agency_name(roll) if roll is not None else ""
    return SendingOffice(agreement.district, nces, name or agreement.district)


def _agency_name(roll: DistrictRoll) -> str:
    """Return what a district's own system calls it; empty where it does not say, or names several."""
    table = roll.snapshot.table("organization")
    kinds, names = table.columns.get("kind", ()), table.columns.get("name", ())
    found = {name for kind, name in zip(kinds, names, strict=False) if kind in AGENCIES and name}
    return str(found.pop()) if len(found) == 1 else ""
