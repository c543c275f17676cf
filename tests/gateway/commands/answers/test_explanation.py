"""What `crossing explain` says is what the gateway does: nothing is called released that a request is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from functools import cache, partial
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import ONEROSTER_1_1, ONEROSTER_1_2
from gateway.commands.answers.explanation import ClientStanding
from gateway.storage.registry import Client, Secret
from policies import agreement as agreements
from policies.compiler import Grants
from policies.explain import explain
from tests.policies import documents
from tests.support.regions import agreement, running, small_sites

if TYPE_CHECKING:
    from pathlib import Path

    from policies.agreement import Agreement

# Where each fact is found, by the standards' own documents: an address and a member of what is answered there.
FACTS = {
    "student.name.given": [
        ("/ims/oneroster/rostering/v1p2/students", "givenName"),
        ("/ims/oneroster/v1p1/students", "givenName"),
        ("/data/v3/ed-fi/students", "firstName"),
    ],
    "student.birthDate": [
        ("/ims/oneroster/rostering/v1p2/demographics", "birthDate"),
        ("/ims/oneroster/v1p1/demographics", "birthDate"),
        ("/data/v3/ed-fi/students", "birthDate"),
    ],
    "organization.name": [
        ("/ims/oneroster/rostering/v1p2/orgs", "name"),
        ("/ims/oneroster/v1p1/orgs", "name"),
        ("/data/v3/ed-fi/schools", "nameOfInstitution"),
        ("/data/v3/ed-fi/localEducationAgencies", "nameOfInstitution"),
    ],
    "course.title": [
        ("/ims/oneroster/rostering/v1p2/courses", "title"),
        ("/ims/oneroster/v1p1/courses", "title"),
        ("/data/v3/ed-fi/courses", "courseTitle"),
    ],
}
COLUMNS = {
    "student.name.given": ("users.csv", "givenName"),
    "student.birthDate": ("demographics.csv", "birthDate"),
    "organization.name": ("orgs.csv", "name"),
    "course.title": ("courses.csv", "title"),
}
IDS = ["student.id", "organization.id", "course.id"]
SCOPES = (
    f"{ONEROSTER_1_2}roster.readonly",
    f"{ONEROSTER_1_2}roster-demographics.readonly",
    f"{ONEROSTER_1_1}roster.readonly",
    "edfi:read",
)
USELESS = (f"{ONEROSTER_1_2}gradebook.readonly", "edfi:update")
LINES = [(path, "allow") for path in ("student", "organization", "course")]
# What can be wrong with a request, each of which the gateway must find out and `explain` must say.
FLAWS = (
    "suspended", "ended", "another organisation", "no scope", "some scopes", "no operation", "bulk only", "over",
    "to come", "no ids", "another purpose elsewhere", "few facts", "the other district",
)  # fmt: skip
NUMBERS = count()


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """Two districts that hold all that any example may show."""
    folder = tmp_path_factory.mktemp("region")
    sites = small_sites(folder / "data", students=8)
    with running(folder / "r", sites, [agreement(name, LINES, client="all") for name in sites]) as one:
        yield one


def client_of(flaws: frozenset[str], trace: str, region) -> Client:
    """A client that has every scope and is enabled, but for its *flaws*."""
    name = f"probe{next(NUMBERS)}"
    scopes = USELESS if "no scope" in flaws else SCOPES[1:2] if "some scopes" in flaws else SCOPES
    status = next((one for one in ("ended", "suspended") if one in flaws), "enabled")
    org = name.title() if "another organisation" in flaws else name
    return Client(name, org, "vendor", scopes, (Secret(trace),), region.clock(), "ana", status)


def terms_of(flaws: frozenset[str], name: str, folder: Path) -> tuple[Agreement, ...]:
    """The agreements of a client, which release every fact, but for their *flaws*."""
    facts = [*FACTS][:2] if "few facts" in flaws else [*FACTS]
    given = {
        "client": name,
        "operations": "[create]" if "no operation" in flaws else "[bulk]" if "bulk only" in flaws else "[read, search]",
        "begin": "2027-01-01" if flaws & {"over", "to come"} == {"to come"} else "2026-01-01",
        "end": "2026-01-31" if "over" in flaws else "2027-08-31",
    }
    lines = [(one, "allow") for one in (*facts, *(() if "no ids" in flaws else IDS))]
    district = "cedar" if "the other district" in flaws else "maple"
    texts = [agreement(district, lines, **given)]
    if "another purpose elsewhere" in flaws:
        other = "maple" if district == "cedar" else "cedar"
        texts.append(agreement(other, lines, client=name, purpose="another"))
    place = folder / name
    place.mkdir()
    for number, text in enumerate(texts):
        (place / f"{number}.yaml").write_text(text, "utf-8")
    return agreements.load_folder(place)


def compare(region, folder: Path, flaws: frozenset[str]) -> set[bool]:
    """Hold what `explain` says of each fact against what a client with these *flaws* is told; which there were."""
    (secret, trace), verdicts = new_secret(), set()
    client = client_of(flaws, trace, region)
    region.gateway.callers._store.add_client(client)
    web = region.app.test_client()
    terms = terms_of(flaws, client.client_id, folder)
    vars(region.gateway.grants).update(vars(Grants(terms, region.clock)))
    has = {name: one.adapter.manifest.entities for name, one in region.gateway.districts.items()}
    standing = ClientStanding(client.client_id, client, region.gateway.grants, has)
    asked = [
        Told(web, web.post("/oauth/token", data=form, auth=(client.client_id, secret)).json.get("access_token"))
        for purpose in sorted({one.purpose for one in terms})
        for form in [{"grant_type": "client_credentials", "purpose": purpose}]
    ]
    for fact in FACTS:
        traces = explain(terms, client.client_id, fact, region.clock(), before=standing.steps)
        said = any(one.released for one in traces)
        assert said is any(one.tells(fact) for one in asked), "\n".join(one.text() for one in traces)
        verdicts.add(said)
    return verdicts


@pytest.mark.parametrize("flaw", ["", *FLAWS])
def test_explain_says_released_just_where_the_gateway_releases(region, tmp_path, flaw):
    verdicts = compare(region, tmp_path, frozenset({flaw}))
    mixed = {"few facts", "some scopes"}
    harmless = {"", "bulk only", "the other district", "another purpose elsewhere"}
    assert verdicts == ({True, False} if flaw in mixed else {flaw in harmless})


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flaws=st.frozensets(st.sampled_from(FLAWS), min_size=2, max_size=3))
def test_so_it_does_where_several_things_are_wrong(region, tmp_path, flaws):
    compare(region, tmp_path, flaws)


class Told:
    """What a client is told wherever the standards have a fact, asked once."""

    def __init__(self, web, token: str | None) -> None:
        self._ask = cache(partial(web.get, headers={"Authorization": f"Bearer {token}"}))

    def tells(self, fact: str) -> bool:
        """Whether a value of *fact* is in any answer."""
        paged = any(self._page(*place) for place in FACTS[fact])
        return paged or any(self._file(version, *COLUMNS[fact]) for version in ("v1p1", "v1p2"))

    def _page(self, address: str, member: str) -> bool:
        answer = self._ask(address)
        if answer.status_code != 200:
            return False
        records = answer.json if isinstance(answer.json, list) else next(iter(answer.json.values()))
        return any(one.get(member) for one in records)

    def _file(self, version: str, name: str, column: str) -> bool:
        answer = self._ask(f"/ims/oneroster/bulk/{version}/csv")
        if answer.status_code != 200:
            return False
        with zipfile.ZipFile(io.BytesIO(answer.data)) as files:
            if name not in files.namelist():
                return False
            return any(row[column] for row in csv.DictReader(io.StringIO(files.read(name).decode())))


def test_of_a_fact_that_nothing_shows_no_operation_and_no_scope_is_said_to_be_missing():
    one = agreements.load(documents.SAMPLES / "tutoring.yaml")
    standing = ClientStanding(documents.CLIENT, None, Grants((one,), lambda: documents.NOW), {one.district: None})
    told = [step.about for step in standing.steps(one, "student.email")]
    assert "shown by" in told
    assert not {"operation", "scope"} & set(told)
