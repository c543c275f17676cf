"""Every Ed-Fi reference has a link exactly where its target can be read by the same client, and the link leads to it."""

from __future__ import annotations

from functools import cache

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from standards.edfi.model.links import FIELD, read, stated, text
from standards.edfi.model.model import by_collection, natural_key, resources
from standards.edfi.model.references import TARGETS
from tests.support.regions import EDFI, Site, agreement, running, small_district, small_sites

OK = 200
UNLINKED = {"gradebookEntries.gradingPeriodReference"}
"""A line item in OneRoster's files names a session of the district, which is no grading period of a school."""

MASKED = {"masked": ("calendarCode", "hash"), "hidden": ("schoolYear", "deny")}
"""Clients to whom one member of a reference is not shown as it is."""
SECRET = "a secret of the tests"
OPERATIONS = "[read, search, changes]"
DISTRICTS = ("fir", "cedar", "maple")
NAMES = [one.collection for one in resources().values() if not one.is_descriptor]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """An ODS, interchange files and OneRoster files, and clients who see all, less, pseudonyms, or one school."""
    folder = tmp_path_factory.mktemp("links")
    small = small_district()
    school = small.spotlight_schools[0]
    with run(Ods(ods_documents(small), secret=SECRET)) as system:
        (folder / "secret").write_text(SECRET)
        given = {"url": system.url, "client_id": "crossing", "client_secret": f"file:{folder / 'secret'}",
                 "allow_private": "true"}  # fmt: skip
        sites = {"fir": Site("edfi_ods", given), **small_sites(folder / "files")}
        terms = [agreement(name, operations=OPERATIONS) for name in DISTRICTS]
        terms.append(agreement("fir", [("*", "allow"), ("edfi.calendars.id", "deny")], client="less"))
        terms.append(agreement("fir", [("*", "allow"), ("student.id", "pseudonym")], client="pseudonyms"))
        for client, (member, action) in MASKED.items():
            path = f"edfi.studentSchoolAssociations.calendarReference.{member}"
            terms.append(agreement("fir", [("*", "allow"), (path, action)], client=client))
        terms.append(agreement("fir", client="few", population=f'{{all: [{{school: {{in: ["{school}"]}}}}]}}'))
        with running(folder / "region", sites, terms, "[tokens]\nper_client = 1000\n") as made:
            yield made


@pytest.fixture(scope="module")
def walked(region):
    """All that a client is shown of a district, by collection, and once each."""

    @cache
    def walk(client, district):
        consumer = region.consumer(client)
        seen = [name for name in NAMES if consumer.ask(f"/{district}{EDFI}{name}", limit=0).status_code == OK]
        return {name: consumer.resources(name, district=district) for name in seen}

    return walk


def references_in(properties, document):
    """Every reference in a document: where it is, what it refers to, and its members."""
    for name, known in properties.items():
        value = document.get(name)
        if known.reference and value is not None:
            yield name, known.reference, value
        elif value is not None and known.properties:
            for item in value if isinstance(value, list) else [value]:
                for path, target, found in references_in(known.properties, item):
                    yield f"{name}.{path}", target, found


def key_in(target, reference):
    """The key of a target as a reference to it tells it; None where it calls its members otherwise."""
    members = [path.rpartition(".")[2] for path in target.identity]
    if len(set(members)) < len(members) or not set(members) <= reference.keys():
        return None
    return tuple(reference[member] for member in members)


def check(found):
    """How many links there are that lead to a record, after it was seen that no other does and none is missing."""
    there = {f"{by_collection(name).endpoint}/{one['id']}": (by_collection(name), one)
             for name, records in found.items() for one in records}  # fmt: skip
    keys = {(known.name, natural_key(known, one)) for known, one in there.values()}
    followed = 0
    for name, records in found.items():
        for record in records:
            for path, target, reference in references_in(by_collection(name).properties, record):
                place, known = f"{name}.{path}", resources().get(target)
                key = key_in(known, reference) if known else None
                if "link" not in reference:
                    assert key is None or (target, key) not in keys or place in UNLINKED, place
                    continue
                leads, one = there[reference["link"]["href"]]
                assert reference["link"]["rel"] == leads.name, place
                assert known in {None, leads} or target == "EducationOrganization", place
                assert key is None or key == natural_key(leads, one), place
                followed += target not in TARGETS
    return followed


@pytest.mark.parametrize(("district", "least"), [("fir", 800), ("cedar", 500), ("maple", 150)])
def test_every_reference_has_a_link_where_its_target_is_read(walked, district, least):
    assert check(walked("conformance", district)) > least


