"""Agreements in a browser without scripts: from the first line to the first answer, by people of both parties."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gateway.admin.agreements.writing import DraftWriting
from gateway.console.wording import COOKIE
from tests.support.people.agreements import acts_of
from tests.support.people.region import BASE, people_region
from tests.support.regions import TUTORING, agreement, small_sites

ROOT = "/console/agreements"
HERE = f"{ROOT}/conformance-maple/1"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
REQUIRED = 'approvals = "required"\n'


@pytest.fixture
def region(tmp_path, request):
    settings = getattr(request, "param", "")
    with people_region(
        tmp_path / "r", small_sites(tmp_path, 30), [agreement("cedar", client="other")], settings
    ) as found:
        yield found


@pytest.fixture
def maria(region):
    return region.browser("maria", ("maple", "privacy-officer"), ("maple", "district-admin"))


@pytest.fixture
def vera(region):
    return region.browser("vera", ("conformance", "vendor-contact"))


def value(page, name):
    """Return the value of a hidden field of a page."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page.get_data(as_text=True))
    assert found, page.get_data(as_text=True)[:3000]
    return unescape(found[1])


def text_of(answer):
    return unescape(answer.get_data(as_text=True))


def begin(browser, text=agreement("maple", TUTORING)):  # noqa: B008
    browser.get(f"{ROOT}/read-in")
    answer = browser.post(f"{ROOT}/read-in", {"text": text})
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["Location"]


def served(region):
    return {f"{one.id}@{one.version}" for one in region.running.standing.agreements}


