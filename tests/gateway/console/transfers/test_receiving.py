"""Receiving: what came, section by section, and the rest that a person of the former district decides upon after a rule."""

from __future__ import annotations

import pytest

from tests.gateway.console.transfers.moving import hidden, moving, text, words

PLACE = "/console/transfers/cedar/received"
SENDER = "/console/transfers/maple/inbox"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("receiving")) as found:
        yield found


@pytest.fixture(scope="module")
def came(world):
    """A record that a rule has released, and that was delivered and read back."""
    transfer = world.asked(3)
    world.work(transfer)
    assert world.work(transfer) == "packed"
    assert world.deliver(transfer) == "delivered"
    assert world.accept(transfer) == "acknowledged"
    return transfer


@pytest.fixture
def rosa(world):
    return world.browser("rosa")


def test_nothing_is_there_before_the_delivery(world, rosa):
    transfer = world.asked(5)
    world.work(transfer)
    assert world.work(transfer) == "packed"
    assert rosa.get(f"{PLACE}/{transfer}").status_code == 404
    assert transfer[:4] not in words(rosa.get(PLACE))
    page = words(rosa.get(f"/console/transfers/cedar/sent/{transfer}"))
    assert "There is nothing for you to do" in page


def test_each_section_says_what_came_and_whom_to_telephone_for_what_did_not(rosa, came):
    page = words(rosa.get(f"{PLACE}/{came}"))
    assert "3 sections are not filed yet" in page
    assert "Name, birth date, languages in the package not filed yet" in page
    assert "Telephone the registrar of maple" in page
    assert "Attendance" in page.partition("ask for it on paper:")[2]
    assert "Parents, contacts and addresses" in page.partition("it comes as another version:")[2]
    assert f"crossing receive show {came}" in page
    assert "the figures agree" in page


def test_a_section_is_filed_once_and_all_of_them_end_it(world, rosa, came):
    ways = {"identity": "written", "enrollment": "document", "schedule": "not-wanted"}
    for section, how in ways.items():
        page = rosa.get(f"{PLACE}/{came}")
        sent = {"section": section, "how": how, "seen": hidden(page, "seen"), "key": f"{section} filed"}
        assert rosa.post(f"{PLACE}/{came}/file", sent).status_code == 303
    page = words(rosa.get(f"{PLACE}/{came}"))
    assert "All of it is filed" in page
    assert "filed as a document" in page
    assert world.ledger.find(came).state.value == "filed"
    sent = {"section": "identity", "how": "document", "seen": "1", "key": "again"}
    assert rosa.post(f"{PLACE}/{came}/file", sent).status_code == 303
    assert world.ledger.find(came).filed["identity"].value == "written"


def test_the_former_district_decides_on_the_rest(world, came):
    ana = world.browser("ana")
    assert "delivered in part: decide on the rest" in words(ana.get(SENDER))
    page = words(ana.get(f"{SENDER}/{came}"))
    assert "Decide now on the rest of the record" in page
    assert "Discipline" in page.partition("Not decided yet")[2]
    assert "sent as information only" in words(ana.get(f"{SENDER}/{came}/release"))
    shown, done = world.release(ana, came, by_rule=["transcript"], by_person=["contacts"])
    assert "Parents, contacts" in words(shown)
    assert done.status_code == 303
    after = world.ledger.find(came)
    assert after.version == 2
    assert "discipline" in {one.value for one in after.withheld}
    world.work(came)
    assert world.deliver(came) == "delivered"
    assert "delivered in part" not in words(ana.get(SENDER))


def test_the_rest_is_decided_and_what_came_is_filed_while_another_version_is_on_its_way(world, rosa):
    transfer = world.asked(11)
    world.work(transfer)
    assert world.work(transfer) == "packed"
    ana = world.browser("ana")
    page = words(ana.get(f"{SENDER}/{transfer}"))
    assert "What the rule released is on its way" in page
    _, done = world.release(ana, transfer, by_rule=["transcript"], by_person=["contacts"])
    assert done.status_code == 303
    decided = world.ledger.find(transfer)
    assert (decided.state, decided.version) == ("packed", 1)
    assert not {one.value for one in decided.withheld} & {"identity", "enrollment", "schedule", "transcript"}
    assert world.deliver(transfer) == "delivered"
    assert world.accept(transfer) == "approved"
    page = rosa.get(f"{PLACE}/{transfer}")
    filed = {"section": "identity", "how": "written", "seen": hidden(page, "seen"), "key": "identity 11"}
    assert rosa.post(f"{PLACE}/{transfer}/file", filed).status_code == 303
    assert "written into your system" in words(rosa.get(f"{PLACE}/{transfer}"))
    assert world.ledger.find(transfer).filed["identity"].value == "written"
    world.work(transfer)
    assert world.deliver(transfer) == "delivered"
    assert world.accept(transfer) == "acknowledged"


def test_a_record_that_is_wrong_is_asked_for_once_more_for_a_reason_of_the_list(world, rosa):
    transfer = world.asked(7)
    world.work(transfer)
    world.work(transfer)
    world.deliver(transfer)
    page = rosa.get(f"{PLACE}/{transfer}/resend")
    assert (
        rosa.post(f"{PLACE}/{transfer}/resend", {"reason": "because", "seen": hidden(page, "seen")}).status_code == 400
    )
    rosa.post(f"{PLACE}/{transfer}/resend", {"reason": "incomplete", "seen": hidden(page, "seen")})
    assert world.ledger.find(transfer).version == 2


def test_what_has_changed_is_asked_for_and_is_a_task_there(world, rosa):
    transfer = world.asked(9)
    world.work(transfer)
    world.work(transfer)
    world.deliver(transfer)
    world.accept(transfer)
    rosa.get(f"{PLACE}/{transfer}")
    assert rosa.post(f"{PLACE}/{transfer}/supplement", {"key": "s9"}).status_code == 303
    assert "asks for what has changed" in words(world.browser("rita").get(f"{SENDER}/{transfer}"))
    ana = world.browser("ana")
    assert "asks for what has changed" in words(ana.get(f"{SENDER}/{transfer}"))
    assert "asks for what has changed" in words(ana.get("/console"))


def test_the_parent_gets_a_copy_that_is_on_record(world, came):
    rita = world.browser("rita")
    rita.get(f"{SENDER}/{came}")
    copy = rita.post(f"{SENDER}/{came}/copy", {"in": "en"})
    assert "Student record" in text(copy)
    assert world.child(3).family in text(copy)
    assert "default-src 'none'" in copy.headers["Content-Security-Policy"]
    assert "transfer copy for parent" in [one.action for one in world.acts()]
    assert rita.get(f"{SENDER}/{came}/copy").status_code == 302


def test_who_files_nothing_sees_nothing_of_it(world, came):
    assert world.browser("ana").get(f"{PLACE}/{came}").status_code in {403, 404}
    assert world.browser("olga").get(f"{PLACE}/{came}").status_code == 403
