"""Whatever a writer sends, what it cannot see is afterwards as it was: laws of merging, over both standards."""

from __future__ import annotations

import copy
import json
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.simulators.oneroster import Sis, run
from gateway.writes import merge
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.gateway.writes.test_edfi_write_rules import AT_101, MANY, SCHOOL, URI, enrollment, send, student
from tests.support.edfi_memory import room, site
from tests.support.regions import EDFI, Site, agreement, running

EXAMPLES = 40
BOOK = "/ims/oneroster/gradebook/v1p2/"
OPERATIONS, BLIND = "[read, search, create, update, delete]", "[create, update]"
PROFILES, ACTIONS = "studentEducationOrganizationAssociations", "disciplineActions"
NATIVE = f"edfi.{PROFILES}"
KINDS = ("Home", "Mailing", "Physical", "Work")
RACES = {"White": "white", "Asian": "asian", "Black - African American": "blackOrAfricanAmerican", "Other": "other"}
LINES = (
    "organization.*", "student.id", "student.name.given", "student.name.family", "enrollment.id", "enrollment.student", "enrollment.school",
    "enrollment.entry", "enrollment.grade", "profile.*", "staff.id", "staff.name.*", "employment.*",
    "student.address.kind", "student.address.street", "student.address.city", "student.address.state",
    "student.emails.primary", "student.phones.number", "student.phones.kind", "student.phones.doNotPublish",
    "student.race.white", "student.race.asian", f"{NATIVE}.languages",
    "action.id", "action.student", "action.school", "action.identifier", "action.date", "action.kinds",
    "edfi.disciplineActions.staffs",
)  # fmt: skip
WRITER = (*((path, "allow") for path in LINES), ("student.address.postalCode", "zip3"), ("student.birthDate", "year"))


def descriptor(kind, code):
    return f"{URI}{kind}Descriptor#{code}"


def address(kind, number, **more):
    return {
        "addressTypeDescriptor": descriptor("AddressType", kind), "city": f"City {number}", "postalCode": f"9810{number}",
        "stateAbbreviationDescriptor": descriptor("StateAbbreviation", "WA"), "streetNumberName": f"{number} Elm", **more,
    }  # fmt: skip


@st.composite
def profiles(draw):
    """What the source has of one student at one organization: some of it visible, some not."""
    chance = Random(draw(st.integers(0, 2**32)))
    some = lambda things: chance.sample(things, chance.randint(0, len(things)))  # noqa: E731  a word for what follows
    document = {
        "educationOrganizationReference": {"educationOrganizationId": 101}, "studentReference": {"studentUniqueId": "s1"},
        "addresses": [address(kind, at, nameOfCounty=f"County {at}", apartmentRoomSuiteNumber=f"#{at}") for at, kind in enumerate(some(KINDS))],
        "electronicMails": [
            {"electronicMailTypeDescriptor": descriptor("ElectronicMailType", kind), "electronicMailAddress": f"{kind}@x.example",
             **({"primaryEmailAddressIndicator": chance.random() < 0.5} if chance.random() < 0.5 else {})} for kind in some(KINDS)],
        "telephones": [
            {"telephoneNumberTypeDescriptor": descriptor("TelephoneNumberType", kind), "telephoneNumber": f"555-010{at}",
             "orderOfPriority": at + 1, "textMessageCapabilityIndicator": True, "doNotPublishIndicator": False}
            for at, kind in enumerate(some(KINDS))],
        "races": [{"raceDescriptor": descriptor("Race", name)} for name in some(list(RACES))],
        "studentIdentificationCodes": [
            {"assigningOrganizationIdentificationCode": "WA", "identificationCode": f"N{at}",
             "studentIdentificationSystemDescriptor": descriptor("StudentIdentificationSystem", kind)} for at, kind in enumerate(some(("State", "Local")))],
        "languages": [{"languageDescriptor": descriptor("Language", "eng"), "uses": [{"languageUseDescriptor": descriptor("LanguageUse", "Home")}]}],
        "sexDescriptor": descriptor("Sex", "Female"), "hispanicLatinoEthnicity": True, "loginId": "hidden",
        "tribalAffiliations": [{"tribalAffiliationDescriptor": descriptor("TribalAffiliation", "Hidden")}],
    }  # fmt: skip
    return {name: value for name, value in document.items() if value != []}


