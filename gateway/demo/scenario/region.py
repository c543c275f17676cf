"""A demonstration region on disk: the districts' files, agreements, settings and registered clients."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from adapters.simulators import edfi
from adapters.simulators.edfi import Ods
from adapters.simulators.oneroster import server as simulator
from adapters.simulators.oneroster.system import Sis
from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import known_scopes
from gateway.config.settings import load
from gateway.demo.data.district import generate
from gateway.demo.data.edfi.interchange_files import write_edfi_xml
from gateway.demo.data.edfi.server import gradebook_documents, ods_documents
from gateway.demo.data.oneroster.csv_files import write_oneroster_12
from gateway.demo.data.oneroster.ids import Ids
from gateway.demo.data.oneroster.messy_csv_files import write_messy_oneroster_11
from gateway.demo.data.oneroster.server import server_documents
from gateway.demo.data.schools.descriptors import declared
from gateway.demo.data.schools.terms import school_year_of
from gateway.demo.scenario.clients import DemoClient
from gateway.demo.scenario.mover import as_enrolled, with_mover
from gateway.demo.scenario.releases import ANALYTICS, EVERYTHING, MENTORING, ROSTERING, TUTORING
from gateway.demo.scenario.transfer_parties import (
    BATCHES,
    SENDER,
    Addresses,
    TransferParties,
    prepare_transfers,
)
from gateway.storage.registry import Client, Secret, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.demo.data.records import FictionalDistrict

    Progress = Callable[[str], None]

ONEROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROSTER = (f"{ONEROSTER}roster-core.readonly", f"{ONEROSTER}roster.readonly")
DEMOGRAPHICS = f"{ONEROSTER}roster-demographics.readonly"

SETTINGS = """\
# The demonstration region. Every setting is explained in docs/settings.md.
agreements = "agreements"
state = "state"

[server]
host = "127.0.0.1"
port = {port}

[tokens]
per_client = 1000

[limits]
client = ""
district = ""
failures = ""
address_failures = ""
"""

DISTRICT = """
[districts.{name}]
adapter = "{adapter}"
cache = "12h"
timezone = "America/Los_Angeles"
descriptors = {descriptors}
settings = {{source = "{source}"}}
"""
# The facts that no OneRoster system has and Ed-Fi requires (docs/across.md).
DEFAULTS = """
[districts.{name}.defaults]
session.instructionalDays = {{ semester = 90, term = 60, gradingPeriod = 45 }}
"""

AGREEMENT = """\
apiVersion: dsa/v1
id: {id}
version: 1
parties: {{provider: {{district: {district}}}, recipient: {{org: {org}, kind: {kind}}}}}
basis: {{ferpa: "{basis}", purpose: {purpose}, legitimateInterest: "{interest}"}}
validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}
clients: [{client}]
operations: [{operations}]
"""

SEPTEMBER: Final = 9
# An agreement that is over: what was received under it must be destroyed.
ENDED = """\
apiVersion: dsa/v1
id: summer-reading-maple
version: 1
parties: {{provider: {{district: maple}}, recipient: {{org: reading-partners, kind: cbo}}}}
basis: {{ferpa: "99.31(a)(1)", purpose: summer-reading, legitimateInterest: "plan a summer of reading"}}
validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}
clients: [tutoring]
operations: [read, search]
retention: {{deleteWithin: P60D, after: [expiry], certificate: required}}
elements:
  - {{path: student.id, action: allow}}
  - {{path: student.name.given, action: allow}}
"""

# The district without files: its system is a server, on a port of this machine.
SERVER = """
[districts.{name}]
adapter = "oneroster_rest"
cache = "12h"
timezone = "America/Los_Angeles"
descriptors = {descriptors}

[districts.{name}.settings]
url = "{url}"
token_url = "{url}/oauth/token"
client_id = "crossing"
client_secret = "file:{name}.secret"
writable = true
allow_private = true
"""
SERVED = "birch"
ODS = """
[districts.{name}]
adapter = "edfi_ods"
cache = "12h"
timezone = "America/Los_Angeles"

