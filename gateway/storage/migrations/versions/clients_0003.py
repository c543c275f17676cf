"""The states of a client: enabled, suspended or ended, for what was active or disabled.

A disabled client becomes ended, since disabling was documented as final: no secret of it can be opened again.
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
