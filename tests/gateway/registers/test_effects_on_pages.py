"""Restrictions and consents change what a consumer is shown, from the next request on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest

from gateway.config.declared_facts import DeclaredFact
from policies.grant import Registered, Rule
from tests.gateway.registers.memory import BEGIN, MemoryRegisters
from tests.policies import documents
from tests.support.consumers import EDFI, ONEROSTER, TOLD, Consumer

SUBSTITUTE = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


@pytest.fixture
def open_district(tmp_path):
    opened = []

    def make(registers, name="everything but staff", records=None, change=None, facts=()):
        folder = tmp_path / str(len(opened))
        one = Consumer(folder, name, records or documents.district(), registers=registers.watch(*facts), change=change)
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.close()


def people(consumer, place=f"{ONEROSTER}/users?limit=1000"):
    answer = consumer.ask(place)
    assert answer[0] == 200, answer
    return {one["sourcedId"]: one for one in orjson.loads(answer[-1])["users"]}


def documents_of(consumer, name):
    answer = consumer.ask(f"{EDFI}/{name}?limit=500")
    assert answer[0] == 200, answer
    return orjson.loads(answer[-1])


def test_a_protected_students_telephone_number_is_on_no_page(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    assert people(consumer)["source-s1"]["phone"] == "206-555-0100"
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    found = people(consumer)
    assert "phone" not in found["source-s1"]
    assert found["source-s2"]["phone"] == "206-555-0101"


def test_a_protected_students_address_is_the_substitute(open_district):
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    found = documents_of(open_district(registers), "studentEducationOrganizationAssociations")
    by_student = {one["studentReference"]["studentUniqueId"]: one["addresses"] for one in found}
    assert [one["streetNumberName"] for one in by_student["s1"]] == ["PO Box 257"]
    assert [one["streetNumberName"] for one in by_student["s2"]] == ["1 Pine", "Box 1"]


def test_a_protected_students_contacts_keep_their_names_and_lose_their_addresses(open_district):
    records = documents.district()
    for row in records["contact"]:
        row |= {"phone": "206-555-0199", "address": [{"kind": "Home", "street": "7 Oak"}]}
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    found = {one["contactUniqueId"]: one for one in documents_of(open_district(registers, records=records), "contacts")}
    assert found["cs1"]["firstName"] == "Parent0"
    assert "addresses" not in found["cs1"]
    assert found["cs2"]["addresses"][0]["streetNumberName"] == "7 Oak"


def test_of_what_has_free_members_nothing_leaves_of_a_protected_student(open_district):
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1")
    found = people(open_district(registers))
    assert "metadata" not in found["source-s1"]
    assert found["source-s2"]["metadata"]["club"] == "club 1"


@pytest.mark.parametrize("tags", [
    lambda registers: {"id": registers.tag("id", "source-s1")},
    lambda registers: {"id": registers.tag("id", "s1")},
    lambda registers: registers.numbered("SSID0"),
    lambda registers: registers.numbered("WA0"),
    lambda registers: registers.named("FAMILY 0", "given-0", "2010-05-07"),
])  # fmt: skip
def test_a_restriction_holds_for_whoever_any_of_its_tags_matches(tags, open_district):
    registers = MemoryRegisters()
    registers.restrict("court-order", tags={"name": "0" * 32} | tags(registers), recipients=("reading-partners",))
    found = people(open_district(registers))
    assert "source-s1" not in found
    assert "source-s2" in found


def test_an_order_about_one_recipient_hides_the_student_from_no_other(open_district):
    registers = MemoryRegisters()
    registers.restrict("court-order", "source-s1", recipients=("somebody-else",))
    assert "source-s1" in people(open_district(registers))


def test_an_order_about_a_contact_hides_the_contact_alone(open_district):
    registers = MemoryRegisters()
    registers.restrict("court-order", "source-s1", contact=registers.contact("cs1"))
    consumer = open_district(registers)
    assert "cs1" not in {one["contactUniqueId"] for one in documents_of(consumer, "contacts")}
    assert "cs1" not in str(documents_of(consumer, "studentContactAssociations"))
    assert "source-s1" in people(consumer)


def test_a_contact_of_another_child_too_stays_for_that_one(open_district):
    records = documents.district()
    records["guardianship"].append(
        {"key": ("cs1", "s2"), "student": ("s2",), "contact": ("cs1",), "relation": "Mother"}
    )
    registers = MemoryRegisters()
    registers.restrict("court-order", "source-s1", contact=registers.contact("cs1"))
    links = documents_of(open_district(registers, records=records), "studentContactAssociations")
    found = {
        one["studentReference"]["studentUniqueId"]
        for one in links
        if one["contactReference"]["contactUniqueId"] == "cs1"
    }
    assert found == {"s2"}


def test_an_order_about_a_contact_who_cannot_be_found_hides_all_contacts_of_the_student(open_district):
    registers = MemoryRegisters()
    registers.restrict("court-order", "source-s1", contact=registers.contact("who has another id now"))
    found = {one["contactUniqueId"] for one in documents_of(open_district(registers), "contacts")}
    assert found == {f"cs{number}" for number in range(2, 8)}


@pytest.mark.parametrize("star", ["", ".*"])  # both are written down: a line of an agreement may be spelt so too
def test_an_objection_withholds_its_elements_from_its_recipients(star, open_district):
    registers = MemoryRegisters()
    registers.restrict("parent-objection", "source-s1", elements=(f"student.phone{star}", f"student.name{star}"))
    registers.restrict("parent-objection", "source-s2", elements=("student.phone",), recipients=("somebody-else",))
    registers.restrict("parent-objection", "source-s3")
    found = people(open_district(registers))
    assert {"phone", "givenName", "familyName"}.isdisjoint(found["source-s1"])
    assert "phone" in found["source-s2"]
    assert "source-s3" not in found


INSIDE = "oneroster.users.metadata.home.phone"


@pytest.mark.parametrize("value", [{"phone": "206-555-0199", "rooms": 3}, [{"phone": "206-555-0199"}]], ids=str)
@pytest.mark.parametrize("action", ["deny", "last4", "none"])
def test_a_free_member_is_withheld_whole_where_something_inside_it_is(action, value, open_district):
    """A system's own member can hold others: a line, or an objection, may be about one of these alone."""
    records = documents.district()
    for student in records["student"][:2]:
        student["oneroster.users.metadata"] = {"home": value, "club": "chess"}
    records["student"][2]["oneroster.users.metadata"] = {"home": "a word"}

    def change(grant):
        own = {name: Rule(action) for name in (INSIDE, f"{INSIDE}.*")} if action != "none" else {}
        return replace(grant, rules={**grant.rules, **own}, epoch=f"{grant.epoch}-{action}")

    registers = MemoryRegisters()
    registers.restrict("parent-objection", "source-s1", elements=(INSIDE,))
    found = people(open_district(registers, records=records, change=change))
    told = {name: found[f"source-{name}"].get("metadata") for name in ("s1", "s2", "s3")}
    whole = {"home": value, "club": "chess"} if action == "none" else {"club": "chess"}
    assert told == {"s1": {"club": "chess"}, "s2": whole, "s3": {"home": "a word"}}


