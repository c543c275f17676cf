"""Every page of the console in English and in Spanish: what a Spanish reader is left with in English is known, and why."""

from __future__ import annotations

import re
from contextlib import contextmanager
from io import BytesIO

import pytest

from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.districts.uploading import DistrictFiles
from gateway.console.app import create_console
from gateway.people.actor import operator
from tests.support.people.agreements import put
from tests.support.people.crawling import Crawl, pieces, speak
from tests.support.people.districts import connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"
OPERATOR = operator("olga")
ADMIN = ("maple", "district-admin")
ROLES = {
    "dana": (ADMIN, ("alder", "district-admin")),
    "pia": (("maple", "privacy-officer"),),
    "rita": (("maple", "registrar"),),
    "vera": (("conformance", "vendor-contact"), ("tutor", "vendor-contact")),
    "cleo": (("mentors", "cbo-admin"),),
    "olga": (("region", "region-operator"),),
    "aldo": (("maple", "auditor"), ("maple", "approver")),
}
EDFI = "/data/v3/ed-fi"
ONEROSTER = "/ims/oneroster/rostering/v1p2"
ADDRESSES = (
    f"{EDFI}/students", f"{EDFI}/staffs", "/nowhere", f"{EDFI}/students?limit=x", f"{EDFI}/students?birthDate=1",
    f"{EDFI}/students?fooBar=1", f"{ONEROSTER}/students?filter=birthDate%3E%272010-01-01%27",
    f"{ONEROSTER}/students/nobody", f"{ONEROSTER}/demographics", "/oauth/token",
)  # fmt: skip
WIDE = (*TUTORING, ("student.birthDate", "allow"), ("contact.*", "allow"), ("student.sex", "allow"))
ASSIGNED = "{all: [{enrollment: active}], staffAssignment: required}"
TORN = "apiVersion: dsa/v1\nid: torn\nversion: one\nfoo: 1\nparties: {provider: {district: maple}, recipient: {org: x, kind: shop}}\n"
TORN += "basis: {ferpa: '99', purpose: y}\nvalidity: {from: never, to: 2027-08-31, timezone: Mars/One}\nclients: []\n"
TORN += (
    "operations: [fly]\npopulation: {all: [{grade: {in: ['77']}}]}\nelements:\n  - {path: student.nam, action: allow}\n"
)
CHANGED = "population: {all: [{grade: {in: ['01', '02']}}, {enrollment: active}]}\n"


WORD = re.compile(r"[^\W\d_]{3,}")
ENGLISH = re.compile(
    r"\b(the|of|is|are|was|were|and|not|with|from|which|this|has|to|for|nobody|cannot|must|by|does|needs)\b",
    re.IGNORECASE,
)
"""Words that no Spanish text has."""
EXCEPTIONS = [
    re.compile(pattern)
    for pattern in (
        r"https?://\S+|uri://[^·]+",  # addresses
        r"\S*[\w*]+[.@/_:{}*-]+\w\S*|\w+:$|[0-9a-f]{16,}|\S*[a-z][A-Z]\w*",  # names, codes and files of programs
        r"\b(Crossing Guard|OneRoster|Ed-Fi|Webhook|Bytes|Error:|English|Español|GET|POST|PUT|DELETE|HTML|PDF|UTC)\b:?",  # the same in both languages
        r"\b(maple|cedar|alder|conformance|tutor|gone|mentors|other|torn|olga)\b",  # organisations and clients
        r"\b(Dana|Pia|Rita|Vera|Cleo|Olga|Aldo|Sam)\b",  # people
        r"\b(allow|deny|pseudonym|initial|read|search|source|exclusive|inclusive)\b|\w+ [0-9]+,",  # words of documents and settings, counted codes
    )
]
"""What is the same in both languages, and why."""


@contextmanager
def rich_region(folder):
    sites = small_sites(folder / "data", 30)
    terms = [
        agreement("maple", TUTORING, operations="[read]"),
        agreement("maple", TUTORING, client="tutor", operations="[read]", end="2026-12-01"),
        agreement("maple", TUTORING, client="gone", begin="2026-01-01", end="2026-08-31"),
        agreement("maple", WIDE, client="mentors", population=ASSIGNED).replace("kind: vendor", "kind: cbo"),
        agreement("cedar", client="other"),
    ]
    with people_region(folder / "region", sites, terms) as region:
        for name, roles in ROLES.items():
            region.person(name, *roles)
        region.person("sam", ("mentors", "cbo-staff"))
        dana = region.actor("dana", *ROLES["dana"])
        for name in ("conformance", "tutor", "gone"):
            Clients(region.administered).register(
                OPERATOR, NewClient(name, name, "vendor", (ROSTER, "edfi:read"), "maple")
            )
        secrets = ClientSecrets(region.administered)
        secrets.rotate(OPERATOR, "conformance", 0)
        secrets.rotate(OPERATOR, "tutor", 0)
        written = DraftWriting(region.administered)
        written.continue_(dana, "conformance-maple", 1)
        two = (
            agreement("maple", WIDE, population=CHANGED[12:-1], version=2, end="2028-08-31")
            + "limits: {smallCell: 12}\n"
        )
        put(region.administered.store, region.clock, two, "draft")
        put(region.administered.store, region.clock, agreement("maple", WIDE, client="torn"), "draft")
        connected(region, dana, "alder", zipped(folder / "made", 30))
        files = DistrictFiles(region.administered)
        files.receive(dana, "alder", "torn.zip", b"no zip")
        files.receive(dana, "alder", "small.zip", zipped(folder / "small", 8))
        yield region


