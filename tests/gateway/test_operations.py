"""What an agreement lets a client do: reading is not searching."""

from __future__ import annotations

import pytest

import gateway.store
from tests import samples

DISTRICT = samples.blocks(samples.ROOT / "docs" / "district.md")
USERS = "http://127.0.0.1:8080/ims/oneroster/rostering/v1p2/students"
STUDENTS = "http://127.0.0.1:8080/data/v3/ed-fi/students"
TOKEN = '-H "Authorization: Bearer $TOKEN"'


@pytest.fixture(params=["[read]", "[read, search]"])
def reader(request, tmp_path, monkeypatch):
    """A consumer whose agreement names the operations of the parameter."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gateway.store, "utc_now", lambda: samples.NOW)
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
