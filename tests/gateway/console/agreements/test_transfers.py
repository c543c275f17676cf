"""An agreement about transfers in a browser without scripts: from the first line to one without a mistake."""

from __future__ import annotations

import re

import pytest

from gateway.admin.agreements.form import content_of
from gateway.console.wording import COOKIE
from gateway.storage.acts import Act
from gateway.storage.transfers.district_keys import DistrictKey, DistrictKeys
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.work.gateway_key import gateway_keys
from policies.transfers.terms import transfer_terms
from tests.gateway.console.agreements.test_pages import EVIL, ROOT, begin, text_of, value
from tests.gateway.transfers.work.world import agreement_text, pair
from tests.support.people.region import people_region
from tests.support.regions import NOW, TUTORING, agreement, small_sites

HERE = f"{ROOT}/cedar-maple/1"
PART = f"{HERE}/edit/transfer"
SIGNS, OPENS = pair("maple sig").thumbprint(), pair("cedar enc").thumbprint()
FILLED = {
    "tracks": ["info"], "when": ["stateId exact", "birthDate exact", "noRestriction", "noHold"],
    "ask": ["special-education", "health", "discipline"], "notify": "annual-notice", "office": "",
    "receiverKeys": f"{OPENS}\r\n", "senderKeys": SIGNS,
}  # fmt: skip


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfers")
    with people_region(folder / "r", small_sites(folder, 30), [agreement("cedar", client="other")]) as found:
        keys = DistrictKeys(found.administered.store, found.administered.clock)
        for district, name, use in (("maple", "maple sig", KeyUse.SIGN), ("cedar", "cedar enc", KeyUse.SEAL)):
            made = publish(pair(name), use, NOW, NOW.replace(year=NOW.year + 1))
            row = DistrictKey(district, made.kid, use.value, "active", made.as_jwk())
            keys.put(row, Act("ana", "key added", district, {}))
        yield found


@pytest.fixture(scope="module")
def maria(region):
    """Who has begun the agreement by the form."""
    found = region.browser("maria", ("maple", "privacy-officer"), ("maple", "district-admin"))
    found.get(f"{ROOT}/new")
    given = {"district": "maple", "recipient": "cedar", "kind": "district", "purpose": "enrollment"}
    given |= {"template": "transfer", "clients": "cedar-agent", "begin": "2026-09-01", "end": "2027-08-31"}
    answer = found.post(f"{ROOT}/new", given)
    assert answer.status_code == 303, text_of(answer)
    assert answer.headers["Location"].endswith(HERE)
    return found


def post(browser, **changes):
    number = value(browser.get(PART), "number")
    return browser.post(PART, FILLED | {"number": number} | changes)


def written(browser):
    """The text of the draft."""
    return text_of(browser.get(f"{HERE}/text")).partition('id="text"')[2].partition(">")[2].partition("</textarea>")[0]


def ticked(page, name):
    """The values that are ticked of a field."""
    boxes = [one for one in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in one and "checked" in one]
    return [re.search(r'value="([^"]*)"', one)[1] for one in boxes]


def test_the_gateways_key_is_shown_where_it_signs_for_the_district_that_sends(region):
    clara = region.browser("clara", ("cedar", "privacy-officer"), ("cedar", "district-admin"))
    clara.get(f"{ROOT}/new")
    given = {"district": "cedar", "recipient": "maple", "kind": "district", "purpose": "enrollment"}
    given |= {"template": "transfer", "clients": "maple-agent", "begin": "2026-09-01", "end": "2027-08-31"}
    assert clara.post(f"{ROOT}/new", given).status_code == 303
    page = text_of(clara.get(f"{ROOT}/maple-cedar/1/edit/transfer"))
    [key] = gateway_keys(region.administered.keys).keys
    assert f"cedar has published no key that signs: the gateway signs for it, with {key.kid}." in page


def test_a_thumbprint_may_be_typed_in_the_groups_in_which_it_was_read_out(maria):
    groups = " ".join(OPENS[at : at + 4] for at in range(0, len(OPENS), 4))
    assert post(maria, receiverKeys=groups).status_code == 303
    assert OPENS in written(maria)


def test_the_form_alone_makes_an_agreement_that_the_language_accepts(maria):
    page = text_of(maria.get(PART))
    assert f"maple signs with {SIGNS}." in page
    assert f"cedar opens with {OPENS}." in page
    assert post(maria).status_code == 303
    assert "There is no mistake." in text_of(maria.get(f"{HERE}/check"))
    made, other = content_of(written(maria)), content_of(agreement_text())
    assert transfer_terms(made) == transfer_terms(other)
    assert made["operations"] == other["operations"] == ["transfer"]