def of_key(items, *names):
    """The items of a list by what tells them apart."""
    return {tuple(item.get(name) for name in names): item for item in items}


def hidden_profile(document):
    """What the writer cannot see of a profile, whatever it sends; of visible items it is kept by their keys."""
    left = {name: document.get(name) for name in (
        "studentIdentificationCodes", "sexDescriptor", "hispanicLatinoEthnicity", "loginId", "tribalAffiliations")}  # fmt: skip
    mails = [item for item in document.get("electronicMails", ()) if "primaryEmailAddressIndicator" not in item]
    races = [
        item for item in document.get("races", ()) if item["raceDescriptor"].partition("#")[2] not in {"White", "Asian"}
    ]
    return left | {"mails": mails, "races": sorted(map(json.dumps, races))}


def kept_items(before, after):
    """Fail unless each visible item that is still there has all that was hidden in it."""
    for name, keys, inner in (
        ("addresses", ("addressTypeDescriptor", "city", "streetNumberName"), ("nameOfCounty", "apartmentRoomSuiteNumber", "postalCode")),
        ("telephones", ("telephoneNumberTypeDescriptor", "telephoneNumber"), ("orderOfPriority", "textMessageCapabilityIndicator")),
    ):  # fmt: skip
        assert all("electronicMailAddress" in one for one in after.get("electronicMails", ()))
        old = of_key(before.get(name, ()), *keys)
        for key, item in of_key(after.get(name, ()), *keys).items():
            if key in old:
                assert {one: item.get(one) for one in inner} == {one: old[key].get(one) for one in inner}, (name, key)


def altered(body, chance, *, fixed=()):
    """A body as a client might send it instead: members left out, items left out, moved, doubled or changed."""
    made = {}
    for name, value in copy.deepcopy(body).items():
        if name not in fixed and chance.random() < 0.25:
            continue
        if isinstance(value, list):
            chance.shuffle(value)
            made[name] = value[: chance.randint(0, len(value))]
        else:
            made[name] = value
    return made


@pytest.fixture(scope="module")
def elm():
    with room("elm") as made:
        yield made


@pytest.fixture(scope="module")
def region(elm, tmp_path_factory):
    terms = [agreement("elm", client="owner", operations=OPERATIONS)]
    terms += [agreement("elm", WRITER, client="writer", operations=OPERATIONS, population=AT_101)]
    terms += [agreement("elm", WRITER, client="blind", operations=BLIND)]
    terms += [agreement("elm", REFERRING, client="referring", operations=OPERATIONS, population=AT_101)]
    terms += [agreement("elm", REFERRING, client="referring-blindly", operations=BLIND, population=AT_101)]
    terms += [agreement("elm", REFERRING, client="referring-to-all", operations=BLIND)]
    with running(tmp_path_factory.mktemp("elm"), {"elm": site("elm", "0s")}, terms, MANY) as made:
        yield made


def furnish(elm, **documents):
    elm.clear()
    elm.put("schools", SCHOOL, "1" * 32)
    elm.put("schools", SCHOOL | {"schoolId": 102}, "2" * 32)
    for number, school in (("s1", 101), ("s2", 102)):
        elm.put("students", student(number, middleName="M", birthCity="Kent"), number[1] * 32)
        elm.put("studentSchoolAssociations", enrollment(number, school))
    for name, document in documents.items():
        elm.put(name, document, "a" * 32)


