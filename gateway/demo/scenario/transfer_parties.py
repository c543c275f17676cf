"""Transfer parties: two districts between which a child moves, each with keys, a program, and a house for its agent."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gateway.audit import agreement_texts
from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import RECEIVE, TRANSFERS
from gateway.config.settings import load
from gateway.demo.scenario.clients import DemoClient
from gateway.signing.approval_book import signed_text
from gateway.signing.party_keys import public_part
from gateway.signing.signatures import sign
from gateway.storage.acts import Act
from gateway.storage.approvals import Approvals, PartyKey
from gateway.storage.registry import Client, Secret, open_store, utc_now
from gateway.storage.transfers.district_keys import DistrictKey, DistrictKeys
from gateway.transfers.sealing.key_files import new_key, write_private_key
from gateway.transfers.sealing.key_set import KeyUse, publish
from policies.agreement import load as load_agreement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.config.settings import Settings
    from gateway.demo.data.records import FictionalDistrict
    from gateway.demo.scenario.mover import Mover
    from gateway.storage.registry import SqlStore

SENDER, RECEIVER = "alder", "fir"
DEMO: Final = "demonstration"
AGREEMENT_ID: Final = f"records-{SENDER}-{RECEIVER}"
PROGRAMS: Final = {SENDER: (RECEIVE,), RECEIVER: TRANSFERS}
"""What the program of each district may do: that of the sender signs what leaves."""
USES: Final = {SENDER: ("sign", KeyUse.SIGN), RECEIVER: ("seal", KeyUse.SEAL)}
YEAR: Final = timedelta(days=365)
HOUSE: Final = "transfers.toml"
BATCHES: Final = f"""
[transfers]
districts = ["{SENDER}", "{RECEIVER}"]
batch_every = "1s"
"""

AGREEMENT: Final = """\
apiVersion: dsa/v1
id: {id}
version: 1
parties: {{provider: {{district: {sender}}}, recipient: {{org: {receiver}, kind: district}}}}
basis: {{ferpa: "99.31(a)(2)", purpose: enrollment, legitimateInterest: "enroll a student who moves"}}
validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}
clients: [{client}]
operations: [transfer]
elements:
  - {{path: student.*, action: allow}}
  - {{path: profile.*, action: allow}}
  - {{path: contact.*, action: allow}}
  - {{path: guardianship.*, action: allow}}
  - {{path: enrollment.*, action: allow}}
  - {{path: placement.*, action: allow}}
  - {{path: section.*, action: allow}}
  - {{path: offering.*, action: allow}}
  - {{path: course.*, action: allow}}
  - {{path: session.*, action: allow}}
  - {{path: organization.*, action: allow}}
transfer:
  release: {{when: [stateId exact, birthDate exact, noRestriction, noHold], tracks: [info]}}
  ask: [special-education, health, discipline]
  notify: annual-notice
  keys: {{receiver: ["{receiver_key}"], sender: ["{sender_key}"]}}
"""

AGENT: Final = """\
district = "{district}"
state = "state"

[gateway]
url = "{base}/transfers/v1"
token_url = "{base}/oauth/token"
client_id = "{client}"
client_secret = "file:client.secret"
allow_private = true

[keys]
{keys}
"""
FILING: Final = """
[senders.{sender}]
name = "{title}"
keys = ["{sender_key}"]

[destination]
adapter = "edfi_ods"
organization = {organization}
courses = "new"
folder = "records"

[destination.settings]
url = "{ods}"
client_id = "crossing"
client_secret = "file:ods.secret"
writable = true
allow_private = true
"""
"""How the receiver's agent reaches the receiver's own system."""


@dataclass(frozen=True, slots=True)
class TransferParties:
    """The two districts, the child that moves, the program of each, and the folder with a house for each."""

    sender: FictionalDistrict
    receiver: FictionalDistrict
    mover: Mover
    clients: Mapping[str, DemoClient]
    houses: Path

    def house(self, district: str) -> Path:
        """Return the settings of a district's agent."""
        return self.houses / district / HOUSE


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the gateway is, and the receiver's own system; the *secret* is of that."""

    gateway: str
    ods: str
    secret: str