[districts.{name}.settings]
url = "{url}"
client_id = "crossing"
client_secret = "file:{name}.secret"
writable = true
gradebook_url = "{beside}"
gradebook_token_url = "{beside}/oauth/token"
gradebook_client_id = "crossing"
gradebook_client_secret = "file:{name}.secret"
allow_private = true
"""
WITH_ODS = "fir"
SERVERS = ("a OneRoster 1.2 server with a gradebook", "an Ed-Fi ODS/API 7.3 with a OneRoster gradebook beside it")

SITES: tuple[tuple[str, str, str, Callable[[FictionalDistrict, Path], object], str], ...] = (
    ("maple", "oneroster_csv", "OneRoster 1.2 CSV files", write_oneroster_12, "maple.zip"),
    ("cedar", "edfi_xml", "Ed-Fi interchange XML", write_edfi_xml, "cedar"),
    (
        "alder",
        "oneroster_csv",
        "OneRoster 1.1 CSV files with real files' faults",
        write_messy_oneroster_11,
        "alder.zip",
    ),
)


@dataclass(frozen=True, slots=True)
class DemoDistrict:
    """A district, its adapter, and the files it hands over."""

    district: FictionalDistrict
    adapter: str
    dialect: str
    source: Path | None = None

    @property
    def child_id(self) -> str:
        """Return the id by which the system knows the child that a demonstration follows."""
        district, child = self.district, self.district.spotlight
        edfi = self.adapter.startswith("edfi")
        return child.state_id if edfi else Ids(district.name, district.school_year).student(child.id)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the districts' servers on this machine."""

    sis: int
    ods: int
    gradebook: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """The region's files, clients and districts, and the districts that have servers."""

    settings: Path
    accounts: tuple[DemoClient, ...]
    sites: tuple[DemoDistrict, ...]
    sis: Sis
    ods: Ods
    gradebook: Sis
    ports: Ports
    today: date
    """The day that it is in the districts, by whose clock forms are signed."""

    moving: TransferParties

    @contextmanager
    def systems(self) -> Iterator[None]:
        """Run the districts' servers until the end of the block."""
        with (
            simulator.run(self.sis, self.ports.sis),
            edfi.run(self.ods, self.ports.ods),
            simulator.run(self.gradebook, self.ports.gradebook),
        ):
            yield

    @property
    def shown(self) -> DemoDistrict:
        """Return the district that the demonstration follows."""
        return self.sites[0]


@dataclass(frozen=True, slots=True)
class _Deal:
    """One line of the table of agreements."""

    client: str
    org: str
    kind: str
    districts: tuple[str, ...]
    purpose: str
    basis: str
    interest: str
    elements: str
    scopes: tuple[str, ...]
    asks_for: str
    operations: str = "read, search"


def prepare(
    folder: Path, *, students: int, seed: int, port: int, ports: Ports, today: date, progress: Progress
) -> Scenario:
    """Write the whole region below *folder* and register its clients; the districts' servers are to use *ports*."""
    folder.mkdir(parents=True, exist_ok=True)
    sites: list[DemoDistrict] = []
    for name, adapter, dialect, write, target in SITES:
        progress(f"writing the files of the fictional district {name.title()} ({students:,} students, {dialect})")
        district = generate(name, seed=seed, students=students, school_year=school_year_of(today), today=today)
        write(district, folder / target)
        sites.append(DemoDistrict(district, adapter, dialect, folder / target))
    progress(f"filling the servers of the fictional districts {SERVED.title()} and {WITH_ODS.title()}")
    secret, _ = new_secret()
    made = [
        generate(name, seed=seed, students=students, school_year=school_year_of(today), today=today)
        for name in (SERVED, WITH_ODS)
    ]
    sender = next(site.district for site in sites if site.district.name == SENDER)
    made[1], mover = with_mover(sender, made[1])
    for district, adapter, dialect in zip(made, ("oneroster_rest", "edfi_ods"), SERVERS, strict=True):
        sites.append(DemoDistrict(district, adapter, dialect))
        (folder / f"{district.name}.secret").write_text(secret, "ascii")
    sis = Sis(server_documents(made[0]), client="crossing", secret=secret)
    own = Ods(as_enrolled(ods_documents(made[1]), sender, mover), client="crossing", secret=secret)
    own.tokens.limit = -1  # every command of somebody who tries them takes one
    gradebook = Sis(gradebook_documents(made[1], own), client="crossing", secret=secret)
    settings = folder / "gateway.toml"
    places = [
        DISTRICT.format(name=name, adapter=adapter, source=target, descriptors=declared(adapter, folder / target))
        for name, adapter, _, _, target in SITES
    ]
    url = f"http://127.0.0.1:{ports.sis}"
    places.append(SERVER.format(name=SERVED, url=url, descriptors=declared("oneroster_rest", folder)))
    urls = {"url": f"http://127.0.0.1:{ports.ods}", "beside": f"http://127.0.0.1:{ports.gradebook}"}
    places.append(ODS.format(name=WITH_ODS, **urls))
    speaking = [name for name, adapter, *_ in SITES if adapter == "oneroster_csv"] + [SERVED]
    places += [DEFAULTS.format(name=name) for name in speaking]
    settings.write_text(SETTINGS.format(port=port) + "".join(places) + BATCHES, "utf-8")
    progress("signing the agreements and registering the clients")
    deals = _deals(sites[0].district)
    _sign(folder / "agreements", deals, today)
    accounts = _register(settings, deals)
    addresses = Addresses(f"http://127.0.0.1:{port}", urls["url"], secret)
    moving = prepare_transfers(settings, sender, made[1], mover, addresses)
    return Scenario(settings, accounts, tuple(sites), sis, own, gradebook, ports, today, moving)


