"""The agents as commands open them: settings, the gateway's client, the state folder to itself."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.receiving.agent import ReceivingAgent
    from gateway.receiving.gateway_client import TransferClient
    from gateway.receiving.settings import HouseSettings

HOUSE = click.option(
    "--settings",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="transfers.toml",
    envvar="CROSSING_TRANSFERS",
    show_default=True,
    help="The settings of the district's agents.",
)


@contextmanager
def client(file: Path) -> Iterator[tuple[HouseSettings, TransferClient]]:
    """Open the settings in *file*, and the client of the gateway that they name."""
    from gateway.receiving.gateway_client import TransferClient
    from gateway.receiving.settings import load

    settings = load(file)
    opened = TransferClient(settings)
    try:
        yield settings, opened
    finally:
        opened.close()


@contextmanager
def agent(file: Path) -> Iterator[ReceivingAgent]:
    """Open the receiving agent, which has its state folder to itself until the end of the block."""
    from gateway.receiving.agent import ReceivingAgent
    from gateway.receiving.state import StateFolder

    with client(file) as (settings, opened):
        state = StateFolder(settings.state, settings.secret(settings.state_key) if settings.state_key else None)
        with state.locked(), closing(ReceivingAgent(settings, opened, state)) as made:
            yield made