def test_an_objection_to_what_is_not_called_so_any_more_is_to_everything(open_district):
    registers = MemoryRegisters()
    registers.restrict("parent-objection", "source-s1", elements=("student.phone", "student.pager"))
    assert "source-s1" not in people(open_district(registers))


@pytest.mark.parametrize(("then", "leaves"), [
    ("student.birthDate", {"allow", "month", "year"}), ("student.birthDate month", {"month", "year"}),
    ("student.birthDate year", {"year"}), ("student.birthDate deny", set()),
])  # fmt: skip
@pytest.mark.parametrize("now", ["allow", "month", "year"])
def test_a_consent_to_what_is_masked_is_none_to_what_is_masked_less(then, leaves, now, open_district):
    def change(grant):
        rules = {**grant.rules, "student.birthDate": Rule(now)}
        return replace(grant, rules=rules, registered=Registered(form="form"), epoch=f"{grant.epoch}-{now}")

    registers = MemoryRegisters()
    registers.consent("source-s2", elements=frozenset({"student.id", "enrollment.id", "student.name.given", then}))
    found = documents_of(open_district(registers, change=change), "students")
    assert [one["firstName"] for one in found] == ["Given1"]
    assert ("birthDate" in found[0]) is (now in leaves)


def test_a_consent_to_all_free_members_but_one_is_none_to_that_one(open_district):
    registers = MemoryRegisters()
    covered = {
        "student.id",
        "enrollment.id",
        "enrollment.student",
        "enrollment.school",
        "oneroster.users.metadata",
        "oneroster.users.metadata.lunch deny",
    }
    registers.consent("source-s2", elements=frozenset(covered))
    assert people(open_district(registers, change=under(form="form")))["source-s2"]["metadata"] == {"club": "club 1"}