def _deals(maple: FictionalDistrict) -> tuple[_Deal, ...]:
    schools = ", ".join(f'"{school}"' for school in maple.spotlight_schools)
    return (
        _Deal(
            "rostering", "classlane", "vendor", ("maple", "alder"), "rostering", "99.31(a)(1)",
            "set up classes in the learning platform", ROSTERING, ROSTER,
            "class lists for a learning platform",
        ),
        _Deal(
            "tutoring", "reading-partners", "cbo", ("maple",), "tutoring", "99.31(a)(1)",
            "plan weekly reading support", TUTORING.format(schools=schools), (*ROSTER, DEMOGRAPHICS, "edfi:read"),
            "grades 3 to 5 of two schools",
        ),
        _Deal(
            "analytics", "northsound-metrics", "researcher", ("maple",), "program-evaluation", "99.31(a)(6)",
            "study class sizes", ANALYTICS, (*ROSTER, DEMOGRAPHICS, "edfi:read"),
            "class sizes by age, and no child",
        ),
        _Deal(
            "mentoring", "city-mentors", "cbo", ("cedar",), "mentoring", "99.30",
            "find a mentor near the child's home", MENTORING, (*ROSTER, "edfi:read"),
            "children whose parents signed its form",
        ),
        _Deal(
            "conformance", "conformance", "vendor", (WITH_ODS,), "conformance", "99.31(a)(1)",
            "prove that the standards are obeyed", EVERYTHING, tuple(sorted(known_scopes())),
            "all of one district, as a test", "read, search, create, update, delete, bulk, changes",
        ),
        _Deal(
            "conformance-oneroster", "conformance", "vendor", (SERVED,), "conformance", "99.31(a)(1)",
            "prove that the standards are obeyed", EVERYTHING, tuple(sorted(known_scopes())),
            "everything of a OneRoster district", "read, search, create, update, delete, bulk, changes",
        ),
        _Deal(
            "conformance-edfi", "conformance", "vendor", ("cedar",), "conformance", "99.31(a)(1)",
            "prove that the standards are obeyed", EVERYTHING, tuple(sorted(known_scopes())),
            "everything of an Ed-Fi district", "read, search, bulk, changes",
        ),
    )  # fmt: skip


def _sign(folder: Path, deals: tuple[_Deal, ...], today: date) -> None:
    folder.mkdir(exist_ok=True)
    for deal in deals:
        for district in deal.districts:
            name = _agreement(deal, district)
            head = AGREEMENT.format(
                id=name, district=district, org=deal.org, kind=deal.kind, basis=deal.basis, purpose=deal.purpose,
                interest=deal.interest, begin=date(today.year - 1, 7, 1), end=date(today.year + 2, 6, 30),
                client=deal.client, operations=deal.operations,
            )  # fmt: skip
            (folder / f"{name}.yaml").write_text(head + deal.elements, "utf-8")
    (folder / "summer-reading-maple.yaml").write_text(
        ENDED.format(begin=date(today.year - 1, 6, 1), end=_last_august(today)), "utf-8"
    )


def _last_august(today: date) -> date:
    """Return the last end of August before *today*."""
    return date(today.year - (today.month < SEPTEMBER), 8, 31)


def _agreement(deal: _Deal, district: str) -> str:
    return f"{deal.client}-{district}"


def _register(settings: Path, deals: tuple[_Deal, ...]) -> tuple[DemoClient, ...]:
    store = open_store(load(settings).store_url)
    try:
        accounts = []
        for deal in deals:
            secret, kept = new_secret()
            store.add_client(
                Client(
                    deal.client, deal.org, deal.kind, deal.scopes, (Secret(kept),), datetime.now(UTC), "demonstration"
                )
            )
            accounts.append(
                DemoClient(
                    name=deal.client,
                    org=deal.org,
                    client_id=deal.client,
                    client_secret=secret,
                    scopes=deal.scopes,
                    agreement=_agreement(deal, deal.districts[0]),
                    districts=deal.districts,
                    purpose=deal.purpose,
                    asks_for=deal.asks_for,
                )
            )
        return tuple(accounts)
    finally:
        store.close()
