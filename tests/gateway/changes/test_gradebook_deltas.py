"""What has changed in, and gone from, a gradebook that is read on each request, told to those who read the list."""

from __future__ import annotations

import pytest

from standards.oneroster.model import validate
from tests.adapters.edfi_ods.system import settings_for, system
from tests.support.regions import Site, agreement, running

OPERATIONS = "[read, search, create, update, delete]"
PUPILS = "{all: [{grade: {in: ['KG', '01', '02']}}]}"
ROOT = "/ims/oneroster/gradebook/v1p2/"
OLD = "/ims/oneroster/v1p1/"
FIRST = '[tokens]\nlife = "1d"\n'


@pytest.fixture
def ods():
    """A running ODS that no other test has changed."""
    with system() as found:
        yield found


@pytest.fixture
def start(ods, tmp_path, monkeypatch):
    """How to start a gateway with the ODS as its one district; a second start is a restart."""
    monkeypatch.setenv("ODS_SECRET", "ods-secret")
    given = settings_for(ods, client_secret="env:ODS_SECRET", page_size=500, writable="true")
    agreements = [
        agreement("willow", operations=OPERATIONS),
        agreement("willow", client="some", population=PUPILS),
    ]

    def starting(clock=None):
        return running(tmp_path, {"willow": Site("edfi_ods", given)}, agreements, FIRST, clock)

    return starting


@pytest.fixture
def region(start):
    with start() as found:
        yield found


def rows(ods, name):
    return list(ods.ods.state.rows[name].values())


def remove(ods, name, identifier):
    """Let somebody else delete a document in the ODS, with what refers to it."""
    row = ods.ods.state.rows[name][identifier]
    for user in list(ods.ods.state.users(row)):
        remove(ods, user.resource, user.id)
    ods.ods.state.remove(row)


def listed(consumer, rest, root=ROOT, **query):
    answer = consumer.ask(root + rest, limit=10_000, **query)
    assert answer.status_code == 200, answer.text
    ((_, records),) = (
        (name, value) for name, value in answer.json.items() if isinstance(value, list) and name[0] != "s"
    )
    return records


def now(region):
    """A moment between what was and what comes."""
    region.clock.move(60)
    moment = region.clock().isoformat().replace("+00:00", "Z")
    region.clock.move(60)
    return moment


def changed(consumer, rest, moment, root=ROOT, more=""):
    return listed(consumer, rest, root, filter=f"dateLastModified>'{moment}'{more}")


def ids(records):
    return {one["sourcedId"] for one in records}


def gone(records):
    return {one["sourcedId"] for one in records if one["status"] == "tobedeleted"}


def refused(consumer, rest, moment, root=ROOT):
    answer = consumer.ask(root + rest, filter=f"dateLastModified>'{moment}'")
    assert answer.status_code == 400, answer.text
    return answer.text


NESTED = (
    "classes/{class}/lineItems/{lineItem}/results",
    "classes/{class}/results",
    "classes/{class}/students/{student}/results",
)


def lists_of(result):
    """The addresses of the lists that have a result, in both versions."""
    named = {name: result[name]["sourcedId"] for name in ("class", "lineItem", "student")}
    return [(root, one.format_map(named)) for root in (ROOT, OLD) for one in ("results", *NESTED)]


def test_what_somebody_else_deletes_is_told_on_every_list_that_showed_it(region, ods):
    consumer = region.consumer()
    lost, *others = listed(consumer, "results")
    for root, rest in lists_of(lost):
        assert lost["sourcedId"] in ids(listed(consumer, rest, root)), rest
    moment = now(region)
    for root, rest in lists_of(lost):
        assert changed(consumer, rest, moment, root) == [], rest
    remove(ods, "StudentGradebookEntry", lost["sourcedId"])
    for root, rest in lists_of(lost):
        (tombstone,) = changed(consumer, rest, moment, root)
        assert gone([tombstone]) == {lost["sourcedId"]}, rest
        assert tombstone["dateLastModified"] > moment
        assert validate("1.2" if root == ROOT else "1.1", "result", tombstone) == []
    assert ids(listed(consumer, "results")) == ids(others)
    assert changed(consumer, "results", now(region)) == []
    assert gone(changed(consumer, "results", moment)) == {lost["sourcedId"]}


def test_what_differs_is_told_with_its_time_and_nothing_else_is(region, ods):
    consumer = region.consumer()
    before = {one["sourcedId"]: one for one in listed(consumer, "results")}
    moment = max(one["dateLastModified"] for one in before.values())
    row = rows(ods, "StudentGradebookEntry")[4]
    ods.ods.state.change(row, {**row.document, "pointsEarned": 1})
    (found,) = changed(consumer, "results", moment)
    assert (found["sourcedId"], found["score"], found["status"]) == (row.id, 1, "active")
    assert found["dateLastModified"] > moment
    after = {one["sourcedId"]: one for one in listed(consumer, "results")}
    assert {own for own, one in after.items() if one != before[own]} == {row.id}