@pytest.fixture(params=[0.4, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
def share(request):
    """Which part of the examples is tried: fewer in the quick suite."""
    return request.param


def examples(law, strategy, share, number=EXAMPLES):
    """Try a law on a share of made-up examples, the same in every run; the first that breaks it is the result."""
    limits = {"max_examples": int(number * share), "derandomize": True, "database": None, "deadline": None}
    settings(**limits, phases=[Phase.generate], suppress_health_check=list(HealthCheck))(
        given(strategy, st.randoms())(law)
    )()


@pytest.mark.parametrize("name", ["writer", "blind"])
def test_of_a_profile_what_a_writer_cannot_see_survives_whatever_it_sends(name, region, elm, share):
    consumer, statuses = region.consumer(name), []

    def law(document, chance):
        furnish(elm, **{PROFILES: document})
        if name == "writer":
            (seen,) = consumer.edfi(PROFILES).json
            method, place = "PUT", f"{EDFI}{PROFILES}/{seen['id']}"
        else:  # it knows from elsewhere what is there, and never sends what it sees generalised
            phones = [{k: v for k, v in one.items() if k not in {"orderOfPriority", "textMessageCapabilityIndicator"}}
                      for one in document.get("telephones", ())]  # fmt: skip
            seen = {one: document[one] for one in ("educationOrganizationReference", "studentReference", "languages")}
            seen |= {"telephones": phones}
            method, place = "POST", PROFILES
        body = altered(seen, chance, fixed={"id", "educationOrganizationReference", "studentReference"})
        answer = send(consumer, method, place, body)
        statuses.append(answer.status_code)
        (after,) = elm.documents[PROFILES].values()
        assert hidden_profile(after) == hidden_profile(document)
        kept_items(document, after)

    examples(law, profiles(), share)
    assert set(statuses) == {204 if name == "writer" else 201}  # what is sent as it is seen is taken


THEIRS = {"educationOrganizationReference": {"educationOrganizationId": 101}, "studentReference": {"studentUniqueId": "s1"},
          "loginId": "theirs", "telephones": [{
              "telephoneNumberTypeDescriptor": descriptor("TelephoneNumberType", "Home"), "telephoneNumber": "1",
              "orderOfPriority": 1}]}  # fmt: skip


@pytest.mark.parametrize("name", ["writer", "blind"])
def test_a_value_that_a_writer_cannot_see_it_cannot_name(name, region, elm):
    """It would otherwise believe it stored."""
    furnish(elm, **{PROFILES: THEIRS})
    before = elm.changes
    answer = named(region.consumer(name), {"races": [{"raceDescriptor": descriptor("Race", "Other")}]})
    assert answer.status_code == 400, answer.text
    assert all(one.startswith("$.races") for one in answer.json["validationErrors"])
    assert elm.changes == before


@pytest.mark.parametrize("name", ["writer", "blind"])
@pytest.mark.parametrize(("hidden", "told"), [
    ({"loginId": "mine"}, "loginId"),
    ({"telephones": [THEIRS["telephones"][0] | {"orderOfPriority": 9}]}, "telephones[].orderOfPriority"),
], ids=["member", "member of an item"])  # fmt: skip
def test_a_member_that_a_writer_cannot_see_it_names_in_vain(hidden, told, name, region, elm):
    furnish(elm, **{PROFILES: THEIRS})
    answer = named(region.consumer(name), {"telephones": THEIRS["telephones"]} | hidden)
    assert answer.status_code in {201, 204}, answer.text
    assert told in answer.headers["X-Ignored-Members"].split(", ")
    (after,) = elm.documents[PROFILES].values()
    assert (after["loginId"], after["telephones"][0]["orderOfPriority"]) == ("theirs", 1)


def named(consumer, hidden):
    """The answer to a body for the profile that is there, with something in it that is *hidden* from the consumer."""
    body = {one: THEIRS[one] for one in ("educationOrganizationReference", "studentReference")} | hidden
    blind = consumer.name == "blind"
    return send(consumer, "POST" if blind else "PUT", PROFILES if blind else f"{EDFI}{PROFILES}/{'a' * 32}", body)


STAFF = {"t1": 101, "t2": 102, "t3": 102}


@st.composite
def actions(draw):
    """A measure about a student, with staff of whom the writer sees one."""
    chance = Random(draw(st.integers(0, 2**32)))
    staff = chance.sample(sorted(STAFF), chance.randint(1, 3))
    return {
        "disciplineActionIdentifier": "D1", "disciplineDate": "2026-10-01", "studentReference": {"studentUniqueId": "s1"},
        "responsibilitySchoolReference": {"schoolId": 101}, "actualDisciplineActionLength": 3,
        "disciplines": [{"disciplineDescriptor": descriptor("Discipline", "Detention")}],
        "staffs": [{"staffReference": {"staffUniqueId": one}} for one in staff],
    }  # fmt: skip


def test_an_item_that_names_somebody_hidden_stays_whatever_is_sent(region, elm, share):
    consumer, done = region.consumer("writer"), []

    def law(document, chance):
        furnish(elm, **{ACTIONS: document})
        for one, school in STAFF.items():
            elm.put("staffs", {"staffUniqueId": one, "firstName": "A", "lastSurname": "B"})
            elm.put("staffEducationOrganizationAssignmentAssociations", {
                "staffReference": {"staffUniqueId": one}, "educationOrganizationReference": {"educationOrganizationId": school},
                "beginDate": "2026-08-01", "staffClassificationDescriptor": descriptor("StaffClassification", "Teacher")})  # fmt: skip
        (seen,) = consumer.edfi(ACTIONS).json
        assert all(one["staffReference"]["staffUniqueId"] == "t1" for one in seen.get("staffs", ()))
        body = altered(seen, chance, fixed={"id", "disciplineActionIdentifier", "disciplineDate", "studentReference", "disciplines",
                                            "responsibilitySchoolReference"})  # fmt: skip
        body["disciplines"] = seen["disciplines"]
        answer = send(consumer, "PUT", f"{EDFI}{ACTIONS}/{seen['id']}", body)
        (after,) = elm.documents[ACTIONS].values()
        hidden = [one for one in document["staffs"] if one["staffReference"]["staffUniqueId"] != "t1"]
        assert [one for one in after.get("staffs", ()) if one in hidden] == hidden
        assert after["actualDisciplineActionLength"] == 3
        assert answer.status_code == 204, answer.text
        done.append(("staffs" in body, after.get("staffs") == document["staffs"]))

    examples(law, actions(), share, 25)
    assert {one for one, _ in done} == {True, False}


@pytest.mark.parametrize("name", ["writer", "blind"])
def test_a_student_keeps_what_is_hidden_and_what_is_seen_generalised(name, region, elm, share):
    consumer = region.consumer(name)

    def law(number, chance):
        document = student("s1", middleName=f"M{number}", birthCity="Kent", birthDate=f"2010-05-{1 + number % 28:02}",
                           personalTitlePrefix="Hidden" if number % 2 else "Other")  # fmt: skip
        furnish(elm)
        elm.put("students", document, "1" * 32)
        body = {"studentUniqueId": "s1", "firstName": f"New{number}", "lastSurname": "L", "birthDate": "2010-01-01"}
        body = {one: value for one, value in body.items() if one != "birthDate" or chance.random() < 0.5}
        method, place = ("PUT", f"{EDFI}students/{'1' * 32}") if name == "writer" else ("POST", "students")
        status = send(consumer, method, place, body).status_code
        after = elm.documents["students"]["1" * 32]
        hidden = ("middleName", "birthCity", "birthDate", "personalTitlePrefix")
        assert {one: after.get(one) for one in hidden} == {one: document.get(one) for one in hidden}
        if name == "blind":
            assert status == 400  # it cannot create a student, so it changes none
            assert after == document

    examples(law, st.integers(0, 100), share, 20)


NEXT = "nextYearSchoolReference"
REFERRING = (*WRITER, *((path, "allow") for path in (
    "edfi.studentSchoolAssociations.*", "edfi.studentCohortAssociations.*", "edfi.cohorts.*", "section.*", "offering.*", "session.*", "course.*")))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "method", "left"),
    [
        ("owner", "PUT", False),
        ("referring", "PUT", True),
        ("referring blindly", "POST", True),
        ("referring to all", "POST", False),
    ],
)
def test_a_reference_to_what_a_writer_does_not_see_survives_its_silence(name, method, left, region, elm):
    """The next school of a child is one that the writer has nothing to do with; who sees it may take it away."""
    furnish(elm)
    document = enrollment("s1", **{NEXT: {"schoolId": 102}}, primarySchool=True)
    elm.documents["studentSchoolAssociations"].clear()
    elm.put("studentSchoolAssociations", document, "4" * 32)
    place = f"{EDFI}studentSchoolAssociations/{'4' * 32}" if method == "PUT" else "studentSchoolAssociations"
    answer = send(region.consumer(name.replace(" ", "-")), method, place, enrollment("s1"))
    assert answer.status_code == (204 if method == "PUT" else 201), answer.text
    after = elm.documents["studentSchoolAssociations"]["4" * 32]
    assert (NEXT in after) is left
    if left:
        assert after[NEXT] == document[NEXT]


