"""The states of a client: enabled, suspended or ended, for what was active or disabled.

An administrator who disabled a client was told that it is for ever, so it has ended: nothing of it opens again.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Rename the states; what has ended keeps no secret that could be opened again."""
    op.execute("UPDATE clients SET status = 'enabled' WHERE status = 'active'")
    op.execute(
        "UPDATE clients SET status = 'ended', oauth1_sealed = NULL, oauth1_not_after = NULL WHERE status = 'disabled'"
    )