def test_what_is_deleted_and_made_again_under_the_same_key_is_gone_and_new(region, ods):
    consumer = region.consumer()
    listed(consumer, "results")
    moment = now(region)
    row = rows(ods, "StudentGradebookEntry")[0]
    ods.ods.state.remove(row)
    made = ods.ods.state.add(ods.ods.state.shape.resources[row.resource], row.document)
    found = changed(consumer, "results", moment)
    assert gone(found) == {row.id}
    assert ids(found) == {row.id, made.id}


def test_what_the_consumer_makes_and_deletes_is_told_too(region, ods):
    consumer = region.consumer()
    one, *_ = listed(consumer, "results")
    moment = now(region)
    assert consumer.ask(f"{ROOT}results/{one['sourcedId']}", method="DELETE").status_code == 204
    assert gone(changed(consumer, "results", moment)) == {one["sourcedId"]}
    body = {"result": {name: one[name] for name in ("lineItem", "student", "scoreDate", "score")}}
    body["result"] |= {
        "sourcedId": "mine",
        "status": "active",
        "dateLastModified": moment,
        "scoreStatus": "fully graded",
    }
    answer = consumer.web.put(f"{ROOT}results/mine", json=body, headers=consumer.bearer)
    assert answer.status_code == 201, answer.text
    own = answer.headers["Location"].rpartition("/")[2]
    remove(ods, "StudentGradebookEntry", own)  # before anybody was shown it
    assert gone(changed(consumer, "results", moment)) == {one["sourcedId"], own}


def test_of_what_a_consumer_may_not_see_nothing_is_told(region, ods):
    every, some = region.consumer(), region.consumer("some")
    seen = ids(listed(some, "results"))
    hidden = ids(listed(every, "results")) - seen
    assert seen
    assert hidden
    moment = now(region)
    remove(ods, "StudentGradebookEntry", min(hidden))
    assert gone(changed(every, "results", moment)) == {min(hidden)}
    assert changed(some, "results", moment) == []
    remove(ods, "StudentGradebookEntry", min(seen))
    assert gone(changed(some, "results", moment)) == {min(seen)}


def test_results_of_a_student_who_leaves_a_consumers_sight_are_gone_for_it(region, ods):
    every, some = region.consumer(), region.consumer("some")
    one, *_ = listed(some, "results")
    listed(every, "results")
    own = {other["sourcedId"] for other in listed(some, "results") if other["student"] == one["student"]}
    (unique,) = [
        row.document["studentUniqueId"] for row in rows(ods, "Student") if row.id == one["student"]["sourcedId"]
    ]
    moment = now(region)
    for row in rows(ods, "StudentSchoolAssociation"):
        if row.document["studentReference"]["studentUniqueId"] == unique:
            grade = "uri://ed-fi.org/GradeLevelDescriptor#Twelfth grade"
            ods.ods.state.change(row, {**row.document, "entryGradeLevelDescriptor": grade})
    region.clock.move(7200)
    region.gateway.districts["willow"].cached_snapshot()
    assert gone(changed(some, "results", moment)) == own
    assert gone(changed(every, "results", moment)) == set()


def test_a_line_item_that_moves_has_left_the_list_of_its_class_and_joined_another(region, ods):
    consumer = region.consumer()
    one, *others = listed(consumer, "lineItems")
    other = next(found for found in others if found["class"] != one["class"])
    lists = [f"classes/{found['class']['sourcedId']}/lineItems" for found in (one, other)]
    for rest in lists:
        listed(consumer, rest)
    moment = now(region)
    first, second = (ods.ods.state.rows["GradebookEntry"][found["sourcedId"]] for found in (one, other))
    ods.ods.state.change(first, {**first.document, "sectionReference": second.document["sectionReference"]})
    assert [gone(changed(consumer, rest, moment)) for rest in lists] == [{first.id}, set()]
    assert [ids(changed(consumer, rest, moment)) for rest in lists] == [{first.id}, {first.id}]
    (found,) = changed(consumer, "lineItems", moment)
    assert (found["sourcedId"], found["class"]["sourcedId"]) == (first.id, other["class"]["sourcedId"])


def test_a_category_is_gone_with_the_last_work_of_its_kind(region, ods):
    consumer = region.consumer()
    lost = next(one for one in listed(consumer, "categories") if one["title"] == "Activity")
    listed(consumer, "lineItems")
    moment = now(region)
    kind = "uri://ed-fi.org/GradebookEntryTypeDescriptor#Activity"
    entries = {row.id for row in rows(ods, "GradebookEntry") if row.document["gradebookEntryTypeDescriptor"] == kind}
    for identifier in entries:
        remove(ods, "GradebookEntry", identifier)
    assert gone(changed(consumer, "categories", moment)) == {lost["sourcedId"]}
    assert gone(changed(consumer, "lineItems", moment)) == entries


def test_a_tombstone_answers_whatever_else_is_asked_of_it(region, ods):
    consumer = region.consumer()
    one, other, *_ = listed(consumer, "results")
    moment = now(region)
    remove(ods, "StudentGradebookEntry", one["sourcedId"])
    student = f" AND student.sourcedId='{one['student']['sourcedId']}'"
    assert gone(changed(consumer, "results", moment, more=student)) == {one["sourcedId"]}
    assert gone(changed(consumer, "results", moment, more=" AND status='tobedeleted'")) == {one["sourcedId"]}
    assert changed(consumer, "results", moment, more=f" AND sourcedId='{other['sourcedId']}'") == []
    assert changed(consumer, "results", moment, more=" AND status='active'") == []


