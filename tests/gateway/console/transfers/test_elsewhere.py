"""Another district: a request is withdrawn for one to another district, or passed on by the district that was asked."""

from __future__ import annotations

import pytest

from tests.gateway.console.transfers.moving import NOBODY, hidden, moving, words

SENT = "/console/transfers/cedar/sent"
INBOX = "/console/transfers/maple/inbox"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("elsewhere"), third=True) as found:
        yield found


def test_a_registrar_asks_another_district_instead_under_a_new_number(world):
    rosa, transfer = world.browser("rosa"), world.asked(3)
    page = rosa.get(f"{SENT}/{transfer}/elsewhere")
    assert "with a new number" in words(page)
    assert rosa.post(f"{SENT}/{transfer}/elsewhere", {"district": "maple"}).status_code == 400
    made = rosa.post(f"{SENT}/{transfer}/elsewhere", {"district": "birch", "key": hidden(page, "key")})
    assert made.status_code == 303
    fresh = made.headers["Location"].rpartition("/")[2]
    assert world.ledger.find(fresh).sender == "birch"
    assert world.ledger.find(transfer).state.value == "withdrawn"
    assert "This district is asked now" in words(rosa.get(f"{SENT}/{fresh}"))


def test_the_district_that_was_asked_passes_a_request_on_and_sees_it_no_more(world):
    ana, transfer = world.browser("ana"), world.asked(0, **NOBODY)
    assert world.work(transfer) == "unknown"
    registrars = world.browser("rita").get(f"{INBOX}/{transfer}")
    assert "an approver of your district passes it on" in words(registrars)
    assert "pass-on" not in registrars.get_data(as_text=True)
    page = ana.get(f"{INBOX}/{transfer}/pass-on")
    sent = {"district": "birch", "seen": hidden(page, "seen"), "key": hidden(page, "key")}
    assert ana.post(f"{INBOX}/{transfer}/pass-on", sent).headers["Location"].endswith("/maple/inbox")
    assert world.ledger.find(transfer).sender == "birch"
    assert ana.get(f"{INBOX}/{transfer}").status_code == 404
    asked = words(world.browser("rosa").get(f"{SENT}/{transfer}"))
    assert "Asked of maple" in asked
    assert "birch" not in asked


def test_where_there_is_no_third_district_the_page_says_so(tmp_path):
    with moving(tmp_path) as found:
        rosa, transfer = found.browser("rosa"), found.asked(3)
        assert rosa.get(f"{SENT}/{transfer}/elsewhere").headers["Location"].endswith(transfer)
        assert "No other district can be asked" in words(rosa.get(f"{SENT}/{transfer}"))