def answers(region, language):
    """Yield what people are told after forms, as each is sent."""
    student = region.running.gateway.districts["maple"].cached_snapshot().table("student").ids[0]
    dana, vera, pia, cleo = (speak(region.browser(one), language) for one in ("dana", "vera", "pia", "cleo"))

    def ask(browser, where, **sent):
        browser.get(sent.pop("page", where))
        answer = browser.post(where, sent)
        if answer.status_code in {302, 303}:
            answer = browser.get(answer.headers["Location"].replace("https://crossing.example.org", ""))
        return f"{where} {sent}"[:120], answer.get_data(as_text=True)

    for address in ADDRESSES:
        yield ask(dana, "/console/why", client="tutor", method="GET", address=address)
    for address in ADDRESSES[:4]:
        yield ask(vera, "/console/why/own", client="tutor", method="GET", address=address)
    yield ask(dana, "/console/why", client="gone", method="GET", address=ADDRESSES[0])
    yield ask(dana, "/console/preview", which="maple tutor", student=student)
    yield ask(dana, "/console/preview", which="maple mentors", student=student, mail="sam@example.org")
    yield ask(dana, "/console/preview", which="maple tutor", student="nobody")
    place = "/console/agreements"
    yield ask(
        dana,
        f"{place}/conformance-maple/diff",
        before=1,
        after=2,
        page=f"{place}/conformance-maple/diff?before=1&after=2",
    )
    yield ask(dana, f"{place}/conformance-maple/2/effect", page=f"{place}/conformance-maple/2")
    yield ask(dana, f"{place}/torn-maple/1/text", number="0", text="x: [")
    yield ask(dana, f"{place}/read-in", text=TORN)
    yield ask(dana, f"{place}/read-in", text="a: [")
    yield ask(dana, f"{place}/new", district="maple", recipient="x y", purpose="", template="tutoring")
    consents = "/console/registers/maple/consents"
    consent = {
        "agreement": "tutor-maple",
        "signer": "parent",
        "method": "paper",
        "signed": "2030-01-01",
        "student_id": student,
    }
    yield ask(pia, f"{consents}/new", **consent)
    yield ask(
        pia,
        f"{consents}/new",
        **consent | {"form_hash": "a" * 64, "form_name": "F", "signed": "2026-09-02", "elements": "foo.bar"},
    )
    yield ask(pia, f"{consents}/new", **consent | {"student_id": "nobody"})
    yield ask(pia, f"{consents}/import", file=(BytesIO(b"studentId;x\r\n"), "x.csv"), dry="y")
    yield ask(
        pia,
        f"{consents}/import",
        file=(BytesIO(f"studentId,signed\r\n{student},2030-01-01\r\nnobody,=1\r\n".encode()), "x.csv"),
        dry="y",
    )
    kinds = {"kind": "court-order", "student_id": student}
    yield ask(pia, "/console/registers/maple/restrictions/new", **kinds)
    yield ask(pia, "/console/registers/maple/restrictions/new", **kinds, recipients="nowhere", contact="x")
    yield ask(pia, "/console/registers/maple/restrictions/new", **kinds | {"kind": "acp", "street": "1 Main"})
    yield ask(
        pia, "/console/assignments/maple/new", agreement="mentors-maple", person="x@example.org", student_id=student
    )
    yield ask(
        cleo, "/console/assignments/maple/new", agreement="mentors-maple", person="x@example.org", student_id="nobody"
    )
    yield ask(
        dana,
        "/console/districts/alder/upload",
        file=(BytesIO(b"torn"), "torn.zip"),
        page="/console/districts/alder/files",
    )
    yield ask(dana, "/console/districts/alder/try", page="/console/districts/alder")
    yield ask(dana, "/console/districts/alder/pause", until="2020-01-01T00:00", page="/console/districts/alder")
    yield ask(dana, "/console/settings", org="maple", version="0", digest_at="late", webhook="ftp://x", expected_by="x")
    yield ask(
        dana,
        "/console/clients/register",
        name="conformance",
        org="conformance",
        steward="maple",
        kind="vendor",
        scopes=[ROSTER],
    )
    yield ask(dana, "/console/clients/conformance/suspend", reason="")
    yield ask(dana, "/console/people/invite?org=maple", mail="x", role="approver")


def crawl(region):
    """Yield the pages that people of each role find, in English and in Spanish."""
    found = Crawl(create_console(region.administered).url_map.bind("crossing.example.org"))
    for name in ROLES:
        browser = region.browser(name)
        for where, text in found.addresses(speak(browser, "es")):
            yield where, speak(browser, "en").get(where).get_data(as_text=True), text
            speak(browser, "es")


def left_in_english(where, english, spanish):
    """List what a page in Spanish says in English, or just as the page in English does."""
    same = set(pieces(english))
    for one in pieces(spanish):
        if ENGLISH.search(one) or (one in same and WORD.search(one)):
            rest = one
            for pattern in EXCEPTIONS:
                rest = pattern.sub("", rest)
            if WORD.search(rest):
                yield f"{where}: {one}"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with rich_region(tmp_path_factory.mktemp("both-languages")) as region:
        yield region


def test_every_page_that_a_link_leads_to_is_wholly_in_spanish(region):
    left = [one for page in crawl(region) for one in left_in_english(*page)]
    assert not left, "\n".join(left)


def test_every_answer_to_a_form_is_wholly_in_spanish(region):
    both = zip(answers(region, "en"), answers(region, "es"), strict=True)
    left = [one for (where, english), (_, spanish) in both for one in left_in_english(where, english, spanish)]
    assert not left, "\n".join(left)