def under(**registered):
    return lambda grant: replace(grant, registered=Registered(**registered))


def test_an_opt_out_is_from_directory_information_alone(open_district):
    registers = MemoryRegisters()
    registers.restrict("directory", "source-s1")
    assert "source-s1" not in people(open_district(registers, change=under(directory=True)))
    assert "source-s1" in people(open_district(registers))


def test_without_consent_there_is_no_student(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers, change=under(form="form"))
    assert not [one for one in people(consumer).values() if one["roles"][0]["role"] == "student"]
    registers.consent("source-s2", signer_role="eligible-student")
    registers.consent("source-s3", form="another form")
    registers.consent("source-s4", agreement="another")
    registers.consent("source-s5", until=BEGIN)
    registers.consent("source-s6", begin=date(2026, 10, 2))
    found = {one for one, record in people(consumer).items() if record["roles"][0]["role"] == "student"}
    assert found == {"source-s2"}
    assert [one["contactUniqueId"] for one in documents_of(consumer, "contacts")] == ["cs2"]
    registers.withdraw()
    assert consumer.ask(f"{ONEROSTER}/users/source-s2")[0] == 404


def test_a_consent_covers_the_elements_that_its_form_named(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers, change=under(form="form"))
    registers.consent("source-s2", elements=frozenset({"student.id", "student.name.given", "enrollment.id"}))
    (found,) = documents_of(consumer, "students")
    assert found["firstName"] == "Given1"
    assert {"lastSurname", "birthDate"}.isdisjoint(found)
    assert documents_of(consumer, "contacts") == []
    assert documents_of(consumer, "studentSectionAssociations") == []


@pytest.mark.parametrize(("born", "role", "holds"), [
    ("2008-10-02", "parent", True), ("2008-10-01", "parent", False), ("2008-10-01", "eligible-student", True),
    (None, "parent", False), ("unknown", "parent", False), ("2015-01-01", "a neighbour", False),
])  # fmt: skip
def test_a_parents_consent_ends_at_the_eighteenth_birthday(born, role, holds, open_district):
    records = documents.district()
    records["student"][0]["birthDate"] = born
    records["student"] = [
        {name: value for name, value in one.items() if value is not None} for one in records["student"]
    ]
    registers = MemoryRegisters()
    registers.consent("source-s1", signer_role=role)
    assert ("source-s1" in people(open_district(registers, records=records, change=under(form="form")))) is holds


def test_a_consent_that_matches_several_students_counts_for_none(open_district):
    records = documents.district()
    records["student"][1]["identifier"] = "SSID0"
    registers = MemoryRegisters()
    registers.consent(tags=registers.numbered("SSID0"), student="", signer_role="eligible-student")
    found = people(open_district(registers, records=records, change=under(form="form")))
    assert not [one for one in found.values() if one["roles"][0]["role"] == "student"]


@pytest.mark.parametrize(("more", "holds"), [
    (lambda registers: registers.numbered("the number of another student"), False),
    (lambda registers: registers.named("another", "student", "2010-05-07"), False),
    (lambda registers: registers.named("family 0", "Given 0", "2010-05-07"), True),
    (lambda registers: registers.numbered("SSID0") | registers.named("a name of before", "s1", "2010-05-07"), True),
    (lambda registers: registers.numbered("WA0"), True),
    (lambda _: {}, False),
])  # fmt: skip
def test_a_consent_does_not_pass_to_whoever_has_the_id_now(more, holds, open_district):
    registers = MemoryRegisters()
    tags = {"id": registers.tag("id", "source-s1"), **more(registers)}
    registers.consent("", tags=tags, signer_role="eligible-student")
    assert ("source-s1" in people(open_district(registers, change=under(form="form")))) is holds


@pytest.mark.parametrize("missing", [("identifier", "identifiers"), ("identifier", "identifiers", "birthDate")])
def test_a_consent_counts_for_nobody_whom_nothing_but_an_id_confirms(missing, open_district):
    """The entry has the state's id alone, as a twin's; who has the source's id now has none, as a newcomer."""
    records = documents.district()
    for name in missing:
        del records["student"][0][name]
    registers = MemoryRegisters()
    registers.consent("source-s1", signer_role="eligible-student")
    registers.consent("source-s2", signer_role="eligible-student")
    found = people(open_district(registers, records=records, change=under(form="form")))
    assert "source-s1" not in found
    assert "source-s2" in found


FACT = DeclaredFact(
    "directory", "oneroster.users.metadata.club", frozenset({"no"}), frozenset({"club 1", "YES"}), empty="free"
)