COHORTS = "studentCohortAssociations"


def section(school):
    return {"sectionReference": {
        "localCourseCode": "ELA", "schoolId": school, "schoolYear": 2027, "sectionIdentifier": "S", "sessionName": "Fall"}}  # fmt: skip


@pytest.mark.parametrize("name", ["referring", "owner"])
@pytest.mark.parametrize("sent", [[], [section(101)], [section(101), section(103)]], ids=["none", "as shown", "more"])
def test_an_item_that_refers_to_what_a_writer_does_not_see_stays(sent, name, region, elm):
    """A class of another school in a list of classes; the writer sees, sends and leaves out its own."""
    furnish(elm)
    body = {"beginDate": "2026-09-01", "studentReference": {"studentUniqueId": "s1"},
            "cohortReference": {"cohortIdentifier": "C", "educationOrganizationId": 101}}  # fmt: skip
    document, places = body | {"sections": [section(102), section(101)]}, [section(101), section(102)]
    elm.surround(COHORTS, document)
    elm.surround(COHORTS, body | {"sections": [section(103)]})
    elm.put("schools", SCHOOL | {"schoolId": 103}, "7" * 32)
    elm.put(COHORTS, document, "4" * 32)
    consumer, place = region.consumer(name), f"{EDFI}{COHORTS}/{'4' * 32}"
    seen = consumer.ask(place).json["sections"]
    assert [one["sectionReference"]["schoolId"] for one in seen] == ([101] if name == "referring" else [101, 102])
    answer = send(consumer, "PUT", place, body | {"sections": sent})
    hidden = [section(102)] if name == "referring" else []
    after = elm.documents[COHORTS]["4" * 32].get("sections", [])
    if section(103) in sent and name == "referring":
        assert (answer.status_code, by_school(after)) == (409, places)  # nor does it see that class
    else:
        assert answer.status_code == 204, answer.text
        assert by_school(after) == by_school([*sent, *hidden])


