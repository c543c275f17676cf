"""What an agreement lets a client do: reading is not searching, and what is missing is named."""

from __future__ import annotations

import pytest

import gateway.storage.registry
from tests.support import samples
from tests.support.regions import agreement, running, small_sites

DISTRICT = samples.blocks(samples.ROOT / "docs" / "district.md")
USERS = "http://127.0.0.1:8080/ims/oneroster/rostering/v1p2/students"
STUDENTS = "http://127.0.0.1:8080/data/v3/ed-fi/students"
TOKEN = '-H "Authorization: Bearer $TOKEN"'


@pytest.fixture(params=["[read]", "[read, search]"])
def reader(request, tmp_path, monkeypatch):
    """A consumer whose agreement names the operations of the parameter."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gateway.storage.registry, "utc_now", lambda: samples.NOW)
    samples.furnish(tmp_path)
    someone = samples.Reader(tmp_path)
    someone.prepare(DISTRICT)
    file = tmp_path / "agreements" / "reading-partners.yaml"
    file.write_text(file.read_text("utf-8").replace("operations: [read, search]", f"operations: {request.param}"))
    someone.may_search = "search" in request.param
    for block in DISTRICT:
        if "clients add" in block.text or "oauth/token" in block.text:
            someone.follow(block)
    yield someone
    someone.close()


def test_a_filter_needs_the_operation_search(reader):
    plain = reader.run(f"curl -s -i {TOKEN} {USERS}")
    oneroster = reader.run(f"""curl -s -i -G {TOKEN} {USERS} --data-urlencode "filter=givenName='Théo'" """)
    edfi = reader.run(f"curl -s -i -G {TOKEN} {STUDENTS} --data-urlencode firstName=Théo")
    assert " 200 " in plain.splitlines()[0]
    expected = " 200 " if reader.may_search else " 403 "
    assert expected in oneroster.splitlines()[0]
    assert expected in edfi.splitlines()[0]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """A client that may read and nothing else, and one that may fetch files in bulk and nothing else."""
    folder = tmp_path_factory.mktemp("operations")
    sites = {"maple": small_sites(folder / "data", students=8)["maple"]}
    terms = [agreement("maple", client=name, operations=f"[{name}]") for name in ("read", "bulk")]
    with running(folder / "r", sites, terms) as one:
        yield one


ROSTER, OLDER, EDFI = "/ims/oneroster/rostering/v1p2/", "/ims/oneroster/v1p1/", "/data/v3/ed-fi/"
LACKING = [
    *[("bulk", "GET", root + name, "'read'") for root in (ROSTER, OLDER) for name in ("users", "users/1", "orgs")],
    *[("bulk", "GET", EDFI + name, "'read'") for name in ("students", f"students/{'a' * 32}", "students/partitions")],
    *[("read", "GET", f"{root}users?filter=givenName%3D%27A%27", "'search'") for root in (ROSTER, OLDER)],
    ("read", "GET", f"{EDFI}students?firstName=A", "'search'"),
    ("read", "GET", f"{EDFI}students?minChangeVersion=1", "'changes'"),
    *[("read", "GET", f"{EDFI}students/{feed}", "'changes'") for feed in ("deletes", "keyChanges")],
    ("read", "GET", "/changeQueries/v1/availableChangeVersions", "'changes'"),
    *[("read", "GET", f"/ims/oneroster/bulk/{version}/csv", "'bulk'") for version in ("v1p1", "v1p2")],
    *[
        ("read", method, f"/ims/oneroster/gradebook/v1p2/lineItems/{'a' * 32}", "'create' or 'delete' or 'update'")
        for method in ("PUT", "DELETE")
    ],
]


@pytest.mark.parametrize(("client", "method", "address", "named"), LACKING)
def test_an_operation_that_the_agreement_lacks_is_named_in_every_api(region, client, method, address, named):
    consumer = region.consumer(client)
    answer = consumer.web.open(address, method=method, headers=consumer.bearer, json={} if method == "PUT" else None)
    assert answer.status_code == 403, answer.text
    assert f"The client's agreement lacks the operation {named}, which this request needs." in answer.text


def test_who_has_no_agreement_is_told_no_operation(region):
    stranger = region.consumer("stranger")
    for address in (f"{ROSTER}users", f"{OLDER}users", f"{EDFI}students", "/ims/oneroster/bulk/v1p2/csv"):
        answer = stranger.web.get(address, headers=stranger.bearer)
        assert answer.status_code == 403
        assert "lacks the operation" not in answer.text
