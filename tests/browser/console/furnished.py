"""Something of everything in a region, so that its pages have something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.inbox.inbox import Inbox
from gateway.admin.people import Persons
from gateway.admin.settings import OrganisationSettings
from gateway.console.organisations.settings import CHOSEN
from gateway.people.actor import operator

if TYPE_CHECKING:
    from tests.support.people.region import PeopleRegion

OPERATOR = operator("olga")
ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
LONG = "reading-partners-of-the-whole-northern-region-production-2026"
"""An id so long that it must wrap."""


def furnish(region: PeopleRegion) -> tuple[str, str]:
    """Put something of everything into a region; return a link for a new person, and one for a client's secret."""
    administered, admin = region.administered, region.actor("dana", ("maple", "district-admin"))
    people, clients = Persons(administered), Clients(administered)
    join = people.invite(OPERATOR, "maple", "nora@maple.org", "registrar", "Nora")
    people.invite(OPERATOR, "maple", "with-a-rather-long-name@northern-region.maple.org", "approver")
    DraftWriting(administered).continue_(admin, "conformance-maple", 1)
    what = "Ask the families of the new school for their consents"
    Inbox(administered).open(admin, "maple", "privacy-officer", what, None)
    for name, scopes in (("conformance", (ROSTER,)), (LONG, ()), ("reading-trial", ())):
        clients.register(OPERATOR, NewClient(name, "conformance", "vendor", scopes, "maple"))
    clients.end(OPERATOR, "reading-trial", "It was a trial")
    link = ClientSecrets(administered).link(OPERATOR, "conformance").token
    two_persons(region)
    return join, link


def two_persons(region: PeopleRegion) -> None:
    """Let the district want two persons for what it does about clients, and let one ask for something."""
    admin, settings = region.actor("dana", ("maple", "district-admin")), OrganisationSettings(region.administered)
    chosen = {name: getattr(settings.read(admin, "maple"), name) for name in CHOSEN}
    settings.change(admin, "maple", chosen | {"two_persons": ["client.end"]}, 0, "")
    settings.change(admin, "maple", chosen | {"two_persons": []}, 1, "It takes too long")