def test_what_was_saved_is_shown_ticked_and_filled_in(maria):
    post(maria, twoPersons="y", notify="letter", office="Student Records, 555-0100", sections=["identity"])
    page = text_of(maria.get(PART))
    assert ticked(page, "tracks") == ["info"]
    assert ticked(page, "sections") == ["identity"]
    assert ticked(page, "ask") == FILLED["ask"]
    assert ticked(page, "when") == FILLED["when"]
    assert ticked(page, "twoPersons") == ["y"]
    assert 'value="Student Records, 555-0100"' in page
    assert OPENS in page
    post(maria, tracks=[], when=FILLED["when"])
    assert transfer_terms(content_of(written(maria))).rule is None
    assert ticked(text_of(maria.get(PART)), "when") == FILLED["when"]


@pytest.mark.parametrize(
    ("language", "changes", "field", "said"),
    [
        ("en", {"when": ["stateId exact"]}, "when-0", "without state id, birth date and no restriction"),
        ("es", {"when": ["stateId exact"]}, "when-0", "sin número estatal"),
        ("en", {"notify": "letter"}, "office", "names the office that parents turn to"),
        ("es", {"notify": "letter"}, "office", "nombra la oficina"),
        ("en", {"senderKeys": "short"}, "senderKeys", "43 letters"),
        ("es", {"senderKeys": "short"}, "senderKeys", "43 letras"),
        ("en", {"sections": ["assessment"]}, "sections-0", "does not carry this section: assessment"),
        ("es", {"sections": ["assessment"]}, "sections-0", "no incluye esta sección: assessment"),
    ],
)
def test_a_mistake_is_told_at_its_field_with_what_was_filled_in(maria, language, changes, field, said):
    maria.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    answer = post(maria, **changes)
    maria.wsgi.delete_cookie(COOKIE, domain="crossing.example.org", path="/")
    page = text_of(answer)
    assert answer.status_code == 400
    assert f'href="#{field}"' in page
    assert said in page
    assert SIGNS in page


def test_the_page_is_in_spanish_too(maria):
    maria.wsgi.set_cookie(COOKIE, "es", domain="crossing.example.org", secure=True, path="/")
    page = text_of(maria.get(PART))
    maria.wsgi.delete_cookie(COOKIE, domain="crossing.example.org", path="/")
    for said in (
        "Traslado de expedientes", "Sale por regla", "La regla se aplica cuando", "ninguna restricción", "Disciplina",
        "Una segunda persona confirma", "el aviso anual", "Claves que abren el expediente", f"maple firma con {SIGNS}.",
    ):  # fmt: skip
        assert said in page, said


def test_a_choice_that_there_is_not_and_hostile_text_are_refused_or_shown_as_text(maria):
    assert post(maria, ask=["everything"]).status_code == 400
    assert post(maria, sections=["contacts"]).status_code == 400
    assert post(maria, senderKeys=EVIL).status_code == 400
    assert post(maria, notify="letter", office=EVIL).status_code == 303
    for path in (PART, f"{HERE}/text", HERE):
        assert "<script>alert" not in maria.get(path).get_data(as_text=True)


def test_a_second_save_on_the_same_number_is_refused(maria):
    number = value(maria.get(PART), "number")
    assert maria.post(PART, FILLED | {"number": number, "twoPersons": "y"}).status_code == 303
    assert maria.post(PART, FILLED | {"number": number}).status_code == 412


def test_only_an_agreement_about_transfers_has_that_page_among_its_own(maria):
    link = "Transfer of records"
    assert link in text_of(maria.get(f"{HERE}/edit/parties"))
    begin(maria, agreement("maple", TUTORING))
    assert link not in text_of(maria.get(f"{ROOT}/conformance-maple/1/edit/parties"))


@pytest.mark.usefixtures("maria")
def test_another_district_sees_nothing_of_it(region):
    stranger = region.browser("elma", ("elm", "privacy-officer"))
    assert stranger.get(PART).status_code == 404
    assert stranger.post(PART, FILLED | {"number": "1"}).status_code == 404


@pytest.mark.usefixtures("maria")
def test_the_receiving_district_is_told_the_same_keys(region):
    cora = region.browser("cora", ("cedar", "privacy-officer"))
    assert f"maple signs with {SIGNS}." in text_of(cora.get(PART))
