"""The application of the API of transfers: `/transfers/v1`, every error as problem details."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.admin_api.app import framed_app
from gateway.admin_api.frame.idempotency import Idempotency
from gateway.admin_api.frame.operations import STATE, Serving, add_to
from gateway.transfers_api import attachments, decisions, description, keys, packages, requests, signatures
from gateway.transfers_api.authentication import DistrictEntrance

if TYPE_CHECKING:
    from flask import Flask

    from gateway.admin.administration import Administration

GROUPS: Final = (
    requests.ROUTES,
    decisions.ROUTES,
    attachments.ROUTES,
    packages.ROUTES,
    signatures.ROUTES,
    keys.ROUTES,
    description.ROUTES,
)
"""Every group of operations; one more is a module with `ROUTES`, and its name here."""
CUT_OFF: Final = timedelta(minutes=2)
"""After so long a request that was never answered is taken for cut off: the ledger does each act once by itself."""


def create_transfers_api(region: Administration) -> Flask:
    """Create the application of all operations on transfers over a *region*."""
    app = framed_app(region)
    operations = tuple(one for group in GROUPS for one in group.declared)
    root = description.ROOT
    app.extensions[STATE] = Serving(
        region, DistrictEntrance(region), Idempotency(region, CUT_OFF), operations, root, keyed=True
    )  # fmt: skip
    for operation in operations:
        add_to(app, operation, root)
    return app
