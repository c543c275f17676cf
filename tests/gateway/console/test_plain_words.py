"""Pages say in words what there is, who can do what about it and what comes next; a form keeps what was typed."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.answers.rehearsed import nearest
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.inbox.inbox import Inbox
from gateway.admin.settings import OrganisationSettings
from gateway.console.organisations.settings import CHOSEN
from gateway.districts.refreshes.readings import named
from gateway.people.actor import operator
from gateway.storage.registry import ENABLED, ClientUpdate
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

OPERATOR = operator("olga")
ADMIN = ("maple", "district-admin")
ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
VERSION = "/console/agreements/conformance-maple/1"
NEXT = "/console/agreements/conformance-maple/2"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as found:
        DraftWriting(found.administered).continue_(found.actor("dana", ADMIN), "conformance-maple", 1)
        Clients(found.administered).register(OPERATOR, NewClient("of-region", "conformance", "vendor", (ROSTER,)))
        found.person("vera", ("conformance", "vendor-contact"))
        yield found


@pytest.fixture
def dana(region):
    return region.browser("dana", ADMIN)


@pytest.fixture
def vera(region):
    return region.browser("vera")


def text(answer):
    return unescape(re.sub(r"<[^>]+>|\s+", " ", answer.get_data(as_text=True)))


def words(answer):
    return " ".join(text(answer).split())


def hidden(answer, name):
    return re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', answer.get_data(as_text=True))[1]


def test_a_version_says_which_party_has_no_signatory_and_links_to_the_invitation(dana):
    page = dana.get(VERSION)
    assert "Nobody can sign for maple yet" in words(page)
    assert "Nobody can sign for conformance yet" in words(page)
    assert "/console/people/invite?org=maple&amp;role=approver" in page.text
    assert "invite?org=conformance" not in page.text


def test_addresses_of_another_organisations_people_are_not_told(dana, vera):
    assert "vera@example.org" not in dana.get(VERSION).text
    assert "dana@example.org" not in words(vera.get(VERSION)).partition("Signatures")[2].partition("conformance")[0]
    assert "/console/people/invite?org=conformance&amp;role=approver" in vera.get(VERSION).text


def test_the_page_before_publishing_says_that_nobody_can_sign(dana):
    assert "Nobody can sign for maple yet" in words(dana.get(f"{NEXT}/publish"))


def test_a_version_links_to_what_it_changes(dana):
    page = dana.get(NEXT)
    assert "What changes against version 1" in words(page)
    assert "diff?before=1&amp;after=2" in page.text
    assert "What changes against" not in words(dana.get(VERSION))


def test_the_district_alone_counts_whom_a_change_is_about(region, dana, vera):
    address = "/console/agreements/conformance-maple/diff"
    assert "Count the students" in words(dana.get(f"{address}?before=1&after=2"))
    assert "students now" in words(dana.post(address, {"before": 1, "after": 2}))
    assert "Count the students" not in words(vera.get(f"{address}?before=1&after=2"))
    assert vera.post(address, {"before": 1, "after": 2}).status_code == 403


def test_a_signature_of_one_of_two_persons_is_shown_with_its_proposal(region, dana):
    settings = OrganisationSettings(region.administered)
    chosen = {name: getattr(settings.read(region.actor("dana", ADMIN), "maple"), name) for name in CHOSEN}
    settings.change(region.actor("dana", ADMIN), "maple", chosen | {"two_persons": ["agreement.sign"]}, 0, "")
    paul = region.browser("paul", ("maple", "approver"))
    asked = paul.get(f"{VERSION}/sign")
    assert paul.post(f"{VERSION}/sign", {"shown": hidden(asked, "shown"), "party": "maple"}).status_code == 303
    page = paul.get(VERSION)
    assert "signed by one person, waits for a second person" in words(page)
    assert "Signed by paul@example.org" in words(page)
    assert "/console/proposals/" in page.text
    assert "Signed by paul@example.org" in words(dana.get(VERSION))
    assert "/console/proposals/" not in dana.get(VERSION).text.partition("Signatures")[2]


def test_an_extension_can_be_asked_for_long_before_the_end(vera):
    page = vera.get("/console/vendor")
    assert "conformance-maple with maple ends on Aug 31, 2027" in words(page)
    assert "extension?org=conformance&amp;agreement=conformance-maple" in page.text
    assert "extension?org=conformance" in vera.get(VERSION).text


NEW = {"district": "maple", "recipient": "conformance", "purpose": "reading", "template": "tutoring"}


def test_a_new_agreement_offers_known_organisations_and_clients_and_takes_the_kind_from_them(region, dana):
    page = dana.get("/console/agreements/new").text
    assert '<option value="conformance">' in page
    assert 'value="of-region"' not in page  # no agreement of the district names it
    made = dana.post("/console/agreements/new", NEW | {"kind": "", "clients": "yet-to-come"})
    assert made.status_code == 303
    written = unescape(dana.get(f"{made.headers['Location']}/text").text)
    assert re.search(r'kind"?: "?vendor', written)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"recipient": "brand-new"}, "choose its kind"),
        ({"kind": "cbo"}, "of another kind"),
    ],
    ids=["unknown organisation without a kind", "known organisation of another kind"],
)
def test_a_kind_that_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(dana, more, said):
    dana.get("/console/agreements/new")
    answer = dana.post("/console/agreements/new", NEW | {"kind": "", "interest": "Plan weekly support"} | more)
    assert answer.status_code == 400
    assert said in words(answer)
    assert "Plan weekly support" in answer.text


def test_a_client_is_registered_with_the_kind_of_its_organisation_and_scopes_as_sentences(region, dana):
    page = dana.get("/console/clients/register?name=conformance&org=conformance")
    assert "Named by an agreement, not registered yet" in words(page)
    assert "Ed-Fi: read records (its agreements need it) edfi:read" in words(page)
    sent = {"name": "pilot", "org": "conformance", "steward": "maple", "scopes": ["edfi:read"]}
    assert dana.post("/console/clients/register", sent).status_code == 303
    assert region.administered.store.find_client("pilot").kind == "vendor"


def test_who_may_act_on_a_client_is_told_to_whoever_only_looks(region):
    pia = region.browser("pia", ("maple", "privacy-officer"))
    Clients(region.administered).register(OPERATOR, NewClient("conformance", "conformance", "vendor", (ROSTER,)))
    page = words(pia.get("/console/clients/conformance"))
    assert "Who may act here" in page
    assert "Contact of a vendor, researcher or agency (conformance)" in page


def test_a_pause_that_is_refused_keeps_its_reason(dana):
    dana.get("/console/districts/maple")
    answer = dana.post("/console/districts/maple/pause", {"until": "2001-01-01T00:00", "reason": "Holidays"})
    assert answer.status_code == 400
    assert 'value="Holidays"' in answer.text
    assert "Choose an end in the future" in words(answer)


def test_a_connection_that_a_file_declares_is_said_to_be_read_only_before_any_button(dana):
    page = dana.get("/console/districts/maple/connection")
    assert page.status_code == 200
    assert "This connection is only read here" in words(page)
    assert "Write it down" not in words(page)
    for step in ("review", "remove"):
        assert dana.get(f"/console/districts/maple/{step}").headers["Location"].endswith("/maple/connection")


def test_no_secret_is_offered_where_there_is_no_webhook(dana):
    page = words(dana.get("/console/settings"))
    assert "There is no webhook" in page
    assert "Make a new secret" not in page


def test_a_district_is_told_by_its_system_in_words(dana):
    page = dana.get("/console/districts/maple")
    assert "OneRoster CSV bulk files in a folder or a zip (oneroster_csv)" in words(page)
    assert re.search(r'<time datetime="20[^"]+">', dana.get(VERSION).text)


def test_a_task_for_a_role_that_nobody_has_is_shown_to_whoever_can_invite_somebody(region, dana):
    what = "Look through the old entries"
    task = Inbox(region.administered).open(region.actor("dana", ADMIN), "maple", "registrar", what, None)
    pia = region.browser("pia", ("maple", "privacy-officer"))
    assert "Registrar (nobody yet: invite one)" in words(dana.get("/console"))
    assert what not in words(pia.get("/console"))
    assert "/console/people/invite?org=maple&amp;role=registrar" in dana.get(f"/console/tasks/{task.id}").text
    region.person("rita", ("maple", "registrar"))
    assert what not in words(dana.get("/console"))


def test_a_recipient_is_told_which_scope_it_lacks_and_which_resource_it_may_have_meant(region, vera):
    Clients(region.administered).register(OPERATOR, NewClient("asked", "conformance", "vendor", (ROSTER,)))
    region.administered.store.alter_client(
        "asked", "tests", lambda _connection, _found: ClientUpdate({"status": ENABLED}, "enabled", {})
    )
    vera.get("/console/why/own")
    asked = {"client": "asked", "method": "GET"}
    page = words(vera.post("/console/why/own", asked | {"address": "/data/v3/ed-fi/students"}))
    assert f"needs one of: edfi:read; the client has: {ROSTER}" in page
    page = words(vera.post("/console/why/own", asked | {"address": "/ims/oneroster/rostering/v1p2/studentz/secret-id"}))
    assert "The nearest is students" in page
    assert "studentz" not in page.replace("studentz/secret-id", "", 1)


def test_the_nearest_resource_is_one_of_the_standards_and_never_of_what_is_typed():
    assert nearest("/ims/oneroster/rostering/v1p2/enrolments") == "enrollments"
    assert nearest("/data/v3/ed-fi/student") == "students"
    assert nearest("/data/v3/ed-fi/students") == ""
    assert nearest("/nothing/like/it") == ""


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("users.csv:3:birthDate", "what stands on this line is not as the standard says"),
        ("users.csv", "this file is not as the standard says"),
        ("", "what the source gives here is not as the standard says"),
    ],
    ids=["line", "file", "nowhere"],
)
def test_a_mistake_whose_words_could_quote_a_value_is_kept_by_what_its_place_tells(place, kept):
    assert named([(place, "'Maria Lopez' is no date")])[0][1] == kept
