"""``crossing agreements adopt``: a district takes over the terms that a recipient offers to every district."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.commands.agreements.opened import registry, version_of
from gateway.commands.clients import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("name", metavar="ID")
@click.option("--as", "district", required=True, help="The district that adopts the offer.")
@click.option("--id", "own", default="", help="The id of its agreement; ID-DISTRICT if not given.")
@SETTINGS
def adopt(name: str, district: str, own: str, file: Path) -> None:
    """Write a draft for a district, word for word from the offer ID.

    Signed by the district and moved out of the folder of drafts, it is in force: the recipient has signed the offer.
    """
    from gateway.signing.adoption import adopted
    from gateway.storage.registry import utc_now
    from standards.errors import SettingsError, suggestion

    with registry(file) as opened:
        districts = opened.settings.districts
        if district not in districts:
            raise SettingsError(f"there is no district {district}{suggestion(district, districts)}", str(file))
        offer = version_of(opened.states(), name, None).agreement
        draft = adopted(offer, district, own or f"{name}-{district}", opened.settings.agreements, utc_now())
    click.echo(f"{draft.file}: a draft, from {offer.id}@{offer.version}.")
    click.echo(f"To sign: crossing agreements text {draft.id}", err=True)


COMMANDS = (adopt,)
