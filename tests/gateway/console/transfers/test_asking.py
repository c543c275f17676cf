"""Asking: the request form, the list of what was asked for, and a requester who is told no more than it may know."""

from __future__ import annotations

import csv
import io
import re

import pytest

from gateway.transfers.machine.words import HoldReason
from tests.gateway.console.transfers.moving import NOBODY, moving, text, words

PLACE = "/console/transfers/cedar"
CHANGING = re.compile(r'name="(csrf_token|key)"[^>]*value="[^"]*"')


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("asking")) as found:
        yield found


@pytest.fixture
def rosa(world):
    return world.browser("rosa")


def without(page, transfer):
    """Return a page without the request's own number, and without what differs each time that a form is shown."""
    return CHANGING.sub("", page.replace(transfer, "ID").replace(f"{transfer[:4]}-{transfer[4:8]}", "NUMBER"))


def test_a_registrar_asks_and_finds_the_request_by_its_number_and_by_no_name(world, rosa):
    child = world.child()
    transfer = world.asked(browser=rosa)
    page = rosa.get(f"{PLACE}/sent/{transfer}")
    assert "There is nothing for you to do" in words(page)
    assert "by the end of Nov 4, 2026" in words(page)
    listed = rosa.get(f"{PLACE}/sent")
    assert f"{transfer[:4]}-{transfer[4:8]}" in words(listed)
    for shown in (page, listed):
        assert child.family not in text(shown)
        assert child.state_id not in text(shown)
    rows = list(csv.DictReader(io.StringIO(rosa.get(f"{PLACE}/sent?sent-csv=1").get_data().decode("utf-8-sig"))))
    assert rows[0].keys() == {"Number", "State", "Asked of", "Due by the end of", "Asked"}


def test_too_little_is_said_at_the_form_which_keeps_what_was_typed(rosa):
    rosa.get(f"{PLACE}/ask")
    answer = rosa.post(f"{PLACE}/ask", {"given": "Mara", "sender": "maple", "standing": "enrollment"})
    assert answer.status_code == 400
    assert "each so that it says something" in words(answer)
    assert 'id="state_id-fault"' in text(answer)
    assert 'value="Mara"' in text(answer)


def test_a_student_who_is_not_enrolled_needs_a_signed_intent(rosa):
    rosa.get(f"{PLACE}/ask")
    sent = NOBODY | {"sender": "maple", "standing": "enrollment"}
    answer = rosa.post(f"{PLACE}/ask", sent)
    assert "not enrolled here" in words(answer)
    assert 'id="standing-fault"' in text(answer)
    assert rosa.post(f"{PLACE}/ask", sent | {"standing": "intent"}).status_code == 303


def test_a_second_open_request_for_the_same_student_is_warned_of(world, rosa):
    rosa.get(f"{PLACE}/ask")
    assert rosa.post(f"{PLACE}/ask", world.stated(9)).status_code == 303
    rosa.get(f"{PLACE}/ask")
    warned = rosa.post(f"{PLACE}/ask", world.stated(9))
    assert warned.status_code == 409
    assert "You have asked for this student already" in words(warned)
    assert 'name="again"' in text(warned)
    assert rosa.post(f"{PLACE}/ask", world.stated(9) | {"again": "y"}).status_code == 303


def test_a_form_that_is_sent_twice_asks_once(world, rosa):
    before = len(world.worker.desk.lists.asked_by("cedar").items)
    rosa.get(f"{PLACE}/ask")
    sent = world.stated(11) | {"key": "the-same-key"}
    one, other = (rosa.post(f"{PLACE}/ask", sent).headers["Location"] for _ in range(2))
    assert one == other
    assert len(world.worker.desk.lists.asked_by("cedar").items) == before + 1


def test_a_requester_sees_the_same_whatever_the_other_district_has_found(world, rosa):
    ana, steps = world.browser("ana"), []
    requests = {
        "by rule": world.asked(13),
        "near": world.asked(15, given="Zora", standing="intent"),
        "nobody": world.asked(0, **NOBODY),
        "waits": world.asked(17, birth_date="2011-02-03", standing="intent"),
        "held": world.asked(19, given="Zora", standing="intent"),
        "untouched": world.asked(21),
    }
    for name, transfer in requests.items():
        steps.append("" if name == "untouched" else world.work(transfer))
    held = requests["held"]
    look = f"/console/transfers/maple/inbox/{held}"
    handle = re.search(r'name="handle"[^>]*value="([^"]+)"', text(ana.get(look)))[1]
    seen = world.ledger.find(held).number
    assert ana.post(f"{look}/choose", {"handle": handle, "seen": seen, "key": "c"}).status_code == 303
    world.work(held)
    seen = world.ledger.find(held).number
    ana.get(f"{look}/hold")
    ana.post(
        f"{look}/hold", {"reason": HoldReason.IDENTITY_DOUBT.value, "sections": ["identity"], "seen": seen, "key": "h"}
    )
    states = {name: world.ledger.find(one).state.value for name, one in requests.items()}
    assert len(set(states.values())) >= 4, states
    pages = {name: without(text(rosa.get(f"{PLACE}/sent/{one}")), one) for name, one in requests.items()}
    assert len(set(pages.values())) == 1
    forms = {name: without(text(rosa.get(f"{PLACE}/sent/{one}/withdraw")), one) for name, one in requests.items()}
    assert len(set(forms.values())) == 1
    headers = {tuple(sorted(dict(rosa.get(f"{PLACE}/sent/{one}").headers).items())) for one in requests.values()}
    assert len(headers) == 1


def test_a_request_is_withdrawn_with_a_reason_of_the_list_and_then_closed(world, rosa):
    transfer = world.asked(23, browser=rosa)
    page = rosa.get(f"{PLACE}/sent/{transfer}/withdraw")
    assert "It was a mistake" in words(page)
    assert rosa.post(f"{PLACE}/sent/{transfer}/withdraw", {}).status_code == 400
    assert rosa.post(f"{PLACE}/sent/{transfer}/withdraw", {"reason": "mistake"}).status_code == 303
    assert "The request is closed" in words(rosa.get(f"{PLACE}/sent/{transfer}"))
    again = rosa.post(f"{PLACE}/sent/{transfer}/withdraw", {"reason": "mistake"})
    assert again.status_code == 303
    assert "nothing to withdraw" in words(rosa.get(f"{PLACE}/sent/{transfer}"))


@pytest.mark.parametrize("place", ["sent", "ask", ""])
def test_the_pages_are_in_spanish_too(rosa, place):
    rosa.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    page = rosa.get(f"{PLACE}/{place}".rstrip("/"))
    assert "Traslados" in words(page)
    assert "Asked by" not in words(page)
