"""Proposals about transfers and keys as their second person reads them: what is done, what leaves and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import url_for

from gateway.admin.transfers.office import DECIDE, FOLLOW, KEYS
from gateway.console.page import actor
from gateway.console.parts.names import transfer_number
from gateway.console.transfers.words import REFUSALS, SECTIONS
from gateway.console.wording import later, say
from gateway.transfers.machine.words import EventKind, RecordSection, TransferRefusal
from gateway.transfers.sealing.key_set import KeyStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.storage.people.proposals import Proposal

DONE: Final = {
    EventKind.APPROVE.value: later("Release the record"),
    EventKind.SUPPLEMENT.value: later("Send more of the record"),
    EventKind.REFUSE.value: later("Refuse the request"),
    "publish": later("Publish a key"),
    KeyStatus.RETIRING.value: later("Retire a key"),
}
"""What a proposal does, by the word of its service."""


def is_of_transfers(proposal: Proposal) -> bool:
    """Tell whether a proposal is about a transfer or a key for transfers."""
    return proposal.action in {DECIDE, KEYS}


def about(proposal: Proposal) -> str:
    """Return what a proposal is about: the number of a transfer, or what its service calls it."""
    return transfer_number(proposal.about) if proposal.action == DECIDE else proposal.about


def way(proposal: Proposal) -> str | None:
    """Return the address of the transfer that a proposal is about, for whoever may look at it."""
    if proposal.action != DECIDE or not actor().allows(FOLLOW, proposal.org):
        return None
    return url_for("transfers.one", district=proposal.org, transfer=proposal.about)


def facts(proposal: Proposal) -> list[tuple[str, Any]]:
    """Say what a proposal does."""
    content = proposal.content
    found: list[tuple[str, Any]] = [(say("What is done"), DONE.get(content["do"], content["do"]))]
    if "sections" in content:
        found.append((say("Leaves"), _listed(content["sections"])))
        found.append((say("Stays here"), _listed(content.get("withheld", ()))))
    if "reason" in content:
        found.append((say("Reason"), REFUSALS[TransferRefusal(content["reason"])]))
    return found


def _listed(sections: Iterable[str]) -> str:
    return "; ".join(str(SECTIONS[RecordSection(one)]) for one in sections) or "–"