@pytest.mark.parametrize(("word", "shown"), [
    ("club 1", True), ("YES", True), ("yes", True), ("no", False), ("a word that nobody declared", False), ("", True), (None, False),
])  # fmt: skip
def test_a_declared_fact_restricts_unless_its_word_is_known_to_be_free(word, shown, open_district):
    records = documents.district()
    records["student"][1]["oneroster.users.metadata"] = {"other": "x"} if word is None else {"club": word}
    consumer = open_district(MemoryRegisters(), records=records, change=under(directory=True), facts=(FACT,))
    assert ("source-s2" in people(consumer)) is shown


def test_a_declared_fact_whose_field_is_not_there_restricts_all(open_district):
    fact = replace(FACT, element="student.residenceStatus")
    found = people(open_district(MemoryRegisters(), change=under(directory=True), facts=(fact,)))
    assert not [one for one in found.values() if one["roles"][0]["role"] == "student"]


AGREED = DeclaredFact(
    "consent", "oneroster.users.metadata.club", granted=frozenset({"club 1"}), agreement="reading", form="form"
)


@pytest.mark.parametrize(("fact", "shown"), [
    (AGREED, {"source-s2"}), (replace(AGREED, granted=frozenset({"CLUB 1"})), {"source-s2"}),
    (replace(AGREED, agreement="another"), set()), (replace(AGREED, form="another"), set()),
    (replace(AGREED, element="student.residenceStatus"), set()),
])  # fmt: skip
def test_a_declared_consent_counts_for_its_agreement_and_form_alone_and_covers_all(fact, shown, open_district):
    found = people(open_district(MemoryRegisters(), change=under(form="form"), facts=(fact,)))
    assert {one for one, record in found.items() if record["roles"][0]["role"] == "student"} == shown
    assert all("familyName" in found[one] for one in shown)


def test_a_declared_restriction_that_no_row_of_the_student_states_restricts(open_district):
    records = documents.district()
    for row in records["profile"]:
        row["sex"] = "Male" if row["student"] == ("s3",) else "Female"
    records["profile"] = [row for row in records["profile"] if row["student"] != ("s1",)]
    fact = DeclaredFact("directory", "student.sex", frozenset({"Male"}), frozenset({"Female"}), empty="free")
    found = people(open_district(MemoryRegisters(), records=records, change=under(directory=True), facts=(fact,)))
    assert "source-s2" in found
    assert found.keys().isdisjoint({"source-s1", "source-s3"})


def test_a_consent_that_names_no_element_covers_nothing(open_district):
    registers = MemoryRegisters()
    registers.consent("source-s2", elements=frozenset())
    found = people(open_district(registers, change=under(form="form")))
    assert not [one for one in found.values() if one["roles"][0]["role"] == "student"]


# What changes in time


