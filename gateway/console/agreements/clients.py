"""The clients that an agreement names, in words: whose each is, and which district registered it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.agreements.form import read_part
from gateway.admin.agreements.named_clients import NamedClient, named_clients
from gateway.console.page import actor, region
from gateway.console.wording import say
from standards.errors import CallerError

if TYPE_CHECKING:
    from gateway.admin.agreements.reading import KnownVersion


def client_lines(one: KnownVersion) -> list[str]:
    """Say of each client that a version names whose it is and who registered it."""
    try:
        named = one.found.clients if one.found else read_part(one.text, "parties")["clients"]
    except CallerError:
        return []
    found = named_clients(region(), actor(), one.district, one.recipient, [name for name in named if name])
    return [_said(client) for client in found]


def _said(client: NamedClient) -> str:
    told = {"client": client.client_id, "org": client.org, "steward": client.steward or say("the region")}
    if client.hidden:
        return say("%(client)s: not free for this recipient; name another client.") % told
    if not client.registered:
        if client.org:
            return say("%(client)s: another agreement keeps this id for %(org)s; name another client.") % told
        return say("%(client)s: not registered yet; a published agreement keeps the id for its recipient.") % told
    said = say("%(client)s: a client of %(org)s, registered by %(steward)s.") % told
    return said if client.theirs else f"{said} {say('It is not a client of the recipient: name another one.')}"
