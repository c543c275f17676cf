"""Documents and a note go along with a record: sealed at once, seen before they leave, gone once they were read."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO

import orjson
import pytest
from sqlalchemy import select

from gateway.audit.reports.reading import AuditReader
from gateway.storage.database import transaction
from gateway.storage.tables import metadata
from gateway.transfers.sealing.package import open_package
from gateway.transfers.work.keys import parties_of
from tests.gateway.console.transfers.moving import hidden, moving, text, words
from tests.gateway.transfers.attachments.documents import PAGE, PLAN, SCRIPT, pdf
from tests.gateway.transfers.work.world import pair
from tests.support.people.region import BASE

PLACE = "/console/transfers/maple/inbox"
CANARY = "Quillfeather"
NOTE = f"{CANARY}'s therapist is Dr. Moth.\nCall before the first day: 555-0100."
SENT = {"by_person": ["identity", "restrictions", "documents"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with moving(tmp_path_factory.mktemp("attaching"), release=False) as found:
        yield found


@pytest.fixture
def ana(world):
    return world.browser("ana")


def waiting(world, number):
    transfer = world.asked(number)
    assert world.work(transfer) == "waiting"
    return transfer


def place(transfer, rest="attachments"):
    return f"{PLACE}/{transfer}/{rest}"


def attach(browser, transfer, content=PLAN, name=f"{CANARY}-plan.pdf", **more):
    page = browser.get(place(transfer))
    form = {"seen": hidden(page, "seen"), "key": f"{transfer} {len(content)}", "file": (BytesIO(content), name)}
    return browser.post(place(transfer, "documents"), form | more)


def write(browser, transfer, said=NOTE):
    page = browser.get(place(transfer))
    return browser.post(
        place(transfer, "note"), {"seen": hidden(page, "seen"), "key": f"{transfer} {said[:20]}", "text": said}
    )


def attached(world, transfer):
    return world.worker.desk.attachments.of(transfer)


def box(page, section):
    """The list in which a section stands to be ticked, and whether it is ticked."""
    [found] = [one for one in re.findall("<input[^>]*>", text(page)) if f'value="{section}"' in one]
    return re.search('name="([^"]*)"', found)[1], "checked" in found


def opened_by_cedar(world, transfer):
    """The package of a transfer, as the program of its receiver opens it."""
    found, desk = world.ledger.find(transfer), world.worker.desk
    kept = desk.packages.find(found.id, found.version)
    terms = world.region.running.gateway.grants.transfer("maple", "cedar")[0].transfer
    stream = BytesIO(b"".join(desk.packages.read(kept)))
    return open_package(
        stream, found.id, found.version, parties_of(desk, found, terms), [pair("cedar enc")], desk.clock()
    )


def everything_kept(world):
    """All bytes of the registry and of the state folder."""
    found = []
    with transaction(world.region.administered.store.engine) as connection:
        for table in metadata.sorted_tables:
            found += [repr(row) for row in connection.execute(select(table)).all()]
    found += [one.read_bytes().decode("latin-1") for one in world.region.folder.rglob("*") if one.is_file()]
    return "\n".join(found)


def test_a_document_and_a_note_leave_with_the_record_and_are_gone_once_they_were_read(world, ana):
    transfer = waiting(world, 31)
    assert attach(ana, transfer).status_code == 303
    assert write(ana, transfer).status_code == 303
    kept = everything_kept(world)
    assert CANARY not in kept
    assert hashlib.sha256(PLAN).hexdigest() not in kept
    assert "2 attachments go along" in words(ana.get(place(transfer, "release")))
    page = ana.post(place(transfer, "preview"), SENT | {"key": "p31"})
    shown = words(page)
    assert f"PDF: {len(PLAN)} bytes" in shown
    assert f"message: {CANARY}'s therapist is Dr. Moth. Call before the first day: 555-0100." in shown
    ana.post(place(transfer, "release"), SENT | {"shown": hidden(page, "shown"), "key": "r31"})
    assert world.work(transfer) == "packed"
    opened = opened_by_cedar(world, transfer)
    sections = {one["name"]: one for one in orjson.loads(opened.manifest)["sections"]}
    path = f"documents/{hashlib.sha256(PLAN).hexdigest()}.pdf"
    assert [one["path"] for one in sections["documents"]["files"]] == [path]
    assert opened.files[path] == PLAN
    assert orjson.loads(opened.files["restrictions.json"]) == {
        "message": NOTE, "readableBy": "registrar", "restrictions": [],
    }  # fmt: skip
    reader = AuditReader(world.region.running.settings, world.worker.desk.store)
    [told] = [one for one in reader.about("maple", world.child(31).id) if one["operation"] == "transfer"]
    records = orjson.loads(opened.manifest)["sections"]
    read = sum(file.get("records", 0) for one in records if one["name"] != "restrictions" for file in one["files"])
    assert told["rows"] == read + 2
    assert not any(CANARY.encode() in content for name, content in opened.files.items() if "summary" in name)
    assert world.deliver(transfer) == "delivered"
    assert len(attached(world, transfer)) == 2
    assert world.accept(transfer) == "acknowledged"
    assert attached(world, transfer) == ()
    acts = [one.action for one in world.acts() if transfer in str(one.content)]
    assert acts.count("transfer attach") == 2


def test_what_is_asked_for_again_has_its_documents_once_more(world, ana):
    transfer = waiting(world, 33)
    attach(ana, transfer)
    page = ana.post(place(transfer, "preview"), SENT | {"key": "p33"})
    ana.post(place(transfer, "release"), SENT | {"shown": hidden(page, "shown"), "key": "r33"})
    world.work(transfer)
    world.deliver(transfer)
    world.agent().resend(transfer, 1, "unreadable", "again 33")
    assert world.work(transfer) == "packed"
    opened = opened_by_cedar(world, transfer)
    assert PLAN in opened.files.values()


def test_what_was_added_since_a_decision_was_prepared_does_not_leave_unseen(world, ana):
    transfer = waiting(world, 35)
    ana.get(place(transfer, "release"))
    page = ana.post(place(transfer, "preview"), SENT | {"key": "p35"})
    attach(world.browser("abel"), transfer)
    ana.post(place(transfer, "release"), SENT | {"shown": hidden(page, "shown"), "key": "r35"})
    assert world.ledger.find(transfer).state.value == "waiting"
    assert "not what you were shown" in words(ana.get(f"{PLACE}/{transfer}"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"GIF89a", "no PDF document"),
        (pdf(*PAGE, SCRIPT), "holds something that acts"),
        (b"", "Choose a file"),
    ],
)
def test_what_is_no_document_or_acts_is_refused_beside_the_form(world, ana, content, told):
    transfer = waiting(world, 37)
    answer = attach(ana, transfer, content, name="x.pdf" if content else "")
    assert answer.status_code == 400
    assert told in words(answer)
    assert 'id="document-file-fault"' in text(answer)
    assert attached(world, transfer) == ()


def test_a_note_leaves_only_if_it_is_ticked_though_the_rule_may_release_its_section(tmp_path):
    with moving(tmp_path) as ruled:
        ruled.protect(3)  # so that a person decides
        transfer, browser = waiting(ruled, 3), ruled.browser("ana")
        assert box(browser.get(place(transfer, "release")), "restrictions") == ("by_rule", True)
        write(browser, transfer)
        assert box(browser.get(place(transfer, "release")), "restrictions") == ("by_person", False)
        _, answer = ruled.release(browser, transfer, by_rule=["identity"], by_person=["restrictions"])
        assert answer.status_code == 303
        assert ruled.ledger.find(transfer).state.value == "approved"


def test_an_empty_note_is_not_said_to_be_kept(world, ana):
    transfer = waiting(world, 57)
    assert write(ana, transfer, " \n").status_code == 303
    page = words(ana.get(place(transfer)))
    assert "No note goes along" in page
    assert "The note is kept" not in page


def test_a_document_is_counted_where_it_is_shown_before_it_leaves(world, ana):
    transfer = waiting(world, 59)
    attach(ana, transfer)
    shown = words(ana.post(place(transfer, "preview"), SENT | {"key": "p59"}))
    assert "Attached documents 1 record" in shown


def test_a_document_that_is_too_large_is_refused_beside_the_form(world, ana):
    transfer = waiting(world, 49)
    page = ana.get(place(transfer))
    content = PLAN + b" " * (10 << 20)  # as bytes: the client of the tests leaves the file of a large form open
    fields = {"csrf_token": ana.token, "seen": hidden(page, "seen"), "key": "large"}
    head = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{said}\r\n' for one, said in fields.items()
    )
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = (head + file).encode() + content + b"\r\n--b--\r\n"
    headers = {"Referer": f"{BASE}{place(transfer)}", "Origin": BASE}
    answer = ana.wsgi.post(
        place(transfer, "documents"), base_url=BASE, data=body, content_type="multipart/form-data; boundary=b",
        headers=headers,
    )  # fmt: skip
    assert answer.status_code == 413
    assert "larger than 10 MiB" in words(answer)
    assert attached(world, transfer) == ()


def test_a_document_is_read_and_taken_back_by_those_who_decide(world, ana):
    transfer = waiting(world, 39)
    attach(ana, transfer)
    [one] = attached(world, transfer)
    read = ana.wsgi.get(place(transfer, f"documents/{one.id}"), base_url=BASE)
    assert (read.data, read.content_type) == (PLAN, "application/pdf")
    assert read.headers["Content-Disposition"].startswith("attachment")
    assert [act.action for act in world.acts()].count("transfer document shown") == 1
    page = ana.get(place(transfer))
    form = {"seen": hidden(page, "seen"), "key": "d39"}
    assert ana.post(place(transfer, f"attachments/{one.id}/detach"), form).status_code == 303
    assert attached(world, transfer) == ()
    assert ana.get(place(transfer, f"documents/{one.id}")).status_code == 404
    assert CANARY not in text(ana.get(place(transfer)))


def test_the_same_document_is_taken_back_as_often_as_it_is_attached(world, ana):
    transfer = waiting(world, 51)
    for turn in range(2):
        attach(ana, transfer, key=f"again {turn}")
        [one] = attached(world, transfer)
        page = ana.get(place(transfer))
        key = re.search(rf'name="key" value="([^"]+{one.id})"', text(page))[1]
        ana.post(place(transfer, f"attachments/{one.id}/detach"), {"seen": hidden(page, "seen"), "key": key})
        assert attached(world, transfer) == ()


def test_a_page_with_two_forms_has_each_id_once(world, ana):
    page = text(ana.get(place(waiting(world, 53))))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_note_takes_the_place_of_the_one_before_and_an_empty_one_is_none(world, ana):
    transfer = waiting(world, 41)
    write(ana, transfer)
    write(ana, transfer, "Call first.")
    [one] = world.worker.desk.attachments.opened(transfer)
    assert one.content == b"Call first."
    assert write(ana, transfer, "x" * 2001).status_code == 400
    write(ana, transfer, " ")
    assert attached(world, transfer) == ()


def test_nobody_but_an_approver_adds_to_the_record_of_a_child_with_a_protected_address(world, ana):
    world.protect(43)
    transfer = waiting(world, 43)
    assert attach(ana, transfer).status_code == 303
    rita = world.browser("rita")
    assert rita.get(place(transfer)).status_code == 403
    [one] = attached(world, transfer)
    assert rita.get(place(transfer, f"documents/{one.id}")).status_code == 403


def test_what_is_not_released_is_deleted_after_14_days_and_what_is_closed_at_once(world, ana):
    first, second = waiting(world, 45), waiting(world, 47)
    for transfer in (first, second):
        attach(ana, transfer)
    page = ana.get(f"{PLACE}/{second}/refuse")
    ana.post(f"{PLACE}/{second}/refuse", {"reason": "court-order", "seen": hidden(page, "seen")})
    assert attached(world, second) == ()
    page = ana.get(place(first, "release"))
    desk, later = world.worker.desk, world.region.clock
    before = later.now
    try:
        later.now += type(later.now - before)(days=13)
        desk.attachments.expire()
        assert len(attached(world, first)) == 1
        later.now += type(later.now - before)(days=2)
        assert desk.attachments.expire() >= 1
        assert attached(world, first) == ()
    finally:
        later.now = before