def test_a_walk_goes_on_where_nothing_changes_for_its_client_and_ends_where_something_does(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    first, second = (f"{ONEROSTER}/students?limit=2&offset={offset}" for offset in (0, 2))
    assert consumer.ask(first)[0] == 200
    registers.restrict("directory", "source-s1")
    registers.restrict("court-order", "source-s1", recipients=("somebody-else",))
    registers.restrict("acp", "no such student", substitute=SUBSTITUTE)
    assert consumer.ask(second)[0] == 200
    registers.restrict("court-order", "source-s1", recipients=("reading-partners",))
    assert consumer.ask(second)[0] == 409
    assert consumer.ask(first)[0] == 200


def test_a_page_token_goes_on_without_who_is_restricted(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    answer = consumer.ask(f"{EDFI}/students?pageSize=2&pageToken={token_of(consumer)}")
    shown = {one["studentUniqueId"] for one in orjson.loads(answer[-1])}
    (other, *_) = sorted({f"s{number}" for number in range(1, 8)} - shown)
    registers.restrict("court-order", f"source-{other}", recipients=("reading-partners",))
    token = answer[1 + TOLD.index("Next-Page-Token")]
    rest = orjson.loads(consumer.ask(f"{EDFI}/students?pageSize=50&pageToken={token}")[-1])
    assert {one["studentUniqueId"] for one in rest} == {f"s{number}" for number in range(1, 8)} - shown - {other}


def token_of(consumer):
    answer = orjson.loads(consumer.ask(f"{EDFI}/students/partitions?number=1")[-1])
    return answer["pageTokens"][0]


def test_what_is_restricted_is_deleted_for_who_asks_for_changes(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    assert "source-s1" in people(consumer)
    consumer.time += 10
    registers.restrict("court-order", "source-s1", recipients=("reading-partners",))
    registers.restrict("acp", "source-s2", substitute=SUBSTITUTE)
    found = people(consumer, f"{ONEROSTER}/users?filter=dateLastModified%3E%272026-10-01T20:00:05Z%27")
    (contact,) = found.keys() - {"source-s1", "source-s2"}
    deleted = {one for one, record in found.items() if record["status"] == "tobedeleted"}
    assert deleted == {"source-s1", contact}


def test_where_the_registers_cannot_be_read_nothing_is_sent(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    people(consumer)
    registers.down = True
    for place in (f"{ONEROSTER}/users", f"{EDFI}/students", f"{EDFI}/studentSchoolAttendanceEvents"):
        answer = consumer.ask(place)
        assert answer[0] == 503
        assert b"source-s1" not in answer[-1]


def test_the_registers_are_looked_up_twice_a_second_at_most():
    now, registers = [0.0], MemoryRegisters()
    watch = registers.watch(monotonic=lambda: now[0])
    assert watch.now() is None
    registers.restrict("acp", "source-s1")
    for moment in (0.1, 0.3, 0.49):
        now[0] = moment
        assert watch.now() is None
    now[0] = 0.51
    assert watch.now() is not None
    assert registers.asked == 2


def test_a_second_process_over_the_same_registers_sees_a_withdrawal_within_a_second(open_district):
    registers = MemoryRegisters()
    entry = registers.consent("source-s2", signer_role="eligible-student")
    one, other = (open_district(registers, change=under(form="form")) for _ in range(2))
    now = [0.0]
    for consumer in (one, other):
        consumer.district.registers._watch._monotonic = lambda: now[0]
        consumer.district.registers._watch._until = float("-inf")
        assert "source-s2" in people(consumer)
    registers.withdraw(entry.entry)
    now[0] = 1.0
    assert ["source-s2" in people(consumer) for consumer in (one, other)] == [False, False]


def test_a_district_without_entries_serves_the_tables_as_they_are(open_district):
    registers = MemoryRegisters()
    consumer = open_district(registers)
    people(consumer)
    held = consumer.gateway.views.held(consumer.grant)
    assert held.raw is None
    assert held.snapshot is consumer.district._cached
    registers.restrict("acp", "source-s1")
    held = consumer.gateway.views.held(consumer.grant)
    raw = consumer.district._cached
    assert {entity for entity in raw.tables if raw.tables[entity] is not held.snapshot.tables[entity]} == {
        "student", "profile", "guardianship"
    } - ({"guardianship"} if "livesWith" not in raw.table("guardianship").columns else set())  # fmt: skip


def test_a_change_that_concerns_others_is_prepared_and_one_that_may_not_is_left_to_the_next_request(open_district):
    registers = MemoryRegisters()
    registers.consent("source-s1", signer_role="eligible-student")
    consumer = open_district(registers, change=under(form="form"))
    people(consumer)
    before = consumer.gateway.views.held(consumer.grant)
    registers.consent("source-s2", agreement="another")
    consumer.district.cached_snapshot()
    held = consumer.gateway.views.held(consumer.grant)
    assert held is not before
    assert held.effects is before.effects
    assert held.snapshot.tables["student"] is before.snapshot.tables["student"]


def test_a_contact_has_no_address_for_whom_a_protected_child_lives_with_whoever_sees_the_child(open_district):
    """The consumer cannot see the protected child, but a brother or sister who has the same contact."""
    records = documents.district()
    (shared,) = [one for one in records["contact"] if one["key"] == ("cs1",)]
    shared |= {"phone": "206-555-0199", "address": [{"street": "1 Pine", "city": "Kent", "postalCode": "98031"}]}
    records["guardianship"].append(
        {"key": ("cs1", "s2"), "student": ("s2",), "contact": ("cs1",), "relation": "Mother"}
    )
    registers = MemoryRegisters()
    registers.restrict("acp", "source-s1", substitute=SUBSTITUTE)
    consumer = open_district(registers, records=records, change=under(directory=True))
    assert "206-555-0199" not in consumer.ask(f"{ONEROSTER}/users?limit=1000")[-1].decode()
    registers.restrict("directory", "source-s1")
    told = consumer.ask(f"{ONEROSTER}/users?limit=1000")[-1].decode()
    assert "source-s1" not in told
    assert "source-s2" in told
    assert "206-555-0199" not in told
    assert "1 Pine" not in consumer.ask(f"{EDFI}/contacts?limit=500")[-1].decode()
