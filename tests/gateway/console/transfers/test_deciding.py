"""Deciding: the worklist by clock, who is meant, exactly what leaves, and closed reasons, as the former district's people see it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.admin.settings import OrganisationSettings
from gateway.console.organisations.settings import CHOSEN
from gateway.people.sessions import PROVED_FOR
from tests.gateway.console.transfers.moving import hidden, moving, text, words

PLACE = "/console/transfers/maple"
NEAR = {"given": "Zora", "standing": "intent"}
SECTIONS = {"by_person": ["identity", "enrollment", "schedule", "contacts"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("deciding"), release=False) as found:
        yield found


@pytest.fixture
def ana(world):
    return world.browser("ana")


@pytest.fixture
def rita(world):
    return world.browser("rita")


def waiting(world, number, **changes):
    """Ask for a record on which a person must decide."""
    transfer = world.asked(number, **changes)
    assert world.work(transfer) == "waiting"
    return transfer


def seen(world, transfer):
    return world.ledger.find(transfer).number


def previewed(browser, transfer):
    """Look at what would leave; the mark of what was shown."""
    browser.get(f"{PLACE}/inbox/{transfer}/release")
    return hidden(browser.post(f"{PLACE}/inbox/{transfer}/preview", SECTIONS), "shown")


def state(world, transfer):
    return world.ledger.find(transfer).state.value


def test_the_worklist_says_the_light_of_each_clock_in_a_word(world, ana):
    transfer = waiting(world, 1)
    page = words(ana.get(f"{PLACE}/inbox"))
    assert "in time: Nov 4, 2026" in page
    assert "waits for a decision" in page
    assert "RCW 28A.225.330" in page
    one = words(ana.get(f"{PLACE}/inbox/{transfer}"))
    assert "Due by the end of Nov 4, 2026: within 2 school days (RCW 28A.225.330)" in one
    assert "Monday to Friday are counted" in one


def test_the_custodian_sees_which_parts_agree_and_nothing_that_was_stated(world, rita):
    child = world.child(5)
    transfer = world.asked(5, **NEAR)
    assert world.work(transfer) == "near"
    page = rita.get(f"{PLACE}/inbox/{transfer}")
    assert child.family in words(page)
    assert "Given name: differs" in words(page)
    assert "Birth date: agrees" in words(page)
    assert "Zora" not in text(page)
    answer = rita.post(
        f"{PLACE}/inbox/{transfer}/choose",
        {"handle": hidden(page, "handle"), "seen": hidden(page, "seen"), "key": "k5"},
    )
    assert answer.status_code == 303
    assert world.work(transfer) == "waiting"
    assert "A person chose the student" in words(rita.get(f"{PLACE}/inbox/{transfer}"))


def test_none_of_them_leads_to_an_end(world, rita):
    transfer = world.asked(7, **NEAR)
    world.work(transfer)
    page = rita.get(f"{PLACE}/inbox/{transfer}")
    rita.post(f"{PLACE}/inbox/{transfer}/none", {"seen": hidden(page, "seen"), "key": "k7"})
    assert state(world, transfer) == "unknown"
    page = rita.get(f"{PLACE}/inbox/{transfer}/end")
    assert "told that the request is closed, and nothing else" in words(page)
    assert rita.post(f"{PLACE}/inbox/{transfer}/end", {"seen": hidden(page, "seen"), "key": "e7"}).status_code == 303
    assert state(world, transfer) == "ended"


def test_who_looks_at_what_leaves_sees_exactly_that_and_is_on_record(world, ana):
    child, transfer = world.child(9), waiting(world, 9)
    page = ana.get(f"{PLACE}/inbox/{transfer}/release")
    sent = SECTIONS | {"key": hidden(page, "key")}
    shown = ana.post(f"{PLACE}/inbox/{transfer}/preview", sent)
    said = words(shown)
    assert child.family in said
    assert "Parents, contacts and addresses" in said.partition("What stays here")[0]
    assert "Discipline" in said.partition("What stays here")[2]
    acts = [one.action for one in world.acts()]
    assert acts.count("transfer previewed") == 1
    assert state(world, transfer) == "waiting"
    summary = ana.post(f"{PLACE}/inbox/{transfer}/preview", sent | {"summary": "y"})
    assert "Student record" in text(summary)
    assert "default-src 'none'" in summary.headers["Content-Security-Policy"]
    assert ana.post(f"{PLACE}/inbox/{transfer}/release", sent).status_code == 303
    assert "not what you were shown" in words(ana.get(f"{PLACE}/inbox/{transfer}"))
    assert state(world, transfer) == "waiting"
    done = ana.post(f"{PLACE}/inbox/{transfer}/release", sent | {"shown": hidden(shown, "shown")})
    assert done.status_code == 303
    release = world.ledger.find(transfer)
    assert {one.value for one in release.approved} == set(SECTIONS["by_person"])
    assert "discipline" in {one.value for one in release.withheld}
    assert world.work(transfer) == "packed"


def test_nothing_is_released_without_a_section_and_a_changed_request_is_shown_anew(world, ana):
    transfer = waiting(world, 11)
    page = ana.get(f"{PLACE}/inbox/{transfer}/release")
    empty = ana.post(f"{PLACE}/inbox/{transfer}/preview", {"key": hidden(page, "key")})
    assert empty.status_code == 400
    assert "Tick at least one section" in words(empty)
    seen = previewed(ana, transfer)
    held = world.ledger.find(transfer).number
    doubt = {"reason": "identity-doubt", "sections": ["identity"], "seen": str(held), "key": "held"}
    ana.post(f"{PLACE}/inbox/{transfer}/hold", doubt)
    ana.post(f"{PLACE}/inbox/{transfer}/free", {"seen": str(held + 1), "key": "again"})
    assert world.ledger.find(transfer).number == held + 2
    stale = ana.post(f"{PLACE}/inbox/{transfer}/release", SECTIONS | {"shown": seen, "key": "stale"})
    assert stale.status_code == 303
    assert "not what you were shown" in words(ana.get(f"{PLACE}/inbox/{transfer}"))
    assert state(world, transfer) == "waiting"


def test_what_is_held_is_freed_and_decided_upon_anew(world, ana):
    transfer = waiting(world, 13)
    page = ana.get(f"{PLACE}/inbox/{transfer}/hold")
    assert "only the official transcript" in words(page)
    ana.post(
        f"{PLACE}/inbox/{transfer}/hold", {"reason": "fee", "sections": ["identity"], "seen": hidden(page, "seen")}
    )
    assert state(world, transfer) == "held"
    page = ana.get(f"{PLACE}/inbox/{transfer}")
    assert "Held back: A fee is owed" in words(page)
    ana.post(f"{PLACE}/inbox/{transfer}/free", {"seen": hidden(page, "seen"), "key": "f13"})
    assert state(world, transfer) == "waiting"


def test_a_refusal_has_a_reason_of_the_list_which_the_other_district_never_sees(world, ana):
    transfer = waiting(world, 15)
    page = ana.get(f"{PLACE}/inbox/{transfer}/refuse")
    wrong = ana.post(f"{PLACE}/inbox/{transfer}/refuse", {"reason": "he is rude", "seen": hidden(page, "seen")})
    assert wrong.status_code == 400
    ana.post(f"{PLACE}/inbox/{transfer}/refuse", {"reason": "court-order", "seen": hidden(page, "seen")})
    assert state(world, transfer) == "refused"
    told = words(world.browser("rosa").get(f"/console/transfers/cedar/sent/{transfer}"))
    assert "The request is closed" in told
    assert "court" not in told


def test_a_decision_asks_again_who_one_is(world, ana):
    transfer = waiting(world, 17)
    world.region.clock.now += PROVED_FOR + timedelta(minutes=1)
    assert "/console/prove" in ana.get(f"{PLACE}/inbox/{transfer}/release").headers["Location"]
    ana.get(f"{PLACE}/inbox/{transfer}")
    assert "/console/prove" in ana.post(f"{PLACE}/inbox/{transfer}/release", SECTIONS).headers["Location"]
    assert state(world, transfer) == "waiting"


def test_a_second_person_confirms_where_the_district_wants_two(world, ana):
    settings = OrganisationSettings(world.region.administered)
    admin = world.region.actor("dana", ("maple", "district-admin"))
    now = settings.read(admin, "maple")
    chosen = {name: getattr(now, name) for name in CHOSEN}
    settings.change(admin, "maple", chosen | {"two_persons": ["transfer.decide"]}, now.version, "")
    transfer = waiting(world, 19)
    ana.post(f"{PLACE}/inbox/{transfer}/release", SECTIONS | {"shown": previewed(ana, transfer), "key": "two"})
    assert "waits for a second person" in words(ana.get(f"{PLACE}/inbox/{transfer}"))
    assert state(world, transfer) == "waiting"
    assert "/console/proposals/" not in text(world.browser("rita").get("/console/proposals"))
    abel = world.browser("abel")
    assert "waits for a second person. Look at the proposal" in words(abel.get(f"{PLACE}/inbox/{transfer}"))
    proposal = re.search(r"/console/proposals/(\w+)", text(abel.get("/console/proposals")))[1]
    shown = words(abel.get(f"/console/proposals/{proposal}"))
    assert world.child(19).family not in shown
    assert "What is done Release the record" in shown.replace("What Is Done", "What is done")
    assert "Discipline" in shown.partition("tays here")[2]
    assert f'href="{PLACE}/inbox/{transfer}"' in text(abel.get(f"/console/proposals/{proposal}"))
    abel.post(f"/console/proposals/{proposal}/confirm", {})
    assert state(world, transfer) == "approved"


def test_a_registrar_sees_who_decides_what_leaves_and_decides_nothing(world, ana, rita):
    transfer = waiting(world, 31)
    world.browser("abel")
    page = rita.get(f"{PLACE}/inbox/{transfer}")
    assert "An approver of your district decides what leaves" in words(page)
    assert "Who decides: Abel, Ana" in words(page)
    assert not re.search(rf"{transfer}/(release|hold|refuse|free)", text(page))
    assert "Withdraw it" in words(page)
    for path in ("release", "hold", "refuse"):
        assert rita.get(f"{PLACE}/inbox/{transfer}/{path}").status_code == 403
    assert rita.post(f"{PLACE}/inbox/{transfer}/preview", SECTIONS).status_code == 403
    assert "1 request waits for you" not in words(rita.get(PLACE))


@pytest.mark.parametrize(("language", "said"), [
    ("en", ("state: waits for a decision", "party: an approver of the district that is asked", "A court order forbids it", "sections: Name, birth date")),
    ("es", ("espera una decisión", "una persona autorizada a firmar del distrito al que se solicita", "Una orden judicial")),
])  # fmt: skip
def test_the_activity_says_what_happened_to_a_transfer_in_words(world, ana, language, said):
    transfer = waiting(world, 33)
    previewed(ana, transfer)
    ana.post(f"{PLACE}/inbox/{transfer}/refuse", {"reason": "court-order", "seen": str(seen(world, transfer))})
    pia, host = world.browser("pia"), "crossing.example.org"
    pia.wsgi.set_cookie("__Host-crossing-language", language, domain=host, secure=True, path="/")
    found = words(pia.get("/console/desk/acts"))
    for text_ in said:
        assert text_ in found, text_
    assert not re.search(r"(sender-approver|court-order|\bnear\b|: waiting\b)", found)


def test_what_the_gateway_gave_up_says_why_and_is_tried_once_more(world, ana, rita):
    transfer = world.asked(29)
    step = world.worker.desk.tries.claim(transfer, seen(world, transfer))
    world.worker.desk.tries.note_failed(step, "receiver-key", None)
    assert "The other district has no key in use" in words(ana.get(f"{PLACE}/inbox/{transfer}"))
    page = rita.get(f"{PLACE}/inbox/{transfer}")
    assert "An approver of your district is told why." in words(page)
    assert rita.post(f"{PLACE}/inbox/{transfer}/try-again").status_code == 303
    page = words(rita.get(f"{PLACE}/inbox/{transfer}"))
    assert "It is tried once more." in page
    assert "given up" not in page


def test_where_a_protected_child_moves_is_told_to_approvers_alone(world, ana, rita):
    world.protect(27)
    transfer = waiting(world, 27)
    page = rita.get(f"{PLACE}/inbox/{transfer}")
    assert "a district of the region" in words(page)
    assert "cedar" not in words(page)
    assert "an approver of your district decides what leaves" in words(page)
    assert f"{PLACE}/inbox/{transfer}/release" not in text(page)
    assert rita.get(f"{PLACE}/inbox/{transfer}/hold").status_code == 403
    row = next(one for one in text(rita.get(f"{PLACE}/inbox")).split("<tr>") if transfer in one)
    assert "a district of the region" in row
    page = words(ana.get(f"{PLACE}/inbox/{transfer}"))
    assert "Asked by cedar" in page
    assert "There is a restriction for the student" in page
    assert "go to cedar" in words(ana.get(f"{PLACE}/inbox/{transfer}/release"))


def test_an_operator_sees_numbers_states_and_clocks_only(world):
    child, transfer = world.child(21), waiting(world, 21)
    olga = world.browser("olga")
    for path in ("inbox", f"inbox/{transfer}", "reports", ""):
        page = olga.get(f"{PLACE}/{path}".rstrip("/"))
        assert page.status_code == 200
        assert child.family not in text(page)
    assert "Decide what leaves" not in text(olga.get(f"{PLACE}/inbox/{transfer}"))
    assert olga.get(f"{PLACE}/inbox/{transfer}/release").status_code == 403
    assert olga.get(f"{PLACE}/letters").status_code == 403


@pytest.mark.parametrize("who", ["aldo", "dana", "pia"])
def test_who_only_follows_decides_nothing(world, who):
    transfer = waiting(world, 23, military="y")
    somebody = world.browser(who)
    page = text(somebody.get(f"{PLACE}/inbox/{transfer}"))
    assert "RCW 28A.705.010" in page
    assert "btn-primary" not in page
    assert (world.child(23).family in page) is (who == "pia")
    assert somebody.get(f"{PLACE}/inbox/{transfer}/hold").status_code == 403


def test_no_title_and_no_address_has_a_students_name(world, ana):
    child, transfer = world.child(25), waiting(world, 25)
    for path in ("", "/release", "/hold", "/refuse", "/withdraw"):
        page = text(ana.get(f"{PLACE}/inbox/{transfer}{path}"))
        title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]
        links = re.findall(r'(?:href|action)="([^"]+)"', page)
        assert not [one for one in (title, *links) if child.family in one or child.given in one]


@pytest.mark.parametrize("path", ["", "/inbox", "/inbox?of=closed", "/reports"])
def test_the_pages_are_in_spanish_too(ana, path):
    ana.wsgi.set_cookie("__Host-crossing-language", "es", domain="crossing.example.org", secure=True, path="/")
    assert "Solicitudes recibidas" in words(ana.get(f"{PLACE}{path}"))