@pytest.mark.parametrize("client", ["less", "pseudonyms", "few"])
def test_no_link_leads_to_what_a_client_may_not_read(walked, client):
    found = walked(client, "fir")
    links = {reference["link"]["href"] for name, records in found.items() for one in records
             for _, _, reference in references_in(by_collection(name).properties, one) if "link" in reference}  # fmt: skip
    there = {f"{by_collection(name).endpoint}/{one['id']}" for name, records in found.items() for one in records}
    assert links <= there
    assert {link.split("/")[2] for link in links} >= {"students", "schoolYearTypes"}


def test_a_target_whose_id_is_not_released_has_no_link_and_others_do(walked):
    for record in walked("less", "fir")["studentSchoolAssociations"]:
        assert "link" not in record["calendarReference"]
        assert record["schoolYearTypeReference"]["link"]["rel"] == "SchoolYearType"


def test_a_pseudonymous_student_leads_to_programs_all_the_same(walked):
    records = walked("pseudonyms", "fir")["studentTitleIPartAProgramAssociations"]
    assert records
    assert {one["programReference"]["link"]["rel"] for one in records} == {"Program"}


@pytest.mark.parametrize("client", MASKED)
def test_a_reference_of_which_a_member_is_masked_or_hidden_has_no_link(region, walked, client):
    (member, _), plain = MASKED[client], walked("conformance", "fir")["studentSchoolAssociations"]
    said = {one["id"]: one["calendarReference"][member] for one in plain}
    for one in region.consumer(client).resources("studentSchoolAssociations", district="fir"):
        assert one["calendarReference"].get(member) != said[one["id"]]
        assert "link" not in one["calendarReference"]
        assert one["schoolYearTypeReference"]["link"]["rel"] == "SchoolYearType"


def test_links_stand_in_one_reading_as_in_the_other_and_change_queries_go_on(region, walked):
    consumer = region.consumer()
    record = next(one for one in walked("conformance", "fir")["sections"] if "classPeriods" in one)
    assert consumer.ask(f"/fir/data/v3/ed-fi/sections/{record['id']}").json == record
    assert record["classPeriods"][0]["classPeriodReference"]["link"]["rel"] == "ClassPeriod"
    for name in ("sections", "studentSchoolAssociations", "sessions"):
        answer = consumer.ask(f"/fir/data/v3/ed-fi/{name}", minChangeVersion=0, limit=1)
        assert answer.status_code == 200, answer.text


def test_what_is_held_is_as_the_source_said_it(region, walked):
    walked("conformance", "fir")
    table = region.gateway.districts["fir"].cached_snapshot().table("section")
    assert FIELD in table.columns
    assert "'link'" not in str(table.columns)


LINK = {"rel": "Calendar", "href": "/ed-fi/calendars/" + "A" * 8 + "-" + "a" * 24}
CALENDAR = {"calendarCode": "2027", "schoolId": 7, "schoolYear": 2027}


def test_what_an_ods_says_of_a_link_is_kept_with_the_reference():
    told = stated("studentSchoolAssociations", {"calendarReference": {**CALENDAR, "link": LINK}}, lambda _: True)
    (one,) = read(told)
    assert (one.name, one.values, one.collection, one.id) == ("calendarReference", ("2027", "7", "2027"), "calendars",
                                                              "a" * 32)  # fmt: skip


@pytest.mark.parametrize("link", [None, {}, {"href": 7}, {"href": "calendars/x"}, {"href": LINK["href"] + "/x"},
                                  {"href": LINK["href"].replace("calendars", "students")}])  # fmt: skip
def test_a_link_that_leads_elsewhere_is_none(link):
    document = {"calendarReference": {**CALENDAR, "link": link}}
    assert not stated("studentSchoolAssociations", document, lambda _: True)


def test_a_collection_that_is_not_served_is_linked_to_by_nobody():
    document = {"calendarReference": {**CALENDAR, "link": LINK}}
    assert not stated("studentSchoolAssociations", document, lambda name: name != "calendars")


@pytest.mark.parametrize("told", ["", "x", "[", "{}", "7", "[[1]]", '[["a",null,"b","",[]],7]'])
def test_a_text_that_tells_nothing_tells_nothing(told):
    assert read(told) == []


def test_the_same_is_told_by_the_same_text():
    document = {"calendarReference": {**CALENDAR, "link": LINK}}
    found = read(stated("studentSchoolAssociations", document, lambda _: True))
    assert text(found) == text(found * 2) != ""