def by_school(sections):
    return sorted(sections, key=lambda one: one["sectionReference"]["schoolId"])


def period(school):
    return {"gradingPeriodReference": {"gradingPeriodDescriptor": descriptor("GradingPeriod", "First"), "gradingPeriodName": "P1",
                                       "schoolId": school, "schoolYear": 2027}}  # fmt: skip


@pytest.mark.parametrize("sent", [[], [period(101)]], ids=["none", "as shown"])
def test_a_list_of_references_keeps_those_that_a_writer_does_not_see(sent, region, elm):
    furnish(elm)
    body = {
        "schoolReference": {"schoolId": 101}, "schoolYearTypeReference": {"schoolYear": 2027}, "sessionName": "Fall",
        "beginDate": "2026-09-01", "endDate": "2027-01-20", "termDescriptor": descriptor("Term", "Fall Semester"),
        "totalInstructionalDays": 90,
    }  # fmt: skip
    document = body | {"gradingPeriods": [period(102), period(101)]}
    elm.surround("sessions", document)
    elm.put("sessions", document, "4" * 32)
    consumer, place = region.consumer("referring"), f"{EDFI}sessions/{'4' * 32}"
    seen = consumer.ask(place).json["gradingPeriods"]
    assert [one["gradingPeriodReference"]["schoolId"] for one in seen] == [101]
    answer = send(consumer, "PUT", place, body | {"gradingPeriods": sent, "totalInstructionalDays": 91})
    assert answer.status_code == 204, answer.text
    after = elm.documents["sessions"]["4" * 32]
    schools = sorted(one["gradingPeriodReference"]["schoolId"] for one in after["gradingPeriods"])
    assert (schools, after["totalInstructionalDays"]) == ([101] * len(sent) + [102], 91)


