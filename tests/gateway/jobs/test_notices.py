"""People are told once that a task waits: a digest a day, at once what is red, and never of a student."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.jobs.collecting import NoticeCollector
from gateway.jobs.sending import MAX_TRIES, NOTHING_LEFT, Sender
from gateway.storage.acts import Act
from gateway.storage.cipher import Cipher
from gateway.storage.database import transaction
from gateway.storage.people.choices import DIGEST_AT, MAIL_OFF, PURPOSE, WEBHOOK, WEBHOOK_SECRET, put
from gateway.storage.people.notices import CLAIM, NoticeChoices, Notices
from gateway.storage.people.tables import memberships, people
from gateway.tasks.task import SECOND_PERSON, TURNING_18
from gateway.tasks.undelivered import undelivered
from tests.gateway.jobs.conftest import HOST, decoded
from tests.gateway.jobs.test_webhooks import verified

ADMIN = ("maple", "district-admin")
DAY = 24 * 3600
CANARY = "Wilhelmina Kanarienvogel"


def test_a_digest_says_which_kind_of_task_waits_where_and_until_when(office):
    office.person("ana", ADMIN)
    office.task("t1")
    assert office.run() == 1
    (text,) = office.texts()
    assert "an agreement ends soon" in text
    assert "(maple, due 2026-11-12)" in text.replace("\r\n", "")
    assert "https://crossing.example.org/console" in text


def test_nobody_is_told_twice_and_a_digest_without_news_is_not_sent(office):
    office.person("ana", ADMIN)
    office.task("t1")
    office.run()
    for _ in range(3):
        assert office.run() == 0
        office.clock.move(DAY)
    assert len(office.texts()) == 1
    office.task("t2", kind="approval-waiting", days=9)
    office.run()
    assert len(office.texts()) == 2
    assert "approval" in office.texts()[1]
    assert "ends soon" not in office.texts()[1]


def test_a_digest_comes_once_a_day_at_the_local_time_that_was_chosen(office):
    office.person("ana", ADMIN)
    with transaction(office.store.engine, write=True) as connection:
        put(connection, "maple", DIGEST_AT, "15:30", 1, "tests", office.clock())
    office.task("t1")
    assert office.run() == 0  # it is noon there
    office.clock.move(3 * 3600)
    assert office.run() == 0
    office.clock.move(1800)
    assert office.run() == 1
    office.task("t2")
    office.clock.move(8 * 3600)
    assert office.run() == 0  # the same local day
    office.clock.move(3600)
    assert office.run() == 0  # the next local day, before half past three


def test_what_is_red_is_told_at_once_and_only_then_again(office):
    office.person("ana", ADMIN)
    with transaction(office.store.engine, write=True) as connection:
        put(connection, "maple", DIGEST_AT, "07:00", 1, "tests", office.clock())
    office.task("t1", days=1)
    office.run()
    office.clock.move(DAY - 12 * 3600)  # midnight there: no digest is due
    assert office.run() == 0
    office.clock.move(12 * 3600)
    office.run()
    office.run()
    subjects = [text.partition("Subject: ")[2].partition("\r\n")[0] for text in office.texts()]
    assert subjects == ["Tasks wait for you", "Due now: a task waits for you"]


def test_a_letter_is_in_the_language_of_the_person(office):
    office.person("ana", ADMIN, language="es")
    office.task("t1", days=-1)
    office.run()
    (text,) = office.texts()
    assert "Subject: Vence ahora: le espera una tarea" in text
    assert "task" not in text.partition("\r\n\r\n")[2]


def test_neither_a_student_nor_a_number_of_students_is_in_a_letter(office, receiver):
    office.person("ana", ADMIN)
    _hook(office, receiver)
    for number in range(7):
        about = {"student": CANARY, "entries": [CANARY], "count": 4711}
        office.task(f"{number:016x}", kind=TURNING_18, days=number + 1, private=True)
        office.tasks[-1] = replace(office.tasks[-1], content=about)
    office.run()
    (text,) = office.texts()
    told = text + str(receiver.posts)
    assert len(receiver.posts) == 1
    for word in (CANARY, "Wilhelmina", "4711", "000000000000000", "2026-11-03", "2026-11-09"):
        assert word not in told
    assert text.count("turns 18") == 1
    assert len(decoded(receiver.posts[0])["data"]["tasks"]) == 1


@pytest.mark.parametrize("roles", [[("oak", "district-admin")], [("maple", "auditor")], []])
def test_who_has_not_the_role_is_told_nothing(office, roles):
    office.person("eve", *roles)
    office.task("t1", days=-1)
    assert office.run() == 0
    assert office.texts() == []


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_who_is_suspended_or_ended_is_told_nothing(office, status):
    office.person("ana", ADMIN, status=status)
    office.task("t1", days=-1)
    assert office.run() == 0


def test_who_loses_access_or_the_role_before_the_letter_goes_gets_none(office):
    one, other = office.person("ana", ADMIN), office.person("ben", ADMIN)
    office.task("t1", days=-1)
    assert NoticeCollector(office.region).collect() == 2
    with transaction(office.store.engine, write=True) as connection:
        connection.execute(update(people).where(people.c.id == one).values(status="suspended"))
        connection.execute(update(memberships).where(memberships.c.person == other).values(ends=office.clock()))
    assert Sender(office.region).send() == 0
    assert office.texts() == []


def test_who_wants_no_mail_gets_none_nor_does_a_role_that_gets_none(office):
    ana = office.person("ana", ADMIN)
    office.person("ben", ("maple", "privacy-officer"))
    NoticeChoices(office.store, office.clock).choose(ana, Act("ana", "mail turned off"), mail=False)
    with transaction(office.store.engine, write=True) as connection:
        put(connection, "maple", MAIL_OFF, ["privacy-officer"], 1, "tests", office.clock())
    office.task("t1", days=-1)
    office.task("t2", days=-1, role="privacy-officer")
    assert office.run() == 0


def test_who_proposed_an_act_is_not_told_to_confirm_it(office):
    office.person("ana", ADMIN)
    office.person("ben", ADMIN)
    office.task("t1", kind=SECOND_PERSON)
    office.tasks[-1] = replace(office.tasks[-1], content={"by": "ana@example.org"})
    office.run()
    assert [to for to, _ in office.box.letters] == [["ben@example.org"]]


def test_a_task_that_is_closed_before_the_letter_goes_is_not_told(office):
    office.person("ana", ADMIN)
    office.task("t1", days=-1)
    NoticeCollector(office.region).collect()
    office.tasks.clear()
    assert Sender(office.region).send() == 0
    with transaction(office.store.engine) as connection:
        assert connection.exec_driver_sql("SELECT error FROM notices").scalar() == NOTHING_LEFT


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(office):
    office.person("ana", ADMIN)
    office.task("t1", days=-1)
    office.box.refuses = "451 later"
    office.run()
    notices, tries = Notices(office.store, office.clock), 1
    assert notices.due() == ()
    assert notices.failing() == 1
    while not notices.given_up():
        office.clock.move(3600 * 8)
        assert office.run() == 0
        tries += 1
    assert tries == MAX_TRIES
    (task,) = undelivered(notices.given_up(), office.clock())
    assert (task.org, task.role, task.content["channel"]) == ("region", "region-operator", "mail")
    assert "ana" not in str(task.content)
    office.box.refuses = ""
    assert office.run() == 0


def test_a_failure_that_ends_is_made_up_for(office):
    office.person("ana", ADMIN)
    office.task("t1", days=-1)
    office.box.refuses = "451 later"
    office.run()
    office.box.refuses = ""
    assert office.run() == 0
    office.clock.move(120)
    assert office.run() == 1
    assert office.run() == 0
    assert len(office.texts()) == 1


def test_one_letter_that_fails_keeps_no_other_one(office):
    office.person("ana", ADMIN, mail="ana@example.org\nBcc: eve@example.org")
    office.person("ben", ADMIN)
    office.task("t1", days=-1)
    assert office.run() == 1
    assert [to for to, _ in office.box.letters] == [["ben@example.org"]]


def test_several_processes_send_each_notice_once(office):
    for number in range(6):
        office.person(f"p{number}", ADMIN)
    office.task("t1", days=-1)
    with ThreadPoolExecutor(4) as threads:
        sent = sum(threads.map(lambda _: office.run(), range(4)))
    assert (sent, len(office.texts())) == (6, 6)


def test_a_process_that_died_before_it_sent_is_made_up_for_after_its_claim(office):
    office.person("ana", ADMIN)
    office.task("t1", days=-1)
    NoticeCollector(office.region).collect()
    notices = Notices(office.store, office.clock)
    (due,) = notices.due()
    assert notices.claim(due) is not None  # and the process is killed here
    assert notices.claim(due) is None
    assert office.run() == 0
    office.clock.move(CLAIM.total_seconds())
    assert office.run() == 1
    assert len(office.texts()) == 1


def test_a_webhook_is_told_at_once_under_a_signature_and_once(office, receiver):
    secret = _hook(office, receiver)
    office.task("t1")
    assert office.run() == 1
    assert office.run() == 0
    ((headers, body),) = receiver.posts
    assert verified(headers, body, secret)
    told = decoded(receiver.posts[0])
    assert told["type"] == "tasks.waiting"
    assert told["data"] == {
        "organisation": "maple",
        "link": "https://crossing.example.org/console",
        "tasks": [{"kind": "agreement-ending", "role": "district-admin", "state": "open", "due": "2026-11-12"}],
    }
    office.clock.move(10 * DAY)
    office.run()
    assert decoded(receiver.posts[1])["data"]["tasks"][0]["state"] == "red"


def test_a_webhook_that_fails_is_tried_again_with_the_same_id(office, receiver):
    _hook(office, receiver)
    office.task("t1")
    receiver.status = 500
    assert office.run() == 0
    receiver.status = 204
    office.clock.move(timedelta(minutes=2).total_seconds())
    assert office.run() == 1
    first, second = ({name.lower(): text for name, text in headers.items()} for headers, _ in receiver.posts)
    assert first["webhook-id"] == second["webhook-id"]


def test_without_a_mail_server_nothing_waits_to_be_sent(office):
    office.open("")
    office.person("ana", ADMIN)
    office.task("t1", days=-1)
    assert office.run() == 0
    assert Notices(office.store, office.clock).due() == ()


def _hook(office, receiver):
    """Let maple have a webhook at the receiver; return the secret it is signed by."""
    secret, keys = b"s" * 32, office.region.keys
    sealed = Cipher(keys.derive(PURPOSE)).seal(secret, b"maple")
    port = office.region.settings().notices.mail.port
    office.open(
        f'host = "{HOST}"\nport = {port}\nsecurity = "none"\nsender = "c@example.org"\n'
        f'ca_file = "{receiver.ca_file}"\nallow_private = true'
    )
    with transaction(office.store.engine, write=True) as connection:
        put(connection, "maple", WEBHOOK, receiver.url, 1, "tests", office.clock())
        put(connection, "maple", WEBHOOK_SECRET, True, 1, "tests", office.clock(), sealed)
    return secret