def prepare_transfers(
    file: Path, sender: FictionalDistrict, receiver: FictionalDistrict, mover: Mover, addresses: Addresses
) -> TransferParties:
    """Make the keys of both districts, their agreement with both signatures, their programs and their houses."""
    houses, settings = file.parent / "houses", load(file)
    with closing(open_store(settings.store_url)) as store:
        thumbprints = {name: _keys(store, houses / name, name) for name in (SENDER, RECEIVER)}
        _agree(settings, store, thumbprints, receiver.today)
        clients = {name: _program(store, name) for name in (SENDER, RECEIVER)}
    for name, client in clients.items():
        _settle(houses / name, client, addresses.gateway)
    with (houses / RECEIVER / HOUSE).open("a", encoding="utf-8") as written:
        agency, signs = receiver.organizations[0].id, thumbprints[SENDER]
        told = FILING.format(
            sender=SENDER, title=sender.title, sender_key=signs, organization=agency, ods=addresses.ods
        )
        written.write(told)
    (houses / RECEIVER / "ods.secret").write_text(addresses.secret, "ascii")
    return TransferParties(sender, receiver, mover, clients, houses)


def _keys(store: SqlStore, house: Path, district: str) -> str:
    """Make the pair of a district in its house, and publish the public part; return its thumbprint."""
    house.mkdir(mode=0o700, parents=True)
    word, use = USES[district]
    pair, now = new_key(), utc_now()
    write_private_key(house / f"{district}-{word}.jwk", pair)
    told = publish(pair, use, now - timedelta(minutes=5), now + YEAR)
    row = DistrictKey(district, told.kid, use.value, "active", told.as_jwk())
    DistrictKeys(store, utc_now).put(row, Act(DEMO, "transfer key published", district, {"kid": told.kid}))
    return told.kid


def _agree(settings: Settings, store: SqlStore, thumbprints: dict[str, str], today: date) -> None:
    """Write the agreement, and below it the signatures of both parties, made by keys that they have registered."""
    file = settings.agreements / f"{AGREEMENT_ID}.yaml"
    text = AGREEMENT.format(
        id=AGREEMENT_ID, sender=SENDER, receiver=RECEIVER, client=f"{RECEIVER}-records",
        begin=date(today.year - 1, 7, 1), end=date(today.year + 2, 6, 30),
        receiver_key=thumbprints[RECEIVER], sender_key=thumbprints[SENDER],
    )  # fmt: skip
    file.write_text(text, "utf-8")
    (held,) = agreement_texts.held_to(settings, [load_agreement(file)])
    lines = []
    for party in (SENDER, RECEIVER):
        pair = new_key()
        key = PartyKey(pair.thumbprint(), party, public_part(pair), utc_now(), DEMO)
        Approvals(store).add_key(key)
        lines.append(f"  - {{by: {party}, sig: {sign(signed_text(held), pair)}}}\n")
    file.write_text(f"{text}approvals:\n{''.join(lines)}", "utf-8")


def _program(store: SqlStore, district: str) -> DemoClient:
    """Register the program of a district."""
    secret, kept = new_secret()
    name, scopes = f"{district}-records", PROGRAMS[district]
    store.add_client(Client(name, district, "district", scopes, (Secret(kept),), datetime.now(UTC), DEMO))
    asks = "the record of a child who moves"
    return DemoClient(name, district, name, secret, scopes, AGREEMENT_ID, (SENDER,), "enrollment", asks)


def _settle(house: Path, client: DemoClient, base: str) -> None:
    """Write the settings of the agent in a district's house."""
    word, _ = USES[client.org]
    file = f"{client.org}-{word}.jwk"
    keys = f"signing = {json.dumps(file)}" if word == "sign" else f"private = {json.dumps([file])}"
    told = AGENT.format(district=client.org, base=base, client=client.client_id, keys=keys)
    (house / HOUSE).write_text(told, "utf-8")
    (house / "client.secret").write_text(client.client_secret, "ascii")
