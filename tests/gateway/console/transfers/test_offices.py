"""The start of transfers, keys, letters, figures, suggestions and tasks: who is shown what, and what to do where there is nothing."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from gateway.transfers.sealing.key_set import KeyUse, publish
from tests.gateway.console.transfers.moving import moving, text, words
from tests.gateway.transfers.work.world import pair
from tests.support.people.region import people_region
from tests.support.regions import NOW, agreement, small_sites

MAPLE = "/console/transfers/maple"
TABS = {
    "ana": {"inbox", "sent", "letters", "reports"},
    "rita": {"inbox", "sent", "received", "letters", "reports"},
    "pia": {"inbox", "sent", "letters", "reports"},
    "dana": {"inbox", "sent", "reports", "keys"},
    "aldo": {"inbox", "sent", "reports"},
    "olga": {"inbox", "sent", "reports"},
}
JWK = json.dumps(publish(pair("maple sig"), KeyUse.SIGN, NOW, NOW + timedelta(days=365)).as_jwk())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("offices"), release=False, notify="letter") as found:
        yield found


@pytest.mark.parametrize("who", TABS)
def test_roles_decide_which_pages_are_shown(world, who):
    page = text(world.browser(who).get(MAPLE))
    assert {
        one for one in ("inbox", "sent", "received", "letters", "reports", "keys") if f'"{MAPLE}/{one}"' in page
    } == TABS[who]


def test_a_vendor_has_no_transfers_and_a_district_not_those_of_another(world):
    vera, rita = world.browser("vera"), world.browser("rita")
    assert "/console/transfers" not in text(vera.get("/console"))
    assert vera.get(MAPLE).status_code == 403
    for path in ("", "/inbox", "/sent", "/reports"):
        assert rita.get(f"/console/transfers/cedar{path}").status_code in {403, 404}


def test_one_district_is_led_to_and_the_operator_chooses(world):
    assert world.browser("rita").get("/console/transfers").headers["Location"].endswith("/transfers/maple")
    page = text(world.browser("olga").get("/console/transfers"))
    assert '"/console/transfers/maple"' in page
    assert '"/console/transfers/cedar"' in page


def test_whoever_cannot_ask_is_told_what_to_do_next(world):
    page = words(world.browser("rita").get(MAPLE))
    assert "You cannot ask for a record yet" in page
    assert "The administrator of the district that has the records begins it under Agreements" in page
    assert "No agreement about transfers" in words(world.browser("rita").get(f"{MAPLE}/ask"))


def test_where_no_district_takes_part_the_page_says_who_changes_that(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        page = words(region.browser("rita", ("maple", "registrar")).get("/console/transfers"))
        assert "No district takes part in transfers yet. The gateway's operator names those that do" in page
        assert region.browser("rita").get(MAPLE).status_code == 404


def test_a_key_is_published_compared_retired_and_revoked(world):
    dana = world.browser("dana")
    assert "Your district has no key yet" in words(dana.get(f"{MAPLE}/keys"))
    wrong = dana.post(f"{MAPLE}/keys", {"jwk": '{"kty": "EC", "d": "secret"}'})
    assert wrong.status_code in {400, 422}
    assert 'id="jwk-fault"' in text(wrong)
    assert dana.post(f"{MAPLE}/keys", {"jwk": JWK}).status_code == 303
    kid = pair("maple sig").thumbprint()
    page = dana.get(f"{MAPLE}/keys?of=cedar")
    assert f"{kid[:4]} {kid[4:8]}" in words(page)
    assert "Named by: maple-to-cedar" in words(page)
    other = pair("cedar enc").thumbprint()
    assert f"{other[:4]} {other[4:8]}" in words(page)
    dana.get(f"{MAPLE}/keys/{kid}/retire")
    assert dana.post(f"{MAPLE}/keys/{kid}/retire", {"reason": "a new one follows"}).status_code == 303
    assert "on its way out" in words(dana.get(f"{MAPLE}/keys"))
    assert "A revoked key never comes back" in words(dana.get(f"{MAPLE}/keys/{kid}/revoke"))
    assert dana.post(f"{MAPLE}/keys/{kid}/revoke", {"reason": "lost"}).status_code == 303
    assert "revoked" in words(dana.get(f"{MAPLE}/keys"))


def test_a_letter_is_printed_in_both_languages_and_noted_as_sent(world):
    rita, ana, transfer = world.browser("rita"), world.browser("ana"), world.asked(3)
    assert "No letter is to be sent now" in words(rita.get(f"{MAPLE}/letters"))
    world.work(transfer)
    assert world.release(ana, transfer, by_person=["identity"])[1].status_code == 303
    page = rita.get(f"{MAPLE}/letters")
    assert world.child(3).family in words(page)
    english, spanish = (rita.get(f"{MAPLE}/inbox/{transfer}/letter?in={one}") for one in ("en", "es"))
    assert "34 CFR 99.34" in text(english)
    assert 'lang="es"' in text(spanish)
    assert rita.post(f"{MAPLE}/inbox/{transfer}/letter").status_code == 303
    assert "No letter is to be sent now" in words(rita.get(f"{MAPLE}/letters"))


def test_figures_count_without_a_name_and_as_csv(world):
    aldo, transfer = world.browser("aldo"), world.asked(5)
    world.work(transfer)
    page = aldo.get(f"{MAPLE}/reports")
    assert "waits for a decision" in words(page)
    assert world.child(5).family not in text(page)
    rows = list(csv.DictReader(io.StringIO(aldo.get(f"{MAPLE}/reports?tracks-csv=1").get_data().decode("utf-8-sig"))))
    assert [one["Track"] for one in rows] == ["Information", "Whole record"]
    wrong = words(aldo.get(f"{MAPLE}/reports?begin=2026-11-05&end=2026-11-01"))
    assert "The last day must not be before the first" in wrong


def test_own_students_are_looked_up_and_fill_the_form_in(world):
    rosa, child = world.browser("rosa"), world.child(7)
    rosa.get("/console/transfers/cedar/ask")
    found = rosa.post(
        "/console/transfers/cedar/ask", {"find": "y", "family": child.family, "birth_date": child.birth_date}
    )
    assert "Take this student" in words(found)
    assert f'name="state_id" value="{child.state_id}"' in text(found)
    filled = rosa.post("/console/transfers/cedar/ask", {"fill": "y", "state_id": child.state_id, "given": child.given})
    assert f'value="{child.given}"' in text(filled)
    assert "Something is missing" not in words(filled)
    nothing = rosa.post("/console/transfers/cedar/ask", {"find": "y", "given": child.given})
    assert "Search by a family name" in words(nothing)
    none = rosa.post("/console/transfers/cedar/ask", {"find": "y", "family": "Nobodysuch", "birth_date": "1999-01-01"})
    assert "None of your students is like this" in words(none)


def test_a_task_leads_to_the_page_on_which_it_is_done(world):
    ana, transfer = world.browser("ana"), world.asked(9)
    world.work(transfer)
    number = f"{transfer[:4]}-{transfer[4:8]}"
    inbox = text(ana.get("/console"))
    assert "records that are asked for are late" in inbox
    assert "asked for are late" not in text(world.browser("dana").get("/console"))
    assert f"transfer: {number}" in inbox
    tasks = [one.split('"')[0] for one in inbox.split('href="')[1:] if one.startswith("/console/tasks/")]
    pages = [text(ana.get(one)) for one in dict.fromkeys(tasks) if not one.endswith("closed")]
    assert any(f"{MAPLE}/inbox/{transfer}" in one and "Decide what leaves" in one for one in pages)
