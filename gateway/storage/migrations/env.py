"""The Alembic environment: migrations run on the registry's open connection, inside its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context

import gateway.storage.people.tables  # noqa: F401 -- its tables are in the metadata too
from gateway.storage.transfers.tables import transfers

if TYPE_CHECKING:
    from sqlalchemy import Connection

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=transfers.metadata)
with context.begin_transaction():
    context.run_migrations()
