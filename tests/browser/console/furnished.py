"""Something of everything in a region, so that its pages have something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.admin.agreements.signing import Signing
from gateway.admin.agreements.writing import DraftWriting, NewDraft
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.districts.connecting import Connections
from gateway.admin.inbox.inbox import Inbox
from gateway.admin.people import Persons
from gateway.admin.registers.registers import KeptRegisters
from gateway.admin.settings import OrganisationSettings
from gateway.console.organisations.settings import CHOSEN
from gateway.people.actor import operator
from gateway.storage.people.deliveries import READING, Deliveries, Delivery
from tests.support.people.districts import UPLOADED
from tests.support.regions import agreement

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
    agreed(region)
    restriction = {"studentId": "of-another-system"}, {"kind": "directory"}
    officer = region.actor("ada", ("maple", "privacy-officer"))
    KeptRegisters(administered).add_restriction(officer, "maple", *restriction, reason="annual list", anyway=True)
    Connections(administered).save(OPERATOR, "birch", UPLOADED)
    lost = Delivery("maple", region.clock(), READING, "waiting", {"loss": {"student": [3, 10]}})
    Deliveries(administered.store).add([lost])
    what = "Ask the families of the new school for their consents"
    Inbox(administered).open(admin, "maple", "privacy-officer", what, None)
    for name, scopes in (("conformance", (ROSTER,)), (LONG, ()), ("reading-trial", ())):
        clients.register(OPERATOR, NewClient(name, "conformance", "vendor", scopes, "maple"))
    clients.end(OPERATOR, "reading-trial", "It was a trial")
    secrets = ClientSecrets(administered)
    secrets.rotate(OPERATOR, "conformance", 7)
    link = secrets.link(OPERATOR, "conformance").token
    two_persons(region)
    return join, link


def agreed(region: PeopleRegion) -> None:
    """Let agreements have a draft, one about transfers, a version in review, and one that its provider has signed."""
    writing, signing = DraftWriting(region.administered), Signing(region.administered)
    writer = region.actor("dana", ("maple", "district-admin"))
    signer = region.actor("sam", ("maple", "approver"))
    writing.continue_(writer, "conformance-maple", 1)
    for name in ("in-review", "half-signed"):
        text = agreement("maple").replace("id: conformance-maple", f"id: {name}")
        one = writing.read_in(writer, text)
        writing.ask(writer, one.id, 1, one.number)
    writing.create(writer, NewDraft("maple", "cedar", "district", template="transfer", clients=("cedar-agent",)))
    shown = signing.to_sign(signer, "half-signed", 1).digest
    signing.sign(signer, "half-signed", 1, "maple", shown, "passkey")


def two_persons(region: PeopleRegion) -> None:
    """Let the district want two persons for what it does about clients, and let one ask for something."""
    admin, settings = region.actor("dana", ("maple", "district-admin")), OrganisationSettings(region.administered)
    chosen = {name: getattr(settings.read(admin, "maple"), name) for name in CHOSEN}
    settings.change(admin, "maple", chosen | {"two_persons": ["client.end"]}, 0, "")
    settings.change(admin, "maple", chosen | {"two_persons": []}, 1, "It takes too long")
