"""The pages why, preview and the recipient's own: by POST, in both languages, for those whose business it is."""

from __future__ import annotations

import re

import pytest

from gateway.auth.scopes import known_scopes
from gateway.storage.registry import Client, Secret
from gateway.tasks.store import Tasks
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

EDFI = "/data/v3/ed-fi"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    sites = small_sites(folder / "data")
    terms = [agreement("maple", TUTORING, client="tutor", operations="[read]", end="2027-01-15"),
             agreement("cedar", client="other", operations="[read]")]  # fmt: skip
    with people_region(folder / "region", sites, terms) as region:
        for name in ("tutor", "other"):
            region.administered.store.add_client(
                Client(name, name, "vendor", tuple(sorted(known_scopes())), (Secret("x"),), region.clock(), "ana")
            )
        yield region


@pytest.fixture
def ana(region):
    return region.browser("ana", ("maple", "district-admin"))


@pytest.fixture
def tor(region):
    return region.browser("tor", ("tutor", "vendor-contact"))


def test_a_custodian_is_answered_with_the_place(ana):
    assert ana.get("/console/why").status_code == 200
    page = ana.post("/console/why", {"client": "tutor", "method": "GET", "address": f"{EDFI}/students?birthDate=1"})
    assert page.status_code == 200
    assert "student.birthDate" in page.text
    assert re.search(r"\.yaml:\d+:\d+", page.text)


def test_a_recipient_is_answered_without_facts_and_in_spanish(region, tor):
    assert tor.get("/console/why/own").status_code == 200
    page = tor.post("/console/why/own", {"client": "tutor", "method": "GET", "address": f"{EDFI}/students?birthDate=1"})
    assert "not in the agreement" in page.text
    assert ".yaml" not in page.text
    spanish = tor.post(
        "/console/why/own", {"client": "tutor", "method": "GET", "address": f"{EDFI}/students?birthDate=1"},
        headers={"Accept-Language": "es"},
    )  # fmt: skip
    assert spanish.status_code == 200


@pytest.mark.parametrize("path", ["/console/why", "/console/preview", "/console/vendor", "/console/why/own"])
def test_every_page_speaks_spanish(region, path):
    both = region.browser("both", ("maple", "district-admin"), ("tutor", "vendor-contact"))
    both.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    page = both.get(path)
    assert page.status_code == 200
    assert 'lang="es"' in page.text


def test_answers_in_spanish_are_whole(region):
    both = region.browser("both", ("maple", "district-admin"), ("tutor", "vendor-contact"))
    both.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    student = region.running.gateway.districts["maple"].cached_snapshot().table("student").ids[0]
    both.get("/console/why")
    for address in (f"{EDFI}/students", f"{EDFI}/staffs", "/nowhere", f"{EDFI}/students/x", f"{EDFI}/students?limit=x"):
        for path in ("/console/why", "/console/why/own"):
            assert both.post(path, {"client": "tutor", "method": "GET", "address": address}).status_code == 200
    page = both.post("/console/preview", {"which": "maple tutor", "student": student})
    assert page.status_code == 200
    assert "Lo que recibe el cliente" in page.text


def test_what_is_pasted_is_escaped_and_in_no_address(ana):
    ana.get("/console/why")
    page = ana.post("/console/why", {"client": "tutor", "method": "GET", "address": f"{EDFI}/students?{SCRIPT}=1"})
    assert page.status_code == 200
    assert SCRIPT not in page.text
    assert "Location" not in page.headers
    refused = ana.post("/console/why", {"client": "tutor", "method": "GET", "address": f"javascript:{SCRIPT}"})
    assert refused.status_code == 400
    assert SCRIPT not in refused.text


@pytest.mark.parametrize("data", [
    {"client": SCRIPT}, {"client": "other"}, {"method": "PATCH"}, {"address": "\0"}, {"address": "x" * 600_000},
    {"identifier": "\0" * 99}, {"identifier": SCRIPT}, {"purpose": SCRIPT},
])  # fmt: skip
def test_hostile_forms_are_answered_with_a_page(ana, data):
    ana.get("/console/why")
    page = ana.post("/console/why", {"client": "tutor", "method": "GET", "address": f"{EDFI}/students"} | data)
    assert page.status_code in {200, 400, 404, 413}
    assert SCRIPT not in page.text


def test_four_megabytes_are_too_large(ana):
    ana.get("/console/why")
    assert ana.post("/console/why", {"client": "tutor", "address": "x" * 4_000_000}).status_code == 413


def test_a_form_without_its_token_is_refused(ana):
    ana.get("/console/why")
    ana.token = "none"
    assert ana.post("/console/why", {"client": "tutor", "address": f"{EDFI}/students"}).status_code == 400
    ana.token = "none"
    assert ana.post("/console/preview", {"which": "maple tutor", "student": "x"}).status_code == 400


def test_preview_shows_three_columns_once_and_keeps_the_id_out(region, ana):
    student = region.running.gateway.districts["maple"].cached_snapshot().table("student").ids[0]
    ana.get("/console/preview")
    page = ana.post("/console/preview", {"which": "maple tutor", "student": student})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "studentUniqueId" in page.text
    assert f'value="{student}"' not in page.text
    nobody = ana.post("/console/preview", {"which": "maple tutor", "student": "nobody"})
    assert nobody.status_code == 404


@pytest.mark.parametrize(("role", "path", "status"), [
    (("maple", "auditor"), "/console/why", 403), (("tutor", "vendor-contact"), "/console/why", 403),
    (("tutor", "vendor-contact"), "/console/preview", 403), (("region", "region-operator"), "/console/preview", 403),
    (("region", "region-operator"), "/console/why", 403), (("region", "region-operator"), "/console/why/own", 200),
    (("maple", "district-admin"), "/console/vendor", 403),
])  # fmt: skip
def test_pages_are_for_the_roles_of_the_table(region, role, path, status):
    assert region.browser("-".join(role), role).get(path).status_code == status


def test_a_vendor_sees_its_own_and_asks_for_an_extension_once(region, tor):
    page = tor.get("/console/vendor")
    assert page.status_code == 200
    assert "tutor-maple@1" in page.text
    assert "other" not in re.sub(r"<nav.*?</nav>", "", page.text, flags=re.DOTALL)
    assert tor.get("/console/vendor?org=other").status_code == 404
    form = tor.get("/console/vendor/extension?org=tutor&agreement=tutor-maple")
    assert form.status_code == 200
    answer = tor.post("/console/vendor/extension", {"org": "tutor", "agreement": "tutor-maple", "reason": SCRIPT})
    assert answer.status_code == 303
    (task,) = [one for one in Tasks(region.administered.store).rows() if one.kind == "extension-asked"]
    assert (task.org, task.role) == ("maple", "privacy-officer")
    again = tor.post("/console/vendor/extension", {"org": "tutor", "agreement": "tutor-maple", "reason": ""})
    assert again.status_code == 400
    assert SCRIPT not in again.text
    assert tor.get("/console/vendor/extension?org=tutor&agreement=other-cedar").status_code == 404


def test_tables_come_as_csv_too(tor):
    answer = tor.get("/console/vendor?agreements-csv=1")
    assert answer.mimetype == "text/csv"
    assert "tutor-maple@1" in answer.text
