"""Bring a registry's tables up to this version of the program, by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of *connection*.

    Raises:
        StoreUnavailable: a newer version of this program wrote the registry.
    """
    settings = migrations()
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except CommandError:
        raise StoreUnavailable("The registry was written by a newer version of this program.") from None


def migrations() -> Config:
    """Return Alembic's settings for `gateway.storage.migrations`."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return settings