@pytest.mark.parametrize("region", [REQUIRED], indirect=True)
def test_an_agreement_is_written_signed_by_both_and_published_in_the_browser(region, maria, vera):
    maria.get(f"{ROOT}/new")
    given = {"district": "maple", "recipient": "conformance", "kind": "vendor", "purpose": "tutoring"}
    given |= {"template": "tutoring", "begin": "2026-09-01", "end": "2027-08-31"}
    assert maria.post(f"{ROOT}/new", given).headers["Location"].endswith(HERE)
    page = maria.get(f"{HERE}/edit/parties")
    sent = {
        "number": value(page, "number"),
        "kind": "vendor",
        "purpose": "tutoring",
        "interest": "plan reading support",
    }
    sent |= {"ferpa": "99.31(a)(1)", "begin": "2026-09-01", "end": "2027-08-31", "timezone": "America/Los_Angeles"}
    sent |= {"clients": "conformance\r\n", "operations": ["read", "search"]}
    assert maria.post(f"{HERE}/edit/parties", sent).status_code == 303
    page = maria.get(f"{HERE}/facts?entity=student")
    chosen = {"number": value(page, "number"), "entity": "student", "a.student.name.family": "allow"}
    assert maria.post(f"{HERE}/facts", chosen).status_code == 303
    assert "There is no mistake." in text_of(maria.get(f"{HERE}/check"))
    page = maria.get(HERE)
    assert maria.post(f"{HERE}/ask", {"number": value(page, "number")}).status_code == 303
    page = maria.get(f"{HERE}/publish")
    assert maria.post(f"{HERE}/publish", {"number": value(page, "number")}).status_code == 303
    assert "conformance-maple@1" not in served(region)
    for name, party in (("ada", "maple"), ("ben", "conformance")):
        browser = region.browser(name, (party, "approver"))
        page = browser.get(f"{HERE}/sign")
        assert "plan reading support" in text_of(page)
        assert browser.post(f"{HERE}/sign", {"shown": value(page, "shown"), "party": party}).status_code == 303
    assert "conformance-maple@1" in served(region)
    signed = text_of(vera.get(HERE))
    assert "ada@example.org" in signed
    assert "ben@example.org" in signed


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Somebody who writes and signs for a district, with a draft of which both parties are asked to sign."""
    folder = tmp_path_factory.mktemp("pages")
    with people_region(folder / "r", small_sites(folder, 30), [agreement("cedar", client="other")]) as region:
        maria = region.browser("maria", ("maple", "privacy-officer"), ("maple", "district-admin"))
        begin(maria)
        maria.post(f"{HERE}/ask", {"number": value(maria.get(HERE), "number")})
        yield region.browser("maria2", ("maple", "approver"), ("maple", "district-admin"))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "path",
    ["", "/new", "/read-in", "/conformance-maple", "/conformance-maple/1", "/conformance-maple/1/edit/parties",
     "/conformance-maple/1/edit/who", "/conformance-maple/1/edit/duties", "/conformance-maple/1/facts",
     "/conformance-maple/1/facts?entity=student", "/conformance-maple/1/facts?q=birth", "/conformance-maple/1/text",
     "/conformance-maple/1/check", "/conformance-maple/1/publish", "/conformance-maple/diff?before=1&after=1",
     "/conformance-maple/1/refuse", "/conformance-maple/1/sign", "/conformance-maple/1/withdraw"],
)  # fmt: skip
def test_every_page_is_there_in_both_languages(both, language, path):
    both.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    answer = both.get(f"{ROOT}{path}")
    assert answer.status_code == 200, text_of(answer)
    assert f'<html lang="{language}">' in text_of(answer)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.get_data(as_text=True)


def test_what_the_form_does_not_understand_is_told_in_it_with_what_was_filled_in(maria):
    begin(maria)
    page = maria.get(f"{HERE}/edit/who")
    chosen = {"number": value(page, "number"), "enrollment": "active", "optOut": ""}
    assert maria.post(f"{HERE}/edit/who", {**chosen, "grades": "03"}).status_code == 303
    answer = maria.post(f"{HERE}/edit/who", {**chosen, "grades": "04"})
    assert answer.status_code == 412
    assert "changed this version meanwhile" in text_of(answer)
    assert "04" in text_of(answer)


def test_no_text_that_somebody_wrote_becomes_markup(region, maria, vera):
    text = agreement("maple", TUTORING).replace("prove what is promised", EVIL.replace('"', '\\"'))
    text += f"obligations: ['{EVIL.replace(chr(39), chr(39) * 2)}']\n# {EVIL}\nparties_: 1\n"
    begin(vera, agreement("maple", TUTORING))
    page = vera.get(f"{HERE}/text")
    vera.post(f"{HERE}/text", {"number": value(page, "number"), "text": text})
    paths = ("", "/edit/parties", "/edit/who", "/edit/duties", "/facts", "/text", "/check", f"/facts?q={EVIL}")
    good = text.replace("parties_: 1\n", "")
    for path in (ROOT, f"{ROOT}/conformance-maple", *(HERE + one for one in paths)):
        assert "<script>alert" not in maria.get(path).get_data(as_text=True)
        assert "<img" not in maria.get(path).get_data(as_text=True).replace('<img src="/console/static', "")
    page = vera.get(f"{HERE}/text")
    vera.post(f"{HERE}/text", {"number": value(page, "number"), "text": good})
    page = vera.get(HERE)
    vera.post(f"{HERE}/ask", {"number": value(page, "number")})
    signer = region.browser("ada", ("maple", "approver"))
    more = (f"{HERE}/sign", f"{HERE}/document?format=html", f"{ROOT}/conformance-maple/diff?before=1&after=1")
    for path in more:
        assert "<script>alert" not in signer.get(path).get_data(as_text=True), path


@pytest.mark.parametrize(
    "path", ["", "/1", "/1/edit/parties", "/1/facts", "/1/text", "/1/check", "/1/document", "/diff?before=1&after=1"]
)
def test_another_district_is_answered_as_if_there_were_none(region, maria, path):
    begin(maria)
    stranger = region.browser("cora", ("cedar", "privacy-officer"))
    there = stranger.get(f"{ROOT}/conformance-maple{path}")
    nowhere = stranger.get(f"{ROOT}/no-such-one{path}")
    number = re.compile(r"[0-9a-f]{16,}|(?<=csrf_token\" value=\")[^\"]+")
    bare = [
        number.sub("", one.get_data(as_text=True).replace("conformance-maple", "no-such-one"))
        for one in (there, nowhere)
    ]
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert bare[0] == bare[1]


def test_counts_are_for_the_district_alone_and_looking_is_on_record(region, maria, vera):
    begin(maria)
    assert "Count what it releases" not in text_of(vera.get(HERE))
    assert vera.post(f"{HERE}/effect").status_code == 403
    maria.get(HERE)
    seen = text_of(maria.post(f"{HERE}/effect"))
    assert "then 30" in seen
    assert maria.post(f"{HERE}/effect", {"csv": "coverage"}).content_type.startswith("text/csv")
    assert len(acts_of(region.administered.store, "agreement effect seen")) == 2


def test_a_form_of_another_site_does_nothing(region, maria):
    begin(maria)
    page = maria.get(HERE)
    answer = maria.post(
        f"{HERE}/ask", {"number": value(page, "number"), "csrf_token": ""}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 400
    assert (
        DraftWriting(region.administered)
        .check(region.actor("maria", ("maple", "privacy-officer")), "conformance-maple", 1)
        .ok
    )


def test_documents_come_in_every_format_and_language(maria):
    begin(maria)
    for form, kind in (("html", "text/html"), ("pdf", "application/pdf"), ("text", "text/plain")):
        for language in ("en", "es"):
            path = f"{HERE}/document?kind=agreement&format={form}&language={language}"
            answer = maria.wsgi.get(path, base_url=BASE)
            assert (answer.status_code, answer.mimetype) == (200, kind)
            assert answer.headers["Content-Disposition"].startswith("attachment")
    assert maria.get(f"{HERE}/document?format=exe").status_code == 404


def test_a_signature_asks_who_it_is_once_more_when_that_was_proved_long_ago(region, maria):
    begin(maria)
    signer = region.browser("ada", ("maple", "approver"))
    region.clock.move(15 * 60)
    assert "prove" in signer.get(f"{HERE}/sign").headers["Location"]


def test_the_tree_tells_the_providers_people_how_many_records_have_each_fact(region, maria, vera):
    """As far as the last load read it: cedar serves, so its own people see shares; nobody else sees any."""
    region.running.gateway.districts["cedar"].cached_snapshot()
    cora = region.browser("cora", ("cedar", "privacy-officer"))
    version = begin(cora, agreement("cedar", TUTORING, client="fresh"))
    told = text_of(cora.get(f"{version}/facts?entity=student"))
    assert "all records have it" in told or "% of the records have it" in told
    assert "coverage not reported: the last load did not read it" in told
    cora.wsgi.set_cookie(COOKIE, "es", domain="crossing.example.org", secure=True, path="/")
    assert "cobertura no informada" in text_of(cora.get(f"{version}/facts?entity=student"))


def test_a_drafting_vendor_is_told_no_coverage(region, maria, vera):
    begin(vera)
    for place in ("student", "enrollment"):
        told = text_of(vera.get(f"{HERE}/facts?entity={place}"))
        assert "records have it" not in told
        assert "coverage" not in told