def test_of_an_equal_value_the_exact_tokens_of_other_standards_stay():
    before = {"kind": "quiz", "kind@edfi": "uri://x#Quiz", "kind@oneroster": "ext:quiz", "kinds": 1}
    for said, left in (
        ({"kind": "quiz", "kind@edfi": "uri://y#Quiz"}, {"kind": "quiz", "kind@edfi": "uri://y#Quiz", "kind@oneroster": "ext:quiz"}),
        ({"kind": "quiz"}, {"kind": "quiz", "kind@oneroster": "ext:quiz"}),
        ({"kind": "essay"}, {"kind": "essay"}),
        ({}, {}),
    ):  # fmt: skip
        into = dict(before)
        merge._replace("kind", said, into, "edfi")
        assert into == left | {"kinds": 1}


# OneRoster


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n[districts.{name}.settings]\n{given}'


GRADED = (
    "organization.*", "section.*", "session.*", "course.*", "student.id", "student.name", "enrollment.*", "placement.*", "gradebookCategory.*",
    "lineItem.id", "lineItem.title", "lineItem.section", "lineItem.school", "lineItem.category", "lineItem.assigned",
    "lineItem.due", "lineItem.maximum", "lineItem.gradingPeriod", "lineItem.scoreScale", "oneroster.lineItems.metadata.own",
    "result.id", "result.student", "result.lineItem", "result.status", "result.score",
)  # fmt: skip
GRADER = (*((path, "allow") for path in GRADED), ("result.date", "year"))


@pytest.fixture(scope="module")
def system():
    with run(Sis(district_documents())) as made:
        yield made


@pytest.fixture(scope="module")
def book(system, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "sis.secret").write_text("sis-secret", "ascii")
    sites = {
        "maple": Server("oneroster_rest", settings_for(system, writable=True, client_secret="file:sis.secret"), "0s")
    }
    terms = [agreement("maple", GRADER, client=name, operations=operations)
             for name, operations in (("grader", OPERATIONS), ("blind", BLIND))]  # fmt: skip
    parted = (*GRADER, ("oneroster.lineItems.metadata.own.secret", "deny"))
    terms.append(agreement("maple", parted, client="parted", operations=OPERATIONS))
    with running(folder, sites, terms, MANY) as made:
        yield made


@pytest.fixture
def documents(system):
    """What the system has, which is put back as it was."""
    before = copy.deepcopy(system.sis.documents)
    yield system.sis.documents
    for name, kept in before.items():
        system.sis.documents[name].clear()
        system.sis.documents[name].update(kept)


@pytest.mark.parametrize(("sent", "status"), [({}, 201), (None, 201), ({"own": "new"}, 422), ({"own": {"x": 3}}, 422)])
def test_a_free_member_with_something_denied_inside_is_neither_shown_nor_written(sent, status, book, documents):
    consumer, kept = book.consumer("parted"), documents["lineItems"]
    own, whole = next(iter(kept.items()))
    stored = {"own": {"secret": "1", "x": 2}}
    kept[own] = whole | {"metadata": stored}
    shown = consumer.web.get(f"{BOOK}lineItems/{own}", headers=consumer.bearer).get_json()["lineItem"]
    assert "metadata" not in shown
    body = {one: shown[one] for one in ("title", "assignDate", "dueDate")}
    body |= {one: {"sourcedId": shown[one]["sourcedId"]} for one in ("class", "category")}
    body |= {} if sent is None else {"metadata": sent}
    answer = consumer.web.put(f"{BOOK}lineItems/{own}", json={"lineItem": body}, headers=consumer.bearer)
    assert answer.status_code == status, answer.text
    assert kept[own]["metadata"] == stored