def test_what_is_set_aside_is_not_told_as_gone(region, ods):
    consumer = region.consumer()
    one, *_ = listed(consumer, "results")
    moment = now(region)
    row = ods.ods.state.rows["StudentGradebookEntry"][one["sourcedId"]]
    ods.ods.state.change(row, {**row.document, "pointsEarned": "many"})
    assert row.id not in ids(listed(consumer, "results"))
    assert changed(consumer, "results", moment) == []
    remove(ods, "StudentGradebookEntry", row.id)
    assert gone(changed(consumer, "results", moment)) == {row.id}


def test_after_a_restart_a_delta_is_refused_until_the_list_was_read(start, ods):
    with start() as region:
        listed(region.consumer(), "results")
        moment, clock = now(region), region.clock
    lost, other = (row.id for row in rows(ods, "StudentGradebookEntry")[:2])
    remove(ods, "StudentGradebookEntry", lost)
    clock.move(60)
    with start(clock) as region:
        consumer = region.consumer()
        refused(consumer, "results", moment)
        assert lost not in ids(listed(consumer, "results"))
        refused(consumer, "results", moment)
        moment = now(region)
        remove(ods, "StudentGradebookEntry", other)
        assert gone(changed(consumer, "results", moment)) == {other}


def test_a_list_that_nobody_has_read_whole_has_no_deltas(region):
    consumer = region.consumer()
    moment = now(region)
    refused(consumer, "results", moment)
    one, *_ = listed(consumer, "results", filter="score>'0'")
    assert "compare whole lists" in refused(consumer, "results", moment)
    listed(consumer, "results", OLD)
    refused(consumer, "results", now(region))
    for _, rest in lists_of(one):
        refused(consumer, rest, moment)
    region.clock.move(60)
    listed(consumer, "results")
    assert changed(consumer, "results", now(region)) == []


def test_the_moment_at_which_the_first_read_began_is_one_to_ask_from(region, ods):
    consumer, moment = region.consumer(), now(region)
    region.clock.move(5)
    first, *_ = listed(consumer, "results")
    remove(ods, "StudentGradebookEntry", first["sourcedId"])
    assert gone(changed(consumer, "results", moment)) == {first["sourcedId"]}


def test_a_list_that_was_asked_for_by_its_status_alone_was_read_whole(region, ods):
    consumer = region.consumer()
    first, *_ = listed(consumer, "results", filter="status='active'")
    moment = now(region)
    remove(ods, "StudentGradebookEntry", first["sourcedId"])
    assert gone(changed(consumer, "results", moment)) == {first["sourcedId"]}


def test_a_question_for_all_that_is_gone_is_refused(region):
    consumer = region.consumer()
    listed(consumer, "results")
    for asked in ("status='tobedeleted'", "status='ToBeDeleted'", "status!='tobedeleted'"):
        assert consumer.ask(ROOT + "results", filter=asked).status_code == 400, asked


def test_a_delta_that_had_to_forget_what_is_gone_is_refused(region, ods):
    consumer, ledger = region.consumer(), region.gateway.ledger
    lost, *_ = listed(consumer, "results")
    moment = now(region)
    remove(ods, "StudentGradebookEntry", lost["sourcedId"])
    ledger._capacity = 20
    refused(consumer, "results", moment)
    ledger._capacity = 2_000_000
    assert lost["sourcedId"] not in ids(listed(consumer, "results"))
    refused(consumer, "results", moment)


def test_lists_in_which_nothing_is_are_forgotten_too_where_all_is_too_much(region):
    consumer, ledger = region.consumer(), region.gateway.ledger
    classes, students = (
        [one["sourcedId"] for one in listed(consumer, name, "/ims/oneroster/rostering/v1p2/")][:6]
        for name in ("classes", "students")
    )
    ledger._capacity = 100
    for klass in classes:
        for student in students:
            listed(consumer, f"classes/{klass}/students/{student}/results")
    assert len(ledger._lists) < 13
    assert ledger._listed == sum(8 + len(one.present) + len(one.left) for one in ledger._lists.values())


def test_a_walk_in_pages_and_a_delta_after_it_leave_nothing_out(region, ods):
    consumer, moment = region.consumer(), now(region)
    first = consumer.ask(ROOT + "results", limit=10).json["results"]
    remove(ods, "StudentGradebookEntry", first[0]["sourcedId"])
    assert consumer.ask(ROOT + "results", limit=10, offset=10).status_code == 409
    pages = [consumer.ask(ROOT + "results", limit=10, offset=offset).json["results"] for offset in (0, 10, 20)]
    found = {one["sourcedId"] for page in pages for one in page}
    assert found == ids(listed(consumer, "results"))
    assert gone(changed(consumer, "results", moment)) == {first[0]["sourcedId"]}
