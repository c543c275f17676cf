"""Disclosing: the event by which the record of disclosures knows who was sent the record of a student."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.disclosure import write_down
from gateway.engine import field_sets

if TYPE_CHECKING:
    from gateway.gateway import Gateway
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.package.contents.record import RecordContents
    from policies.grant import Grant

OPERATION: Final = "transfer"
API, VIEW = "transfers", "package"


def transfer_event(
    gateway: Gateway, grant: Grant, transfer: Transfer, contents: RecordContents, attached: int = 0
) -> dict[str, Any]:
    """Build the event of a package: the receiving district is sent these facts of one student, on this basis.

    What people *attached* counts as so many records; no field says what is in it.
    """
    documents = sum(map(len, contents.documents.values()))
    return {
        "at": datetime.fromtimestamp(gateway.clock(), UTC).isoformat(timespec="milliseconds"),
        "client": grant.client,
        "org": transfer.receiver,
        "agreements": [f"{grant.agreement}@{grant.version}"],
        "texts": [grant.text],
        "elements": [grant.elements],
        "purpose": grant.purpose,
        "basis": grant.basis,
        "district": transfer.sender,
        "api": API,
        "view": VIEW,
        "operation": OPERATION,
        "rows": documents + attached,
        "fields": gateway.record.fields(field_sets.text(contents.facts), grant.client),
        "status": 200,
        "set": gateway.record.subjects([contents.subject], grant.client),
        "from": 0,
        "to": 1,
        "trace": transfer.id,
    }


def disclose(gateway: Gateway, grant: Grant, transfer: Transfer, contents: RecordContents, attached: int = 0) -> None:
    """Write the disclosure down, durably; where that fails, nothing is packed.

    Raises:
        StoreUnavailable: it cannot be written.
    """
    write_down(gateway, transfer_event(gateway, grant, transfer, contents, attached))