HIDDEN = ("description", "learningObjectiveSet", "gradebookTab")
METADATA = st.dictionaries(
    st.sampled_from(("own", "other", "own.more", "deep", "OWN")), st.sampled_from(("a", "b", ["c"], {"d": 1}))
)


@pytest.mark.parametrize("name", ["grader", "blind"])
def test_of_a_piece_of_work_what_a_writer_cannot_see_survives_whatever_it_sends(name, book, documents, share):
    consumer, kept = book.consumer(name), documents["lineItems"]
    own, whole = next(iter(kept.items()))
    first = copy.deepcopy(whole)
    scales = documents["scoreScales"]
    scales["gone"] = {"sourcedId": "gone", "status": "tobedeleted", "title": "x"}
    base = {one: first[one] for one in ("title", "assignDate", "dueDate", "class", "category")}
    statuses = []

    def law(metadata, chance):
        kept[own] = first | {
            "description": "Hidden", "gradebookTab": "homework", "metadata": metadata, "scoreScale":
            {"href": "http://x/gone", "sourcedId": "gone", "type": "scoreScale"},
            "learningObjectiveSet": [{"source": "case", "learningObjectiveIds": ["a"]}]}  # fmt: skip
        before = copy.deepcopy(kept[own])
        body = {one: {"sourcedId": v["sourcedId"]} if isinstance(v, dict) else v for one, v in base.items()}
        body["title"] = f"Title {chance.randint(0, 99)}"
        choice = chance.randint(0, 4)
        if choice:
            body["metadata"] = ({}, {"own": "new"}, {"own": "a"}, {"own": "a", "other": "mine"})[choice - 1]
        answer = consumer.web.put(f"{BOOK}lineItems/{own}", json={"lineItem": body}, headers=consumer.bearer)
        after = kept[own]
        statuses.append(answer.status_code)
        assert answer.status_code == (422 if choice == 4 else 201), answer.text
        assert {one: after.get(one) for one in HIDDEN} == {one: before.get(one) for one in HIDDEN}
        assert after["scoreScale"]["sourcedId"] == "gone"
        told = {one: {k: v for k, v in (record.get("metadata") or {}).items() if k.partition(".")[0] != "own"}
                for one, record in (("before", before), ("after", after))}  # fmt: skip
        assert told["before"] == told["after"]
        assert after["title"] == (body["title"] if answer.status_code == 201 else before["title"])

    examples(law, METADATA, share, 25)
    assert set(statuses) == {201, 422}


@pytest.mark.parametrize("name", ["grader", "blind"])
def test_of_a_result_the_day_that_is_seen_as_a_year_and_the_hidden_comment_survive(name, book, documents, share):
    consumer, kept = book.consumer(name), documents["results"]
    own, whole = next(iter(kept.items()))
    first = copy.deepcopy(whole)

    def law(score, chance):
        kept[own] = first | {
            "scoreDate": "2026-10-26",
            "comment": f"Hidden {score}",
            "late": "true",
            "metadata": {"x": score},
        }
        before = copy.deepcopy(kept[own])
        body = {"lineItem": {"sourcedId": first["lineItem"]["sourcedId"]}, "student": {"sourcedId": first["student"]["sourcedId"]},
                "scoreStatus": "fully graded", "score": score}  # fmt: skip
        body["scoreDate"] = chance.choice(("2026-01-01", "2026-10-26", "2025-01-01"))
        answer = consumer.web.put(f"{BOOK}results/{own}", json={"result": body}, headers=consumer.bearer)
        told = body["scoreDate"] == "2026-01-01" and name == "grader"  # as it is shown
        assert answer.status_code == (201 if told else 422), answer.text
        hidden = ("comment", "late", "metadata", "scoreDate")
        assert {one: kept[own].get(one) for one in hidden} == {one: before.get(one) for one in hidden}

    examples(law, st.integers(0, 100), share, 15)
